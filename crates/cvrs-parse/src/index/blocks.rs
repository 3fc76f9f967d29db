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

    /// The masks of a block.
    fn masks(bytes: Self::Bytes) -> Masks;

    /// Where bytes below that one stand, which is at most 0x80.
    fn places_below(bytes: Self::Bytes, byte: u8) -> u64;

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
    if index.wants_edges { pass::<B, true>(index, text) } else { pass::<B, false>(index, text) }
}

#[inline(always)]
fn pass<B: Block, const EDGES: bool>(index: &mut Index, text: &[u8]) {
    let (blocks, tail) = text.as_chunks::<64>();
    let mut last = [b'x'; 64];
    last[..tail.len()].copy_from_slice(tail);
    let mut state = State::<B, EDGES> { n: 1, n_lines: 0, was_low: 1, was_near: 0, seen: B::load(&[0; 64]), text };
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
    if EDGES && text.last() == Some(&b' ') {
        index.note_edge(text.len() - 1);
    }
    index.n_separators = state.n;
    index.n_lines = state.n_lines;
    index.has_high = B::has_high(state.seen);
}

struct State<'a, B: Block, const EDGES: bool> {
    /// How many entries of the separator list are filled.
    n: usize,
    /// How many entries of the list of line ends are filled.
    n_lines: usize,
    /// Whether the byte before the block ends a cell: 0 or 1.
    was_low: u64,
    /// Whether it may be an edge, if the block begins with the end of a cell.
    was_near: u64,
    /// The bits that were set in any byte.
    seen: B::Bytes,
    text: &'a [u8],
}

impl<B: Block, const EDGES: bool> State<'_, B, EDGES> {
    /// Takes a block, for which the lists have room.
    #[inline(always)]
    fn take(&mut self, index: &mut Index, block: &[u8; 64], start: usize) {
        let bytes = B::load(block);
        self.seen = B::either(self.seen, bytes);
        let Masks { low, line_feed, rest } = B::masks(bytes);
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
        if EDGES {
            // Blanks and double quotes, and exclamation marks for the sake of one comparison.
            let near = B::places_below(bytes, b'#') & !low;
            let after = low << 1 | self.was_low;
            let suspects = near & (after | low >> 1);
            if suspects | self.was_near & low != 0 {
                index.note_edges(self.text, start, suspects, after, self.was_near & low != 0);
            }
            self.was_low = low >> 63;
            self.was_near = near >> 63;
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

    /// Notes those of some bytes beside ends of cells that are edges: blanks, and double quotes `after` an end. The byte
    /// before them is asked about too if it may be one and an end follows it.
    #[cold]
    #[inline(never)]
    fn note_edges(&mut self, text: &[u8], start: usize, mut suspects: u64, after: u64, before: bool) {
        if before && text[start - 1] == b' ' {
            self.note_edge(start - 1);
        }
        while suspects != 0 {
            let bit = suspects.trailing_zeros();
            let at = start + bit as usize;
            match text[at] {
                b' ' => self.note_edge(at),
                b'"' if after >> bit & 1 == 1 => self.note_edge(at),
                _ => {}
            }
            suspects &= suspects - 1;
        }
    }

    /// Notes an edge unless it was the last one noted: a blank may be both ends of its cell.
    fn note_edge(&mut self, at: usize) {
        if self.edges.last() != Some(&(at as u32)) {
            self.edges.push(at as u32);
        }
    }
}
