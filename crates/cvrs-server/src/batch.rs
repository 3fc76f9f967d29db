//! Records on their way to the stores: 45 cells in the order of the specification, and the same without what names a
//! person.

use cvrs_parse::{Header, Index};
use cvrs_spec::{Field, Version};
use std::ops::Range;

/// What stands in the place of what names a person.
const REDACTED: &[u8] = b"Redacted";

/// Where a record's parts stand in a batch.
#[derive(Clone, Debug)]
struct Row {
    complete: Range<usize>,
    redacted: Range<usize>,
    vax_event_id: Range<usize>,
    recip_id: Range<usize>,
}

/// Records in the order of their file. `Debug` shows how many.
#[derive(Clone, Default)]
pub(crate) struct Batch {
    complete: Vec<u8>,
    redacted: Vec<u8>,
    rows: Vec<Row>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batch({} records)", self.rows.len())
    }
}

/// One record of a batch.
#[derive(Clone, Copy)]
pub(crate) struct Prepared<'a> {
    /// What tells it from others of its jurisdiction, exactly as it was sent.
    pub(crate) vax_event_id: &'a [u8],
    pub(crate) recip_id: &'a [u8],
    /// 45 cells joined by tabs.
    pub(crate) complete: &'a [u8],
    /// The same without what names a person.
    pub(crate) redacted: &'a [u8],
}

impl Batch {
    /// Its records.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Prepared<'_>> {
        self.rows.iter().map(|row| Prepared {
            vax_event_id: &self.complete[row.vax_event_id.clone()],
            recip_id: &self.complete[row.recip_id.clone()],
            complete: &self.complete[row.complete.clone()],
            redacted: &self.redacted[row.redacted.clone()],
        })
    }
}

/// Turns lines of a file into batches.
#[derive(Debug)]
pub(crate) struct Preparer {
    header: Header,
    /// Whether the file's columns are the 45 in their order, so that a regular line stands as it is.
    is_canonical: bool,
    redacts: bool,
    /// For each of the 45 columns, whether it names a person.
    names_person: Vec<bool>,
    columns: &'static [Field],
    index: Index,
    scratch: Vec<u32>,
}

impl Preparer {
    /// For files with that header; `redacts`: the redacted form is wanted too.
    pub(crate) fn new(header: Header, redacts: bool) -> Self {
        let columns = Version::V3.columns();
        let is_canonical = header.columns().len() == columns.len()
            && header.columns().iter().zip(columns).all(|(bound, column)| *bound == Some(*column));
        let names_person = columns.iter().map(|field| field.facts().is_redacted).collect();
        Self { header, is_canonical, redacts, names_person, columns, index: Index::default(), scratch: Vec::new() }
    }

    /// The records of these lines.
    pub(crate) fn prepare(&mut self, lines: &[u8]) -> Batch {
        let mut batch = Batch {
            complete: Vec::with_capacity(lines.len()),
            redacted: Vec::with_capacity(if self.redacts { lines.len() + lines.len() / 8 } else { 0 }),
            rows: Vec::with_capacity(lines.len() / 256 + 1),
        };
        self.index.build(lines);
        for line in self.index.lines(lines).filter(|line| !line.is_blank()) {
            let record = self.index.record(lines, &self.header, line, &mut self.scratch);
            let (start, redacted_start) = (batch.complete.len(), batch.redacted.len());
            let (mut vax_event_id, mut recip_id) = (start..start, start..start);
            let n_columns = self.columns.len();
            let stands = self.is_canonical && record.is_regular();
            if stands {
                batch.complete.extend_from_slice(record.line());
            }
            let mut at = start;
            for (number, &field) in self.columns.iter().enumerate() {
                let cell = if stands { record.cell(number) } else { record.get(field) };
                if !stands {
                    batch.complete.extend_from_slice(cell);
                    if number + 1 < n_columns {
                        batch.complete.push(b'\t');
                    }
                }
                match field {
                    Field::VaxEventId => vax_event_id = at..at + cell.len(),
                    Field::RecipId => recip_id = at..at + cell.len(),
                    _ => {}
                }
                at += cell.len() + 1;
                if self.redacts {
                    batch.redacted.extend_from_slice(if self.names_person[number] { REDACTED } else { cell });
                    if number + 1 < n_columns {
                        batch.redacted.push(b'\t');
                    }
                } else if stands && number >= 3 {
                    break;
                }
            }
            let (complete, redacted) = (start..batch.complete.len(), redacted_start..batch.redacted.len());
            batch.rows.push(Row { complete, redacted, vax_event_id, recip_id });
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &[u8]) -> Vec<String> {
        String::from_utf8_lossy(line).split('\t').map(str::to_owned).collect()
    }

    #[test]
    fn cells_move_to_their_columns_and_names_go() {
        let header = Header::parse(b"RECIP_LAST_NAME\tother\tvax_event_id\trecip_id", Some(Version::V3));
        let mut preparer = Preparer::new(header, true);
        let batch = preparer.prepare(b"Doe\tx\tA1\tB1\r\n\nRoe\tx\tA2");
        let rows: Vec<Prepared<'_>> = batch.rows().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].vax_event_id, rows[0].recip_id), (&b"A1"[..], &b"B1"[..]));
        assert_eq!((rows[1].vax_event_id, rows[1].recip_id), (&b"A2"[..], &b""[..]));
        for row in rows {
            let (complete, redacted) = (cells(row.complete), cells(row.redacted));
            assert_eq!((complete.len(), redacted.len()), (45, 45));
            for (at, field) in Version::V3.columns().iter().enumerate() {
                let expected = if field.facts().is_redacted { "Redacted" } else { &complete[at] };
                assert_eq!(redacted[at], expected, "{}", field.name());
            }
        }
    }

    #[test]
    fn a_canonical_row_stands_as_it_is_and_redaction_twice_is_redaction_once() {
        let header = Header::canonical(Version::V3);
        let row: Vec<String> = (0..45).map(|at| format!("c{at}")).collect();
        let row = row.join("\t");
        let mut preparer = Preparer::new(header.clone(), true);
        let batch = preparer.prepare(format!("{row}\n").as_bytes());
        let once = batch.rows().next().unwrap();
        assert_eq!(once.complete, row.as_bytes());
        assert_eq!(once.recip_id, b"c3");
        let mut again = Preparer::new(header, true);
        let batch_again = again.prepare(once.redacted);
        assert_eq!(batch_again.rows().next().unwrap().redacted, once.redacted);
    }
}
