//! What the tool says of one cell: REQD, DNTS, DATA008, then the content.

use super::{dates, sets};
use crate::book::Told;
use crate::registry::index_of;
use crate::rules::{forbidden, length, redaction, required, shape};
use crate::{Cell, Check, Dch, RULES};
use cvrs_parse::utf16_count;
use cvrs_report::Message;
use cvrs_spec::{Event, Field, Kind, Model, SetId, Version};

pub(super) fn explain(cell: &Cell<'_>, told: &mut Told<'_>) {
    let mut add = |code: &str, text: &'static str| {
        told.add(code, Some(cell.field), clearinghouse_rule(cell, code), Message::text(text));
    };
    if cell.is_empty() {
        if is_required(cell) {
            match cell.event {
                Event::Vaccination => add("REQD001", "{f} is required for Vaccination events"),
                Event::Refusal => add("REQD002", "{f} is required for Refusal events"),
                Event::MissedAppointment => add("REQD003", "{f} is required for Missed Appointment events"),
            }
        }
    } else {
        if is_forbidden(cell) {
            match cell.event {
                Event::Refusal => add("DNTS002", "{f}{v} should not be present for Refusal events"),
                _ => add("DNTS003", "{f}{v} should not be present for Missed Appointment events"),
            }
        }
        if is_too_long(cell) {
            add("DATA008", too_long(cell.field));
        }
    }
    if let Some((code, text)) = wrong_content(cell) {
        add(code, text);
    }
}

/// The clearinghouse's rule behind a finding of that code, if the rule book's own check has the finding too.
fn clearinghouse_rule(cell: &Cell<'_>, code: &str) -> Option<&'static Dch> {
    let index = index_of(code)?;
    match RULES[index].check {
        Check::Cell(_, check) => check(cell)?.dch,
        _ => None,
    }
}

/// The version whose lists tell what an event asks for. Only version 1 has missed appointments; a later file that
/// holds one all the same is read by its lists.
fn listed_version(cell: &Cell<'_>) -> Version {
    if cell.event == Event::MissedAppointment { Version::V1 } else { cell.record.version() }
}

fn is_required(cell: &Cell<'_>) -> bool {
    // Required in version 1 only.
    let is_optional = cell.field == Field::VtrcksProvPin && cell.record.version() != Version::V1;
    !is_optional && required::is_required(cell.field, listed_version(cell), cell.event)
}

fn is_forbidden(cell: &Cell<'_>) -> bool {
    cell.event != Event::Vaccination && forbidden::is_forbidden(cell.field, listed_version(cell), cell.event)
}

fn is_too_long(cell: &Cell<'_>) -> bool {
    let limit = length::limit(cell.field);
    // A UTF-16 unit takes at least a byte.
    cell.value().len() > limit && !length::is_clearinghouse_only(cell.field) && utf16_count(cell.value()) > limit
}

const fn too_long(field: Field) -> &'static str {
    match length::limit(field) {
        3 => "{f}{v} exceeds maximum length 3",
        10 => "{f}{v} exceeds maximum length 10",
        50 => "{f}{v} exceeds maximum length 50",
        100 => "{f}{v} exceeds maximum length 100",
        _ => "{f}{v} exceeds maximum length 255",
    }
}

/// What is wrong with the content. `ext_type`, `pprl_id` and the six redacted columns have something to say of an
/// empty cell too.
fn wrong_content(cell: &Cell<'_>) -> Option<(&'static str, &'static str)> {
    let value = cell.value();
    let is_wrong = match cell.field {
        Field::ExtType => SetId::ExtType.find(value).is_none(),
        Field::PprlId => (cell.model == Some(Model::P)) == value.is_empty(),
        field if field.facts().is_redacted => {
            cell.model != Some(Model::I) && !value.eq_ignore_ascii_case(redaction::WORD.as_bytes())
        }
        _ if value.is_empty() => false,
        Field::VaxEventId | Field::RecipId => value.iter().any(|&byte| shape::is_blank(byte)),
        Field::RecipAddressZip | Field::AdminAddressZip => !shape::is_zip(value),
        Field::ResponsibleOrg | Field::AdminName => shape::is_blank(value[0]),
        Field::VtrcksProvPin => value.len() > 6 || !value.iter().all(u8::is_ascii_alphanumeric),
        field if field.facts().kind == Kind::Date => return dates::wrong(field, value),
        _ => return sets::wrong(cell),
    };
    is_wrong.then(|| expected(cell.field))
}

/// Code and text of a content that is neither a date's nor a code's.
fn expected(field: Field) -> (&'static str, &'static str) {
    match field {
        Field::PprlId => ("DATA004", "{f}{v} should not be present"),
        Field::ExtType => ("DATA005", "{f}{v} does not match the regular expression ^(D|P|I)$"),
        Field::VaxEventId | Field::RecipId => ("DATA005", r"{f}{v} does not match the regular expression ^\S+$"),
        Field::RecipAddressZip => ("DATA005", r"{f}{v} does not match the regular expression \d{5}(-\d{4})?"),
        Field::AdminAddressZip => ("DATA005", r"{f}{v} does not match the regular expression ^(\d{5}(-\d{4})?)?$"),
        Field::VtrcksProvPin => ("DATA005", "{f}{v} does not match the regular expression ^([0-9A-Za-z]{0,6})$"),
        Field::ResponsibleOrg | Field::AdminName => {
            ("DATA005", r"{f}{v} does not match the regular expression ^\S+.*$")
        }
        _ => ("DATA006", "{f}{v} should contain value Redacted"),
    }
}
