//! The survey: what only all records together show, gathered before any record is judged.
//!
//! Repeated `vax_event_id`, one `recip_id` for two persons, more than one model. The text is read once for this, and
//! again to be checked; a record's findings then depend on the record and a list of facts by line, so they come out
//! in file order and the parting of clean from rejected stays exact. Where what is written can be taken back, a
//! [glance] at a file goes along with the first check, and only one that leaves doubts is surveyed and checked again;
//! of a stream, which takes longer to be read again, the survey itself goes along.
//!
//! An id is kept as 96 bits of a hash keyed anew in each process: of 100 million ids, two different ones fall together
//! with a probability under 10^-13. Entries go to buckets by hash; what does not fit in memory goes to an unlinked
//! temporary file, and buckets are resolved one at a time (a hash join that spills, as databases do it).

mod arena;
mod buckets;
mod facts;
mod glance;
mod hash;
mod ids;
mod part;

use crate::chunk::{Chunk, Source};
use crate::error::Result;
use crate::pipeline::{self, Job};
use crate::work::Counts;
use buckets::{Buckets, Entry, resolve};
use cvrs_parse::{Header, Index, Record, Tier};
use cvrs_rules::{Book, Duplicate, Patterns};
use cvrs_spec::{Field, Model, Version};
pub use facts::Facts;
pub(crate) use facts::{Fact, InputFacts};
use facts::{Surveyed, Told, input_of, place};
use glance::{Doubts, Keys};
pub(crate) use glance::{Glance, GlanceTaking, Glanced, Glancing, Impression};
use hash::Hasher;
use ids::{Ids, Lanes};
pub use part::RangeSurvey;
pub(crate) use part::Surveyor;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

/// Which questions the survey answers.
#[derive(Clone, Copy, Debug)]
struct Questions {
    duplicates: bool,
    /// Duplicates as the CDC tool finds them: each repeats the record before it, and empty ids are equal too.
    previous: bool,
    persons: bool,
    models: bool,
    patterns: bool,
}

impl Questions {
    fn of(book: &Book) -> Self {
        Self {
            duplicates: book.relates_ids(),
            previous: book.is_on("BUSR013") && !book.numbers_all_records(),
            persons: book.is_on("XR018"),
            models: book.is_on("XR011"),
            patterns: book.asks_for_patterns(),
        }
    }
}

/// A line's first cells are fetched so many lines before they are looked at: since the screen saw them, other chunks
/// have passed through the caches.
const AHEAD: usize = 6;

/// How the records of one input are surveyed.
#[derive(Clone, Copy)]
pub(crate) struct Gathering<'a> {
    lanes: &'a Lanes,
    header: &'a Header,
    base: u64,
    hasher: Hasher,
    asks: Questions,
    tier: Tier,
    /// The ids that are asked for, if not all.
    doubts: Option<&'a Keys>,
}

impl Gathering<'_> {
    /// Gathers what the records of a chunk have to say, given how many precede them.
    pub(crate) fn gather(
        &self,
        index: &Index,
        text: &[u8],
        cells: &mut Vec<u32>,
        counts: Counts,
        before: Counts,
        out: &mut Gathered,
    ) -> Result<()> {
        out.begin(counts);
        let mut ids = self.lanes.take();
        let mut numbered = before.records - before.unnumbered;
        for line in index.lines(text).filter(|line| !line.is_blank()) {
            index.fetch(text, line.number + AHEAD);
            let local = before.lines + line.number as u64 + 1;
            let record = index.record(text, self.header, line, cells);
            if self.asks.previous && record.is_regular() {
                numbered += 1;
                let (key, _) = self.hasher.folded(record.get(Field::VaxEventId));
                ids.events.push(Entry::new(key, numbered as u32, self.base + local));
            }
            self.observe(&record, local, &mut ids, out);
        }
        let settled = ids.settle();
        self.lanes.put(ids);
        settled
    }

    /// Gathers what a record has to say, which stands on that line of its input.
    #[inline]
    fn observe(&self, record: &Record<'_>, local: u64, ids: &mut Ids, out: &mut Gathered) {
        let number = self.base + local;
        if self.asks.duplicates && !self.asks.previous {
            let event_id = record.get(Field::VaxEventId);
            if !event_id.is_empty() {
                let (key, exact) = self.hasher.folded(event_id);
                if self.asks_for(|| self.hasher.brief::<true>(event_id, 0..event_id.len())) {
                    ids.events.push(Entry::new(key, exact, number));
                }
            }
        }
        if self.asks.persons {
            let recip_id = record.get(Field::RecipId);
            if !recip_id.is_empty() && self.asks_for(|| self.hasher.brief::<false>(recip_id, 0..recip_id.len())) {
                let person = self.hasher.person(record.get(Field::RecipDob), record.get(Field::RecipSex));
                ids.persons.push(Entry::new(self.hasher.whole(recip_id), person, number));
            }
        }
        if self.asks.patterns {
            out.patterns.observe(record, local);
        }
        if self.asks.models {
            let model = record.model();
            if out.models.last().is_none_or(|&(last, _)| last != model) {
                out.models.push((model, number));
            }
        }
    }

    /// Whether ids with that brief hash are asked for.
    #[inline]
    fn asks_for(&self, brief: impl Fn() -> u64) -> bool {
        self.doubts.is_none_or(|doubts| doubts.has(brief()))
    }

    /// How many records have no number of their own.
    fn unnumbered(&self, cells: &mut Vec<u32>, text: &[u8], index: &Index) -> u64 {
        let lines = index.lines(text).filter(|line| !line.is_blank());
        lines.filter(|&line| !index.record(text, self.header, line, cells).is_regular()).count() as u64
    }
}

