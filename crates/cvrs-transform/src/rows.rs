//! CVRS itself: the columns of a version in their order, lower-case names, LF.

use cvrs_parse::{Header, Record};
use cvrs_report::{Finding, Level, Message};
use cvrs_spec::{Field, Version};

/// Writes rows with the columns of a version in their order, whatever the header they were read by.
///
/// Cells of columns that the file lacks are empty; cells that are no column of the version are left out.
#[derive(Clone, Debug)]
pub struct Rows {
    version: Version,
    /// Where each column stands in the file.
    columns: Vec<Option<usize>>,
    /// Whether a regular row is written as it stands.
    is_canonical: bool,
    /// Whether columns of the file are left out.
    drops_columns: bool,
}

/// Cells that no column stands above are left out.
pub(crate) const SURPLUS: Finding = Finding {
    code: "CNV001",
    dch: None,
    level: Level::Warn,
    field: None,
    related: None,
    message: Message::text("cells beyond the columns of the header are left out"),
};

impl Rows {
    /// A writer of rows of `version` from a file with that header.
    pub fn new(header: &Header, version: Version) -> Self {
        let columns: Vec<_> = version.columns().iter().map(|&field| header.position(field)).collect();
        let is_canonical =
            columns.iter().enumerate().all(|(at, &column)| column == Some(at)) && header.n_columns() == columns.len();
        let drops_columns = columns.iter().flatten().count() < header.n_columns();
        Self { version, columns, is_canonical, drops_columns }
    }

    /// Whether the file has columns that are not written.
    pub const fn drops_columns(&self) -> bool {
        self.drops_columns
    }

    /// The header line, with its line feed.
    pub fn header_line(&self) -> Vec<u8> {
        let names: Vec<&str> = self.version.columns().iter().map(|field| field.name()).collect();
        (names.join("\t") + "\n").into_bytes()
    }

    /// Appends the row of a record.
    pub fn push(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        if self.is_canonical && record.is_regular() {
            out.extend_from_slice(record.line());
        } else {
            for (at, column) in self.columns.iter().enumerate() {
                if at > 0 {
                    out.push(b'\t');
                }
                out.extend_from_slice(column.map_or(b"", |column| record.cell(column)));
            }
        }
        out.push(b'\n');
    }

    /// The same, with another value in one column.
    pub fn push_with(&self, record: &Record<'_>, field: Field, value: &[u8], out: &mut Vec<u8>) {
        for (at, (&written, column)) in self.version.columns().iter().zip(&self.columns).enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            let cell = column.map_or(&b""[..], |column| record.cell(column));
            out.extend_from_slice(if written == field { value } else { cell });
        }
        out.push(b'\n');
    }

    /// What is lost of a record: its cells beyond the header's columns.
    pub fn explain(&self, record: &Record<'_>) -> Option<Finding> {
        (record.n_cells() > record.header().n_columns()).then_some(SURPLUS)
    }
}
