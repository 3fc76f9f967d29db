//! A glance at what the survey asks: whether it would have anything to tell.
//!
//! Most texts repeat no id, and then neither lines nor what tells equal ids apart is needed: eight bytes of each
//! record's own id and twelve of its recipient's show it, gathered while the text is in the nearest caches. Only where
//! they leave doubts is a text surveyed, and then only for the keys that are in doubt.

use super::buckets::{Buckets, Kept, each_bucket};
use super::hash::Hasher;
use super::ids::{Ids, Lanes};
use super::{Questions, Survey};
use crate::error::{Error, Result};
use cvrs_parse::{Header, Index, Record};
use cvrs_rules::Patterns;
use cvrs_spec::{Field, Model, Version};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// If more keys are in doubt, the survey asks for all.
const MOST_DOUBTS: usize = 1 << 16;

/// A record's own id: bits of its hash, never all of them zero. A plain number, of which the system gives many that are
/// zero without a look at any.
type Event = u64;

/// A recipient's id: bits of its hash, never all of them zero, the lower ones first, and 32 of the person's. As plain.
type Person = [u32; 3];

/// What is kept at a glance of an id of one record.
trait Glimpsed: Kept + Sync {
    /// Of the id and what is told of it as much as a table of its bucket needs; not zero.
    fn mark(&self) -> u64;

    /// Whether two marks are of one id, as far as marks tell.
    fn is_same(left: u64, right: u64) -> bool;

    /// Whether something is to be told of two of one id.
    fn is_odd(left: u64, right: u64) -> bool;
}

impl Glimpsed for Event {
    fn mark(&self) -> u64 {
        *self
    }

    fn is_same(left: u64, right: u64) -> bool {
        left == right
    }

    fn is_odd(_: u64, _: u64) -> bool {
        true
    }
}

impl Glimpsed for Person {
    /// Bits of the key that name neither the bucket nor, but in the largest tables, the place, above those of the person.
    fn mark(&self) -> u64 {
        let [.., person] = *self;
        1 << 63 | (self.key() >> 24) << 32 | u64::from(person)
    }

    fn is_same(left: u64, right: u64) -> bool {
        (left ^ right) >> 32 == 0
    }

    fn is_odd(left: u64, right: u64) -> bool {
        left != right
    }
}

impl Kept for Event {
    const NONE: Self = 0;

    #[inline]
    fn key(&self) -> u64 {
        *self
    }

    #[cfg(feature = "io")]
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    #[cfg(feature = "io")]
    fn read(bytes: &[u8]) -> Self {
        let [key] = super::buckets::words(bytes);
        key
    }

    fn room(entries: usize) -> Vec<Self> {
        vec![0; entries]
    }
}

impl Kept for Person {
    const NONE: Self = [0; 3];

    #[inline]
    fn key(&self) -> u64 {
        u64::from(self[0]) | u64::from(self[1]) << 32
    }

    #[cfg(feature = "io")]
    fn write(&self, out: &mut Vec<u8>) {
        for word in self {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }

    #[cfg(feature = "io")]
    fn read(bytes: &[u8]) -> Self {
        let [key, person] = super::buckets::words(bytes);
        [key as u32, (key >> 32) as u32, person as u32]
    }

    fn room(entries: usize) -> Vec<Self> {
        vec![[0; 3]; entries]
    }
}

/// A glance at one text.
#[derive(Debug)]
pub(crate) struct Glance {
    hasher: Hasher,
    asks: Questions,
    lanes: Lanes<Event, Person>,
    threads: usize,
    version: Option<Version>,
    n_records: u64,
    patterns: Patterns,
    models: Vec<Model>,
}

/// How the records of a text are glanced at.
pub(crate) struct Glancing<'a> {
    lanes: &'a Lanes<Event, Person>,
    header: &'a Header,
    hasher: Hasher,
    asks: Questions,
}

/// What was seen in a chunk at a glance, besides its ids.
#[derive(Debug, Default)]
pub(crate) struct Glanced {
    n_records: u64,
    /// Lines are counted from the chunk's first, which is 1.
    patterns: Patterns,
    /// The models, each once.
    models: Vec<Model>,
    /// Why ids could not be kept.
    error: Option<Error>,
}

/// What a glance at a whole text shows.
pub(crate) struct Impression {
    /// What is in doubt; `None` if nothing is, and the survey has nothing to tell.
    pub(crate) doubts: Option<Doubts>,
    pub(crate) n_records: u64,
    pub(crate) patterns: Patterns,
}