/// What the survey gathers from a chunk besides its ids.
#[derive(Default)]
pub(crate) struct Gathered {
    /// The model of each record as a run: from which line on.
    models: Vec<(Option<Model>, u64)>,
    n_lines: u64,
    n_records: u64,
    patterns: Patterns,
}

impl Gathered {
    /// Empties it for a chunk of so many lines and records.
    fn begin(&mut self, counts: Counts) {
        self.models.clear();
        self.patterns.clear();
        self.n_records = counts.records;
        self.n_lines = counts.lines;
    }
}

impl Job for Gathering<'_> {
    /// Scratch space for a record's cells.
    type Worker = Vec<u32>;
    type Look = Option<Index>;
    type Outcome = Gathered;

    fn worker(&self) -> Vec<u32> {
        Vec::new()
    }

    fn look(&self, cells: &mut Vec<u32>, text: &[u8], _: &[u8], index: &mut Option<Index>) -> Counts {
        let index = index.get_or_insert_with(|| Index::new(self.tier));
        index.build(text);
        let records = index.lines(text).filter(|line| !line.is_blank()).count() as u64;
        let unnumbered = if self.asks.previous { self.unnumbered(cells, text, index) } else { 0 };
        Counts { lines: index.n_lines() as u64, records, unnumbered, cr_ends: 0 }
    }

    fn make(
        &self,
        cells: &mut Vec<u32>,
        index: &mut Option<Index>,
        text: &[u8],
        _: &Chunk,
        counts: Counts,
        before: Counts,
        out: &mut Gathered,
    ) -> Result<()> {
        let Some(index) = index else { return Ok(()) };
        self.gather(index, text, cells, counts, before, out)
    }
}

/// The survey of a run: inputs are added in their order, then it is asked for the facts.
#[derive(Debug)]
pub struct Survey {
    hasher: Hasher,
    asks: Questions,
    lanes: Lanes,
    inputs: Vec<Surveyed>,
    /// The first line of another model of each input that has one.
    other_models: Vec<u64>,
    memory: usize,
    lines: u64,
    threads: usize,
    tier: Tier,
    doubts: Option<Keys>,
    current: Current,
}

/// What is known of the input that is being surveyed.
#[derive(Debug, Default)]
struct Current {
    version: Option<Version>,
    n_lines: u64,
    first_model: Option<Model>,
    /// The first line of another model.
    other_model: Option<u64>,
}

/// Takes what was gathered of an input, chunk by chunk in their order.
pub(crate) struct Taking<'s> {
    current: &'s mut Current,
    input: Option<&'s mut Surveyed>,
}

impl Taking<'_> {
    /// Takes what was gathered from the input's next chunk.
    pub(crate) fn take(&mut self, gathered: &Gathered) {
        let Current { version, n_lines, first_model, other_model } = &mut *self.current;
        *n_lines += gathered.n_lines;
        if let Some(input) = &mut self.input {
            input.n_records += gathered.n_records;
            input.patterns.merge(&gathered.patterns);
        }
        for &(model, line) in &gathered.models {
            let Some(model) = model else { continue };
            let first = *first_model.get_or_insert(model);
            if model != first || !version.is_none_or(|version| version.has_model(model)) {
                other_model.get_or_insert(line);
            }
        }
    }
}

impl Survey {
    /// A survey of what the book asks of all records together; `None` if it asks nothing.
    ///
    /// `memory` is how many bytes of entries are held before they go to disk.
    pub fn new(book: &Book, threads: usize, memory: usize) -> Option<Self> {
        book.needs_survey().then(|| Self {
            hasher: Hasher::new(),
            asks: Questions::of(book),
            lanes: Lanes::new(memory, threads),
            inputs: Vec::new(),
            other_models: Vec::new(),
            memory,
            lines: 0,
            threads,
            tier: Tier::best(),
            doubts: None,
            current: Current::default(),
        })
    }

