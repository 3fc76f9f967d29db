//! Entries in buckets by hash, in memory up to a bound and beyond it in an unlinked temporary file.

use super::arena::Arena;
use crate::error::{Error, Result};
use crate::pipeline;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many bits of a key name the bucket.
pub(super) const BUCKET_BITS: u32 = 7;

/// How many buckets: of 100 million entries a bucket holds 800,000, some twenty megabytes. Of more, each would miss the
/// caches more often.
pub(super) const N_BUCKETS: usize = 1 << BUCKET_BITS;

/// So many entries are put into their buckets together, while the ends of all buckets are in the nearest cache.
const STAGED: usize = 8192;

/// Fewer entries are resolved sooner than threads start.
const WORTH_THREADS: usize = 10_000;

/// What is kept of an id of one record.
pub(crate) trait Kept: Copy + Send {
    /// How many bytes it takes.
    const BYTES: usize = size_of::<Self>();
    /// None: what fills places that are empty.
    const NONE: Self;

    /// Bits of the id's hash. The upper ones name the bucket.
    fn key(&self) -> u64;

    /// Appends its bytes.
    #[cfg(feature = "io")]
    fn write(&self, out: &mut Vec<u8>);

    /// What so many bytes were written from.
    #[cfg(feature = "io")]
    fn read(bytes: &[u8]) -> Self;

    fn bucket(&self) -> usize {
        (self.key() >> (u64::BITS - BUCKET_BITS)) as usize
    }

    /// Room for so many; what of it is filled already is [`Kept::NONE`].
    fn room(entries: usize) -> Vec<Self> {
        Vec::with_capacity(entries)
    }
}

/// One id of one record: 96 bits of its hash, 32 to tell more of it, and its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    key: u64,
    rest: u32,
    check: u32,
    pub(crate) line: u64,
}

impl Entry {
    pub(crate) const fn new(key: (u64, u32), check: u32, line: u64) -> Self {
        Self { key: key.0, rest: key.1, check, line }
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
}

impl Kept for Entry {
    const NONE: Self = Self { key: 0, rest: 0, check: 0, line: 0 };

    fn key(&self) -> u64 {
        self.key
    }

    #[cfg(feature = "io")]
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key.to_le_bytes());
        out.extend_from_slice(&self.rest.to_le_bytes());
        out.extend_from_slice(&self.check.to_le_bytes());
        out.extend_from_slice(&self.line.to_le_bytes());
    }

    #[cfg(feature = "io")]
    fn read(bytes: &[u8]) -> Self {
        let [key, more, line] = words(bytes);
        Self { key, rest: more as u32, check: (more >> 32) as u32, line }
    }
}

/// Words of eight bytes, the lowest first; zero for what is lacking.
#[cfg(feature = "io")]
pub(super) fn words<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let (whole, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mut words = whole.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
    std::array::from_fn(|_| words.next().unwrap_or_default())
}

/// Entries by hash.
#[derive(Debug)]
pub(crate) struct Buckets<E = Entry> {
    /// What was added last.
    staged: Vec<E>,
    held: Arena<E>,
    n_held: usize,
    bound: usize,
    #[cfg(feature = "io")]
    spilled: Option<spilled::Spilled>,
}

impl<E: Kept> Buckets<E> {
    /// Empty buckets that hold so many bytes of entries in memory.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            staged: Vec::new(),
            held: Arena::new(N_BUCKETS),
            n_held: 0,
            bound: (bytes / E::BYTES).max(1),
            #[cfg(feature = "io")]
            spilled: None,
        }
    }

    /// Adds an entry. What is more than may be held waits for the next [`Buckets::settle`].
    #[inline]
    pub(crate) fn push(&mut self, entry: E) {
        self.staged.push(entry);
    }

    /// Puts what was added into its buckets if it is worth it, and moves all entries to disk if they are more than may
    /// be held in memory.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.sort_in();
        if self.n_held > self.bound { self.spill().map_err(spill_error) } else { Ok(()) }
    }

    /// Puts what was added into its buckets if it is worth it.
    pub(crate) fn sort_in(&mut self) {
        if self.staged.len() >= STAGED.min(self.bound) {
            self.distribute();
        }
    }

    /// The same with every entry in its bucket.
    pub(crate) fn complete(mut self) -> Self {
        self.distribute();
        self
    }

    /// Puts what was added into its buckets.
    fn distribute(&mut self) {
        let Self { staged, held, n_held, .. } = self;
        *n_held += staged.len();
        staged.drain(..).for_each(|entry| held.push(entry));
    }

    /// Shows each entry that is held in memory.
    pub(super) fn each_held(&mut self, change: impl FnMut(&mut E)) {
        self.distribute();
        self.held.each(change);
    }

    #[cfg(feature = "io")]
    fn spill(&mut self) -> std::io::Result<()> {
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            none => none.insert(spilled::Spilled::new()?),
        };
        spilled.write(&self.held)?;
        self.held.clear();
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

    /// All entries of a bucket, in the order in which they came.
    pub(super) fn bucket(&self, number: usize) -> Result<Vec<E>> {
        let mut entries = Vec::new();
        self.append_from_disk(number, &mut entries)?;
        self.held.parts(number).for_each(|part| entries.extend_from_slice(part));
        Ok(entries)
    }

    /// Appends the entries of a bucket that are on disk.
    #[cfg(feature = "io")]
    fn append_from_disk(&self, number: usize, entries: &mut Vec<E>) -> Result<()> {
        self.spilled.as_ref().map_or(Ok(()), |spilled| spilled.append(number, entries).map_err(spill_error))
    }

    #[cfg(not(feature = "io"))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "the twin with files can fail")]
    fn append_from_disk(&self, _: usize, _: &mut Vec<E>) -> Result<()> {
        Ok(())
    }
}

