//! The repair of a text, piece by piece.

use crate::change::{Change, Made};
use crate::encoding::{Encoding, Reading, decode_windows_1252};
use crate::fix::Fix;
use crate::fixes::file::{ENCODING, HEADER, LINE_ENDS};
use crate::fixes::text::is_settled;
use crate::header::Bound;
use crate::plan::Plan;
use crate::quick::Quick;
use crate::registry::{FIXES, position};
use crate::repair::{Repair, without_line_end};
use cvrs_codes::CodeSets;
use cvrs_parse::{BOM, Date, Header, Index, Line};
use cvrs_spec::{Field, Version};
use std::io::{self, Write};

/// What was done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Data rows read; as many were written.
    pub records: u64,
    /// Data rows of which a cell changed.
    pub records_changed: u64,
    /// Lines with nothing before their line end, which are no records.
    pub blank_lines: u64,
    by_fix: Vec<u64>,
}

impl Totals {
    /// How many changes each fix made, for those that made any, by number of the fix.
    pub fn by_fix(&self) -> impl Iterator<Item = (&'static Fix, u64)> + '_ {
        FIXES.iter().zip(&self.by_fix).filter(|(_, count)| **count > 0).map(|(fix, count)| (*fix, *count))
    }

    /// How many changes were made in all.
    pub fn changes(&self) -> u64 {
        self.by_fix.iter().sum()
    }

    /// Adds what was done to another part of the text.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.records_changed += other.records_changed;
        self.blank_lines += other.blank_lines;
        if !other.by_fix.is_empty() {
            self.by_fix.resize(FIXES.len(), 0);
            self.by_fix.iter_mut().zip(&other.by_fix).for_each(|(sum, count)| *sum += count);
        }
    }

    fn count(&mut self, fix: &Fix, n: u64) {
        self.by_fix.resize(FIXES.len(), 0);
        if let Some(at) = position(fix.id) {
            self.by_fix[at] += n;
        }
    }
}

/// Receives each change, in the order of the text.
pub type Tell<'a> = &'a mut dyn FnMut(&Change<'_>);

/// Mends a text that comes in pieces of whole lines.
///
/// Every row that goes in comes out, mended or not, in order. Memory: a piece and what comes of it.
pub struct Fixer {
    plan: Plan,
    today: Date,
    is_test: bool,
    codes: &'static CodeSets,
    version: Option<Version>,
    reading: Reading,
    state: Option<State>,
    totals: Totals,
    index: Index,
    /// Lines read, the header included.
    lines: u64,
    /// Data rows before those that the totals count.
    records_before: u64,
    has_told_crlf: bool,
    lf_text: Vec<u8>,
    out: Vec<u8>,
}

/// What depends on the header.
struct State {
    bound: Bound,
    quick: Quick,
    repair: Repair,
    made: Vec<Made>,
    decoded: Vec<u8>,
    moved: Vec<u8>,
}

impl std::fmt::Debug for Fixer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fixer").field("reading", &self.reading).field("totals", &self.totals).finish_non_exhaustive()
    }
}

impl Fixer {
    /// A fixer for one text. A date after `today` breaks a rule.
    pub fn new(plan: &Plan, today: Date) -> Self {
        Self {
            plan: plan.clone(),
            today,
            is_test: false,
            codes: CodeSets::builtin(),
            version: None,
            reading: Reading::default(),
            state: None,
            totals: Totals::default(),
            index: Index::default(),
            lines: 0,
            records_before: 0,
            has_told_crlf: false,
            lf_text: Vec::new(),
            out: Vec::new(),
        }
    }

    /// The same, for a text to be read in that way.
    #[must_use]
    pub const fn with_reading(mut self, reading: Reading) -> Self {
        self.reading = reading;
        self
    }

    /// The same, for a text of that version whatever its header says.
    #[must_use]
    pub const fn for_version(mut self, version: Option<Version>) -> Self {
        self.version = version;
        self
    }

    /// The same, for test data or not: early dates and placeholder codes break no rule of test data.
    #[must_use]
    pub const fn for_test_data(mut self, is_test: bool) -> Self {
        self.is_test = is_test;
        self
    }

