//! The same rules as CDC's command-line validator, version 2.1.0, reads them: profile `tool`.
//!
//! Where the rule book says what is right, this module says what that program says, its oversights included, so that
//! a report can be laid beside its own: finding by finding, in its order, with its levels and texts. What of it is
//! left different on purpose is listed in `docs/profile-tool.md`.
//!
//! ```text
//! row with the wrong number of cells → XR001 (the tool drops it in silence) and nothing else
//! record → each column in the order of version 2 (version 1's two at their place): REQD, DNTS, DATA008, content
//!        → BUSR001 … BUSR013
//! ```
//!
//! The clearinghouse's rule behind a finding is what the rule book's own check says of the cell, so that a finding
//! that only the tool has carries none.
//!
//! Source: the program's behaviour, read from its public source of 2021-01-29.

mod cells;
mod dates;
mod header;
mod relations;
mod sets;
mod states;

use crate::book::Told;
use crate::{Cell, Context};
use cvrs_parse::Record;
use cvrs_report::Message;
use cvrs_spec::{Event, Field, Version};
pub(crate) use header::explain_header;

/// The columns of version 1 in the tool's order: version 2's, with the two that it dropped where they were.
static COLUMNS_V1: [Field; 47] = {
    let mut columns = [Field::VaxEventId; 47];
    let (mut from, mut to) = (0, 0);
    while from < 45 {
        let field = Field::from_index(from);
        if matches!(field, Field::VaxRefusal) {
            columns[to] = Field::VaxProvSuffix;
            to += 1;
        } else if matches!(field, Field::Serology) {
            columns[to] = Field::RecipMissedAppt;
            to += 1;
        }
        columns[to] = field;
        (from, to) = (from + 1, to + 1);
    }
    columns
};

/// The columns of a version in the tool's order.
fn columns(version: Version) -> &'static [Field] {
    if version == Version::V1 { &COLUMNS_V1 } else { version.columns() }
}

/// Says what the tool says of a record.
pub(crate) fn explain(record: &Record<'_>, context: &Context, told: &mut Told<'_>) {
    if !record.is_regular() {
        let numbers = [record.n_cells() as u64, record.header().n_columns() as u64];
        return told.add("XR001", None, None, Message::Template(crate::rules::row::CELL_COUNT.message, numbers));
    }
    let (event, model) = (event(record), record.model());
    for &field in columns(record.version()) {
        cells::explain(&Cell { field, record, event, model, context }, told);
    }
    relations::explain(record, context, told);
}

/// The kind of event. A column `recip_missed_appt` counts in every version, though only version 1 knows it.
fn event(record: &Record<'_>) -> Event {
    let event = record.event();
    if event != Event::Vaccination || record.version() == Version::V1 {
        return event;
    }
    let is_missed_appt = |name: &str| name.trim().eq_ignore_ascii_case(Field::RecipMissedAppt.name());
    let column = record.header().unknown().iter().rfind(|unknown| unknown.name.as_deref().is_some_and(is_missed_appt));
    match column {
        Some(column) if record.cell(column.column as usize - 1).eq_ignore_ascii_case(b"YES") => {
            Event::MissedAppointment
        }
        _ => event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_one_has_its_two_columns_before_refusal_and_serology() {
        let at = |field| COLUMNS_V1.iter().position(|&known| known == field);
        assert_eq!(at(Field::VaxEventId), Some(0));
        assert_eq!(at(Field::VaxProvSuffix), Some(42));
        assert_eq!(at(Field::VaxRefusal), Some(43));
        assert_eq!(at(Field::RecipMissedAppt), Some(45));
        assert_eq!(at(Field::Serology), Some(46));
        assert!(Version::V1.columns().iter().all(|&field| at(field).is_some()));
    }
}