    /// The same, with the instructions of a tier.
    pub(crate) const fn for_tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// A glance at what it asks.
    pub(crate) fn glance(&self) -> Glance {
        Glance::new(self)
    }

    /// Asks for no more than what a glance at all inputs left in doubt.
    pub(crate) fn settle(&mut self, doubts: Doubts) {
        self.doubts = match doubts {
            Doubts::About(keys) => Some(keys),
            Doubts::All => None,
        };
    }

    /// Reads a whole input.
    pub(crate) fn add(&mut self, source: &Source<'_>, header: &Header, cancel: &AtomicBool) -> Result<()> {
        let threads = self.threads;
        let (job, mut taking) = self.begin(header);
        let take = &mut |gathered: &mut Gathered| {
            taking.take(gathered);
            Ok(())
        };
        let read = pipeline::run(source, &job, threads, cancel, take);
        // Also of an input that cannot be read to its end, some lines are known.
        self.end();
        read
    }

    /// Whether it can go along with a check: whether records have their numbers whatever is found of them.
    pub(crate) const fn goes_along(&self) -> bool {
        !self.asks.previous
    }

    /// Begins with the next input: what its workers gather with, and what takes what they gathered.
    pub(crate) fn begin<'s>(&'s mut self, header: &'s Header) -> (Gathering<'s>, Taking<'s>) {
        self.current = Current { version: Some(header.version()), n_lines: 1, ..Current::default() };
        self.inputs.push(Surveyed { base: self.lines, ..Surveyed::default() });
        let Self { lanes, lines, hasher, asks, tier, doubts, current, inputs, .. } = self;
        let (base, hasher, asks, tier) = (*lines, *hasher, *asks, *tier);
        let gathering = Gathering { lanes, header, base, hasher, asks, tier, doubts: doubts.as_ref() };
        (gathering, Taking { current, input: inputs.last_mut() })
    }

    /// Ends the input.
    pub(crate) fn end(&mut self) {
        self.lines += self.current.n_lines;
        self.other_models.extend(self.current.other_model);
    }

    /// How many inputs have been added.
    pub(crate) fn n_inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Adds an input that cannot be opened, so that the numbers of those that follow are right.
    pub fn skip(&mut self) {
        self.inputs.push(Surveyed { base: self.lines, ..Surveyed::default() });
        self.lines += 1;
    }

    /// What all inputs together show.
    ///
    /// # Errors
    /// If what went to disk cannot be read back.
    pub fn finish(self) -> Result<Facts> {
        let Self { lanes, inputs, other_models, lines, memory, threads, asks, .. } = self;
        let (events, persons) = lanes.into_parts();
        let mut by_line = Buckets::new(memory / 2);
        for &line in &other_models {
            by_line.push(Told::FirstOfOtherModel.entry(line, lines));
        }
        let by_line = Mutex::new(by_line);
        let take = |told: &mut Vec<(u64, Told)>| {
            let mut by_line = by_line.lock().unwrap_or_else(PoisonError::into_inner);
            told.drain(..).for_each(|(line, told)| by_line.push(told.entry(line, lines)));
            by_line.settle()
        };
        let duplicates = if asks.previous { previous } else { duplicates };
        let is_other = |first: &Entry, later: &Entry| first.check() != later.check();
        resolve(events, threads, &|_, _| true, &|group, out| duplicates(group, &inputs, out), &take)?;
        resolve(persons, threads, &is_other, &|group, out| other_persons(group, &inputs, out), &take)?;
        let by_line = by_line.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Facts::new(by_line.complete(), lines, inputs))
    }
}

/// Records with one folded id, in file order: each later one repeats the first that is equal to the letter, or else
/// the first of all but for case.
fn duplicates(group: &[Entry], inputs: &[Surveyed], told: &mut Vec<(u64, Told)>) {
    for (at, entry) in group.iter().enumerate().skip(1) {
        let exact = group[..at].iter().find(|earlier| earlier.check() == entry.check());
        let first = place(inputs, exact.unwrap_or(&group[0]).line, input_of(inputs, entry.line));
        told.push((entry.line, Told::Duplicate(Duplicate { first, is_exact: exact.is_some() })));
    }
}

/// Records with one folded id, in file order: each later one repeats the one before it, told by its number.
fn previous(group: &[Entry], _: &[Surveyed], told: &mut Vec<(u64, Told)>) {
    told.extend(group.windows(2).map(|pair| (pair[1].line, Told::Previous(u64::from(pair[0].check())))));
}

/// Records with one recipient id: each that differs from the first in birth date or sex.
fn other_persons(group: &[Entry], inputs: &[Surveyed], told: &mut Vec<(u64, Told)>) {
    for entry in group.iter().filter(|entry| entry.check() != group[0].check()) {
        let first = place(inputs, group[0].line, input_of(inputs, entry.line));
        told.push((entry.line, Told::OtherPerson(first)));
    }
}
