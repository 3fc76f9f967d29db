//! Deflate (RFC 1951) for tables of text.
//!
//! Matches are looked for where a cell or a word begins and nowhere else: there rows are alike, and what lies between
//! (numbers, dates, ids) is not worth a look. A match found is made longer in both directions.
//!
//! ```text
//! for each beginning:  same six bytes where this hash stood last? ─► match, as far as it goes ─► step
//! for each piece:      count what the steps need ─► Huffman codes ─► write the steps
//! ```
//!
//! Of a million generated records zlib's level 1 leaves 36 %, level 3 leaves 25 %, and this leaves 26 % at more than the
//! speed of level 1. Whoever changes it should look at both figures, and at texts without a tab, which deflate badly here.

mod huffman;

use huffman::{DISTANCES, LITERALS};

/// Bytes of text that one set of codes is made for.
const PIECE: usize = 256 << 10;
/// How far back a match may lie.
const WINDOW: usize = 32 << 10;
/// Bytes that are hashed: what matches in fewer is not worth a distance in a text whose letters take five bits.
const SHORTEST: usize = 6;
const LONGEST_MATCH: usize = 258;
const HASH_BITS: u32 = 14;
/// Bits of a literal's code at most: four of them fit beside what is not written yet.
const LITERAL_BITS: usize = 12;
/// The symbol that ends a block.
const END: usize = 256;

/// What comes next in a text: so many literals, and then a match, unless its length is 0.
#[derive(Clone, Copy, Debug)]
struct Step {
    literals: u32,
    length: u16,
    distance: u16,
}

/// Buffers that are used again from text to text; nothing else is carried over.
#[derive(Debug)]
pub(crate) struct Deflater {
    /// The last place of each hash, from 1.
    places: Vec<u32>,
    steps: Vec<Step>,
    out: Bits,
}

/// Lengths of matches: symbol, extra bits and their value, by length less 3.
const LENGTHS: [(u16, u8, u8); 256] = {
    let mut table = [(0, 0, 0); 256];
    let (mut symbol, mut length) = (257, 3);
    while length < LONGEST_MATCH {
        let extra = if symbol < 265 { 0 } else { (symbol - 261) / 4 };
        let mut value = 0u8;
        while (value as u32) < 1 << extra && length < LONGEST_MATCH {
            table[length - 3] = (symbol, extra as u8, value);
            value += 1;
            length += 1;
        }
        symbol += 1;
    }
    table[255] = (285, 0, 0);
    table
};

/// Symbol and number of extra bits of a distance.
fn distance_symbol(distance: usize) -> (usize, u32) {
    let less = (distance - 1) as u32;
    if less < 4 {
        return (less as usize, 0);
    }
    let log = less.ilog2();
    ((2 * log + (less >> (log - 1) & 1)) as usize, log - 1)
}

fn word(text: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(text[at..at + 8].try_into().expect("eight bytes"))
}

fn wide(text: &[u8], at: usize) -> u128 {
    u128::from_le_bytes(text[at..at + 16].try_into().expect("sixteen bytes"))
}

/// How many bytes from `at` on are those from `from` on, up to the longest match.
fn forwards(text: &[u8], from: usize, at: usize) -> usize {
    let end = text.len().min(at + LONGEST_MATCH);
    let mut n = 0;
    while at + n + 16 <= end {
        let differing = wide(text, from + n) ^ wide(text, at + n);
        if differing != 0 {
            return n + (differing.trailing_zeros() / 8) as usize;
        }
        n += 16;
    }
    while at + n < end && text[from + n] == text[at + n] {
        n += 1;
    }
    n
}

/// How many bytes before `at` are those before `from`, up to eight.
fn backwards(text: &[u8], from: usize, at: usize) -> usize {
    if from < 8 {
        return 0;
    }
    ((word(text, from - 8) ^ word(text, at - 8)).leading_zeros() / 8) as usize
}

