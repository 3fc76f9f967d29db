//! What a worker does with a chunk: split it, screen each record, explain the few that fail, render and part them.

use crate::chunk::Chunk;
use crate::convert::{Make, RecordPlace};
use crate::error::Result;
use crate::figures::Figures;
use crate::origin::{self, Origin};
use crate::survey::{Fact, Gathered, Gathering, Glanced, Glancing, InputFacts};
use cvrs_parse::{Index, Line, Lines, Record};
use cvrs_report::{Entry, Finding, Level, Summary, clearinghouse, jsonl, tsv};
use cvrs_rules::{Memory, Patterns, Screen, Seen, Stopped, Suspicion};
use cvrs_spec::Field;
use std::ops::Range;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The strings of the clearinghouse's reply, as JSON; errors only.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// Tab-separated values under a header, with a last column for the cell's value or without.
    Tsv {
        /// Whether there is a column for values.
        values: bool,
    },
}

/// How findings are shown, whatever the format.
#[derive(Clone, Copy, Debug)]
pub struct Show<'a> {
    /// The input's name in reports.
    pub file: &'a str,
    /// Whether record ids are shown.
    pub ids: bool,
    /// Whether cell values are shown.
    pub values: bool,
}

/// How many lines and records a part of the text has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub(crate) lines: u64,
    pub(crate) records: u64,
    /// Records that the profile gives no number to.
    pub(crate) unnumbered: u64,
    /// Lines that end in CR LF, where a run asks for them.
    pub(crate) cr_ends: u64,
}

impl Counts {
    /// Those of a text in which nobody asks for more: lines, blank ones included, and records.
    pub const fn of_lines(lines: u64, records: u64) -> Self {
        Self { lines, records, unnumbered: 0, cr_ends: 0 }
    }

    /// Lines, those of the header and blank ones included.
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Data rows.
    pub const fn records(&self) -> u64 {
        self.records
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, later: Self) {
        self.lines += later.lines;
        self.records += later.records;
        self.unnumbered += later.unnumbered;
        self.cr_ends += later.cr_ends;
    }
}

/// Findings in one format, ready to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) bytes: Vec<u8>,
    /// Where each finding ends in `bytes`.
    pub(crate) ends: Vec<u32>,
}

impl Rendered {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Appends an entry in that format; a comma stands before each JSON string.
    pub(crate) fn push(&mut self, format: Format, entry: &Entry<'_>) {
        match format {
            Format::Json if entry.finding.level < Level::Error => return,
            Format::Json => {
                self.bytes.push(b',');
                clearinghouse::write_json_string(&mut self.bytes, entry);
            }
            Format::JsonLines => jsonl::write(&mut self.bytes, entry),
            Format::Tsv { values } => tsv::write(&mut self.bytes, entry, values),
        }
        self.ends.push(self.bytes.len() as u32);
    }
}

/// What a run asks of its workers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task<'a> {
    pub(crate) screen: &'a Screen,
    pub(crate) show: Show<'a>,
    pub(crate) keep_lines: usize,
    /// Whether clean and rejected records are parted.
    pub(crate) parts: bool,
    /// Whether the text is in memory until the end, so that lines need not be copied.
    pub(crate) is_in_memory: bool,
    /// Whether records with an error are converted too.
    pub(crate) takes_all: bool,
    /// Where the lines of the text come from, if it was made from another one.
    pub(crate) origin: Option<&'a dyn Origin>,
    pub(crate) facts: Option<InputFacts<'a>>,
    /// Whether patterns above rows are looked for in what is found.
    pub(crate) patterns: bool,
    /// Figures without counts, if figures are asked for.
    pub(crate) figures: Option<&'a Figures>,
}

/// What came of a chunk.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) summary: Summary,
    pub(crate) patterns: Patterns,
    pub(crate) figures: Option<Figures>,
    pub(crate) clean: Vec<u8>,
    /// In place of `clean`: where long runs of clean records stand in a text that is in memory.
    pub(crate) clean_runs: Vec<Range<usize>>,
    pub(crate) rejects: Vec<u8>,
    /// The numbers of the chunk's lines.
    pub(crate) lines: Range<u64>,
    /// Those of them that are blank or rejected.
    pub(crate) held_back: Vec<u64>,
}

/// What the first look at a chunk found: where its cells end, and which lines take a second look.
#[derive(Debug, Default)]
pub(crate) struct Look {
    index: Option<Index>,
    /// The lines to be explained, and the blank ones.
    stopped: Vec<Stopped>,
}