    /// The same, with code sets of one's own.
    #[must_use]
    pub const fn with_codes(mut self, codes: &'static CodeSets) -> Self {
        self.codes = codes;
        self
    }

    /// The header as it is written; `None` before the first piece.
    pub fn header(&self) -> Option<&Header> {
        self.state.as_ref().map(|state| &state.bound.header)
    }

    /// What was done so far.
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// A fixer for further lines of the text whose header this one has read, so that parts of it can be mended at the
    /// same time; `None` before the header. [`Fixer::go_to`] says where each part stands.
    #[must_use]
    pub fn fork(&self) -> Option<Self> {
        let bound = self.state.as_ref()?.bound.clone();
        let own = Self::new(&self.plan, self.today)
            .with_reading(self.reading)
            .for_version(self.version)
            .for_test_data(self.is_test)
            .with_codes(self.codes);
        let state = own.state(bound);
        Some(Self { state: Some(state), ..own })
    }

    /// Goes on at a place of the text that so many lines, the header line among them, and so many data rows precede.
    /// `has_told_crlf` says whether a line end other than LF was told of before. Totals start anew.
    pub fn go_to(&mut self, lines: u64, records: u64, has_told_crlf: bool) {
        (self.lines, self.records_before, self.has_told_crlf) = (lines, records, has_told_crlf);
        self.totals = Totals::default();
    }

    /// Whether a line end other than LF was told of.
    pub const fn has_told_crlf(&self) -> bool {
        self.has_told_crlf
    }

    fn state(&self, bound: Bound) -> State {
        State {
            quick: Quick::new(&self.plan, &bound.header),
            repair: Repair::new(&self.plan, self.today, self.is_test, self.codes, &bound.header),
            bound,
            made: Vec::new(),
            decoded: Vec::new(),
            moved: Vec::new(),
        }
    }

    /// The number of the data row read last.
    const fn record(&self) -> u64 {
        self.records_before + self.totals.records
    }

