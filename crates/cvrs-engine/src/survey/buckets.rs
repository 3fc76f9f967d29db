//! Entries in buckets by hash, in memory up to a bound and beyond it in an unlinked temporary file.

use crate::error::{Error, Result};
use crate::pipeline;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many buckets: of 100 million entries a bucket holds 400,000, ten megabytes.
pub(super) const N_BUCKETS: usize = 256;

/// How many entries are put into their buckets at a time: they fit into a core's own cache, a few for each bucket.
const STAGED: usize = 4096;

/// For how many entries of a bucket there is room from the first on, at most.
const MOST_ROOM: usize = 4096;

/// Fewer entries are resolved sooner than threads start.
const WORTH_THREADS: usize = 10_000;

/// One id of one record: 96 bits of its hash, 32 to tell more of it, and its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    key: u64,
    rest: u32,
    check: u32,
    pub(crate) line: u64,
}

impl Entry {
    pub(crate) const BYTES: usize = 24;

    const NONE: Self = Self { key: 0, rest: 0, check: 0, line: 0 };

    pub(crate) const fn new(key: (u64, u32), check: u32, line: u64) -> Self {
        Self { key: key.0, rest: key.1, check, line }
    }

    /// What it is told apart by from other ids, the upper eight bits naming its bucket.
    pub(super) const fn key(&self) -> u64 {
        self.key
    }

    /// The rest of the key.
    pub(super) const fn rest(&self) -> u32 {
        self.rest
    }

    /// What tells entries with one key apart.
    pub(crate) const fn check(&self) -> u32 {
        self.check
    }

    /// The same id of a record so many lines further down, whose check is so much higher.
    pub(crate) const fn shifted(self, lines: u64, check: u32) -> Self {
        Self { check: self.check.wrapping_add(check), line: self.line + lines, ..self }
    }

    const fn id(&self) -> (u64, u32) {
        (self.key, self.rest)
    }

    const fn bucket(&self) -> usize {
        (self.key >> 56) as usize
    }

    #[cfg(feature = "io")]
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key.to_le_bytes());
        out.extend_from_slice(&self.rest.to_le_bytes());
        out.extend_from_slice(&self.check.to_le_bytes());
        out.extend_from_slice(&self.line.to_le_bytes());
    }

    #[cfg(feature = "io")]
    fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let [k0, k1, k2, k3, k4, k5, k6, k7, r0, r1, r2, r3, c0, c1, c2, c3, l0, l1, l2, l3, l4, l5, l6, l7] = *bytes;
        Self {
            key: u64::from_le_bytes([k0, k1, k2, k3, k4, k5, k6, k7]),
            rest: u32::from_le_bytes([r0, r1, r2, r3]),
            check: u32::from_le_bytes([c0, c1, c2, c3]),
            line: u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]),
        }
    }
}

/// Entries by hash.
#[derive(Debug)]
pub(crate) struct Buckets {
    /// What was added last. It is put into its buckets together, since single entries would miss the caches.
    staged: Vec<Entry>,
    /// Room to sort them in.
    sorted: Vec<Entry>,
    held: Vec<Vec<Entry>>,
    n_held: usize,
    bound: usize,
    #[cfg(feature = "io")]
    spilled: Option<spilled::Spilled>,
}

