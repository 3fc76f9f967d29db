//! What a fix has changed.

use crate::fix::Fix;
use cvrs_spec::Field;

/// What of a change may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Values of the two id columns; else their lengths.
    pub ids: bool,
    /// A person's values; else their lengths.
    pub values: bool,
}

/// One change: a cell's value, or something about a line or the file in words. `Debug` shows no value.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The fix.
    pub fix: &'static Fix,
    /// Physical line of what came in, the header being line 1.
    pub line: u64,
    /// Number among the data rows, from 1; `None` for the header and the file.
    pub record: Option<u64>,
    /// The column, if it is one that is known.
    pub field: Option<Field>,
    /// Whether `before` and `after` are a cell's values; else they are words that name what changed.
    pub is_cell: bool,
    /// What stood there.
    pub before: &'a [u8],
    /// What stands there now.
    pub after: &'a [u8],
    /// The record's `vax_event_id` as it stands now.
    pub vax_event_id: &'a [u8],
}

impl Change<'_> {
    /// What stood there as it may be shown: its length in place of a person's value unless values are asked for, and
    /// for some fixes even then.
    pub fn shown_before(&self, show: Shown) -> Vec<u8> {
        self.shown(self.before, Shown { values: show.values && !self.fix.hides_before, ..show })
    }

    /// What stands there now, in the same manner.
    pub fn shown_after(&self, show: Shown) -> Vec<u8> {
        self.shown(self.after, show)
    }

    fn shown(&self, text: &[u8], show: Shown) -> Vec<u8> {
        let mut out = Vec::new();
        // The cell of a column without a known name may be anybody's.
        let is_personal = self.field.is_none_or(|field| field.facts().is_personal);
        let is_id = matches!(self.field, Some(Field::VaxEventId | Field::RecipId));
        if self.is_cell && (is_personal && !show.values || is_id && !show.ids) {
            let length = cvrs_parse::char_count(text);
            let word = if length == 1 { "character" } else { "characters" };
            out.extend_from_slice(format!("({length} {word})").as_bytes());
        } else {
            cvrs_report::push_printable(&mut out, text);
        }
        out
    }

    /// The column's name, empty for a line or the file, `?` for a column without a known name.
    pub fn field_name(&self) -> &'static str {
        match self.field {
            Some(field) => field.name(),
            None if self.is_cell => "?",
            None => "",
        }
    }
}

impl std::fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Change({} on line {}, {:?})", self.fix.id, self.line, self.field_name())
    }
}

/// A change of a row that is being mended, owned.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) fix: &'static Fix,
    pub(crate) field: Option<Field>,
    pub(crate) is_cell: bool,
    pub(crate) before: Vec<u8>,
    pub(crate) after: Vec<u8>,
}