    /// Takes the next lines of the text, each with its line end, and writes what comes of them. The first piece starts
    /// with the header line. Only the `last` piece may end without a line end.
    ///
    /// Cost: a pass over the bytes, and one slice for neighbours that need nothing.
    ///
    /// # Errors
    /// What `out` reports.
    ///
    /// # Panics
    /// If `text` is 4 GiB or longer.
    pub fn feed(&mut self, text: &[u8], is_last: bool, out: &mut dyn Write, tell: Tell<'_>) -> io::Result<()> {
        if !self.reading.is_cr_only {
            return self.feed_lines(text, is_last, out, tell);
        }
        let mut lf_text = std::mem::take(&mut self.lf_text);
        lf_text.clear();
        lf_text.extend(text.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }));
        let fed = self.feed_lines(&lf_text, is_last, out, tell);
        self.lf_text = lf_text;
        fed
    }

    fn feed_lines(&mut self, text: &[u8], is_last: bool, out: &mut dyn Write, tell: Tell<'_>) -> io::Result<()> {
        debug_assert!(is_last || text.is_empty() || text.ends_with(b"\n"), "a piece ends with a line");
        let mut index = std::mem::take(&mut self.index);
        index.build(text);
        let mut lines = index.lines(text);
        // Where the slice starts that goes out as it stands.
        let mut kept = 0;
        if self.state.is_none()
            && let Some(line) = lines.next()
        {
            self.begin(text, line, tell);
            kept = line.next;
        }
        let mut state = self.state.take();
        if let Some(state) = &mut state {
            self.rows(state, text, &index, lines, &mut kept, tell);
        }
        self.state = state;
        self.index = index;
        if self.out.is_empty() {
            return out.write_all(&text[kept..]);
        }
        self.out.extend_from_slice(&text[kept..]);
        let written = out.write_all(&self.out);
        self.out.clear();
        written
    }

    fn is_windows_1252(&self) -> bool {
        self.reading.encoding == Encoding::Windows1252
    }

    /// Reads the header line.
    fn begin(&mut self, text: &[u8], line: Line, tell: Tell<'_>) {
        self.lines = 1;
        let mut content = &text[line.start..content_end(text, line)];
        let place = Place { line: 1, record: None, vax_event_id: b"" };
        while let Some(rest) = content.strip_prefix(BOM) {
            self.note(place, &LINE_ENDS, None, b"byte order mark", b"none", tell);
            content = rest;
        }
        self.note_line_end(place, text, line, tell);
        let mut decoded = Vec::new();
        if self.is_windows_1252() && !content.is_ascii() {
            decode_windows_1252(content, &mut decoded);
            self.note(place, &ENCODING, None, b"Windows-1252", b"UTF-8", tell);
            content = &decoded;
        }
        let bound = Bound::new(content, self.version, self.plan.is_on(HEADER.id));
        for (field, before) in &bound.respelt {
            self.note(place, &HEADER, Some(*field), before, field.name().as_bytes(), tell);
        }
        if bound.order.is_some() {
            self.note(place, &HEADER, None, b"other order", b"order of the specification", tell);
        }
        self.out.extend_from_slice(&bound.line);
        self.state = Some(self.state(bound));
    }

    fn rows<'t>(
        &mut self,
        state: &mut State,
        text: &'t [u8],
        index: &'t Index,
        lines: impl Iterator<Item = Line>,
        kept: &mut usize,
        tell: Tell<'_>,
    ) {
        // F36 takes the one control character above the blank, too.
        let is_ascii = text.is_ascii() && memchr::memchr(0x7F, text).is_none();
        let is_moved = state.bound.order.is_some();
        let n_columns = state.bound.header.n_columns();
        let mut scratch = Vec::new();
        for line in lines {
            self.lines += 1;
            let is_plain_end = line.next == line.end + 1;
            let is_blank = line.is_blank();
            if is_blank {
                self.totals.blank_lines += 1;
            } else {
                self.totals.records += 1;
            }
            let is_regular_end = is_plain_end && !self.reading.is_cr_only;
            if line.is_plain() && !is_moved && !is_blank {
                let content = &text[line.start..line.end];
                let is_irregular = line.n_separators() != n_columns;
                let is_quick = is_ascii || !self.is_windows_1252() && (is_irregular || is_settled(content));
                let is_good = is_quick
                    && (is_irregular
                        || state.quick.is_plain(&index.record(text, &state.bound.header, line, &mut scratch)));
                if is_good && is_regular_end {
                    continue;
                }
                if is_good {
                    self.out.extend_from_slice(&text[*kept..line.end]);
                    self.out.push(b'\n');
                    *kept = line.next;
                    let place = Place { line: self.lines, record: Some(self.record()), vax_event_id: b"" };
                    self.note_line_end(place, text, line, tell);
                    continue;
                }
            } else if line.is_blank() && is_regular_end {
                continue;
            }
            self.out.extend_from_slice(&text[*kept..line.start]);
            *kept = line.next;
            self.row(state, text, line, tell);
        }
    }

    /// Mends one row and appends it.
    fn row(&mut self, state: &mut State, text: &[u8], line: Line, tell: Tell<'_>) {
        let State { bound, repair, made, decoded, moved, .. } = state;
        let header = &bound.header;
        let is_blank = line.is_blank();
        let record = (!is_blank).then_some(self.record());
        let mut content = &text[line.start..content_end(text, line)];
        made.clear();
        if self.is_windows_1252() && !content.is_ascii() {
            decoded.clear();
            decode_windows_1252(content, decoded);
            note_decoded(content, decoded, bound, made);
            content = decoded;
        }
        if let Some(order) = bound.order.as_ref().filter(|_| !is_blank) {
            let n_cells = Bound::reorder(order, content, moved);
            if n_cells != order.len() {
                made.push(irregular(n_cells, order.len()));
            }
            content = without_line_end(moved);
            if content.len() < moved.len() {
                made.push(moved_line_end());
            }
        }
        // A record of carriage returns alone: without them it would be a blank line, and a record less.
        if content.is_empty() && !is_blank {
            self.out.extend_from_slice(&text[line.start..line.next]);
            if !line.is_terminated() {
                self.out.extend_from_slice(b"\r\n");
                let place = Place { line: self.lines, record, vax_event_id: b"" };
                self.note(place, &LINE_ENDS, None, b"no line end", b"CRLF", tell);
            }
            return;
        }
        let may_be_mended = self.reading.encoding != Encoding::Mixed || content.is_ascii();
        let is_regular =
            may_be_mended && !is_blank && memchr::memchr_iter(b'\t', content).count() + 1 == header.n_columns();
        if is_regular {
            repair.mend(content, header, made);
            self.out.extend_from_slice(repair.line());
        } else {
            self.out.extend_from_slice(content);
            self.out.push(b'\n');
        }
        let written = if is_regular { repair.line() } else { content };
        let vax_event_id = header
            .position(Field::VaxEventId)
            .and_then(|column| written.split(|&byte| matches!(byte, b'\t' | b'\n')).nth(column));
        let place = Place { line: self.lines, record, vax_event_id: vax_event_id.unwrap_or_default() };
        self.note_line_end(place, text, line, tell);
        self.totals.records_changed += u64::from(made.iter().any(|made| made.is_cell));
        for made in made.iter() {
            self.totals.count(made.fix, 1);
            tell(&Change {
                fix: made.fix,
                line: place.line,
                record,
                field: made.field,
                is_cell: made.is_cell,
                before: &made.before,
                after: &made.after,
                vax_event_id: place.vax_event_id,
            });
        }
    }

    /// Counts a line end that is not LF; the first of the text is told.
    fn note_line_end(&mut self, place: Place<'_>, text: &[u8], line: Line, tell: Tell<'_>) {
        let before: &[u8] = match (line.is_terminated(), content_end(text, line) < line.next - 1) {
            (false, _) => return self.note(place, &LINE_ENDS, None, b"no line end", b"LF", tell),
            (true, true) => b"CRLF",
            (true, false) if self.reading.is_cr_only => b"CR",
            (true, false) => return,
        };
        if std::mem::replace(&mut self.has_told_crlf, true) {
            self.totals.count(&LINE_ENDS, 1);
        } else {
            self.note(place, &LINE_ENDS, None, before, b"LF", tell);
        }
    }

    /// Counts and tells a change of something that is no cell.
    fn note(
        &mut self,
        place: Place<'_>,
        fix: &'static Fix,
        field: Option<Field>,
        before: &[u8],
        after: &[u8],
        tell: Tell<'_>,
    ) {
        self.totals.count(fix, 1);
        let Place { line, record, vax_event_id } = place;
        tell(&Change { fix, line, record, field, is_cell: false, before, after, vax_event_id });
    }
}