impl Buckets {
    /// Empty buckets that hold so many bytes of entries in memory.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            staged: Vec::new(),
            sorted: Vec::new(),
            held: vec![Vec::new(); N_BUCKETS],
            n_held: 0,
            bound: (bytes / Entry::BYTES).max(1),
            #[cfg(feature = "io")]
            spilled: None,
        }
    }

    /// Adds an entry. What is more than may be held waits for the next [`Buckets::settle`].
    #[inline]
    pub(crate) fn push(&mut self, entry: Entry) {
        self.staged.push(entry);
    }

    /// Puts what was added into its buckets if it is worth it, and moves all entries to disk if they are more than may
    /// be held in memory.
    pub(crate) fn settle(&mut self) -> Result<()> {
        if self.staged.len() >= STAGED.min(self.bound) {
            self.distribute();
        }
        if self.n_held > self.bound { self.spill().map_err(spill_error) } else { Ok(()) }
    }

    /// The same with every entry in its bucket.
    pub(crate) fn complete(mut self) -> Self {
        self.distribute();
        self
    }

    /// Puts what was added into its buckets.
    fn distribute(&mut self) {
        let room = (self.bound / N_BUCKETS).min(MOST_ROOM) * 9 / 8;
        let Self { staged, sorted, held, n_held, .. } = self;
        let mut ends = [0usize; N_BUCKETS];
        for entry in staged.iter() {
            ends[entry.bucket()] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        sorted.clear();
        sorted.resize(staged.len(), Entry::NONE);
        for entry in staged.drain(..) {
            let end = &mut ends[entry.bucket()];
            sorted[*end] = entry;
            *end += 1;
        }
        let mut start = 0;
        for (held, &end) in held.iter_mut().zip(&ends) {
            let run = &sorted[start..end];
            // Room for all that it will hold at once: what grows bit by bit is copied again and again.
            if held.capacity() == 0 && !run.is_empty() {
                held.reserve_exact(run.len().max(room));
            }
            held.extend_from_slice(run);
            start = end;
        }
        *n_held += start;
    }

    /// Shows each entry that is held in memory.
    pub(super) fn each_held(&mut self, change: impl FnMut(&mut Entry)) {
        self.distribute();
        self.held.iter_mut().flatten().for_each(change);
    }

    #[cfg(feature = "io")]
    fn spill(&mut self) -> std::io::Result<()> {
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            none => none.insert(spilled::Spilled::new()?),
        };
        spilled.write(&mut self.held)?;
        self.n_held = 0;
        Ok(())
    }

    #[cfg(not(feature = "io"))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "the twin with files can fail")]
    fn spill(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn is_on_disk(&self) -> bool {
        #[cfg(feature = "io")]
        return self.spilled.is_some();
        #[cfg(not(feature = "io"))]
        return false;
    }

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.n_held + self.staged.len() == 0 && !self.is_on_disk()
    }

    /// All entries of a bucket.
    pub(super) fn bucket(&self, number: usize) -> Result<Vec<Entry>> {
        let held = self.held.get(number).map_or(&[][..], Vec::as_slice);
        #[cfg(feature = "io")]
        if let Some(spilled) = &self.spilled {
            return spilled.read(number, held).map_err(spill_error);
        }
        Ok(held.to_vec())
    }

    /// Takes what is held of a bucket, after what is on disk of it.
    fn take_bucket(&mut self, number: usize) -> Result<Vec<Entry>> {
        let held = self.held.get_mut(number).map(std::mem::take).unwrap_or_default();
        #[cfg(feature = "io")]
        if let Some(spilled) = &self.spilled {
            return spilled.read(number, &held).map_err(spill_error);
        }
        Ok(held)
    }
}

/// Calls `tell` with each group of entries of one key, wherever its parts are, that holds one that `is_odd` compared
/// with another: all of them, by line. What it tells is handed to `take`, bucket by bucket in no order.
pub(crate) fn resolve<T: Send>(
    mut parts: Vec<Buckets>,
    threads: usize,
    is_odd: &(dyn Fn(&Entry, &Entry) -> bool + Sync),
    tell: &(dyn Fn(&[Entry], &mut Vec<T>) + Sync),
    take: &(dyn Fn(&mut Vec<T>) -> Result<()> + Sync),
) -> Result<()> {
    parts.iter_mut().for_each(Buckets::distribute);
    let n_held: usize = parts.iter().map(|part| part.n_held).sum();
    let threads = if n_held < WORTH_THREADS && parts.iter().all(|part| !part.is_on_disk()) { 1 } else { threads };
    let (next, ended) = (AtomicUsize::new(0), Mutex::new(Ok(())));
    let parts: Vec<Mutex<Buckets>> = parts.into_iter().map(Mutex::new).collect();
    let gather = |bucket: usize| -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for part in &parts {
            let mut more = part.lock().unwrap_or_else(PoisonError::into_inner).take_bucket(bucket)?;
            if entries.is_empty() { entries = more } else { entries.append(&mut more) }
        }
        Ok(entries)
    };
    let work = || {
        let (mut table, mut told) = (Vec::new(), Vec::new());
        loop {
            let bucket = next.fetch_add(1, Ordering::Relaxed);
            if bucket >= N_BUCKETS {
                break;
            }
            let resolved = gather(bucket).and_then(|entries| {
                groups(&entries, &mut table, is_odd, &mut |group| tell(group, &mut told));
                if told.is_empty() { Ok(()) } else { take(&mut told) }
            });
            if resolved.is_err() {
                *ended.lock().unwrap_or_else(PoisonError::into_inner) = resolved;
            }
        }
    };
    pipeline::spawn(threads, &work);
    ended.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Finds the groups of a bucket with a hash table of the first that was met of each; most have one entry and nothing
