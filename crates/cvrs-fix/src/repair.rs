//! The repair of one row.
//!
//! ```text
//! repeat until nothing changes:
//!     characters, blanks, quotes and case: all columns at once; if that breaks a rule, column by column
//!     every other fix in its order, each change by itself
//!     a change after which the row breaks a rule that it kept before is undone
//! ```
//!
//! The first group goes by column and not by fix, since its steps make sense together only: what is inside of quotes
//! may have blanks around it. All others stand alone, so that a guess never covers for the harm that another one did.
//! The row that comes out is one on which all this does nothing, which is why a second run changes nothing.

use crate::change::Made;
use crate::draft::Draft;
use crate::fix::{Cell, Fix, How, Stage};
use crate::guard::Guard;
use crate::plan::{Plan, Reach};
use cvrs_codes::CodeSets;
use cvrs_parse::{Date, Header};
use cvrs_spec::Field;

/// No row takes so many rounds: each brings a value nearer to its one right form.
const MOST_ROUNDS: usize = 16;

/// A fix with how far it may go.
type Allowed = (&'static Fix, Reach);

/// The text without carriage returns at its end. At the end of a row they would be taken for its line end by whoever
/// reads it next, so no row is written that ends in one.
pub(crate) fn without_line_end(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1)]
}

/// What mends rows of one file, one after the other.
pub(crate) struct Repair {
    /// Fixes of characters, blanks, quotes and case, by column of the file.
    surface: Vec<Vec<Allowed>>,
    /// All others, with the columns of the file that each looks at.
    further: Vec<(Allowed, Vec<usize>)>,
    guard: Guard,
    codes: &'static CodeSets,
    row: Draft,
    trial: Draft,
    made: Vec<Made>,
}

impl Repair {
    pub(crate) fn new(plan: &Plan, today: Date, is_test: bool, codes: &'static CodeSets, header: &Header) -> Self {
        let mut surface = vec![Vec::new(); header.n_columns()];
        let mut further = Vec::new();
        for (fix, reach) in plan.on_rows() {
            let looks_at =
                |field: &Option<Field>| fix.fields.is_empty() || field.is_some_and(|field| fix.fields.contains(&field));
            let columns = header.columns().iter().enumerate().filter(|(_, field)| looks_at(field)).map(|(at, _)| at);
            if fix.stage <= Stage::Case {
                columns.for_each(|column| surface[column].push((fix, reach)));
            } else {
                further.push(((fix, reach), columns.collect()));
            }
        }
        Self {
            surface,
            further,
            guard: Guard::new(today, is_test, codes, header),
            codes,
            row: Draft::default(),
            trial: Draft::default(),
            made: Vec::new(),
        }
    }

    /// Mends a row that has a cell for each column. What was changed is added to `made`; the line is [`Repair::line`].
    pub(crate) fn mend(&mut self, content: &[u8], header: &Header, made: &mut Vec<Made>) {
        self.row.load(content);
        for round in 0..MOST_ROUNDS {
            let before = made.len();
            self.mend_surface(header, made);
            self.mend_further(header, made);
            if made.len() == before {
                return;
            }
            debug_assert!(round + 1 < MOST_ROUNDS, "fixes that undo each other");
        }
    }

    /// The line as it is now, with its line feed.
    pub(crate) fn line(&self) -> &[u8] {
        self.row.line()
    }

    fn mend_surface(&mut self, header: &Header, made: &mut Vec<Made>) {
        self.trial.copy_from(&self.row);
        for column in 0..self.surface.len() {
            self.try_surface(column, header);
        }
        if self.made.is_empty() || self.keep(made) {
            return;
        }
        for column in 0..self.surface.len() {
            self.trial.copy_from(&self.row);
            self.try_surface(column, header);
            if !self.made.is_empty() {
                self.keep(made);
            }
        }
    }

    /// Runs the surface fixes of one column on the trial until they have nothing to do.
    fn try_surface(&mut self, column: usize, header: &Header) {
        let mut at = 0;
        let mut rounds = 0;
        while at < self.surface[column].len() && rounds < MOST_ROUNDS {
            let allowed = self.surface[column][at];
            at += 1;
            if self.try_cell(allowed, column, header) {
                at = 0;
                rounds += 1;
            }
        }
    }

    fn mend_further(&mut self, header: &Header, made: &mut Vec<Made>) {
        self.trial.copy_from(&self.row);
        for number in 0..self.further.len() {
            let (allowed, n_columns) = (self.further[number].0, self.further[number].1.len());
            match allowed.0.how {
                How::Row(edits) => {
                    let edits = edits(&self.trial.record(header, &mut Vec::new()));
                    let edits: Vec<(usize, &[u8])> = edits
                        .iter()
                        .filter_map(|(field, value)| Some((header.position(*field)?, &value[..])))
                        .collect();
                    if !edits.is_empty() {
                        self.try_edits(allowed.0, &edits, header);
                        self.keep(made);
                    }
                }
                How::Cells(is_worth, _) if is_worth(&self.trial.record(header, &mut Vec::new())) => {
                    for at in 0..n_columns {
                        let column = self.further[number].1[at];
                        if self.try_cell(allowed, column, header) {
                            self.keep(made);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Applies a fix to a cell of the trial if it proposes anything that it may.
    fn try_cell(&mut self, (fix, reach): Allowed, column: usize, header: &Header) -> bool {
        let How::Cells(_, propose) = fix.how else { return false };
        let mut scratch = Vec::new();
        let record = self.trial.record(header, &mut scratch);
        let field = header.columns()[column];
        let cell = Cell { field, value: record.cell(column), record: &record, codes: self.codes };
        match propose(&cell).filter(|proposal| proposal.is_safe || reach == Reach::All) {
            Some(proposal) => {
                let is_last = column + 1 == header.n_columns();
                let value = if is_last { without_line_end(&proposal.value) } else { &proposal.value };
                self.try_edits(fix, &[(column, value)], header);
                true
            }
            None => false,
        }
    }

    /// Changes the trial and notes it.
    fn try_edits(&mut self, fix: &'static Fix, edits: &[(usize, &[u8])], header: &Header) {
        let mut scratch = Vec::new();
        let record = self.trial.record(header, &mut scratch);
        for (column, value) in edits {
            self.made.push(Made {
                fix,
                field: header.columns()[*column],
                is_cell: true,
                before: record.cell(*column).to_vec(),
                after: value.to_vec(),
            });
        }
        self.trial.set(header, edits);
    }

    /// Makes the trial the row, or the row the trial where a rule would be broken. Whether it was kept.
    fn keep(&mut self, made: &mut Vec<Made>) -> bool {
        let is_kept = !self.guard.is_broken(&self.row, &self.trial);
        if is_kept {
            made.append(&mut self.made);
            self.row.copy_from(&self.trial);
        } else {
            self.made.clear();
            self.trial.copy_from(&self.row);
        }
        is_kept
    }
}