/// What a glance leaves in doubt.
#[derive(Debug)]
pub(crate) enum Doubts {
    /// Ids with one of these keys.
    About(Keys),
    /// Everything.
    All,
}

/// Keys of ids, to be found by them.
#[derive(Debug)]
pub(crate) struct Keys {
    /// At the first place from the key's own on that is free; zero is none.
    table: Vec<u64>,
}

impl Glance {
    /// A glance at what a survey asks, which is to hold no more in memory.
    pub(super) fn new(survey: &Survey) -> Self {
        let Survey { hasher, asks, memory, threads, .. } = *survey;
        Self {
            hasher,
            asks,
            lanes: Lanes::new(memory, threads),
            threads,
            version: None,
            n_records: 0,
            patterns: Patterns::default(),
            models: Vec::new(),
        }
    }

    /// Begins with the text: what its workers glance with.
    pub(crate) fn begin<'g>(&'g mut self, header: &'g Header) -> (Glancing<'g>, GlanceTaking<'g>) {
        self.version = Some(header.version());
        let Self { lanes, hasher, asks, n_records, patterns, models, .. } = self;
        (Glancing { lanes, header, hasher: *hasher, asks: *asks }, GlanceTaking { n_records, patterns, models })
    }

    /// What was seen.
    ///
    /// # Errors
    /// If what went to disk cannot be read back.
    pub(crate) fn finish(self) -> Result<Impression> {
        let Self { lanes, threads, version, n_records, patterns, models, .. } = self;
        let is_version_s = |model: &Model| version.is_none_or(|version| version.has_model(*model));
        let has_models = models.len() > 1 || !models.iter().all(is_version_s);
        let (events, persons) = lanes.into_parts();
        let doubted = Mutex::new(Vec::new());
        find(events, threads, &doubted)?;
        find(persons, threads, &doubted)?;
        let doubted = doubted.into_inner().unwrap_or_else(PoisonError::into_inner);
        let doubts = match doubted.len() {
            0 if !has_models => None,
            more if more > MOST_DOUBTS => Some(Doubts::All),
            _ => Some(Doubts::About(Keys::new(&doubted))),
        };
        Ok(Impression { doubts, n_records, patterns })
    }
}

/// Finds the keys of ids of which something is to be told, and a few others.
fn find<E: Glimpsed>(parts: Vec<Buckets<E>>, threads: usize, doubted: &Mutex<Vec<u64>>) -> Result<()> {
    each_bucket(parts, threads, &|pieces: &[&[E]], (table, odd): &mut (Vec<u64>, Vec<u64>)| {
        let n: usize = pieces.iter().map(|entries| entries.len()).sum();
        let size = (n * 2).next_power_of_two();
        table.clear();
        table.resize(size, 0);
        for entry in pieces.iter().copied().flatten() {
            let mark = entry.mark();
            let mut slot = entry.key() as usize & (size - 1);
            while table[slot] != 0 && !E::is_same(table[slot], mark) {
                slot = (slot + 1) & (size - 1);
            }
            if table[slot] == 0 {
                table[slot] = mark;
            } else if E::is_odd(table[slot], mark) {
                odd.push(entry.key());
            }
        }
        if !odd.is_empty() {
            let mut doubted = doubted.lock().unwrap_or_else(PoisonError::into_inner);
            odd.sort_unstable();
            odd.dedup();
            // One too many says that there are too many.
            let room = (MOST_DOUBTS + 1).saturating_sub(doubted.len());
            doubted.extend(odd.drain(..).take(room));
        }
        Ok(())
    })
}

