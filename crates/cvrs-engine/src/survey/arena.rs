//! Entries of many buckets in a few large pieces of memory.
//!
//! A vector for each bucket would be copied whenever it grows, and each of its pages would be asked of the system by
//! itself. Here a bucket is a list of short blocks, cut from pieces that are filled from their start on and that lie in
//! large pages, where the system has them.

use super::buckets::Kept;
use std::ops::Range;

/// So many entries of a bucket stand together.
const BLOCK: usize = 512;

/// So many blocks are in the first piece, and in each that follows: a small input takes little memory.
const FIRST_BLOCKS: usize = 256;
const MORE_BLOCKS: usize = 1024;

/// Entries by bucket.
#[derive(Debug)]
pub(super) struct Arena<E> {
    pieces: Vec<Vec<E>>,
    n_blocks: usize,
    /// The room that each bucket has.
    rooms: Vec<Room>,
    /// The blocks of each bucket.
    blocks: Vec<Vec<u32>>,
}

/// From where to where in its last block's piece a bucket has room. As short as it can be: all are at hand at once.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    piece: u32,
    next: u32,
    end: u32,
}

/// The piece that a block is in, and where it starts there.
const fn place(block: usize) -> (usize, usize) {
    match block.checked_sub(FIRST_BLOCKS) {
        None => (0, block * BLOCK),
        Some(block) => (1 + block / MORE_BLOCKS, block % MORE_BLOCKS * BLOCK),
    }
}

impl<E: Kept> Arena<E> {
    /// So many empty buckets.
    pub(super) fn new(buckets: usize) -> Self {
        Self {
            pieces: Vec::new(),
            n_blocks: 0,
            rooms: vec![Room::default(); buckets],
            blocks: vec![Vec::new(); buckets],
        }
    }

    /// Adds an entry to its bucket.
    #[inline]
    pub(super) fn push(&mut self, entry: E) {
        let bucket = entry.bucket();
        if self.rooms[bucket].next == self.rooms[bucket].end {
            self.add_block(bucket);
        }
        let Room { piece, next, .. } = &mut self.rooms[bucket];
        self.pieces[*piece as usize][*next as usize] = entry;
        *next += 1;
    }

    #[inline(never)]
    fn add_block(&mut self, bucket: usize) {
        let (piece, start) = place(self.n_blocks);
        if piece == self.pieces.len() {
            let blocks = if piece == 0 { FIRST_BLOCKS } else { MORE_BLOCKS };
            let mut more = E::room(blocks * BLOCK);
            if piece > 0 {
                in_large_pages(&mut more);
            }
            self.pieces.push(more);
        }
        let entries = &mut self.pieces[piece];
        if entries.len() < start + BLOCK {
            entries.resize(start + BLOCK, E::NONE);
        }
        self.blocks[bucket].push(self.n_blocks as u32);
        self.rooms[bucket] = Room { piece: piece as u32, next: start as u32, end: (start + BLOCK) as u32 };
        self.n_blocks += 1;
    }

    /// The entries of a bucket in the order in which they came, in parts.
    pub(super) fn parts(&self, bucket: usize) -> impl Iterator<Item = &[E]> {
        self.places(bucket).map(|(piece, range)| &self.pieces[piece][range])
    }

    /// Where the entries of a bucket stand: in which piece, from where to where.
    fn places(&self, bucket: usize) -> impl Iterator<Item = (usize, Range<usize>)> + use<E> {
        let (Room { next, end, .. }, blocks) = (self.rooms[bucket], self.blocks[bucket].clone());
        let last = blocks.len().wrapping_sub(1);
        blocks.into_iter().enumerate().map(move |(number, block)| {
            let (piece, start) = place(block as usize);
            let length = if number == last { BLOCK - (end - next) as usize } else { BLOCK };
            (piece, start..start + length)
        })
    }

    /// Shows each entry.
    pub(super) fn each(&mut self, mut change: impl FnMut(&mut E)) {
        for bucket in 0..self.rooms.len() {
            for (piece, range) in self.places(bucket) {
                self.pieces[piece][range].iter_mut().for_each(&mut change);
            }
        }
    }

    /// Forgets all entries; the memory is used again.
    pub(super) fn clear(&mut self) {
        self.n_blocks = 0;
        self.rooms.fill(Room::default());
        self.blocks.iter_mut().for_each(Vec::clear);
    }
}

/// Asks the system for large pages under memory that will be filled.
#[cfg(all(target_os = "linux", feature = "io"))]
#[expect(unsafe_code, reason = "the system is told what memory is for")]
fn in_large_pages<E>(memory: &mut Vec<E>) {
    const PAGE: usize = 64 << 10;
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE);
    let bytes = (memory.capacity() * size_of::<E>()).saturating_sub(skipped) / PAGE * PAGE;
    // SAFETY: the range is part of the vector's memory. The hint changes none of its bytes, and nothing depends on whether
    // it is taken.
    unsafe { libc::madvise(start.wrapping_add(skipped).cast(), bytes, libc::MADV_HUGEPAGE) };
}

#[cfg(not(all(target_os = "linux", feature = "io")))]
const fn in_large_pages<E>(_: &mut Vec<E>) {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An entry of a bucket that tells its number.
    const fn entry(bucket: usize, number: usize) -> u64 {
        (bucket as u64) << (u64::BITS - super::super::buckets::BUCKET_BITS) | number as u64
    }

    proptest! {
        #[test]
        fn buckets_hold_what_was_put_into_them_in_order(
            numbers in prop::collection::vec(0usize..7, 0..3000),
            before in prop::collection::vec(0usize..7, 0..600),
        ) {
            let mut arena = Arena::new(7);
            for bucket in before {
                arena.push(entry(bucket, 0));
            }
            arena.clear();
            let mut naive = vec![Vec::new(); 7];
            for (number, &bucket) in numbers.iter().enumerate() {
                arena.push(entry(bucket, number));
                naive[bucket].push(entry(bucket, number + 1));
            }
            arena.each(|number| *number += 1);
            for (bucket, naive) in naive.iter().enumerate() {
                prop_assert_eq!(&arena.parts(bucket).flatten().copied().collect::<Vec<_>>(), naive);
            }
        }
    }

    #[test]
    fn pieces_follow_on_each_other() {
        let n = (FIRST_BLOCKS + MORE_BLOCKS + 3) * BLOCK + 5;
        let mut arena = Arena::new(2);
        (0..n).for_each(|number| arena.push(entry(number % 2, number)));
        for bucket in 0..2 {
            let expected = (bucket..n).step_by(2).map(|number| entry(bucket, number));
            assert!(arena.parts(bucket).flatten().copied().eq(expected));
        }
        assert_eq!(arena.pieces.len(), 3);
    }
}
