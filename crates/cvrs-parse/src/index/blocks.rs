//! From masks of 64 bytes to the lists of the index: one machine for all tiers.

use super::Index;

/// What stands where in 64 bytes, a bit a byte, the first byte in the lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Masks {
    /// Below 0x20.
    pub(crate) low: u64,
    pub(crate) tab: u64,
    pub(crate) line_feed: u64,
    /// Blanks and double quotes, where edges are asked for.
    pub(crate) blank: u64,
    pub(crate) quote: u64,
    /// Whether any byte is above 0x7F.
    pub(crate) high: bool,
}

/// A way to look at 64 bytes at once.
pub(crate) trait Block {
    /// The masks of a block; blanks and quotes only if `edges`.
    fn masks(block: &[u8; 64], edges: bool) -> Masks;

    /// Fetches what is looked at soon into the caches, where the machine can be told to; nothing depends on it.
    #[inline(always)]
    fn fetch(_: &[u8; 64]) {}

    /// Where a byte stands in a block.
    fn places_of(block: &[u8; 64], byte: u8) -> u64;

    /// Writes the position of each set bit, plus `base`, to the start of `out` (which has room for 64).
    #[inline(always)]
    fn write_positions(mut mask: u64, base: u32, out: &mut [u32; 64]) {
        // Eight at a time without asking whether there are so many: what is too much is overwritten.
        let count = mask.count_ones() as usize;
        let mut at = 0;
        while at < count {
            for slot in &mut out[at..(at + 8).min(64)] {
                *slot = base.wrapping_add(mask.trailing_zeros());
                mask &= mask.wrapping_sub(1);
            }
            at += 8;
        }
    }
}

/// Fills the lists of `index` from `text`, looking at the bytes as `B` does.
#[inline(always)]
pub(crate) fn build<B: Block>(index: &mut Index, text: &[u8]) {
    let edges = index.wants_edges;
    let (blocks, tail) = text.as_chunks::<64>();
    let mut last = [b'x'; 64];
    last[..tail.len()].copy_from_slice(tail);
    let mut state = State { n: 1, n_lines: 0, was_low: true, has_high: false };
    for (number, block) in blocks.iter().enumerate() {
        B::fetch(block);
        state.take::<B>(index, text, block, number * 64, edges);
    }
    if !tail.is_empty() {
        state.take::<B>(index, text, &last, blocks.len() * 64, edges);
    }
    index.n_separators = state.n;
    index.n_lines = state.n_lines;
    index.has_high = state.has_high;
}

struct State {
    /// How many entries of the separator list are filled.
    n: usize,
    /// How many entries of the list of line ends are filled.
    n_lines: usize,
    /// Whether the byte before the block ends a cell.
    was_low: bool,
    has_high: bool,
}

impl State {
    #[inline(always)]
    fn take<B: Block>(&mut self, index: &mut Index, text: &[u8], block: &[u8; 64], start: usize, edges: bool) {
        let masks = B::masks(block, edges);
        self.has_high |= masks.high;
        let low = masks.low;
        if index.separators.len() < self.n + 64 {
            index.grow(self.n);
        }
        if let Some(out) = index.separators[self.n..].first_chunk_mut::<64>() {
            B::write_positions(low, start as u32, out);
        }
        // Most blocks have one line feed or none: which of the two must not be guessed at.
        let mut line_feeds = masks.line_feed;
        let before = |bit: u64| (low & bit.wrapping_sub(1)).count_ones() as usize;
        if index.line_ends.len() < self.n_lines + 64 {
            index.grow_lines(self.n_lines);
        }
        index.line_ends[self.n_lines] = (self.n + before(line_feeds & line_feeds.wrapping_neg())) as u32;
        self.n_lines += usize::from(line_feeds != 0);
        line_feeds &= line_feeds.wrapping_sub(1);
        while line_feeds != 0 {
            index.line_ends[self.n_lines] = (self.n + before(line_feeds & line_feeds.wrapping_neg())) as u32;
            self.n_lines += 1;
            line_feeds &= line_feeds - 1;
        }
        // A carriage return whose line feed is in the same block is known to be part of a line end.
        let mut rest = low & !masks.tab & !masks.line_feed;
        if rest != 0 && rest & !(B::places_of(block, b'\r') & masks.line_feed >> 1) != 0 {
            while rest != 0 {
                let at = start + rest.trailing_zeros() as usize;
                if text[at] != b'\r' || text.get(at + 1) != Some(&b'\n') {
                    index.odd.push(at as u32);
                }
                rest &= rest - 1;
            }
        }
        if edges {
            let after = low << 1 | u64::from(self.was_low);
            let next_is_low = text.get(start + 64).is_none_or(|&byte| byte < 0x20);
            let end = text.len() - start;
            let before = low >> 1 | u64::from(next_is_low) << 63 | if end < 64 { 1 << (end - 1) } else { 0 };
            let mut marked = (masks.blank | masks.quote) & after | masks.blank & before;
            while marked != 0 {
                index.edges.push(start as u32 + marked.trailing_zeros());
                marked &= marked - 1;
            }
            self.was_low = low >> 63 != 0;
        }
        self.n += low.count_ones() as usize;
    }
}
