//! What the tool says of columns together: BUSR001 to BUSR013 in number order, on the raw strings.

use super::states::{is_county_in_state, is_zip_in_state};
use crate::book::Told;
use crate::{Ask, Context, Dch};
use core::cmp::Ordering;
use cvrs_parse::{Date, Record};
use cvrs_report::Message;
use cvrs_spec::{Field, Version};

/// A code and its text.
type Words = (&'static str, &'static str);

/// The county, state and ZIP columns of a place, and what is said of them.
struct Place {
    county: Field,
    state: Field,
    zip: Field,
    county_outside: Words,
    zip_outside: Words,
    no_state: Words,
    no_county: Words,
}

#[rustfmt::skip]
static PLACES: [Place; 2] = [
    Place {
        county: Field::RecipAddressCounty,
        state: Field::RecipAddressState,
        zip: Field::RecipAddressZip,
        county_outside: ("BUSR001", "recip_address_county{v} does not match recip_address_state{w} for Recipient"),
        zip_outside: ("BUSR003", "recip_address_zip{v} does not match recip_address_state{w} for Recipient"),
        no_state: ("BUSR007", "If recip_address_zip{v} is present, recip_address_state{w} should be present for Recipient"),
        no_county: ("BUSR009", "If recip_address_zip{v} is present, recip_address_county{w} should be present for Recipient"),
    },
    Place {
        county: Field::AdminAddressCounty,
        state: Field::AdminAddressState,
        zip: Field::AdminAddressZip,
        county_outside: ("BUSR002", "admin_address_county{v} does not match admin_address_state{w} for Vaccine Administrator"),
        zip_outside: ("BUSR004", "admin_address_zip{v} does not match admin_address_state{w} for Vaccine Administrator"),
        no_state: ("BUSR008", "If admin_address_zip{v} is present, admin_address_state{w} should be present for Vaccine Administrator"),
        no_county: ("BUSR010", "If admin_address_zip{v} is present, admin_address_county{w} should be present for Vaccine Administrator"),
    },
];

pub(super) fn explain(record: &Record<'_>, context: &Context, told: &mut Told<'_>) {
    let get = |field| record.get(field);
    let tell = |told: &mut Told<'_>, field, (code, text): Words| told.add(code, Some(field), None, Message::text(text));
    let are_told = |left, right| !get(left).is_empty() && !get(right).is_empty();
    for place in &PLACES {
        if are_told(place.county, place.state) && !is_county_in_state(get(place.county), get(place.state)) {
            tell(told, place.county, place.county_outside);
        }
    }
    for place in &PLACES {
        if are_told(place.zip, place.state) && !is_zip_in_state(get(place.zip), get(place.state)) {
            tell(told, place.zip, place.zip_outside);
        }
    }
    born_after(record, told);
    let is_yes = |field| record.is(field, "YES");
    if record.version() == Version::V1 && is_yes(Field::VaxRefusal) && is_yes(Field::RecipMissedAppt) {
        let text = "vax_refusal{v} and recip_missed_appt{w} should not both be YES";
        tell(told, Field::VaxRefusal, ("BUSR006", text));
    }
    for place in &PLACES {
        if !get(place.zip).is_empty() && get(place.state).is_empty() {
            tell(told, place.zip, place.no_state);
        }
    }
    for place in &PLACES {
        if !get(place.zip).is_empty() && get(place.county).is_empty() {
            tell(told, place.zip, place.no_county);
        }
    }
    in_future(record, context.today, told);
    if let Some(number) = context.seen.previous {
        let text = "Value of vax_event_id{v} duplicates vax_event_id at line {0}";
        told.add("BUSR013", Some(Field::VaxEventId), None, Message::Template(text, [number, 0]));
    }
}

/// BUSR005: later as text, or either one empty.
fn born_after(record: &Record<'_>, told: &mut Told<'_>) {
    let (dob, admin) = (record.get(Field::RecipDob), record.get(Field::AdminDate));
    if !dob.is_empty() && !admin.is_empty() && dob <= admin {
        return;
    }
    let is_refused = match (Date::parse(dob), Date::parse(admin)) {
        (Some(dob), Some(admin)) => dob.compare_coarse(admin) == Ordering::Greater,
        _ => false,
    };
    let dch = Dch::of(Field::RecipDob, Ask::Relation).filter(|_| is_refused);
    told.add("BUSR005", Some(Field::RecipDob), dch, Message::text("recip_dob{v} is after admin_date{w}"));
}

/// BUSR011 and BUSR012: not less than tomorrow, as text.
fn in_future(record: &Record<'_>, today: Date, told: &mut Told<'_>) {
    let tomorrow = today.day_after();
    let shown = format!("{:04}-{:02}-{:02}", tomorrow.year(), tomorrow.month(), tomorrow.day().unwrap_or_default());
    let is_future = |field| {
        let value = record.get(field);
        !value.is_empty() && value >= shown.as_bytes()
    };
    let message = |text| Message::Template(text, [u64::from(tomorrow.as_number()), 0]);
    if is_future(Field::RecipDob) {
        let text = "If recip_dob{v} is present it should be less than tomorrow ({d})";
        told.add("BUSR011", Some(Field::RecipDob), None, message(text));
    }
    if is_future(Field::AdminDate) {
        let is_later = |date: Date| date.compare_coarse(today) == Ordering::Greater;
        let is_refused = record.date(Field::AdminDate).is_some_and(is_later);
        let dch = Dch::of(Field::AdminDate, Ask::Relation).filter(|_| is_refused);
        // The verb is missing in the tool's own text.
        let text = "If admin_date{v} is present it should less than tomorrow ({d})";
        told.add("BUSR012", Some(Field::AdminDate), dch, message(text));
    }
}
