//! The redaction of a text, piece by piece.

use super::found::Found;
use super::leaks::{Leaks, Memory};
use super::out::Out;
use super::plan::{Act, Cut, Group, Plan, Row, five_of, month_of};
use super::pseudonym::Pseudonym;
use super::rule::{REDACTED, RULES};
use super::value::{Values, Written};
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
    memory: Memory,
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
        let Worker { bounds, memory, .. } = worker;
        let Block { text: room, rejects, totals } = block;
        rejects.clear();
        totals.clear();
        // Rows become longer by words in place of what was empty or shorter.
        let mut made = Made { out: Out::new(room, text.len() + text.len() / 8), totals, copied: 0, memory, tell };
        for line in index.lines(text) {
            if line.is_blank() {
                made.totals.blank_lines += 1;
                continue;
            }
            made.totals.records += 1;
            let at = At {
                row: Row { text, bounds: bounds_of(index, text, line, bounds) },
                line: before.lines + line.number as u64 + 1,
                record: before.records + made.totals.records,
                byte: before.byte + line.start as u64,
            };
            let is_written = self.row(&at, &mut made);
            if !is_written {
                made.totals.rejected += 1;
                made.copy_until(text, line.start);
                rejects.extend_from_slice(&text[line.start..line.next]);
                made.copied = line.next;
            }
        }
        made.copy_until(text, text.len());
        made.out.end();
    }

    /// Redacts one row; whether it can be written. What precedes `copied` in the text is in the block or left out.
    #[inline]
    fn row(&self, at: &At<'_>, made: &mut Made<'_, '_>) -> bool {
        let (plan, row) = (&self.plan, at.row);
        let n_cells = row.bounds.len() - 1;
        if n_cells != plan.n_columns {
            made.say(at.found(Kind::CellCount, None, [n_cells as u64, plan.n_columns as u64]));
            return false;
        }
        if plan.is_settled(row) {
            made.see(Model::D, at, plan.ext_type);
            self.leaks.check_birth_date(row, &mut |kind, field, column| {
                made.say(at.found(kind, position(field, Some(column)), [0; 2]));
            });
            return true;
        }
        let six = plan.six(row);
        let model = plan.model(row, &six);
        if let Some(model) = model {
            made.see(model, at, plan.ext_type);
        }
        let own_pprl_id = row.get(plan.pprl_id);
        let entry = match &self.options.to {
            Target::D => None,
            Target::P(map) => map.get(row.get(plan.recip_id)),
        };
        let has_been_here = self.options.pseudonym.is_some()
            && six.n_other == 0
            && entry.is_none()
            && plan.ext_type.is_none_or(|column| row.cell(column) == self.options.to.letter())
            && own_pprl_id.is_empty() == matches!(self.options.to, Target::D)
            && Pseudonym::is_one(row.get(plan.recip_id));
        let pprl_id = entry.or(has_been_here.then_some(own_pprl_id));
        if pprl_id.is_none() && matches!(self.options.to, Target::P(_)) {
            made.say(at.found(Kind::NoEntry, position(Field::RecipId, plan.recip_id), [0; 2]));
            return false;
        }
        if let Some((field, column)) = six.first.filter(|_| !six.is_all || model == Some(Model::I)) {
            made.say(at.found(Kind::Partial, position(field, Some(column)), [0; 2]));
        }
        let whole = row.range(0..plan.n_columns);
        made.out.reserve(whole.end - made.copied + plan.most_growth + pprl_id.map_or(0, <[u8]>::len));
        let start = made.out.len() + (whole.start - made.copied);
        let mut edit = Edit { at, made, n_changes: 0, tells_changes: self.tells_changes };
        if !self.tells_changes {
            edit.n_changes = six.n_other;
            edit.made.totals.changes[REDACTED] += six.n_other as u64;
        }
        for group in &plan.groups {
            self.group(&mut edit, group, pprl_id, has_been_here);
        }
        let n_changes = edit.n_changes;
        made.totals.records_changed += u64::from(n_changes > 0);
        if has_been_here {
            made.say(at.found(Kind::IdKept, position(Field::RecipId, plan.recip_id), [0; 2]));
        }
        let n_kept = (whole.end - made.copied).min(whole.len());
        made.copy_until(row.text, whole.end);
        self.look(at, &six.values, start, n_kept, made);
        true
    }

    /// Tells what a row still tells that was written from there on, of which the last bytes are as they were.
    #[inline]
    fn look(&self, at: &At<'_>, values: &Values<'_>, start: usize, n_kept: usize, made: &mut Made<'_, '_>) {
        let Made { out, totals, memory, tell, .. } = made;
        let written = Written { text: out.memory(), start, end: out.len(), n_kept };
        self.leaks.check(at.row, values, &self.plan, written, memory, &mut |kind, field, column| {
            say(totals, *tell, at.found(kind, position(field, Some(column)), [0; 2]));
        });
    }

    #[inline]
    fn group(&self, edit: &mut Edit<'_, '_, '_, '_>, group: &Group, pprl_id: Option<&[u8]>, has_been_here: bool) {
        let (row, columns) = (edit.at.row, &group.columns);
        let range = row.range(columns.clone());
        let value = &row.text[range.clone()];
        let after = match &group.act {
            Act::Constant { text, len, cells, others } => {
                // Those that become the word were counted together, unless each is told.
                for cell in if edit.tells_changes { cells } else { others } {
                    edit.count(cell.rule, cell.field, row.cell(cell.column), cell.value);
                }
                return edit.put(range, text, *len);
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
                        return edit.keep(kind, position(group.act.field(), Some(columns.start)));
                    }
                }
            }
        };
        edit.replace(group, value, after);
    }
}

