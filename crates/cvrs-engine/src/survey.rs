//! The survey: what only all records together show, gathered before any record is judged.
//!
//! Repeated `vax_event_id`, one `recip_id` for two persons, more than one model. The text is read once for this, and
//! again to be checked; a record's findings then depend on the record and a list of facts by line, so they come out
//! in file order and the parting of clean from rejected stays exact.
//!
//! An id is kept as 96 bits of a hash keyed anew in each process: of 100 million ids, two different ones fall together
//! with a probability under 10^-13. Entries go to buckets by hash; what does not fit in memory goes to an unlinked
//! temporary file, and buckets are resolved one at a time (a hash join that spills, as databases do it).

mod buckets;
mod hash;

use crate::chunk::{Chunk, Source};
use crate::error::Result;
use crate::pipeline::{self, Job};
use crate::work::Counts;
use buckets::{Buckets, Entry};
use cvrs_parse::{Header, Index};
use cvrs_rules::{Book, Duplicate, Patterns, Seen};
use cvrs_spec::{Field, Model};
use hash::Hasher;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// What the survey knows of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) line: u64,
    pub(crate) seen: Seen,
}

/// What the survey found, by line.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    by_line: Vec<Fact>,
    /// Records in the text.
    pub(crate) n_records: u64,
    /// What all records show of patterns.
    pub(crate) patterns: Patterns,
}

impl Facts {
    /// The facts about lines in that range, in order.
    pub(crate) fn lines_within(&self, lines: Range<u64>) -> &[Fact] {
        let start = self.by_line.partition_point(|fact| fact.line < lines.start);
        let end = self.by_line.partition_point(|fact| fact.line < lines.end);
        &self.by_line[start..end]
    }

    /// What is known of a line, if anything.
    pub(crate) fn of_line(&self, line: u64) -> Option<Seen> {
        let at = self.by_line.binary_search_by_key(&line, |fact| fact.line).ok()?;
        Some(self.by_line[at].seen)
    }
}

/// Which questions the survey answers.
#[derive(Clone, Copy, Debug)]
struct Questions {
    duplicates: bool,
    persons: bool,
    models: bool,
    patterns: bool,
}

struct Survey<'a> {
    header: &'a Header,
    hasher: Hasher,
    asks: Questions,
}

#[derive(Default)]
struct Worker {
    index: Index,
    cells: Vec<u32>,
}

#[derive(Default)]
struct Gathered {
    events: Vec<Entry>,
    persons: Vec<Entry>,
    /// The model of each record as a run: from which line on.
    models: Vec<(Option<Model>, u64)>,
    n_records: u64,
    patterns: Patterns,
}

impl Job for Survey<'_> {
    type Worker = Worker;
    type Outcome = Gathered;

    fn count(&self, worker: &mut Worker, text: &[u8]) -> Counts {
        worker.index.build(text);
        let records = worker.index.lines(text).filter(|line| !line.is_blank()).count() as u64;
        Counts { lines: worker.index.n_lines() as u64, records }
    }

    fn make(
        &self,
        worker: &mut Worker,
        text: &[u8],
        _: &Chunk,
        counts: Counts,
        before: Counts,
        out: &mut Gathered,
    ) -> Result<()> {
        out.events.clear();
        out.persons.clear();
        out.models.clear();
        out.patterns.clear();
        out.n_records = counts.records;
        for line in worker.index.lines(text).filter(|line| !line.is_blank()) {
            let number = before.lines + line.number as u64 + 1;
            let record = worker.index.record(text, self.header, line, &mut worker.cells);
            let (event_id, recip_id) = (record.get(Field::VaxEventId), record.get(Field::RecipId));
            if self.asks.duplicates && !event_id.is_empty() {
                let key = self.hasher.folded(event_id);
                out.events.push(Entry::new(key, self.hasher.exact(event_id), number));
            }
            if self.asks.persons && !recip_id.is_empty() {
                let dob = self.hasher.exact(record.get(Field::RecipDob));
                let sex = self.hasher.folded(record.get(Field::RecipSex)).0 as u32;
                out.persons.push(Entry::new(self.hasher.whole(recip_id), dob ^ sex.rotate_left(16), number));
            }
            if self.asks.patterns {
                out.patterns.observe(&record, number);
            }
            if self.asks.models {
                let model = record.model();
                if out.models.last().is_none_or(|&(last, _)| last != model) {
                    out.models.push((model, number));
                }
            }
        }
        Ok(())
    }
}