/// to tell.
fn groups(
    entries: &[Entry],
    table: &mut Vec<u32>,
    is_odd: &dyn Fn(&Entry, &Entry) -> bool,
    tell: &mut dyn FnMut(&[Entry]),
) {
    const NONE: u32 = u32::MAX;
    let size = (entries.len() * 2).next_power_of_two();
    table.clear();
    table.resize(size, NONE);
    // For each entry that is not the first: that one. Told only where something is odd.
    let first_of = |table: &mut [u32], number: usize| {
        let entry = &entries[number];
        let mut slot = entry.key as usize & (size - 1);
        loop {
            let first = table[slot];
            if first == NONE {
                table[slot] = number as u32;
                return number as u32;
            }
            if entries[first as usize].id() == entry.id() {
                return first;
            }
            slot = (slot + 1) & (size - 1);
        }
    };
    let mut odd = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let first = first_of(table, number);
        if first != number as u32 && is_odd(&entries[first as usize], entry) {
            odd.push(first);
        }
    }
    if odd.is_empty() {
        return;
    }
    odd.sort_unstable();
    odd.dedup();
    let mut members: Vec<(u32, Entry)> = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let first = first_of(table, number);
        if odd.binary_search(&first).is_ok() {
            members.push((first, *entry));
        }
    }
    members.sort_unstable_by_key(|(first, entry)| (*first, entry.line));
    let mut group = Vec::new();
    for same in members.chunk_by(|left, right| left.0 == right.0) {
        group.clear();
        group.extend(same.iter().map(|(_, entry)| *entry));
        tell(&group);
    }
}

fn spill_error(error: std::io::Error) -> Error {
    Error::Write { what: "a temporary file for ids", error }
}

#[cfg(feature = "io")]
mod spilled {
    use super::{Entry, N_BUCKETS};
    use std::fs::File;
    use std::io::Write;

    /// Entries on disk: for each bucket, where its parts stand.
    #[derive(Debug)]
    pub(crate) struct Spilled {
        file: File,
        end: u64,
        parts: Vec<Vec<(u64, usize)>>,
    }

    impl Spilled {
        pub(crate) fn new() -> std::io::Result<Self> {
            Ok(Self { file: tempfile::tempfile()?, end: 0, parts: vec![Vec::new(); N_BUCKETS] })
        }

        /// Writes and empties all buckets.
        pub(crate) fn write(&mut self, held: &mut [Vec<Entry>]) -> std::io::Result<()> {
            let mut bytes = Vec::new();
            for (entries, parts) in held.iter_mut().zip(&mut self.parts) {
                if entries.is_empty() {
                    continue;
                }
                let start = bytes.len();
                entries.drain(..).for_each(|entry| entry.write(&mut bytes));
                parts.push((self.end + start as u64, bytes.len() - start));
                if bytes.len() > 1 << 20 {
                    self.file.write_all(&bytes)?;
                    self.end += bytes.len() as u64;
                    bytes.clear();
                }
            }
            self.file.write_all(&bytes)?;
            self.end += bytes.len() as u64;
            Ok(())
        }

        /// What is on disk of a bucket, in file order, and after it what was held to the last.
        pub(crate) fn read(&self, bucket: usize, held: &[Entry]) -> std::io::Result<Vec<Entry>> {
            let mut entries = Vec::new();
            for &(start, length) in &self.parts[bucket] {
                let mut bytes = vec![0; length];
                crate::io::read_exact_at(&self.file, &mut bytes, start)?;
                entries.extend(bytes.as_chunks::<{ Entry::BYTES }>().0.iter().map(Entry::read));
            }
            entries.extend_from_slice(held);
            Ok(entries)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn groups(entries: &[Entry], bytes: usize) -> Vec<Vec<u64>> {
        // Two workers take parts of a text in turn.
        let mut parts = vec![Buckets::new(bytes), Buckets::new(bytes)];
        for (number, chunk) in entries.chunks(100).enumerate() {
            let part = &mut parts[number % 2];
            chunk.iter().copied().for_each(|entry| part.push(entry));
            part.settle().expect("a temporary file");
        }
        let lines = |group: &[Entry], out: &mut Vec<Vec<u64>>| out.push(group.iter().map(|entry| entry.line).collect());
        let told = Mutex::new(Vec::new());
        let take = |lines: &mut Vec<Vec<u64>>| {
            told.lock().expect("no panic").append(lines);
            Ok(())
        };
        resolve(parts, 3, &|_, _| true, &lines, &take).expect("readable");
        let mut groups = told.into_inner().expect("no panic");
        groups.sort();
        groups
    }

    proptest! {
        #[test]
        fn groups_are_the_same_in_memory_and_on_disk(keys in prop::collection::vec(0u64..500, 0..2000)) {
            let entry = |(line, key): (usize, &u64)| Entry::new((key.wrapping_mul(0x9E37_79B9_7F4A_7C15), 1), 2, line as u64);
            let entries: Vec<Entry> = keys.iter().enumerate().map(entry).collect();
            let mut naive: std::collections::BTreeMap<u64, Vec<u64>> = std::collections::BTreeMap::new();
            for (line, key) in keys.iter().enumerate() {
                naive.entry(*key).or_default().push(line as u64);
            }
            let mut naive: Vec<Vec<u64>> = naive.into_values().filter(|group| group.len() > 1).collect();
            naive.sort();
            prop_assert_eq!(&groups(&entries, usize::MAX), &naive);
            prop_assert_eq!(&groups(&entries, 0), &naive);
        }
    }
}