/// Runs of so many bytes are written each for itself rather than copied together.
const WORTH_A_WRITE: usize = 16 << 10;

/// A worker's memory, kept from chunk to chunk of one run.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    memory: Memory,
    cells: Vec<u32>,
    findings: Vec<Finding>,
    rejected: Vec<Range<usize>>,
    blanks: Vec<Range<usize>>,
}

impl Look {
    /// Adds the lines that the survey or the record limit has something to say about.
    fn add_known_lines(&mut self, text: &[u8], counts: Counts, before: Counts, facts: &[Fact], task: &Task<'_>) {
        let limit = cvrs_rules::MAX_RECORDS;
        let is_limit_here = (before.records..before.records + counts.records).contains(&limit);
        let is_limit_on = is_limit_here && task.screen.book().is_on("XR009");
        let mut known = facts.iter().map(|fact| fact.line).peekable();
        if known.peek().is_none() && !is_limit_on {
            return;
        }
        let Some(index) = &self.index else { return };
        let mut records = 0;
        let mut stopped = std::mem::take(&mut self.stopped).into_iter().peekable();
        for line in index.lines(text) {
            let is_known = known.next_if(|&known| known == before.lines + line.number as u64 + 1).is_some();
            let stopped_here = stopped.next_if(|stopped| stopped.line as usize == line.number);
            let is_blank = line.is_blank();
            let is_limit = is_limit_on && !is_blank && before.records + u64::from(records) == limit;
            if let Some(stopped) = stopped_here {
                self.stopped.push(stopped);
            } else if is_known || is_limit {
                let line = line.number as u32;
                self.stopped.push(Stopped { line, records, is_blank, suspicion: Suspicion::NONE });
            }
            records += u32::from(!is_blank);
        }
    }
}

impl Worker {
    /// Splits the chunk and screens its records: how many lines and records it has. What comes next is fetched into the
    /// caches meanwhile.
    pub(crate) fn screen(&mut self, text: &[u8], upcoming: &[u8], screen: &Screen, look: &mut Look) -> Counts {
        let Look { index, stopped } = look;
        let index = index.get_or_insert_with(|| screen.index());
        index.build(text);
        stopped.clear();
        let is_utf8 = !screen.asks_for_utf8() || !index.has_high() || simdutf8::basic::from_utf8(text).is_ok();
        let screened = screen.lines_before(upcoming, text, index, is_utf8, &mut self.memory, stopped);
        // Only what stands around it shows that the last line lacks its end.
        let last = index.n_lines().wrapping_sub(1) as u32;
        if !index.ends_with_line_feed() && stopped.last().is_none_or(|stopped| stopped.line != last) {
            let (records, suspicion) = (screened.records - 1, Suspicion::NONE);
            stopped.push(Stopped { line: last, records, is_blank: false, suspicion });
        }
        let counts =
            Counts { lines: index.n_lines() as u64, records: u64::from(screened.records), ..Counts::default() };
        if screen.book().numbers_all_records() {
            counts
        } else {
            Counts { unnumbered: self.unnumbered(text, screen, look), ..counts }
        }
    }

    /// Surveys the screened chunk, given how many lines and records precede it.
    pub(crate) fn gather(
        &mut self,
        look: &Look,
        text: &[u8],
        counts: Counts,
        before: Counts,
        gathering: &Gathering<'_>,
        out: &mut Gathered,
    ) -> Result<()> {
        let Some(index) = &look.index else { return Ok(()) };
        gathering.gather(index, text, &mut self.cells, counts, before, out)
    }

    /// Glances at the screened chunk.
    pub(crate) fn glance(&mut self, look: &Look, text: &[u8], glancing: &Glancing<'_>, out: &mut Glanced) {
        if let Some(index) = &look.index {
            glancing.glance(index, text, &mut self.cells, out);
        }
    }

    /// How many records of the screened chunk have the wrong number of cells; the screen stops all of them.
    fn unnumbered(&mut self, text: &[u8], screen: &Screen, look: &Look) -> u64 {
        let Some(index) = &look.index else { return 0 };
        let mut unnumbered = 0;
        for stopped in look.stopped.iter().filter(|stopped| !stopped.is_blank) {
            let line = index.line(text, stopped.line as usize);
            unnumbered += u64::from(!index.record(text, screen.header(), line, &mut self.cells).is_regular());
        }
        unnumbered
    }