/// Reads the whole source and answers what the book asks of all records together.
///
/// `memory` is how many bytes of entries are held before they go to disk.
pub(crate) fn survey(
    source: &Source<'_>,
    header: &Header,
    book: &Book,
    threads: usize,
    memory: usize,
    cancel: &AtomicBool,
) -> Result<Facts> {
    let asks = Questions {
        duplicates: book.is_on("BUSR013"),
        persons: book.is_on("XR018"),
        models: book.is_on("XR011"),
        patterns: book.asks_for_patterns(),
    };
    let job = Survey { header, hasher: Hasher::new(), asks };
    let (mut events, mut persons) = (Buckets::new(memory / 2), Buckets::new(memory / 2));
    let mut first_model = None;
    let mut other_model = None;
    let mut facts = Facts::default();
    pipeline::run(source, &job, threads, cancel, &mut |gathered: &mut Gathered| {
        facts.n_records += gathered.n_records;
        facts.patterns.merge(&gathered.patterns);
        events.extend(&gathered.events)?;
        persons.extend(&gathered.persons)?;
        for &(model, line) in &gathered.models {
            let first = *first_model.get_or_insert(model);
            let is_known = model.is_none_or(|model| header.version().has_model(model));
            if model.is_some() && (model != first || !is_known) {
                other_model.get_or_insert(line);
            }
        }
        Ok(())
    })?;
    let is_other = |first: &Entry, later: &Entry| first.check() != later.check();
    facts.by_line.extend(events.resolve(threads, &|_, _| true, &duplicates)?);
    facts.by_line.extend(persons.resolve(threads, &is_other, &other_persons)?);
    if let Some(line) = other_model {
        facts.by_line.push(Fact { line, seen: Seen { is_first_of_other_model: true, ..Seen::default() } });
    }
    facts.by_line.sort_unstable_by_key(|fact| fact.line);
    facts.by_line.dedup_by(|later, earlier| {
        let is_same = later.line == earlier.line;
        if is_same {
            earlier.seen.duplicate = earlier.seen.duplicate.or(later.seen.duplicate);
            earlier.seen.other_person = earlier.seen.other_person.or(later.seen.other_person);
            earlier.seen.is_first_of_other_model |= later.seen.is_first_of_other_model;
        }
        is_same
    });
    Ok(facts)
}

/// Records with one folded id, in file order: each later one repeats the first that is equal to the letter, or else
/// the first of all but for case.
fn duplicates(group: &[Entry], facts: &mut Vec<Fact>) {
    for (at, entry) in group.iter().enumerate().skip(1) {
        let exact = group[..at].iter().find(|earlier| earlier.check() == entry.check());
        let duplicate = Duplicate { first_line: exact.unwrap_or(&group[0]).line, is_exact: exact.is_some() };
        facts.push(Fact { line: entry.line, seen: Seen { duplicate: Some(duplicate), ..Seen::default() } });
    }
}

/// Records with one recipient id: each that differs from the first in birth date or sex.
fn other_persons(group: &[Entry], facts: &mut Vec<Fact>) {
    for entry in group.iter().filter(|entry| entry.check() != group[0].check()) {
        let seen = Seen { other_person: Some(group[0].line), ..Seen::default() };
        facts.push(Fact { line: entry.line, seen });
    }
}