impl Deflater {
    pub(crate) fn new() -> Self {
        Self { places: vec![0; 1 << HASH_BITS], steps: Vec::new(), out: Bits::default() }
    }

    /// The text as blocks that refer to nothing before it, are not the last, and end with a byte: what zlib calls a
    /// full flush.
    pub(crate) fn deflate(&mut self, text: &[u8]) -> Vec<u8> {
        self.places.fill(0);
        self.out.clear(2 * text.len() + 1024);
        let mut at = 0;
        while at < text.len() {
            let end = text.len().min(at + PIECE);
            self.search(&text[..end], at);
            self.write(&text[at..end]);
            at = end;
        }
        self.out.align();
        self.out.bytes[..self.out.len].to_vec()
    }

    /// Steps through a text from a place on; what precedes it can be referred to.
    fn search(&mut self, text: &[u8], start: usize) {
        self.steps.clear();
        let mut pending = start;
        for before in memchr::memchr3_iter(b'\t', b'\n', b' ', &text[start..]) {
            let at = start + before + 1;
            if at + 8 > text.len() {
                break;
            }
            let here = word(text, at);
            let place = &mut self.places[hash(here)];
            // From 1, so that 0 is nowhere.
            let from = (*place as usize).checked_sub(1);
            *place = at as u32 + 1;
            let Some(from) = from.filter(|&from| at >= pending && at - from <= WINDOW) else { continue };
            if (word(text, from) ^ here) << (64 - 8 * SHORTEST) != 0 {
                continue;
            }
            let after = forwards(text, from, at);
            let before = backwards(text, from, at).min(at - pending).min(LONGEST_MATCH - after);
            let (literals, distance) = ((at - before - pending) as u32, (at - from) as u16);
            self.steps.push(Step { literals, length: (before + after) as u16, distance });
            pending = at + after;
        }
        self.steps.push(Step { literals: (text.len() - pending) as u32, length: 0, distance: 0 });
    }

    /// Writes the steps through a text as one block with codes of its own.
    fn write(&mut self, text: &[u8]) {
        let mut literals = [0u32; LITERALS];
        // Two distances always have a code: some readers want it complete.
        let mut distances = [0u32; DISTANCES];
        (distances[0], distances[1]) = (1, 1);
        literals[END] = 1;
        let mut at = 0;
        for step in &self.steps {
            for &byte in &text[at..at + step.literals as usize] {
                literals[usize::from(byte)] += 1;
            }
            at += step.literals as usize + usize::from(step.length);
            if step.length > 0 {
                literals[usize::from(LENGTHS[usize::from(step.length) - 3].0)] += 1;
                distances[distance_symbol(usize::from(step.distance)).0] += 1;
            }
        }
        let literals = Codes::of(&literals, LITERAL_BITS);
        let distances = Codes::of(&distances, huffman::LONGEST);
        self.out.put(0b100, 3);
        write_lengths(&mut self.out, &literals.lengths, &distances.lengths);
        let mut at = 0;
        let out = &mut self.out;
        for step in &self.steps {
            let end = at + step.literals as usize;
            for bytes in text[at..end].chunks(4) {
                for &byte in bytes {
                    let (code, n) = literals.of_symbol(usize::from(byte));
                    out.add(code, n);
                }
                out.flush();
            }
            at = end + usize::from(step.length);
            if step.length > 0 {
                let (symbol, extra, value) = LENGTHS[usize::from(step.length) - 3];
                let (code, n) = literals.of_symbol(usize::from(symbol));
                out.add(code | u64::from(value) << n, n + u32::from(extra));
                let (symbol, extra) = distance_symbol(usize::from(step.distance));
                let (code, n) = distances.of_symbol(symbol);
                let value = (u64::from(step.distance) - 1) & ((1 << extra) - 1);
                out.add(code | value << n, n + extra);
                out.flush();
            }
        }
        let (code, n) = literals.of_symbol(END);
        out.put(code, n);
    }
}

fn hash(word: u64) -> usize {
    ((word << (64 - 8 * SHORTEST)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS)) as usize
}

