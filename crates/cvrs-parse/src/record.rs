//! One record, borrowed from the buffer.

use crate::{Date, Header};
use core::fmt;
use core::ops::Range;
use cvrs_spec::{Event, Field, Model, Version};

/// One data row: its cells by column, without a copy.
///
/// A cell that the header or the row does not reach is empty. `Debug` shows counts only, never a value.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    text: &'a [u8],
    start: usize,
    /// Where each cell ends in `text`; the next one starts a byte later.
    ends: &'a [u32],
    header: &'a Header,
    has_control: bool,
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} cells, {} bytes)", self.ends.len(), self.line().len())
    }
}

impl<'a> Record<'a> {
    /// A record of `text` that starts at `start` and whose cells end at `ends` (bytes, exclusive).
    ///
    /// `has_control` says whether a control character other than the tabs and the line end stands in it.
    pub(crate) const fn new(
        text: &'a [u8],
        start: usize,
        ends: &'a [u32],
        header: &'a Header,
        has_control: bool,
    ) -> Self {
        Self { text, start, ends, header, has_control }
    }

    /// The value of a column; empty if the file or the row has no such cell.
    #[inline]
    pub fn get(&self, field: Field) -> &'a [u8] {
        self.header.position(field).map_or(&[], |column| self.cell(column))
    }

    /// The cell of the 0-based column of the file; empty beyond the row's end.
    #[inline]
    pub fn cell(&self, column: usize) -> &'a [u8] {
        &self.text[self.place(column)]
    }

    /// Where the cell of the 0-based column stands in the buffer, in bytes; nowhere, and so empty, beyond the row's end.
    #[inline]
    pub fn place(&self, column: usize) -> Range<usize> {
        match self.ends.get(column) {
            None => 0..0,
            Some(&end) => {
                let start = if column == 0 { self.start } else { self.ends[column - 1] as usize + 1 };
                start..end as usize
            }
        }
    }

    /// All cells of the row, also those beyond the header's columns.
    pub fn cells(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        (0..self.ends.len()).map(|column| self.cell(column))
    }

    /// Where each cell ends in the buffer, in bytes; the next one starts a byte later, the first one at [`Record::start`].
    pub const fn cell_ends(&self) -> &'a [u32] {
        self.ends
    }

    /// How many cells the row has.
    pub const fn n_cells(&self) -> usize {
        self.ends.len()
    }

    /// Whether the row has as many cells as the header has columns.
    pub const fn is_regular(&self) -> bool {
        self.ends.len() == self.header.n_columns()
    }

    /// Whether a control character other than the tabs and the line end stands in the row.
    pub const fn has_control(&self) -> bool {
        self.has_control
    }

    /// The row without its line end.
    #[inline]
    pub fn line(&self) -> &'a [u8] {
        let end = self.ends.last().map_or(self.start, |&end| end as usize);
        &self.text[self.start..end]
    }

    /// Where the row starts in the buffer, in bytes.
    pub const fn start(&self) -> usize {
        self.start
    }

    /// The header the row was read by.
    pub const fn header(&self) -> &'a Header {
        self.header
    }

    /// The version of the file.
    pub const fn version(&self) -> Version {
        self.header.version()
    }

    /// The date in a column, if it is one.
    #[inline]
    pub fn date(&self, field: Field) -> Option<Date> {
        Date::parse(self.get(field))
    }

    /// Whether the column's value is this word, in any case, without trimming.
    #[inline]
    pub fn is(&self, field: Field, word: &str) -> bool {
        self.get(field).eq_ignore_ascii_case(word.as_bytes())
    }

    /// What happened (rule book, section 0): a refusal goes before a missed appointment, all else is a vaccination.
    #[inline]
    pub fn event(&self) -> Event {
        if self.is(Field::VaxRefusal, "YES") {
            Event::Refusal
        } else if self.version() == Version::V1 && self.is(Field::RecipMissedAppt, "YES") {
            Event::MissedAppointment
        } else {
            Event::Vaccination
        }
    }

    /// The data model (rule book, section 0): told by `ext_type`, or by the redacted columns where that is empty.
    /// `None` for another code.
    #[inline]
    pub fn model(&self) -> Option<Model> {
        match self.get(Field::ExtType) {
            b"D" | b"d" => Some(Model::D),
            b"I" | b"i" => Some(Model::I),
            b"P" | b"p" => Some(Model::P),
            b"" => {
                let mut six = Field::all().filter(|field| field.facts().is_redacted);
                Some(match six.all(|field| self.is(field, "Redacted")) {
                    true if self.get(Field::PprlId).is_empty() => Model::D,
                    true => Model::P,
                    false => Model::I,
                })
            }
            _ => None,
        }
    }
}
