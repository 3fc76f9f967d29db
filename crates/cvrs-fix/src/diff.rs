//! The changes of a run, row by row and cell by cell, for people.

use crate::{Change, Shown};
use cvrs_report::{push_number, push_printable};
use cvrs_spec::Field;

/// A cell of the row at hand: where it began, where it is now, and which fixes led there.
struct Cell {
    field: Option<Field>,
    name: &'static str,
    before: Vec<u8>,
    after: Vec<u8>,
    fixes: Vec<&'static str>,
}

/// Gathers the changes of a row and writes them when the next row comes.
pub struct Diff {
    show: Shown,
    line: u64,
    /// What stands above the row: where it is.
    heading: Vec<u8>,
    cells: Vec<Cell>,
}

impl std::fmt::Debug for Diff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Diff(line {}, {} cells)", self.line, self.cells.len())
    }
}

impl Diff {
    /// A diff of an input or a part of one, which shows record ids or not, and persons' values or their lengths.
    pub const fn new(show: Shown) -> Self {
        Self { show, line: 0, heading: Vec::new(), cells: Vec::new() }
    }

    /// What stands above the first row: the names of the two sides.
    pub fn heading(file: &str) -> Vec<u8> {
        let mut heading = Vec::new();
        for (mark, note) in [("--- ", "\n"), ("+++ ", " (fixed)\n")] {
            heading.extend_from_slice(mark.as_bytes());
            push_printable(&mut heading, file.as_bytes());
            heading.extend_from_slice(note.as_bytes());
        }
        heading
    }

    /// Takes one change; appends the row before if that is complete now.
    pub fn add(&mut self, out: &mut Vec<u8>, change: &Change<'_>) {
        if change.line != self.line {
            self.end(out);
            self.line = change.line;
            self.heading.extend_from_slice(b"@@ line ");
            push_number(&mut self.heading, change.line);
            if let Some(record) = change.record {
                self.heading.extend_from_slice(b", record ");
                push_number(&mut self.heading, record);
                if self.show.ids && !change.vax_event_id.is_empty() {
                    self.heading.extend_from_slice(b", vax_event_id ");
                    push_printable(&mut self.heading, change.vax_event_id);
                }
            }
            self.heading.extend_from_slice(b" @@\n");
        }
        let after = change.shown_after(self.show);
        let known =
            self.cells.iter_mut().find(|cell| change.is_cell && cell.field == change.field && cell.field.is_some());
        if let Some(cell) = known {
            cell.after = after;
            if cell.fixes.last() != Some(&change.fix.id) {
                cell.fixes.push(change.fix.id);
            }
        } else {
            self.cells.push(Cell {
                field: change.field.filter(|_| change.is_cell),
                name: change.field_name(),
                before: change.shown_before(self.show),
                after,
                fixes: vec![change.fix.id],
            });
        }
    }

    /// Appends the last row.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if self.cells.is_empty() {
            return;
        }
        out.append(&mut self.heading);
        for cell in self.cells.drain(..) {
            let sides =
                [(b'-', &cell.before, String::new()), (b'+', &cell.after, format!("   {}", cell.fixes.join(" ")))];
            for (mark, value, note) in sides {
                out.push(mark);
                out.extend_from_slice(cell.name.as_bytes());
                if !cell.name.is_empty() {
                    out.extend_from_slice(b": ");
                }
                out.extend_from_slice(value);
                out.extend_from_slice(note.as_bytes());
                out.push(b'\n');
            }
        }
    }
}