/// What is being made of a piece of the text.
struct Made<'a, 't> {
    out: Out<'a>,
    totals: &'a mut Totals,
    /// What precedes it in the text was put or left out.
    copied: usize,
    memory: &'a mut Memory,
    tell: &'a mut (dyn FnMut(Told<'_>) + 't),
}

impl Made<'_, '_> {
    /// Copies what stands before a place and was not copied yet.
    #[inline]
    fn copy_until(&mut self, text: &[u8], end: usize) {
        self.out.put(text, self.copied..end);
        self.copied = end;
    }

    /// Takes note of a row's model.
    #[inline]
    fn see(&mut self, model: Model, at: &At<'_>, ext_type: Option<usize>) {
        if !self.totals.has_seen(model) {
            self.totals.see(model, at.found(Kind::MixedModels, position(Field::ExtType, ext_type), [0; 2]));
        }
    }

    fn say(&mut self, found: Found) {
        say(self.totals, self.tell, found);
    }
}

/// A row that is being changed.
struct Edit<'a, 'b, 'm, 't> {
    at: &'a At<'b>,
    made: &'a mut Made<'m, 't>,
    n_changes: usize,
    tells_changes: bool,
}

impl Edit<'_, '_, '_, '_> {
    /// Counts a cell as changed, if it is.
    #[inline]
    fn count(&mut self, rule: usize, field: Field, before: &[u8], after: &[u8]) {
        // Mostly a length or a first byte tells; of short cells, to ask for more takes longer than all else.
        let is_like = before.len() == after.len() && before.first() == after.first();
        if is_like && (before.len() < 2 || before == after) {
            return;
        }
        self.n_changes += 1;
        self.made.totals.changes[rule] += 1;
        if self.tells_changes {
            let At { line, record, .. } = *self.at;
            (self.made.tell)(Told::Changed(Change { rule: &RULES[rule], line, record, field, before, after }));
        }
    }

    /// Puts the first bytes of another text in place of a range.
    #[inline]
    fn put(&mut self, range: Range<usize>, after: &[u8], len: usize) {
        self.made.copy_until(self.at.row.text, range.start);
        self.made.out.put(after, 0..len);
        self.made.copied = range.end;
    }

    /// Counts and puts the one cell of a group.
    fn replace(&mut self, group: &Group, before: &[u8], after: &[u8]) {
        if before != after {
            self.count(group.act.rule(), group.act.field(), before, after);
            self.put(self.at.row.range(group.columns.clone()), after, after.len());
        }
    }

    fn keep(&mut self, kind: Kind, field: Option<(Field, u32)>) {
        self.made.say(self.at.found(kind, field, [0; 2]));
    }
}

fn say(totals: &mut Totals, tell: Tell<'_>, found: Found) {
    totals.tell(found.kind, found.line);
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
