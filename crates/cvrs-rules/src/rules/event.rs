//! What kind of event a record is.

use crate::rule::levels;
use crate::{Check, Context, Example, Hit, Hits, Layer, Rule, Scope};
use cvrs_parse::Record;
use cvrs_report::Level::Error;
use cvrs_spec::Field::*;
use cvrs_spec::Version;

fn check(record: &Record<'_>, _: &Context, hits: &mut Hits<'_>) {
    if record.version() == Version::V1 && record.is(VaxRefusal, "YES") && record.is(RecipMissedAppt, "YES") {
        hits.add(Hit::on(VaxRefusal));
    }
}

pub(crate) const REFUSED_AND_MISSED: Rule = Rule {
    code: "BUSR006",
    name: "refused-and-missed",
    layer: Layer::Tool,
    scope: Scope::Record,
    fields: &[VaxRefusal, RecipMissedAppt],
    levels: levels(Error, Error),
    message: "vax_refusal{v} and recip_missed_appt{w} should not both be YES",
    why: "Who did not come did not refuse. The record is read as a refusal.",
    remedy: "Set one of the two to NO.",
    source: "CVRS v1 as the CDC tool 2.1.0 checks it (BUSR006)",
    passes: &[Example::CellsV1(&[(VaxRefusal, "NO"), (RecipMissedAppt, "NO")])],
    fails: &[Example::CellsV1(&[
        (VaxRefusal, "YES"),
        (RecipMissedAppt, "YES"),
        (Ndc, ""),
        (Mvx, ""),
        (LotNumber, ""),
        (VaxExpiration, ""),
        (VaxAdminSite, ""),
        (VaxRoute, ""),
        (DoseNum, ""),
        (VaxSeriesComplete, ""),
        (VaxProvSuffix, ""),
    ])],
    check: Check::Record(check),
};