/// Calls `tell` with each group of entries of one key, wherever its parts are, that holds one that `is_odd` compared
/// with another: all of them, by line. What it tells is handed to `take`, bucket by bucket in no order.
pub(crate) fn resolve<T: Send>(
    parts: Vec<Buckets>,
    threads: usize,
    is_odd: &(dyn Fn(&Entry, &Entry) -> bool + Sync),
    tell: &(dyn Fn(&[Entry], &mut Vec<T>) + Sync),
    take: &(dyn Fn(&mut Vec<T>) -> Result<()> + Sync),
) -> Result<()> {
    each_bucket(parts, threads, &|parts, (table, told): &mut (Vec<u32>, Vec<T>)| {
        groups(&parts.concat(), table, is_odd, &mut |group| tell(group, told));
        if told.is_empty() { Ok(()) } else { take(told) }
    })
}

/// What is done with the entries of a bucket, which stand in pieces, and a thread's own memory.
type Act<'a, E, M> = dyn Fn(&[&[E]], &mut M) -> Result<()> + Sync + 'a;

/// Hands over the entries of each bucket, piece by piece, on so many threads, each with memory of its own.
pub(super) fn each_bucket<E: Kept + Sync, M: Default>(
    mut parts: Vec<Buckets<E>>,
    threads: usize,
    act: &Act<'_, E, M>,
) -> Result<()> {
    parts.iter_mut().for_each(Buckets::distribute);
    let n_held: usize = parts.iter().map(|part| part.n_held).sum();
    let threads = if n_held < WORTH_THREADS && parts.iter().all(|part| !part.is_on_disk()) { 1 } else { threads };
    let (next, ended) = (AtomicUsize::new(0), Mutex::new(Ok(())));
    let work = || {
        let mut memory = M::default();
        loop {
            let bucket = next.fetch_add(1, Ordering::Relaxed);
            if bucket >= N_BUCKETS {
                break;
            }
            let mut on_disk = Vec::new();
            let read = parts.iter().try_for_each(|part| part.append_from_disk(bucket, &mut on_disk));
            let held = parts.iter().flat_map(|part| part.held.parts(bucket));
            let pieces: Vec<&[E]> = std::iter::once(&on_disk[..]).chain(held).collect();
            let done = read.and_then(|()| act(&pieces, &mut memory));
            if done.is_err() {
                *ended.lock().unwrap_or_else(PoisonError::into_inner) = done;
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
    use super::super::arena::Arena;
    use super::{Kept, N_BUCKETS};
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

        /// Writes all entries, bucket by bucket.
        pub(crate) fn write<E: Kept>(&mut self, held: &Arena<E>) -> std::io::Result<()> {
            let mut bytes = Vec::new();
            for (bucket, parts) in self.parts.iter_mut().enumerate() {
                let start = bytes.len();
                held.parts(bucket).flatten().for_each(|entry| entry.write(&mut bytes));
                if bytes.len() > start {
                    parts.push((self.end + start as u64, bytes.len() - start));
                }
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

        /// Appends what is on disk of a bucket, in the order in which it was written.
        pub(crate) fn append<E: Kept>(&self, bucket: usize, entries: &mut Vec<E>) -> std::io::Result<()> {
            for &(start, length) in &self.parts[bucket] {
                let mut bytes = vec![0; length];
                crate::io::read_exact_at(&self.file, &mut bytes, start)?;
                entries.extend(bytes.chunks_exact(E::BYTES).map(E::read));
            }
            Ok(())
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