/// A prefix code: of each symbol its bits, and how many they are.
struct Codes<const N: usize> {
    lengths: [u8; N],
    both: [u32; N],
}

impl<const N: usize> Codes<N> {
    fn of(frequencies: &[u32; N], longest: usize) -> Self {
        let (mut lengths, mut codes) = ([0; N], [0; N]);
        huffman::lengths(frequencies, longest, &mut lengths);
        huffman::codes(&lengths, &mut codes);
        let mut both = [0; N];
        for ((both, &code), &length) in both.iter_mut().zip(&codes).zip(&lengths) {
            *both = u32::from(code) << 8 | u32::from(length);
        }
        Self { lengths, both }
    }

    fn of_symbol(&self, symbol: usize) -> (u64, u32) {
        let both = self.both[symbol];
        (u64::from(both >> 8), both & 0xFF)
    }
}

/// The lengths of both codes, told in a code of their own.
fn write_lengths(out: &mut Bits, literals: &[u8], distances: &[u8]) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let used = |lengths: &[u8], least: usize| {
        lengths.iter().rposition(|&length| length > 0).map_or(least, |last| (last + 1).max(least))
    };
    let (n_literals, n_distances) = (used(literals, 257), used(distances, 1));
    let all: Vec<u8> = [&literals[..n_literals], &distances[..n_distances]].concat();
    // Symbol, value of its extra bits, their number.
    let mut told: Vec<(usize, u64, u32)> = Vec::new();
    let mut frequencies = [0u32; 19];
    let mut at = 0;
    while at < all.len() {
        let length = all[at];
        let run = all[at..].iter().take_while(|&&next| next == length).count();
        let (symbol, extra, bits, n) = match (length, run) {
            (0, 11..) => (18, run.min(138) - 11, 7, run.min(138)),
            (0, 3..) => (17, run - 3, 3, run),
            (_, 4..) => {
                told.push((usize::from(length), 0, 0));
                (16, (run - 1).min(6) - 3, 2, 1 + (run - 1).min(6))
            }
            _ => (usize::from(length), 0, 0, 1),
        };
        told.push((symbol, extra as u64, bits));
        at += n;
    }
    for &(symbol, ..) in &told {
        frequencies[symbol] += 1;
    }
    let (mut lengths, mut codes) = ([0; 19], [0; 19]);
    huffman::lengths(&frequencies, 7, &mut lengths);
    huffman::codes(&lengths, &mut codes);
    let n = ORDER.iter().rposition(|&symbol| lengths[symbol] > 0).map_or(4, |last| (last + 1).max(4));
    out.put(n_literals as u64 - 257, 5);
    out.put(n_distances as u64 - 1, 5);
    out.put(n as u64 - 4, 4);
    for &symbol in &ORDER[..n] {
        out.put(u64::from(lengths[symbol]), 3);
    }
    for (symbol, extra, n) in told {
        out.put(u64::from(codes[symbol]), u32::from(lengths[symbol]));
        out.put(extra, n);
    }
}

/// Bits on their way to bytes, the first one lowest.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
    waiting: u64,
    n_waiting: u32,
}

impl Bits {
    fn clear(&mut self, capacity: usize) {
        if self.bytes.len() < capacity {
            self.bytes.resize(capacity, 0);
        }
        (self.len, self.waiting, self.n_waiting) = (0, 0, 0);
    }

    /// Adds bits; no more than 56 wait between two flushes.
    fn add(&mut self, bits: u64, n: u32) {
        self.waiting |= bits << self.n_waiting;
        self.n_waiting += n;
    }

    /// Writes all whole bytes.
    fn flush(&mut self) {
        self.bytes[self.len..self.len + 8].copy_from_slice(&self.waiting.to_le_bytes());
        let n = self.n_waiting / 8;
        self.len += n as usize;
        self.waiting >>= 8 * n;
        self.n_waiting %= 8;
    }

    fn put(&mut self, bits: u64, n: u32) {
        self.add(bits, n);
        self.flush();
    }

