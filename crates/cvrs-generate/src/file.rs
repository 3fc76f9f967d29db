//! Whole files from rows, and faults of whole files.

use cvrs_spec::{Field, Version};

use crate::fault::Level;
use crate::row::Row;

/// The column names of version 2 and later with tabs between them, without a line end.
pub fn header() -> Vec<u8> {
    Version::V3.columns().iter().map(|field| field.name()).collect::<Vec<_>>().join("\t").into_bytes()
}

/// The header and the rows, each line ending in a line feed.
pub fn file(rows: &[Row]) -> Vec<u8> {
    let mut text = header();
    text.push(b'\n');
    for row in rows {
        text.extend_from_slice(&row.to_line());
        text.push(b'\n');
    }
    text
}

/// A fault of the header or of the file as a whole. These are for tests; [`generate`](crate::generate) plants none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileFault {
    /// Commas stand where tabs should (FMT_001).
    Commas,
    /// A column that no version has, in every line (FMT_002).
    UnknownColumn,
    /// The name of race 6 is misspelt (FMT_002 and FMT_004).
    MisspeltColumn,
    /// There is not one byte (FMT_003).
    Nothing,
    /// No column has a known name (FMT_003).
    NoKnownColumn,
    /// Race 6 is missing from every line (FMT_004).
    MissingColumn,
    /// A byte order mark comes first (FMT_005).
    ByteOrderMark,
    /// The last line has no line end (XR002).
    NoLastLineEnd,
    /// A blank line follows the first record (XR003).
    BlankLine,
    /// Race 6 stands twice in every line (XR006).
    ColumnTwice,
    /// Ethnicity stands before race 6 in every line (XR007).
    ColumnsSwapped,
}

impl FileFault {
    /// All faults of whole files.
    pub const ALL: [Self; 11] = [
        Self::Commas,
        Self::UnknownColumn,
        Self::MisspeltColumn,
        Self::Nothing,
        Self::NoKnownColumn,
        Self::MissingColumn,
        Self::ByteOrderMark,
        Self::NoLastLineEnd,
        Self::BlankLine,
        Self::ColumnTwice,
        Self::ColumnsSwapped,
    ];

    /// Codes and levels of all findings in the `recommended` profile.
    pub const fn findings(self) -> &'static [(&'static str, Level)] {
        match self {
            Self::Commas => &[("FMT_001", Level::Error)],
            Self::UnknownColumn => &[("FMT_002", Level::Error)],
            Self::MisspeltColumn => &[("FMT_002", Level::Error), ("FMT_004", Level::Error)],
            Self::Nothing | Self::NoKnownColumn => &[("FMT_003", Level::Error)],
            Self::MissingColumn => &[("FMT_004", Level::Error)],
            Self::ByteOrderMark => &[("FMT_005", Level::Warn)],
            Self::NoLastLineEnd => &[("XR002", Level::Warn)],
            Self::BlankLine => &[("XR003", Level::Warn)],
            Self::ColumnTwice => &[("XR006", Level::Error)],
            Self::ColumnsSwapped => &[("XR007", Level::Warn)],
        }
    }

    /// Whether nothing is left to check, so that the code stands in an error and not in a report.
    pub const fn is_fatal(self) -> bool {
        matches!(self, Self::Commas | Self::Nothing | Self::NoKnownColumn)
    }

    /// Plants the fault into a good file with a header, line feeds and one record or more.
    #[must_use]
    pub fn plant(self, file: &[u8]) -> Vec<u8> {
        let race = Field::RecipRace6 as usize;
        match self {
            Self::Commas => file.iter().map(|byte| if *byte == b'\t' { b',' } else { *byte }).collect(),
            Self::UnknownColumn => every_line(file, |number, cells| {
                cells.push(if number == 0 { b"recip_phone".to_vec() } else { Vec::new() });
            }),
            Self::MisspeltColumn => every_line(file, |number, cells| {
                if number == 0 {
                    cells[race] = b"recip_race_six".to_vec();
                }
            }),
            Self::Nothing => Vec::new(),
            Self::NoKnownColumn => every_line(file, |number, cells| {
                if number == 0 {
                    for cell in cells {
                        cell.push(b'_');
                    }
                }
            }),
            Self::MissingColumn => every_line(file, |_, cells| {
                cells.remove(race);
            }),
            Self::ByteOrderMark => [b"\xEF\xBB\xBF", file].concat(),
            Self::NoLastLineEnd => file.strip_suffix(b"\n").unwrap_or(file).to_vec(),
            Self::BlankLine => {
                let ends = file.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(index, _)| index + 1);
                let after = ends.take(2).last().unwrap_or(file.len());
                [&file[..after], b"\n", &file[after..]].concat()
            }
            Self::ColumnTwice => every_line(file, |_, cells| {
                let cell = cells[race].clone();
                cells.push(cell);
            }),
            Self::ColumnsSwapped => every_line(file, |_, cells| cells.swap(race, race + 1)),
        }
    }
}

/// Changes the cells of every line; the header has number 0.
fn every_line(file: &[u8], change: impl Fn(usize, &mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut text = Vec::new();
    for (number, line) in file.strip_suffix(b"\n").unwrap_or(file).split(|byte| *byte == b'\n').enumerate() {
        let mut row = Row::parse(line);
        change(number, row.cells_mut());
        text.extend_from_slice(&row.to_line());
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use cvrs_spec::{Event, Model};

    #[test]
    fn every_fault_changes_the_file() {
        let good = file(&[Row::good(Model::D, Event::Vaccination), Row::good(Model::D, Event::Refusal)]);
        assert_eq!(good.split(|byte| *byte == b'\n').count(), 4);
        for fault in FileFault::ALL {
            let bad = fault.plant(&good);
            assert_ne!(bad, good, "{fault:?}");
            assert!(!fault.findings().is_empty());
            let mut widths = bad.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let width = widths.next().map(|line| Row::parse(line).cells().len());
            assert!(widths.all(|line| Some(Row::parse(line).cells().len()) == width), "{fault:?}");
        }
    }
}
