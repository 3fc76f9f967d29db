//! From masks of 64 bytes to the lists of the index: one machine for all tiers.

use super::Index;

/// What stands where in 64 bytes, a bit a byte, the first byte in the lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    /// Below 0x20.
    pub(crate) low: u64,
    pub(crate) line_feed: u64,
    /// Below 0x20, but neither tab nor line feed.
    pub(crate) rest: u64,
    /// Blanks and double quotes, where edges are asked for.
    pub(crate) blank: u64,
    pub(crate) quote: u64,
}

/// A way to look at 64 bytes at once.
pub(crate) trait Block {
    /// 64 bytes as the instructions hold them.
    type Bytes: Copy;

    fn load(block: &[u8; 64]) -> Self::Bytes;

    /// The bits that are set in either.
    fn either(bytes: Self::Bytes, others: Self::Bytes) -> Self::Bytes;

    /// Whether any byte is above 0x7F.
    fn has_high(bytes: Self::Bytes) -> bool;

    /// The masks of a block; blanks and quotes only if `edges`.
    fn masks(bytes: Self::Bytes, edges: bool) -> Masks;

    /// Where a byte stands in a block.
    fn places_of(bytes: Self::Bytes, byte: u8) -> u64;

    /// Fetches what is looked at soon into the caches, where the machine can be told to; nothing depends on it.
    #[inline(always)]
    fn fetch(_: &[u8; 64]) {}

    /// Writes the position of each set bit, plus `base`, to the start of `out` (which has room for 64).
    #[inline(always)]
    fn write_positions(mut mask: u64, base: u32, out: &mut [u32; 64]) {
        // Sixteen at a time without asking whether there are so many: what is too much is overwritten. Fewer at a time
        // would make the processor guess wrong in every other block.
        let count = mask.count_ones() as usize;
        for slots in out.as_chunks_mut::<16>().0 {
            for slot in slots {
                *slot = base.wrapping_add(mask.trailing_zeros());
                mask &= mask.wrapping_sub(1);
            }
            if count <= 16 || mask == 0 {
                return;
            }
        }
    }
}

/// So many blocks are taken between two looks at whether the lists have room for what they may bring.
const GROUP: usize = 8;

/// Fills the lists of `index` from `text`, looking at the bytes as `B` does.
#[inline(always)]
pub(crate) fn build<B: Block>(index: &mut Index, text: &[u8]) {
    let (blocks, tail) = text.as_chunks::<64>();
    let mut last = [b'x'; 64];
    last[..tail.len()].copy_from_slice(tail);
    let mut state =
        State::<B> { n: 1, n_lines: 0, was_low: true, seen: B::load(&[0; 64]), text, edges: index.wants_edges };
    let mut start = 0;
    for group in blocks.chunks(GROUP) {
        index.make_room(state.n, state.n_lines, 64 * GROUP);
        for block in group {
            B::fetch(block);
            state.take(index, block, start);
            start += 64;
        }
    }
    if !tail.is_empty() {
        index.make_room(state.n, state.n_lines, 64);
        state.take(index, &last, start);
    }
    index.n_separators = state.n;
    index.n_lines = state.n_lines;
    index.has_high = B::has_high(state.seen);
}

struct State<'a, B: Block> {
    /// How many entries of the separator list are filled.
    n: usize,
    /// How many entries of the list of line ends are filled.
    n_lines: usize,
    /// Whether the byte before the block ends a cell.
    was_low: bool,
    /// The bits that were set in any byte.
    seen: B::Bytes,
    text: &'a [u8],
    edges: bool,
}

impl<B: Block> State<'_, B> {
    /// Takes a block, for which the lists have room.
    #[inline(always)]
    fn take(&mut self, index: &mut Index, block: &[u8; 64], start: usize) {
        let bytes = B::load(block);
        self.seen = B::either(self.seen, bytes);
        let Masks { low, line_feed, rest, blank, quote } = B::masks(bytes, self.edges);
        // A carriage return whose line feed is in the same block is known to be part of a line end.
        let is_odd = rest != 0 && rest & !(B::places_of(bytes, b'\r') & line_feed >> 1) != 0;
        if let Some(out) = index.separators.get_mut(self.n..self.n + 64).and_then(<[u32]>::first_chunk_mut::<64>) {
            B::write_positions(low, start as u32, out);
        }
        // Most blocks have one line feed or none: which of the two must not be guessed at.
        let before = |bit: u64| (low & bit.wrapping_sub(1)).count_ones() as usize;
        let mut line_feeds = line_feed;
        index.line_ends[self.n_lines] = (self.n + before(line_feeds & line_feeds.wrapping_neg())) as u32;
        self.n_lines += usize::from(line_feeds != 0);
        line_feeds &= line_feeds.wrapping_sub(1);
        while line_feeds != 0 {
            index.line_ends[self.n_lines] = (self.n + before(line_feeds & line_feeds.wrapping_neg())) as u32;
            self.n_lines += 1;
            line_feeds &= line_feeds - 1;
        }
        self.n += low.count_ones() as usize;
        if is_odd {
            index.note_odd(self.text, start, rest);
        }
        if self.edges {
            let after = low << 1 | u64::from(self.was_low);
            let next_is_low = self.text.get(start + 64).is_none_or(|&byte| byte < 0x20);
            let end = self.text.len() - start;
            let before = low >> 1 | u64::from(next_is_low) << 63 | if end < 64 { 1 << (end - 1) } else { 0 };
            let marked = (blank | quote) & after | blank & before;
            if marked != 0 {
                index.note_edges(start, marked);
            }
            self.was_low = low >> 63 != 0;
        }
    }
}

impl Index {
    /// Makes room for what so many bytes may bring, and for whole blocks of positions.
    #[inline(always)]
    fn make_room(&mut self, n: usize, n_lines: usize, bytes: usize) {
        if self.separators.len() < n + bytes + 64 {
            self.grow(n + bytes);
        }
        if self.line_ends.len() < n_lines + bytes + 64 {
            self.grow_lines(n_lines + bytes);
        }
    }

    /// Notes those of some control characters that are not the carriage return of a line end.
    #[cold]
    #[inline(never)]
    fn note_odd(&mut self, text: &[u8], start: usize, mut rest: u64) {
        while rest != 0 {
            let at = start + rest.trailing_zeros() as usize;
            if text[at] != b'\r' || text.get(at + 1) != Some(&b'\n') {
                self.odd.push(at as u32);
            }
            rest &= rest - 1;
        }
    }

    #[cold]
    #[inline(never)]
    fn note_edges(&mut self, start: usize, mut marked: u64) {
        while marked != 0 {
            self.edges.push(start as u32 + marked.trailing_zeros());
            marked &= marked - 1;
        }
    }
}
