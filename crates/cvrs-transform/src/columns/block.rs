//! A few records side by side, on their way to columns.

use cvrs_parse::Record;

/// How many records of how much text are held at most, the last one not counted: a part of a core's nearest memory.
const ROWS: usize = 64;
const BYTES: usize = 24 << 10;

/// Records: a tab and the line of each, in which no cell of the header's columns is missing.
#[derive(Debug)]
pub(super) struct Block {
    text: Vec<u8>,
    /// Where the tab stands that precedes each cell, and where the last cell of each record ends.
    tabs: Vec<u32>,
    /// What is told of each record.
    numbers: Vec<[u64; 2]>,
    n_columns: usize,
}

impl Block {
    /// An empty one for records of so many columns.
    pub(super) const fn new(n_columns: usize) -> Self {
        Self { text: Vec::new(), tabs: Vec::new(), numbers: Vec::new(), n_columns }
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.tabs.clear();
        self.numbers.clear();
    }

    pub(super) const fn is_full(&self) -> bool {
        self.numbers.len() >= ROWS || self.text.len() > BYTES
    }

    pub(super) const fn n_rows(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// How many bytes each record has.
    pub(super) fn lengths(&self) -> impl Iterator<Item = usize> + '_ {
        let starts = self.tabs.iter().step_by(self.n_columns + 1).map(|&start| start as usize);
        let ends = starts.clone().skip(1).chain([self.text.len()]);
        starts.zip(ends).map(|(start, end)| end - start)
    }

    pub(super) fn numbers(&self) -> &[[u64; 2]] {
        &self.numbers
    }

    /// Adds a record; cells beyond the header's columns are not looked at, missing ones are empty.
    pub(super) fn add(&mut self, record: &Record<'_>, numbers: [u64; 2]) {
        let tab = self.text.len() as u32;
        self.text.push(b'\t');
        self.text.extend_from_slice(record.line());
        self.tabs.push(tab);
        let ends = record.cell_ends();
        let ends = &ends[..ends.len().min(self.n_columns)];
        let shift = (tab + 1).wrapping_sub(record.start() as u32);
        self.tabs.extend(ends.iter().map(|end| end.wrapping_add(shift)));
        for _ in ends.len()..self.n_columns {
            self.text.push(b'\t');
            self.tabs.push(self.text.len() as u32);
        }
        self.numbers.push(numbers);
    }

    /// Where the cells of a column of the file stand in the text, record by record; empty ones where there is no column.
    #[inline]
    pub(super) fn places(&self, column: Option<usize>) -> impl Iterator<Item = (usize, usize)> + '_ {
        let (start, end, skipped) = column.map_or((0, 0, 0), |column| (column, column + 1, 1));
        let rows = self.tabs.chunks_exact(self.n_columns + 1);
        rows.map(move |tabs| (tabs[start] as usize + skipped, tabs[end] as usize))
    }

    /// The cells of a column of the file.
    #[inline]
    pub(super) fn cells(&self, column: Option<usize>) -> impl Iterator<Item = &[u8]> {
        self.places(column).map(|(start, end)| &self.text[start..end])
    }
}