    /// Explains, renders and parts the screened chunk, given how many lines and records precede it. Fails only if what
    /// the survey left on disk cannot be read.
    #[expect(clippy::too_many_arguments, reason = "a chunk, what precedes it, and where its findings go")]
    pub(crate) fn explain(
        &mut self,
        look: &mut Look,
        text: &[u8],
        chunk: &Chunk,
        counts: Counts,
        before: Counts,
        task: &Task<'_>,
        out: &mut Outcome,
        make: Option<Make<'_>>,
        tell: &mut dyn FnMut(&Entry<'_>),
    ) -> Result<()> {
        let lines = before.lines + 1..before.lines + counts.lines + 1;
        let facts = task.facts.map_or_else(|| Ok(Vec::new()), |facts| facts.within(lines))?;
        out.summary.restart(task.keep_lines);
        out.patterns.clear();
        out.clean.clear();
        out.clean_runs.clear();
        out.rejects.clear();
        out.lines = before.lines + 1..before.lines + counts.lines + 1;
        out.held_back.clear();
        self.rejected.clear();
        self.blanks.clear();
        look.add_known_lines(text, counts, before, &facts, task);
        let Look { index: Some(index), stopped } = look else { return Ok(()) };
        let Self { cells, findings, rejected, blanks, .. } = self;
        let book = task.screen.book();
        let header = task.screen.header();
        let numbers_all = book.numbers_all_records();
        let mut unnumbered = before.unnumbered;
        let mut making = make.map(|make| Making { make, lines: index.lines(text), n_records: before.records });
        let end = Stopped { line: u32::MAX, records: 0, is_blank: true, suspicion: Suspicion::NONE };
        let end = making.is_some().then_some(end);
        for &Stopped { line, records: number, is_blank, suspicion } in stopped.iter().chain(&end) {
            if let Some(making) = &mut making {
                while let Some(line) = making.lines.next().filter(|passed| passed.number < line as usize) {
                    let record = index.record(text, header, line, cells);
                    let place = making.place(before, line, chunk);
                    findings.clear();
                    (making.make)(&record, &place, findings);
                    if !findings.is_empty() {
                        let seen = Seen { record: place.record, byte: place.byte, ..Seen::default() };
                        if relate(findings, &record, place.line, &seen, task, out, tell) == Level::Error {
                            rejected.push(line.start..line.next);
                            out.held_back.push(place.line);
                        }
                    }
                }
            }
            if line == u32::MAX {
                break;
            }
            let line = index.line(text, line as usize);
            let line_number = before.lines + line.number as u64 + 1;
            if is_blank {
                blanks.push(line.start..line.next);
                out.held_back.push(line_number);
                tell_blank(line_number, task, out, tell);
                continue;
            }
            let known = facts.binary_search_by_key(&line_number, |fact| fact.line);
            let known = known.map_or_else(|_| Seen::default(), |at| origin::seen(task.origin, facts[at].seen));
            let record = index.record(text, header, line, cells);
            let is_numbered = numbers_all || record.is_regular();
            unnumbered += u64::from(!is_numbered);
            let seen = Seen {
                record: if is_numbered { before.records + u64::from(number) + 1 - unnumbered } else { 0 },
                byte: chunk.byte + line.start as u64,
                is_unterminated: !line.is_terminated(),
                ..known
            };
            findings.clear();
            let explained = book.explain_where(suspicion, &record, &seen, findings);
            relate(findings, &record, line_number, &seen, task, out, tell);
            if task.patterns && !findings.is_empty() {
                out.patterns.explain(&record, findings, line_number, book.codes());
            }
            let mut is_rejected = explained.worst == Level::Error && !task.takes_all;
            if let Some(making) = &mut making {
                let mut place = making.place(before, line, chunk);
                place.repeats_id = known.duplicate.is_some() || known.previous.is_some();
                if !is_rejected {
                    findings.clear();
                    (making.make)(&record, &place, findings);
                    is_rejected = relate(findings, &record, line_number, &seen, task, out, tell) == Level::Error;
                }
            }
            if is_rejected {
                rejected.push(line.start..line.next);
                out.held_back.push(line_number);
            }
        }
        if let Some(empty) = task.figures {
            let figures = out.figures.get_or_insert_with(|| empty.clone());
            figures.clear();
            for line in index.lines(text).filter(|line| !line.is_blank()) {
                figures.observe(&index.record(text, header, line, cells));
            }
        }
        out.summary.records = counts.records;
        out.summary.blank_lines = self.blanks.len() as u64;
        out.summary.rejected = self.rejected.len() as u64;
        out.summary.clean = counts.records - out.summary.rejected;
        if task.parts {
            self.part(text, chunk, task.is_in_memory, out);
        }
        Ok(())
    }

    /// Copies runs of clean and of rejected lines to where they belong; blank lines go to neither. Long runs of clean
    /// ones in memory are only noted.
    fn part(&self, text: &[u8], chunk: &Chunk, is_in_memory: bool, out: &mut Outcome) {
        let mut cuts: Vec<(Range<usize>, bool)> = Vec::with_capacity(self.rejected.len() + self.blanks.len());
        cuts.extend(self.blanks.iter().map(|range| (range.clone(), false)));
        cuts.extend(self.rejected.iter().map(|range| (range.clone(), true)));
        cuts.sort_unstable_by_key(|(range, _)| range.start);
        let notes = is_in_memory && text.len() / (cuts.len() + 1) >= WORTH_A_WRITE;
        let mut at = 0;
        let mut keep = |clean: Range<usize>| {
            if notes {
                let start = chunk.byte as usize;
                out.clean_runs.push(start + clean.start..start + clean.end);
            } else {
                out.clean.extend_from_slice(&text[clean]);
            }
        };
        for (range, is_rejected) in cuts {
            keep(at..range.start);
            if is_rejected {
                out.rejects.extend_from_slice(&text[range.clone()]);
            }
            at = range.end;
        }
        keep(at..text.len());
    }
}

/// The lines of a chunk on their way into a product, in step with the explanation of those that were stopped.
struct Making<'m, 'i> {
    make: Make<'m>,
    /// The lines that nothing has been made of so far.
    lines: Lines<'i>,
    /// How many records precede the next one.
    n_records: u64,
}

impl Making<'_, '_> {
    /// The place of the next record, which is on that line.
    const fn place(&mut self, before: Counts, line: Line, chunk: &Chunk) -> RecordPlace {
        self.n_records += 1;
        let byte = chunk.byte + line.start as u64;
        RecordPlace { line: before.lines + line.number as u64 + 1, record: self.n_records, byte, repeats_id: false }
    }
}

/// Counts and tells findings about a record: the worst level among them.
fn relate<'a>(
    findings: &'a [Finding],
    record: &Record<'a>,
    line: u64,
    seen: &Seen,
    task: &Task<'_>,
    out: &mut Outcome,
    tell: &mut dyn FnMut(&Entry<'_>),
) -> Level {
    let names_absent = !task.screen.book().numbers_all_records();
    let line = if findings.is_empty() { line } else { origin::told(task.origin, line) };
    for finding in findings {
        out.summary.count(finding, line);
        let entry = entry(finding, record, line, seen, task.show, names_absent);
        // In a text that was made from another one, neither byte nor column is where users look.
        tell(&if task.origin.is_some() { Entry { byte: None, column: None, ..entry } } else { entry });
    }
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Off)
}

