//! Where workers put the ids that they gather: each into buckets of its own, so that none waits for another.

use super::buckets::{Buckets, Entry, Kept};
use crate::error::Result;
use std::sync::{Mutex, PoisonError};

/// The ids of some of the records.
#[derive(Debug)]
pub(super) struct Ids<E = Entry, P = Entry> {
    pub(super) events: Buckets<E>,
    pub(super) persons: Buckets<P>,
}

impl<E: Kept, P: Kept> Ids<E, P> {
    /// None so far; at most so many bytes of them are held in memory.
    pub(super) fn new(bytes: usize) -> Self {
        let events = bytes / (E::BYTES + P::BYTES) * E::BYTES;
        Self { events: Buckets::new(events), persons: Buckets::new(bytes - events) }
    }

    /// Moves what is more than may be held to disk.
    pub(super) fn settle(&mut self) -> Result<()> {
        self.events.settle()?;
        self.persons.settle()
    }
}

impl Ids {
    /// Changes every entry, all of which must be held in memory.
    pub(super) fn shift(&mut self, lines: u64, numbered: u32) {
        self.events.each_held(|entry: &mut Entry| *entry = entry.shifted(lines, numbered));
        self.persons.each_held(|entry: &mut Entry| *entry = entry.shifted(lines, 0));
    }
}

impl Default for Ids {
    /// None so far; all are held in memory.
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

/// The ids of all records: as many parts as workers were at it at once.
#[derive(Debug)]
pub(super) struct Lanes<E = Entry, P = Entry> {
    idle: Mutex<Vec<Ids<E, P>>>,
    bytes: usize,
}

impl<E: Kept, P: Kept> Lanes<E, P> {
    /// No ids so far; of each of so many parts an equal share of the bytes is held in memory.
    pub(super) const fn new(bytes: usize, threads: usize) -> Self {
        Self { idle: Mutex::new(Vec::new()), bytes: if threads > 1 { bytes / threads } else { bytes } }
    }

    /// A part that nobody else has.
    pub(super) fn take(&self) -> Ids<E, P> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Ids::new(self.bytes))
    }

    /// Puts a part back, or adds one.
    pub(super) fn put(&self, ids: Ids<E, P>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(ids);
    }

    /// All parts: those of the records' own ids, then those of the recipients'.
    pub(super) fn into_parts(self) -> (Vec<Buckets<E>>, Vec<Buckets<P>>) {
        let all = self.idle.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.into_iter().map(|ids| (ids.events, ids.persons)).unzip()
    }
}