/// Where a change is.
#[derive(Clone, Copy)]
struct Place<'a> {
    line: u64,
    record: Option<u64>,
    vax_event_id: &'a [u8],
}

/// Where a line's content ends: before all carriage returns at its end, so that none is taken for content that a
/// second reading would take for a line end.
fn content_end(text: &[u8], line: Line) -> usize {
    line.start + without_line_end(&text[line.start..line.end]).len()
}

/// The change of a row that F02 moved and that has too few cells or too many.
fn irregular(n_cells: usize, n_columns: usize) -> Made {
    let after = if n_cells < n_columns {
        format!("{n_columns} cells, the missing ones empty")
    } else {
        format!("{n_cells} cells, {} after the last column", n_cells - n_columns)
    };
    let before = format!("{n_cells} cells");
    Made { fix: &HEADER, field: None, is_cell: false, before: before.into_bytes(), after: after.into_bytes() }
}

/// The change of a row whose cell with carriage returns at its end was moved to the row's end.
fn moved_line_end() -> Made {
    let (before, after) = (b"CR at the end of the last cell".to_vec(), b"LF".to_vec());
    Made { fix: &LINE_ENDS, field: None, is_cell: false, before, after }
}

/// Notes each cell that was decoded.
fn note_decoded(content: &[u8], decoded: &[u8], bound: &Bound, made: &mut Vec<Made>) {
    let cells = content.split(|&byte| byte == b'\t').zip(decoded.split(|&byte| byte == b'\t'));
    for (column, (before, after)) in cells.enumerate().filter(|(_, (before, _))| !before.is_ascii()) {
        let written = bound.order.as_ref().map_or(Some(column), |order| order.iter().position(|&from| from == column));
        let field = written.and_then(|column| bound.header.columns().get(column).copied().flatten());
        made.push(Made { fix: &ENCODING, field, is_cell: true, before: before.to_vec(), after: after.to_vec() });
    }
}
