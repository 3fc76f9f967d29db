//! The redaction of a text, piece by piece.

use super::found::Found;
use super::leaks::Leaks;
use super::plan::{Act, Cut, Group, Plan, Row, five_of, month_of};
use super::pseudonym::Pseudonym;
use super::rule::RULES;
use super::{Change, Kind, Options, Refusal, Target, Totals};
use cvrs_parse::{Header, Index, Line};
use cvrs_spec::{Field, Model};
use std::fmt;
use std::ops::Range;

/// What precedes a piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Lines, the header line among them.
    pub lines: u64,
    /// Data rows.
    pub records: u64,
    /// Bytes, those of the header line among them.
    pub byte: u64,
}

impl Default for Before {
    /// A header line, of a length that does not matter.
    fn default() -> Self {
        Self { lines: 1, records: 0, byte: 0 }
    }
}

/// What comes of a piece of the text. Made once, used for many: it keeps its memory.
#[derive(Clone, Default)]
pub struct Block {
    /// The rows that were written, and the blank lines.
    pub text: Vec<u8>,
    /// The rows that were not, as they stood.
    pub rejects: Vec<u8>,
    /// What was done.
    pub totals: Totals,
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block({} bytes, {} of rejects)", self.text.len(), self.rejects.len())
    }
}

/// What is told of a row.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// A cell has changed; told only [if asked for](Redactor::telling_changes).
    Changed(Change<'a>),
    /// Something was found.
    Found(Found),
}

/// The memory of one thread.
#[derive(Debug, Default)]
pub struct Worker {
    index: Index,
    bounds: Vec<u32>,
}

/// Redacts the rows of files with one header. Shared by all threads.
pub struct Redactor {
    options: Options,
    plan: Plan,
    leaks: Leaks,
    tells_changes: bool,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("options", &self.options).finish_non_exhaustive()
    }
}

/// A row, with where it stands.
struct At<'a> {
    row: Row<'a>,
    line: u64,
    record: u64,
    byte: u64,
}

impl At<'_> {
    fn found(&self, kind: Kind, field: Option<(Field, u32)>, cells: [u64; 2]) -> Found {
        Found { kind, line: self.line, record: self.record, byte: self.byte, field, cells }
    }
}

