//! Counts of a run: records, and findings by rule and column.

use crate::{Finding, Level};
use cvrs_spec::Field;

/// What the rule book says of a code, for the report to people.
#[derive(Clone, Copy, Debug, Default)]
pub struct Advice {
    /// What to do about it, in one sentence.
    pub remedy: &'static str,
}

/// How often one rule fired on one column, and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellCount {
    /// The rule's code.
    pub code: &'static str,
    /// The clearinghouse's rule behind it.
    pub dch: Option<&'static str>,
    /// The column.
    pub field: Option<Field>,
    /// The level.
    pub level: Level,
    /// What is wrong, without numbers.
    pub message: Box<str>,
    /// How many findings.
    pub count: u64,
    /// The first lines, as many as the summary keeps.
    pub lines: Vec<u64>,
}

/// Counts over a file or a part of one. Parts are merged in file order.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Data rows read.
    pub records: u64,
    /// Rows without an error.
    pub clean: u64,
    /// Rows with an error.
    pub rejected: u64,
    /// Lines with nothing before their line end, which are no records.
    pub blank_lines: u64,
    /// Findings of level error.
    pub errors: u64,
    /// Findings of level warn.
    pub warnings: u64,
    /// Findings of level info.
    pub infos: u64,
    /// Those that count nothing are kept for the next part.
    cells: Vec<CellCount>,
    /// Where a cell was found last, by a hash of what it counts.
    places: Vec<u16>,
    keep_lines: usize,
}

/// How many places are kept in mind.
const N_PLACES: usize = 256;

impl PartialEq for Summary {
    fn eq(&self, other: &Self) -> bool {
        let numbers = |summary: &Self| {
            let Self { records, clean, rejected, blank_lines, errors, warnings, infos, .. } = *summary;
            [records, clean, rejected, blank_lines, errors, warnings, infos]
        };
        numbers(self) == numbers(other) && self.keep_lines == other.keep_lines && self.cells() == other.cells()
    }
}

impl Eq for Summary {}

impl Summary {
    /// An empty summary that keeps the first `keep_lines` lines for each rule and column.
    pub fn new(keep_lines: usize) -> Self {
        Self { keep_lines, ..Self::default() }
    }

    /// Forgets everything and keeps the first `keep_lines` lines from now on; memory stays.
    pub fn restart(&mut self, keep_lines: usize) {
        let (mut cells, places) = (std::mem::take(&mut self.cells), std::mem::take(&mut self.places));
        for cell in &mut cells {
            cell.count = 0;
            cell.lines.clear();
        }
        *self = Self { cells, places, ..Self::new(keep_lines) };
    }

    /// Counts one finding.
    pub fn count(&mut self, finding: &Finding, line: u64) {
        *match finding.level {
            Level::Error => &mut self.errors,
            Level::Warn => &mut self.warnings,
            Level::Info | Level::Off => &mut self.infos,
        } += 1;
        let keep = self.keep_lines;
        let cell = self.cell(finding);
        cell.count += 1;
        if cell.lines.len() < keep {
            cell.lines.push(line);
        }
    }

    fn cell(&mut self, finding: &Finding) -> &mut CellCount {
        let is_same = |cell: &CellCount| {
            cell.field == finding.field
                && std::ptr::eq(cell.code, finding.code)
                && cell.level == finding.level
                && *cell.message == *finding.message.key()
        };
        // Nearly always it is where such a finding was counted last.
        let field = finding.field.map_or(0, |field| field as usize + 1);
        let hash = (field.wrapping_mul(29) ^ finding.code.as_ptr().addr()) % N_PLACES;
        let last = self.places.get(hash).map(|&place| usize::from(place));
        if let Some(last) = last.filter(|&last| self.cells.get(last).is_some_and(is_same)) {
            return &mut self.cells[last];
        }
        let at = self.cells.iter().position(is_same).unwrap_or_else(|| {
            self.cells.push(CellCount {
                code: finding.code,
                dch: finding.dch,
                field: finding.field,
                level: finding.level,
                message: finding.message.key().into(),
                count: 0,
                lines: Vec::new(),
            });
            self.cells.len() - 1
        });
        self.places.resize(N_PLACES, 0);
        self.places[hash] = u16::try_from(at).unwrap_or_default();
        &mut self.cells[at]
    }

    /// Moves all lines down by so many, which turned out to precede them, or up.
    pub fn shift(&mut self, by: i64) {
        let lines = self.cells.iter_mut().flat_map(|cell| &mut cell.lines);
        lines.for_each(|line| *line = line.saturating_add_signed(by));
    }

    /// Adds the counts of the part that follows in the file.
    pub fn merge(&mut self, later: &Self) {
        self.records += later.records;
        self.clean += later.clean;
        self.rejected += later.rejected;
        self.blank_lines += later.blank_lines;
        self.errors += later.errors;
        self.warnings += later.warnings;
        self.infos += later.infos;
        for cell in later.cells.iter().filter(|cell| cell.count > 0) {
            let is_same = |own: &&mut CellCount| {
                own.field == cell.field
                    && own.code == cell.code
                    && own.level == cell.level
                    && own.message == cell.message
            };
            if let Some(own) = self.cells.iter_mut().find(is_same) {
                own.count += cell.count;
                let room = self.keep_lines.saturating_sub(own.lines.len());
                own.lines.extend(cell.lines.iter().take(room));
            } else {
                self.cells.push(cell.clone());
            }
        }
    }

    /// Counts by rule and column: errors first, then by code and column in the order of the specification.
    pub fn cells(&self) -> Vec<&CellCount> {
        let mut cells: Vec<_> = self.cells.iter().filter(|cell| cell.count > 0).collect();
        cells.sort_by_key(|cell| (std::cmp::Reverse(cell.level), cell.code, cell.field, &cell.message));
        cells
    }

    /// Whether every record read is either clean or rejected.
    pub const fn is_conserved(&self) -> bool {
        self.records == self.clean + self.rejected
    }

    /// The line that says so.
    pub fn conservation(&self) -> String {
        format!(
            "{} {} = {} clean + {} rejected{}",
            self.records,
            plural(self.records, "record"),
            self.clean,
            self.rejected,
            match self.blank_lines {
                0 => String::new(),
                n => format!("; {n} blank {}", plural(n, "line")),
            }
        )
    }
}

/// The word, with an `s` unless the number is one.
pub(crate) fn plural(number: u64, word: &str) -> String {
    if number == 1 { word.to_owned() } else { format!("{word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn finding(code: &'static str, level: Level) -> Finding {
        Finding { code, dch: None, level, field: Some(Field::Cvx), related: None, message: Message::text("wrong") }
    }

    #[test]
    fn parts_add_up_in_file_order() {
        let mut whole = Summary::new(3);
        for lines in [[2u64, 5], [7, 9]] {
            let mut part = Summary::new(3);
            for line in lines {
                part.count(&finding("A", Level::Error), line);
                part.count(&finding("B", Level::Warn), line);
            }
            whole.merge(&part);
        }
        assert_eq!((whole.errors, whole.warnings), (4, 4));
        assert_eq!(whole.cells()[0].lines, [2, 5, 7]);
        assert_eq!(whole.cells()[0].count, 4);
    }

    #[test]
    fn records_are_clean_or_rejected() {
        let summary = Summary { records: 3, clean: 2, rejected: 1, blank_lines: 1, ..Summary::new(1) };
        assert!(summary.is_conserved());
        assert_eq!(summary.conservation(), "3 records = 2 clean + 1 rejected; 1 blank line");
    }
}
