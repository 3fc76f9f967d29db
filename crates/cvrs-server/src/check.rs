//! Validation: the engine in profile `dch`, whose strings are those of `cvrs validate`.

use crate::batch::{Batch, Preparer};
use crate::intake::{TextReader, judge_header};
use crate::refusal::Refusal;
use crate::reply::Listing;
use crate::store::{Operation, RuleCount};
use cvrs_api::limit::MAX_RECORDS;
use cvrs_engine::{Control, Error, Format, Request, Show, Sinks, Tuning, check_input};
use cvrs_parse::{Date, Header};
use cvrs_report::{Level, Summary};
use cvrs_rules::{Book, Options, Profile};
use cvrs_spec::Version;
use std::sync::atomic::Ordering;

/// What a check goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) operation: Operation,
    /// The day of submission.
    pub(crate) today: Date,
    /// Whether the rows of a DELETE are validated in full.
    pub(crate) full_deletes: bool,
    /// Characters of a reply.
    pub(crate) budget: usize,
    pub(crate) threads: usize,
}

/// What a check found.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) total: u64,
    pub(crate) rejected: u64,
    pub(crate) errors: Listing,
    pub(crate) rules: Vec<RuleCount>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// More records than an upload may have.
    MaxRows,
    /// The text cannot be read, or is no CVRS.
    Refused(Refusal),
    /// Whoever takes the records wants no more.
    NoTaker,
}

/// Takes clean records; `false` stops the check.
pub(crate) type Taker<'a> = &'a mut (dyn FnMut(Batch) -> bool + Send);

struct Watching<'a, 't> {
    control: &'a Control,
    errors: Listing,
    /// With the redacted form or without, if anybody takes records.
    taker: Option<(bool, Taker<'t>)>,
    preparer: Option<Preparer>,
    stopped: Option<Stopped>,
}

impl Watching<'_, '_> {
    fn stop(&mut self, why: Stopped) -> cvrs_engine::Result<()> {
        self.stopped.get_or_insert(why);
        self.control.cancel.store(true, Ordering::Relaxed);
        Err(Error::Interrupted)
    }
}

impl Sinks for Watching<'_, '_> {
    fn header(&mut self, line: &[u8]) -> cvrs_engine::Result<()> {
        let header = Header::parse(line, Some(Version::V3));
        if let Err(refusal) = judge_header(&header) {
            return self.stop(Stopped::Refused(refusal));
        }
        self.preparer = self.taker.as_ref().map(|(redacts, _)| Preparer::new(header, *redacts));
        Ok(())
    }

    fn findings(&mut self, _report: usize, bytes: &[u8], ends: &[u32]) -> cvrs_engine::Result<()> {
        let mut start = 0;
        for (number, &end) in ends.iter().enumerate() {
            if !self.errors.has_room() {
                self.errors.skip((ends.len() - number) as u64);
                break;
            }
            // A comma stands before each.
            self.errors.push_quoted(&bytes[start + 1..end as usize]);
            start = end as usize;
        }
        Ok(())
    }

    fn clean(&mut self, lines: &[u8]) -> cvrs_engine::Result<()> {
        if self.control.records.load(Ordering::Relaxed) > MAX_RECORDS {
            return self.stop(Stopped::MaxRows);
        }
        if let (Some(preparer), Some((_, taker))) = (&mut self.preparer, &mut self.taker)
            && !lines.is_empty()
            && !taker(preparer.prepare(lines))
        {
            return self.stop(Stopped::NoTaker);
        }
        Ok(())
    }

    fn rejects(&mut self, _lines: &[u8]) -> cvrs_engine::Result<()> {
        Ok(())
    }
}

/// The book for an operation on a day.
fn book(ask: &Ask) -> Book {
    let mut options = Options::new(Profile::Dch, ask.today);
    options.operation = match ask.operation {
        Operation::Create => cvrs_rules::Operation::Create,
        Operation::Update => cvrs_rules::Operation::Update,
        Operation::Delete if ask.full_deletes => cvrs_rules::Operation::Create,
        Operation::Delete => cvrs_rules::Operation::Delete,
    };
    Book::new(&options)
}

/// Checks a text, handing its clean records to `taker` in their order, with the redacted form or without.
pub(crate) fn check(
    text: TextReader,
    ask: &Ask,
    taker: Option<(bool, Taker<'_>)>,
) -> std::result::Result<Checked, Stopped> {
    let watching = text.watching();
    let told = |refusal: Refusal| {
        if watching.has_too_many_rows() { Stopped::MaxRows } else { Stopped::Refused(refusal) }
    };
    watching.judge().map_err(told)?;
    let book = book(ask);
    let request = Request {
        book: &book,
        version: None,
        formats: &[Format::Json],
        show: Show { file: "-", ids: true, values: false },
        keep_lines: 0,
        // Asked for in any case: it is what tells of every chunk.
        parts: true,
        figures: false,
        name: None,
        tuning: Tuning { threads: ask.threads, ..Tuning::default() },
    };
    let control = Control::default();
    let mut sinks =
        Watching { control: &control, errors: Listing::new(ask.budget), taker, preparer: None, stopped: None };
    let (input, _) = text.into_parts();
    let checked = check_input(input, &request, None, &control, &mut sinks);
    if let Some(stopped) = sinks.stopped {
        return Err(stopped);
    }
    let summary = checked.map_err(|error| told(watching.refusal(&error)))?.summary;
    if summary.records > MAX_RECORDS {
        return Err(Stopped::MaxRows);
    }
    let rules = rules(&summary);
    Ok(Checked { total: summary.records, rejected: summary.rejected, errors: sinks.errors, rules })
}

fn rules(summary: &Summary) -> Vec<RuleCount> {
    let errors = summary.cells().into_iter().filter(|cell| cell.level == Level::Error);
    let count = |cell: &cvrs_report::CellCount| RuleCount {
        rule: cell.dch.unwrap_or(cell.code).to_owned(),
        field: cell.field.map_or("", cvrs_spec::Field::name).to_owned(),
        count: cell.count,
    };
    errors.map(count).collect()
}

/// Counts the records of a text and does not look at them.
pub(crate) fn count(text: TextReader, head: TextReader) -> std::result::Result<u64, Stopped> {
    let watching = text.watching();
    let told = |refusal: Refusal| {
        if watching.has_too_many_rows() { Stopped::MaxRows } else { Stopped::Refused(refusal) }
    };
    let (head, is_whole) = head.head().map_err(Stopped::Refused)?;
    crate::intake::judge_head(&head, is_whole).map_err(Stopped::Refused)?;
    watching.judge().map_err(told)?;
    let total = crate::intake::count_records(text).map_err(told)?;
    if total > MAX_RECORDS { Err(Stopped::MaxRows) } else { Ok(total) }
}