    /// An empty stored block: it ends with a byte.
    fn align(&mut self) {
        self.put(0, 3);
        self.n_waiting = self.n_waiting.next_multiple_of(8);
        self.flush();
        self.put(0xFFFF_0000, 32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What two readers that know nothing of each other make of it; both must see the end.
    fn check(text: &[u8]) -> usize {
        let deflated = Deflater::new().deflate(text);
        let stream = [&deflated[..], &[3, 0]].concat();
        let read = miniz_oxide::inflate::decompress_to_vec(&stream).expect("a stream");
        assert!(read == text);
        let mut inflate = flate2::Decompress::new(false);
        let mut read = Vec::with_capacity(text.len() + 64);
        let status = inflate.decompress_vec(&stream, &mut read, flate2::FlushDecompress::Finish).expect("a stream");
        assert!(status == flate2::Status::StreamEnd && read == text && inflate.total_in() == stream.len() as u64);
        deflated.len()
    }

    #[test]
    fn texts_of_all_sorts_come_back() {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32
        };
        for text in [vec![], vec![9], vec![9; 7], vec![9; 9], vec![9; 600_000], (0..=255).collect()] {
            check(&text);
        }
        // Bytes that do not deflate grow little.
        let noise: Vec<u8> = (0..700_000).map(|_| random() as u8).collect();
        assert!(check(&noise) < noise.len() + noise.len() / 50);
        // Letters so uneven that their codes must be cut short.
        let mut uneven: Vec<u8> = Vec::new();
        for letter in 0..20u8 {
            uneven.extend(std::iter::repeat_n(b'A' + letter, 1 << (19 - letter)));
        }
        check(&uneven);
        // The same row time and again, at the edge of the window and beyond it, and longer than a piece.
        for gap in [1, 257, 258, 259, 32_700, 32_768, 32_769, 300_000] {
            let filler: Vec<u8> = (0..gap).map(|_| b'a' + (random() % 26) as u8).collect();
            let row = b"\tabcdefgh\tijklmnop\t".repeat(20);
            let text = [&row[..], &filler, &row, &filler, &row].concat();
            let len = check(&text);
            assert!(len < row.len() + 3 * filler.len(), "{gap}");
        }
    }

    #[test]
    fn a_table_is_deflated_to_a_third_or_less() {
        let mut text = Vec::new();
        for n in 0..4_000u32 {
            let id = n.wrapping_mul(2_654_435_761);
            text.extend(
                format!("{id}\tD\tRedacted\tRedacted\t19{:02}-0{}-11\tF\tUNK\t207\tMOD\n", id % 90, id % 9).bytes(),
            );
        }
        assert!(check(&text) < text.len() / 3);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(cells in prop::collection::vec("[a-c\u{0}-\u{ff}]{0,40}", 0..60), picks in prop::collection::vec((0usize..60, 0usize..4), 0..2_000)) {
            let mut text = Vec::new();
            for (pick, end) in picks {
                text.extend_from_slice(cells.get(pick).map_or(&b"none"[..], |cell| cell.as_bytes()));
                text.push(b"\t\n \t"[end]);
            }
            check(&text);
        }

        #[test]
        fn codes_are_complete_and_no_longer_than_asked(frequencies in prop::collection::vec(0u32..1_000_000, 2..286), longest in 9usize..=15) {
            let mut lengths = vec![0; frequencies.len()];
            huffman::lengths(&frequencies, longest, &mut lengths);
            let used = frequencies.iter().filter(|&&n| n > 0).count();
            let kraft: usize = lengths.iter().filter(|&&length| length > 0).map(|&length| 1 << (15 - length)).sum();
            prop_assert!(lengths.iter().all(|&length| usize::from(length) <= longest));
            prop_assert_eq!(lengths.iter().filter(|&&length| length > 0).count(), used);
            if used > 1 {
                prop_assert_eq!(kraft, 1 << 15);
            }
        }
    }
}
