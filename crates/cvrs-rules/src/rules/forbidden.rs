//! What must be empty.

use crate::rule::levels;
use crate::{Cell, Check, Example, Hit, Layer, Rule, Scope, Stage};
use cvrs_report::Level::Error;
use cvrs_report::Message;
use cvrs_spec::Field::{self, *};
use cvrs_spec::{Event, Model, Requirement, Version};

const DOSE: &[Field] =
    &[Cvx, Ndc, Mvx, LotNumber, VaxExpiration, VaxAdminSite, VaxRoute, DoseNum, VaxSeriesComplete, VaxProvSuffix];

/// Whether the field table wants the column empty for that event, whatever the model.
pub(crate) fn is_forbidden(field: Field, version: Version, event: Event) -> bool {
    field != PprlId && field.requirement(version, event, Model::D) == Requirement::Empty
}

fn forbidden(cell: &Cell<'_>, event: Event) -> Option<Hit> {
    let fires = cell.event == event && !cell.is_empty() && is_forbidden(cell.field, cell.record.version(), event);
    fires.then_some(Hit::PLAIN)
}

pub(crate) const REFUSAL: Rule = Rule {
    code: "DNTS002",
    name: "forbidden-for-refusal",
    layer: Layer::Tool,
    scope: Scope::Cell,
    fields: DOSE,
    levels: levels(Error, Error),
    message: "{f}{v} should not be present for Refusal events",
    why: "No dose was given, so nothing about a dose may be sent; often the refusal mark is the mistake.",
    remedy: "Clear the column, or set vax_refusal to NO if the dose was given.",
    source: "CVRS v2 instructions, refusals; CDC tool DNTS002",
    passes: &[Example::Cells(crate::example::REFUSAL)],
    fails: &[Example::Cells(&[
        (VaxRefusal, "YES"),
        (Ndc, ""),
        (Mvx, ""),
        (LotNumber, "EL1283"),
        (VaxExpiration, ""),
        (VaxAdminSite, ""),
        (VaxRoute, ""),
        (DoseNum, ""),
        (VaxSeriesComplete, ""),
    ])],
    check: Check::Cell(Stage::Forbidden, |cell| forbidden(cell, Event::Refusal)),
};

pub(crate) const MISSED_APPOINTMENT: Rule = Rule {
    code: "DNTS003",
    name: "forbidden-for-missed-appointment",
    message: "{f}{v} should not be present for Missed Appointment events",
    remedy: "Clear the column, or set recip_missed_appt to NO if the dose was given.",
    source: "CVRS v1 as the CDC tool 2.1.0 checks it (DNTS003)",
    passes: &[Example::CellsV1(crate::example::MISSED)],
    fails: &[Example::CellsV1(&[
        (RecipMissedAppt, "YES"),
        (Cvx, "208"),
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
    check: Check::Cell(Stage::Forbidden, |cell| forbidden(cell, Event::MissedAppointment)),
    ..REFUSAL
};

pub(crate) const PPRL_ID: Rule = Rule {
    code: "DATA004",
    name: "pprl-id-does-not-fit-model",
    fields: &[PprlId],
    message: "pprl_id should not be present",
    why: "Only model P is linked by a PPRL id; in the other models it must not be sent, and in model P it must.",
    remedy: "Clear pprl_id in models D and I; in model P send the id that the linkage tool gave.",
    source: "CVRS v2, 2.5 and 3 data elements; CDC tool DATA004",
    passes: &[Example::Cells(&[(PprlId, "")]), Example::Cells(&[(ExtType, "P"), (PprlId, "t0k3n")])],
    fails: &[Example::Cells(&[(PprlId, "t0k3n")]), Example::Cells(&[(ExtType, "P"), (PprlId, "")])],
    check: Check::Cell(Stage::Content, |cell| match (cell.model, cell.is_empty()) {
        (Some(Model::P), true) => {
            Some(Hit { message: Some(Message::text("pprl_id is required in model P")), ..Hit::PLAIN })
        }
        (Some(Model::P), false) | (_, true) => None,
        (_, false) => Some(Hit::PLAIN),
    }),
    ..REFUSAL
};