type Tell<'a> = &'a mut dyn FnMut(Told<'_>);

impl Redactor {
    /// A redactor for rows under this header.
    ///
    /// # Errors
    /// An unknown name, one name twice, and a column missing that model P needs.
    pub fn new(header: &Header, options: Options) -> Result<Self, Refusal> {
        let plan = Plan::new(header, &options)?;
        let leaks = Leaks::new(header, options.pseudonym.is_some(), options.home_admin);
        Ok(Self { options, plan, leaks, tells_changes: false })
    }

    /// The same, telling each changed cell too.
    #[must_use]
    pub const fn telling_changes(mut self, wanted: bool) -> Self {
        self.tells_changes = wanted;
        self
    }

    /// Whether the file has a column that says the model.
    pub const fn says_model(&self) -> bool {
        self.plan.ext_type.is_some()
    }

    /// The memory of a new thread.
    pub fn worker(&self) -> Worker {
        Worker::default()
    }

    /// Redacts whole lines below the header. The block may hold anything before.
    pub fn redact(&self, worker: &mut Worker, text: &[u8], before: Before, block: &mut Block, tell: Tell<'_>) {
        let mut index = std::mem::take(&mut worker.index);
        index.build(text);
        self.redact_lines(worker, &index, text, before, block, tell);
        worker.index = index;
    }

    /// The same, for who has the index of the text already.
    pub fn redact_lines(
        &self,
        worker: &mut Worker,
        index: &Index,
        text: &[u8],
        before: Before,
        block: &mut Block,
        tell: Tell<'_>,
    ) {
        let bounds = &mut worker.bounds;
        block.text.clear();
        block.rejects.clear();
        block.totals.clear();
        // Rows become longer by words in place of what was empty or shorter.
        block.text.reserve(text.len() + text.len() / 8);
        let mut copied = 0;
        for line in index.lines(text) {
            if line.is_blank() {
                block.totals.blank_lines += 1;
                continue;
            }
            block.totals.records += 1;
            let at = At {
                row: Row { text, bounds: bounds_of(index, text, line, bounds) },
                line: before.lines + line.number as u64 + 1,
                record: before.records + block.totals.records,
                byte: before.byte + line.start as u64,
            };
            let is_written = self.row(&at, block, &mut copied, tell);
            if !is_written {
                block.totals.rejected += 1;
                block.text.extend_from_slice(&text[copied..line.start]);
                block.rejects.extend_from_slice(&text[line.start..line.next]);
                copied = line.next;
            }
        }
        block.text.extend_from_slice(&text[copied..]);
    }

    /// Redacts one row; whether it can be written. What precedes `copied` in the text is in the block or left out.
    #[inline]
    fn row(&self, at: &At<'_>, block: &mut Block, copied: &mut usize, tell: Tell<'_>) -> bool {
        let (plan, row) = (&self.plan, at.row);
        let n_cells = row.bounds.len() - 1;
        if n_cells != plan.n_columns {
            say(block, tell, at.found(Kind::CellCount, None, [n_cells as u64, plan.n_columns as u64]));
            return false;
        }
        if plan.is_settled(row) {
            if !block.totals.has_seen(Model::D) {
                block
                    .totals
                    .see(Model::D, at.found(Kind::MixedModels, position(Field::ExtType, plan.ext_type), [0; 2]));
            }
            self.leaks.check_birth_date(row, &mut |kind, field, column| {
                say(block, tell, at.found(kind, position(field, Some(column)), [0; 2]));
            });
            return true;
        }
        let six = plan.six_state(row);
        let model = plan.model(row, six);
        if let Some(model) = model.filter(|&model| !block.totals.has_seen(model)) {
            block.totals.see(model, at.found(Kind::MixedModels, position(Field::ExtType, plan.ext_type), [0; 2]));
        }
        let own_pprl_id = row.get(plan.pprl_id);
        let entry = match &self.options.to {
            Target::D => None,
            Target::P(map) => map.get(row.get(plan.recip_id)),
        };
        let has_been_here = self.options.pseudonym.is_some()
            && six.is_exact
            && entry.is_none()
            && plan.ext_type.is_none_or(|column| row.cell(column) == self.options.to.letter())
            && own_pprl_id.is_empty() == matches!(self.options.to, Target::D)
            && Pseudonym::is_one(row.get(plan.recip_id));
        let pprl_id = entry.or(has_been_here.then_some(own_pprl_id));
        if pprl_id.is_none() && matches!(self.options.to, Target::P(_)) {
            say(block, tell, at.found(Kind::NoEntry, position(Field::RecipId, plan.recip_id), [0; 2]));
            return false;
        }
        self.look(at, six, model, block, tell);
        let changes_before = block.totals.changes();
        let mut edit = Edit { at, block, copied, tells_changes: self.tells_changes, tell };
        for group in &plan.groups {
            self.group(&mut edit, group, pprl_id, has_been_here);
        }
        let Edit { block, tell, .. } = edit;
        block.totals.records_changed += u64::from(block.totals.changes() > changes_before);
        if has_been_here {
            say(block, tell, at.found(Kind::IdKept, position(Field::RecipId, plan.recip_id), [0; 2]));
        }
        true
    }

    /// Tells what a row that is written still tells.
    #[inline]
    fn look(&self, at: &At<'_>, six: super::plan::SixState, model: Option<Model>, block: &mut Block, tell: Tell<'_>) {
        if let Some((field, column)) = six.first.filter(|_| !six.is_all || model == Some(Model::I)) {
            say(block, tell, at.found(Kind::Partial, position(field, Some(column)), [0; 2]));
        }
        self.leaks.check(at.row, &self.plan, &mut |kind, field, column| {
            say(block, tell, at.found(kind, position(field, Some(column)), [0; 2]));
        });
    }

    #[inline]
    fn group(&self, edit: &mut Edit<'_, '_, '_>, group: &Group, pprl_id: Option<&[u8]>, has_been_here: bool) {
        let (row, columns) = (edit.at.row, &group.columns);
        let value = &row.text[row.range(columns.clone())];
        let after = match &group.act {
            Act::Constant { text, cells } => {
                if value != text {
                    for (cell, column) in cells.iter().zip(columns.clone()) {
                        edit.count(cell.rule, cell.field, row.cell(column), cell.value);
                    }
                    edit.put(row.range(columns.clone()), text);
                }
                return;
            }
            Act::PprlId => pprl_id.unwrap_or_default(),
            Act::HomeAdmin(_) if self.plan.is_at_home(row) => &[],
            Act::HomeAdmin(_) => return,
            Act::RecipId => {
                if let Some(pseudonym) = self.options.pseudonym.as_ref().filter(|_| !has_been_here && !value.is_empty())
                {
                    edit.replace(group, value, &pseudonym.of(value));
                }
                return;
            }
            Act::Dob | Act::Zip => {
                let is_date = matches!(group.act, Act::Dob);
                match if is_date { month_of(value) } else { five_of(value) } {
                    Cut::Fine => return,
                    Cut::To(after) => after,
                    Cut::Unknown => {
                        let kind = if is_date { Kind::DobKept } else { Kind::ZipKept };
                        return edit.keep(kind, position(group.act.field(), Some(*columns.start())));
                    }
                }
            }
        };
        edit.replace(group, value, after);
    }
}

/// A row that is being changed.
struct Edit<'a, 'b, 't> {
    at: &'a At<'b>,
    block: &'a mut Block,
    copied: &'a mut usize,
    tells_changes: bool,
    tell: &'a mut (dyn FnMut(Told<'_>) + 't),
}