/// Counts and tells a blank line.
fn tell_blank(line: u64, task: &Task<'_>, out: &mut Outcome, tell: &mut dyn FnMut(&Entry<'_>)) {
    if let Some(finding) = task.screen.book().tell("XR003", None, None) {
        let line = origin::told(task.origin, line);
        out.summary.count(&finding, line);
        tell(&Entry { line, file: task.show.file, show_ids: task.show.ids, ..Entry::new(&finding) });
    }
}

/// A finding about a record, with its place; `names_absent` says that an absent column is no empty cell.
fn entry<'a>(
    finding: &'a Finding,
    record: &Record<'a>,
    line: u64,
    seen: &Seen,
    show: Show<'a>,
    names_absent: bool,
) -> Entry<'a> {
    let is_told = |field: &Field| show.values && !(names_absent && record.header().position(*field).is_none());
    let value = |field: Option<Field>| field.filter(is_told).map(|field| record.get(field));
    let column = finding.field.and_then(|field| record.header().position(field)).map(|at| at as u32 + 1);
    Entry {
        finding,
        file: show.file,
        line,
        record: (seen.record > 0).then_some(seen.record),
        byte: Some(seen.byte),
        column,
        vax_event_id: record.get(Field::VaxEventId),
        recip_id: record.get(Field::RecipId),
        show_ids: show.ids,
        value: value(finding.field),
        related_value: value(finding.related),
        names_absent: show.values && names_absent,
    }
}
