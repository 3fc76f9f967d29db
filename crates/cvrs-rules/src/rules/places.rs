//! Counties, states and ZIP codes against each other.

use crate::Codes;
use crate::rule::levels;
use crate::rules::shape::is_zip;
use crate::rules::value_set::is_county;
use crate::{Check, Context, Example, Hit, Hits, Layer, Rule, Scope};
use cvrs_parse::Record;
use cvrs_report::Level::{Error, Off, Warn};
use cvrs_spec::Field::{self, *};

/// The county, state and ZIP columns of the recipient or of the place of administration.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    county: Field,
    state: Field,
    zip: Field,
}

const RECIPIENT: Place = Place { county: RecipAddressCounty, state: RecipAddressState, zip: RecipAddressZip };
const ADMINISTRATION: Place = Place { county: AdminAddressCounty, state: AdminAddressState, zip: AdminAddressZip };

/// Both places of a record.
pub(crate) const PLACES: [Place; 2] = [RECIPIENT, ADMINISTRATION];

impl Place {
    /// County, state and ZIP code, in that order.
    pub(crate) const fn columns(self) -> [Field; 3] {
        [self.county, self.state, self.zip]
    }
}

fn is_county_outside_state(county: &[u8], state: &[u8], codes: Codes) -> bool {
    is_county(county) && codes.state_fips(state).is_some_and(|fips| !county.starts_with(fips))
}

fn is_zip_outside_state(zip: &[u8], state: &[u8], codes: Codes) -> bool {
    is_zip(zip) && codes.is_zip_outside_state(zip, state)
}

fn is_county_unlisted(county: &[u8], codes: Codes) -> bool {
    is_county(county) && !codes.counties().contains(county)
}

/// Whether any rule of this family may have something to say about a place. Looks at the first five digits of a ZIP
/// code only; its shape is another rule's.
pub(crate) fn is_doubtful(county: &[u8], state: &[u8], zip: &[u8], codes: Codes) -> bool {
    is_county_outside_state(county, state, codes)
        || !zip.is_empty() && (state.is_empty() || county.is_empty())
        || zip.first_chunk::<5>().is_some_and(|zip| is_zip_outside_state(zip, state, codes))
        || is_county_unlisted(county, codes)
}

fn county_outside_state(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>, place: Place) {
    if is_county_outside_state(record.get(place.county), record.get(place.state), context.codes) {
        hits.add(Hit::on(place.county));
    }
}

fn zip_outside_state(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>, place: Place) {
    if is_zip_outside_state(record.get(place.zip), record.get(place.state), context.codes) {
        hits.add(Hit::on(place.zip));
    }
}

fn zip_without(record: &Record<'_>, hits: &mut Hits<'_>, zip: Field, other: Field) {
    if !record.get(zip).is_empty() && record.get(other).is_empty() {
        hits.add(Hit::on(zip));
    }
}

pub(crate) const RECIP_COUNTY: Rule = Rule {
    code: "BUSR001",
    name: "recipient-county-outside-state",
    layer: Layer::Tool,
    scope: Scope::Record,
    fields: &[RecipAddressCounty, RecipAddressState],
    levels: levels(Warn, Error),
    message: "recip_address_county{v} does not match recip_address_state{w} for Recipient",
    why: "The first two digits of a county code are its state's; where they differ, one of the two columns is wrong.",
    remedy: "Look the address up; a lost leading zero or a changed state is the usual cause.",
    source: "CDC tool BUSR001; Census county codes",
    passes: &[Example::Cells(&[(RecipAddressCounty, "13121"), (RecipAddressState, "GA")])],
    fails: &[Example::Cells(&[(RecipAddressCounty, "49053"), (RecipAddressState, "GA")])],
    check: Check::Record(|record, context, hits| county_outside_state(record, context, hits, RECIPIENT)),
};

pub(crate) const ADMIN_COUNTY: Rule = Rule {
    code: "BUSR002",
    name: "administration-county-outside-state",
    fields: &[AdminAddressCounty, AdminAddressState],
    message: "admin_address_county{v} does not match admin_address_state{w} for Vaccine Administrator",
    source: "CDC tool BUSR002; Census county codes",
    passes: &[Example::Cells(&[(AdminAddressCounty, "13121"), (AdminAddressState, "GA")])],
    fails: &[Example::Cells(&[(AdminAddressCounty, "49053"), (AdminAddressState, "GA")])],
    check: Check::Record(|record, context, hits| county_outside_state(record, context, hits, ADMINISTRATION)),
    ..RECIP_COUNTY
};

pub(crate) const RECIP_ZIP: Rule = Rule {
    code: "BUSR003",
    name: "recipient-zip-outside-state",
    fields: &[RecipAddressZip, RecipAddressState],
    message: "recip_address_zip{v} does not match recip_address_state{w} for Recipient",
    why: "Each state has its ranges of ZIP codes. The ranges used are compiled from USPS prefixes, hence a warning only.",
    source: "CDC tool BUSR003; USPS ZIP prefixes",
    passes: &[Example::Cells(&[(RecipAddressZip, "30301"), (RecipAddressState, "GA")])],
    fails: &[Example::Cells(&[(RecipAddressZip, "48504"), (RecipAddressState, "GA")])],
    check: Check::Record(|record, context, hits| zip_outside_state(record, context, hits, RECIPIENT)),
    ..RECIP_COUNTY
};