impl Glancing<'_> {
    /// Glances at the records of a chunk.
    pub(crate) fn glance(&self, index: &Index, text: &[u8], cells: &mut Vec<u32>, out: &mut Glanced) {
        out.n_records = 0;
        out.patterns.clear();
        out.models.clear();
        let mut ids = self.lanes.take();
        if index.odd().is_empty() {
            self.plain_lines(index, text, cells, &mut ids, out);
        } else {
            for line in index.lines(text).filter(|line| !line.is_blank()) {
                let record = index.record(text, self.header, line, cells);
                let cell = |field| self.header.position(field).map_or(0..0, |column| record.place(column));
                self.observe(text, cell, Some(&record), line.number, &mut ids, out);
            }
        }
        out.error = ids.settle().err();
        self.lanes.put(ids);
    }

    /// The same where no control character stands in a cell, and so the splitter's entries are the ends of cells.
    fn plain_lines(
        &self,
        index: &Index,
        text: &[u8],
        cells: &mut Vec<u32>,
        ids: &mut Ids<Event, Person>,
        out: &mut Glanced,
    ) {
        // The letter of the model that most records are of.
        let mut usual = None;
        for number in 0..index.n_lines() {
            let window = index.window(number);
            let [before, first, ..] = window else { continue };
            let start = before.wrapping_add(1) as usize;
            if *first as usize == start && text.get(start) != Some(&b'\t') {
                continue;
            }
            let cell = |column: Option<usize>| match column.and_then(|column| window.get(column..column + 2)) {
                Some(&[before, end]) => before.wrapping_add(1) as usize..end as usize,
                _ => 0..0,
            };
            let cell = |field: Field| cell(self.header.position(field));
            let ext_type = cell(Field::ExtType);
            let is_usual = matches!(text[ext_type], [letter] if usual == Some(letter));
            if self.asks.patterns && !out.patterns.needs_three_cells() || self.asks.models && !is_usual {
                let record = index.record(text, self.header, index.line(text, number), cells);
                self.observe(text, cell, Some(&record), number, ids, out);
                usual = out.models.first().and_then(|model| model.name().bytes().next());
            } else {
                self.observe(text, cell, None, number, ids, out);
            }
        }
    }

    /// Looks at a record, told by where its cells stand; all of it is needed only while columns and models are new.
    #[inline(always)]
    fn observe(
        &self,
        text: &[u8],
        cell: impl Fn(Field) -> Range<usize>,
        record: Option<&Record<'_>>,
        line: usize,
        ids: &mut Ids<Event, Person>,
        out: &mut Glanced,
    ) {
        out.n_records += 1;
        let (event_id, recip_id) = (cell(Field::VaxEventId), cell(Field::RecipId));
        if self.asks.duplicates && !event_id.is_empty() {
            ids.events.push(self.hasher.brief::<true>(text, event_id.clone()).max(1));
        }
        if self.asks.persons && !recip_id.is_empty() {
            let person = self.hasher.brief_person(text, cell(Field::RecipDob), cell(Field::RecipSex));
            let key = self.hasher.brief::<false>(text, recip_id.clone()).max(1);
            ids.persons.push([key as u32, (key >> 32) as u32, person]);
        }
        let line = line as u64 + 1;
        match record {
            Some(record) => {
                if self.asks.patterns {
                    out.patterns.observe(record, line);
                }
                if self.asks.models {
                    note_model(record, &mut out.models);
                }
            }
            None if self.asks.patterns => {
                let admin_date = cell(Field::AdminDate);
                out.patterns.observe_cells(&text[event_id], &text[recip_id], &text[admin_date], line);
            }
            None => {}
        }
    }
}

/// Notes a record's model unless it is known.
fn note_model(record: &Record<'_>, models: &mut Vec<Model>) {
    if let Some(model) = record.model().filter(|model| !models.contains(model)) {
        models.push(model);
    }
}

/// Takes what was seen in the chunks of a text.
pub(crate) struct GlanceTaking<'g> {
    n_records: &'g mut u64,
    patterns: &'g mut Patterns,
    models: &'g mut Vec<Model>,
}

impl Glanced {
    /// Says that so many lines precede the chunk. Fails if ids could not be kept.
    pub(crate) fn settle(&mut self, lines: u64) -> Result<()> {
        self.patterns.shift(lines.cast_signed());
        self.error.take().map_or(Ok(()), Err)
    }
}

impl GlanceTaking<'_> {
    /// Takes what was seen in the text's next chunk.
    pub(crate) fn take(&mut self, glanced: &Glanced) {
        *self.n_records += glanced.n_records;
        self.patterns.merge(&glanced.patterns);
        for model in &glanced.models {
            if !self.models.contains(model) {
                self.models.push(*model);
            }
        }
    }
}

impl Keys {
    fn new(keys: &[u64]) -> Self {
        let size = (keys.len() * 4).next_power_of_two();
        let mut keys_table = Self { table: vec![0; size] };
        for &key in keys {
            let slot = keys_table.slot(key);
            keys_table.table[slot] = key;
        }
        keys_table
    }

    /// Where a key is, or would be.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let last = self.table.len() - 1;
        let mut slot = key as usize & last;
        while self.table[slot] != 0 && self.table[slot] != key {
            slot = (slot + 1) & last;
        }
        slot
    }

    /// Whether the key of an id is among them.
    #[inline]
    pub(super) fn has(&self, key: u64) -> bool {
        self.table[self.slot(key.max(1))] != 0
    }
}