impl Edit<'_, '_, '_> {
    /// Counts a cell as changed, if it is.
    #[inline]
    fn count(&mut self, rule: usize, field: Field, before: &[u8], after: &[u8]) {
        // Mostly a length or a first byte tells; of short cells, to ask for more takes longer than all else.
        let is_like = before.len() == after.len() && before.first() == after.first();
        if is_like && (before.len() < 2 || before == after) {
            return;
        }
        self.block.totals.changes[rule] += 1;
        if self.tells_changes {
            let At { line, record, .. } = *self.at;
            (self.tell)(Told::Changed(Change { rule: &RULES[rule], line, record, field, before, after }));
        }
    }

    /// Puts another text in place of a range.
    #[inline]
    fn put(&mut self, range: Range<usize>, after: &[u8]) {
        let out = &mut self.block.text;
        out.extend_from_slice(&self.at.row.text[*self.copied..range.start]);
        out.extend_from_slice(after);
        *self.copied = range.end;
    }

    /// Counts and puts the one cell of a group.
    fn replace(&mut self, group: &Group, before: &[u8], after: &[u8]) {
        if before != after {
            self.count(group.act.rule(), group.act.field(), before, after);
            self.put(self.at.row.range(group.columns.clone()), after);
        }
    }

    fn keep(&mut self, kind: Kind, field: Option<(Field, u32)>) {
        say(self.block, self.tell, self.at.found(kind, field, [0; 2]));
    }
}

#[cold]
fn say(block: &mut Block, tell: Tell<'_>, found: Found) {
    block.totals.tell(found.kind, found.line);
    tell(Told::Found(found));
}

fn position(field: Field, column: Option<usize>) -> Option<(Field, u32)> {
    column.map(|column| (field, column as u32 + 1))
}

/// What precedes a line, and where each of its cells ends.
#[inline]
fn bounds_of<'a>(index: &'a Index, text: &[u8], line: Line, scratch: &'a mut Vec<u32>) -> &'a [u32] {
    let window = index.window(line.number);
    if line.is_plain() {
        return &window[..=line.n_separators()];
    }
    scratch.clear();
    scratch.push(window[0]);
    let noted = window[1..].iter().copied();
    scratch.extend(noted.filter(|&at| (at as usize) < line.end && text[at as usize] == b'\t'));
    scratch.push(line.end as u32);
    scratch
}