pub(crate) const ADMIN_ZIP: Rule = Rule {
    code: "BUSR004",
    name: "administration-zip-outside-state",
    fields: &[AdminAddressZip, AdminAddressState],
    message: "admin_address_zip{v} does not match admin_address_state{w} for Vaccine Administrator",
    source: "CDC tool BUSR004; USPS ZIP prefixes",
    passes: &[Example::Cells(&[(AdminAddressZip, "30301"), (AdminAddressState, "GA")])],
    fails: &[Example::Cells(&[(AdminAddressZip, "48504"), (AdminAddressState, "GA")])],
    check: Check::Record(|record, context, hits| zip_outside_state(record, context, hits, ADMINISTRATION)),
    ..RECIP_ZIP
};

pub(crate) const RECIP_ZIP_ALONE_STATE: Rule = Rule {
    code: "BUSR007",
    name: "recipient-zip-without-state",
    fields: &[RecipAddressZip, RecipAddressState],
    levels: levels(Warn, Warn),
    message: "If recip_address_zip{v} is present, recip_address_state{w} should be present for Recipient",
    why: "Who knows the ZIP code knows the state.",
    remedy: "Fill the state from the ZIP code.",
    source: "CDC tool BUSR007",
    passes: &[Example::Cells(&[(RecipAddressZip, "30301"), (RecipAddressState, "GA")])],
    fails: &[Example::With(&[(RecipAddressState, "")], &["DCH026"])],
    check: Check::Record(|record, _, hits| zip_without(record, hits, RecipAddressZip, RecipAddressState)),
    ..RECIP_COUNTY
};

pub(crate) const ADMIN_ZIP_ALONE_STATE: Rule = Rule {
    code: "BUSR008",
    name: "administration-zip-without-state",
    fields: &[AdminAddressZip, AdminAddressState],
    message: "If admin_address_zip{v} is present, admin_address_state{w} should be present for Vaccine Administrator",
    source: "CDC tool BUSR008",
    passes: &[Example::Cells(&[(AdminAddressZip, "30301"), (AdminAddressState, "GA")])],
    fails: &[Example::Cells(&[(AdminAddressState, "")])],
    check: Check::Record(|record, _, hits| zip_without(record, hits, AdminAddressZip, AdminAddressState)),
    ..RECIP_ZIP_ALONE_STATE
};

pub(crate) const RECIP_ZIP_ALONE_COUNTY: Rule = Rule {
    code: "BUSR009",
    name: "recipient-zip-without-county",
    fields: &[RecipAddressZip, RecipAddressCounty],
    message: "If recip_address_zip{v} is present, recip_address_county{w} should be present for Recipient",
    why: "Who knows the ZIP code can nearly always tell the county.",
    remedy: "Fill the county; a geocoder gives it.",
    source: "CDC tool BUSR009",
    passes: &[Example::Cells(&[(RecipAddressZip, "30301"), (RecipAddressCounty, "13121")])],
    fails: &[Example::With(&[(RecipAddressCounty, "")], &["DCH024"])],
    check: Check::Record(|record, _, hits| zip_without(record, hits, RecipAddressZip, RecipAddressCounty)),
    ..RECIP_ZIP_ALONE_STATE
};

pub(crate) const ADMIN_ZIP_ALONE_COUNTY: Rule = Rule {
    code: "BUSR010",
    name: "administration-zip-without-county",
    fields: &[AdminAddressZip, AdminAddressCounty],
    message: "If admin_address_zip{v} is present, admin_address_county{w} should be present for Vaccine Administrator",
    source: "CDC tool BUSR010",
    passes: &[Example::Cells(&[(AdminAddressZip, "30301"), (AdminAddressCounty, "13121")])],
    fails: &[Example::Cells(&[(AdminAddressCounty, "")])],
    check: Check::Record(|record, _, hits| zip_without(record, hits, AdminAddressZip, AdminAddressCounty)),
    ..RECIP_ZIP_ALONE_COUNTY
};

fn county_not_listed(record: &Record<'_>, context: &Context, hits: &mut Hits<'_>) {
    for place in PLACES {
        if is_county_unlisted(record.get(place.county), context.codes) {
            hits.add(Hit::on(place.county));
        }
    }
}

pub(crate) const COUNTY_NOT_LISTED: Rule = Rule {
    code: "XR022",
    name: "county-not-listed",
    layer: Layer::Extra,
    fields: &[RecipAddressCounty, AdminAddressCounty],
    levels: levels(Warn, Off),
    message: "{f} is in no county list of 2019 to 2022",
    why: "The code has the right shape and names no county, past or present.",
    remedy: "Look the county up; a mistyped digit or a lost leading zero is the usual cause.",
    source: "our own; Census county lists 2019-2022, Connecticut's counties and planning regions both",
    passes: &[Example::Cells(&[(RecipAddressCounty, "13121")])],
    fails: &[Example::Cells(&[(RecipAddressCounty, "13999")])],
    check: Check::Record(county_not_listed),
    ..RECIP_COUNTY
};
