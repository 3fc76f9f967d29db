//! The cells of a regular record, as the screen reads them: by eight bytes at a time.

use super::digits::{self, MASKS, load, not_digits};
use super::sets::to_upper;
use super::vector::{Text, Vector};

/// The most columns a file may have to be screened; another is left to the book.
pub(crate) const MOST_COLUMNS: usize = 64;

/// Where the cells of a line end, after the byte before its first; what follows the last is another line's.
pub(crate) type Window = [u32; MOST_COLUMNS + 1];

/// What stands for a cell that is no date; an empty one is 0.
pub(crate) const NO_DATE: u32 = u32::MAX;

/// A cell as the screen holds it: up to eight bytes as a number, and its length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) bytes: u64,
    pub(crate) length: u32,
}

/// The cells of a regular record.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    text: Text<'a>,
    window: &'a Window,
    /// Whether vectors may be read from the start of each cell on.
    has_room: bool,
}

impl<'a> Cells<'a> {
    #[inline(always)]
    pub(crate) const fn new(text: Text<'a>, window: &'a Window, end: usize) -> Self {
        Self { text, window, has_room: text.has_room(end) }
    }

    #[inline(always)]
    pub(crate) const fn has_room(&self) -> bool {
        self.has_room
    }

    #[inline(always)]
    pub(crate) const fn window(&self) -> &'a Window {
        self.window
    }

    #[inline(always)]
    pub(crate) const fn start(&self, column: u32) -> usize {
        self.window[column as usize % MOST_COLUMNS].wrapping_add(1) as usize
    }

    #[inline(always)]
    pub(crate) const fn end(&self, column: u32) -> usize {
        self.window[column as usize % MOST_COLUMNS + 1] as usize
    }

    #[inline(always)]
    pub(crate) const fn length(&self, column: u32) -> u32 {
        (self.end(column) as u32).wrapping_sub(self.start(column) as u32)
    }

    /// The cell's first eight bytes and what follows them.
    #[inline(always)]
    pub(crate) fn load(&self, column: u32) -> u64 {
        load(self.text.bytes(), self.start(column))
    }

    /// The text that the record is part of.
    #[inline(always)]
    pub(crate) const fn text(&self) -> Text<'a> {
        self.text
    }

    /// The cell as a number, if it has up to eight bytes; else its first eight.
    #[inline(always)]
    pub(crate) fn word(&self, column: u32) -> u64 {
        self.load(column) & MASKS[self.length(column).min(8) as usize]
    }

    #[inline(always)]
    pub(crate) fn cell(&self, column: u32) -> &'a [u8] {
        &self.text.bytes()[self.start(column)..self.end(column)]
    }

    /// The cell of a column that the file may lack.
    #[inline(always)]
    pub(crate) fn of(&self, column: Option<u32>) -> &'a [u8] {
        match column {
            Some(column) => self.cell(column),
            None => &[],
        }
    }

    /// The cell of a column that the file may lack, as memory keeps it.
    #[inline(always)]
    pub(crate) fn word_of(&self, column: Option<u32>) -> Word {
        match column {
            Some(column) => Word { bytes: self.word(column), length: self.length(column) },
            None => Word { bytes: 0, length: 0 },
        }
    }

    /// What follows the first eight bytes of a cell, up to seven bytes of it.
    #[inline(always)]
    pub(crate) fn rest_of(&self, column: Option<u32>) -> u64 {
        let Some(column) = column else { return 0 };
        let rest = self.length(column).saturating_sub(8).min(7);
        load(self.text.bytes(), self.start(column) + 8) & MASKS[rest as usize]
    }

    #[inline(always)]
    pub(crate) fn is_yes(&self, column: Option<u32>) -> bool {
        const YES: u64 = u64::from_le_bytes(*b"YES\0\0\0\0\0");
        match column {
            // Nearly always the length alone tells.
            Some(column) => self.length(column) == 3 && to_upper(self.word(column)) == YES,
            None => false,
        }
    }

    /// The date in a column: 0 if empty, [`NO_DATE`] if it is none.
    #[inline(always)]
    pub(crate) fn date(&self, column: Option<u32>) -> u32 {
        let Some(column) = column else { return 0 };
        match self.length(column) {
            0 => 0,
            length => match digits::date(self.text.bytes(), self.start(column), length) {
                Some(date) => date,
                None => NO_DATE,
            },
        }
    }

    /// Whether the cell is the word `Redacted` in any case.
    #[inline(always)]
    pub(crate) fn is_redacted(&self, column: u32) -> bool {
        const REDACTED: u64 = u64::from_le_bytes(*b"REDACTED");
        self.length(column) == 8 && to_upper(self.load(column)) == REDACTED
    }

    #[inline(always)]
    pub(crate) fn has_blank<V: Vector>(&self, column: u32) -> bool {
        V::has_blank(self.text, self.start(column), self.length(column))
    }

    /// Not zero unless the cell is empty or just so many digits, at most eight.
    #[inline(always)]
    pub(crate) fn not_digits(&self, column: u32, digits: u32) -> u64 {
        let length = self.length(column);
        u64::from(length != 0)
            * (u64::from(length ^ digits) | not_digits(self.load(column), MASKS[digits as usize & 7]))
    }

    /// The first byte of the cell, or what follows an empty one; a line feed at the end of the text.
    #[inline(always)]
    pub(crate) fn first_byte(&self, column: u32) -> u8 {
        match self.text.bytes().get(self.start(column)) {
            Some(&byte) => byte,
            None => b'\n',
        }
    }

    /// Not zero unless the cell is empty or all digits.
    #[inline(always)]
    pub(crate) fn not_all_digits(&self, column: u32) -> u64 {
        let length = self.length(column);
        if length <= 8 {
            return not_digits(self.load(column), MASKS[length as usize % 9]);
        }
        u64::from(!self.cell(column).iter().all(u8::is_ascii_digit))
    }

    /// Not zero if what follows the first five bytes of a ZIP code is neither nothing nor a dash and four digits.
    #[inline(always)]
    pub(crate) fn not_zip_end(&self, column: u32) -> u64 {
        let length = self.length(column);
        if length == 5 {
            return 0;
        }
        let tail = load(self.text.bytes(), self.start(column) + 5);
        let plus_four = ((tail & 0xFF) ^ u64::from(b'-')) | not_digits(tail >> 8, MASKS[4]);
        u64::from(length != 0) * (u64::from(length != 10) | plus_four)
    }
}
