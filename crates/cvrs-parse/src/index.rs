//! The splitter: one pass over the bytes that notes where cells and lines end.
//!
//! All bytes below 0x20 are noted in one list, since in a good file they are exactly the separators; where each line
//! feed stands in that list is noted in a second. What is neither a tab, a line feed nor the carriage return before
//! one goes to a third list, `odd`, so that the good line needs no look at its bytes to know that its separators are
//! tabs. This is the "structural index" of simdjson, for a format without quoting.
//!
//! To whoever changes this: [`portable`] is the meaning; each faster tier must give the same lists.

mod blocks;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::{Header, Record, Tier};

/// Where cells and lines end in a buffer. Made once, used for many buffers: it keeps its memory.
#[derive(Clone, Debug)]
pub struct Index {
    tier: Tier,
    wants_edges: bool,
    /// Byte positions of everything below 0x20, after a first entry that stands for the byte before the buffer; for a
    /// last line without its line feed also the buffer's length. Longer than what is filled.
    separators: Vec<u32>,
    n_separators: usize,
    /// For each line, the place of its last entry in `separators`. Longer than what is filled.
    line_ends: Vec<u32>,
    n_lines: usize,
    odd: Vec<u32>,
    edges: Vec<u32>,
    has_high: bool,
    ends_with_line_feed: bool,
}

impl Default for Index {
    fn default() -> Self {
        Self::new(Tier::best())
    }
}

/// One line of an [`Index`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// 0-based number in the buffer.
    pub number: usize,
    /// Where the line starts, in bytes.
    pub start: usize,
    /// Where its content ends, before the line end, in bytes.
    pub end: usize,
    /// Where the next line starts, in bytes.
    pub next: usize,
    first_separator: usize,
    last_separator: usize,
    is_plain: bool,
}

impl Line {
    /// Whether nothing stands before the line end.
    pub const fn is_blank(&self) -> bool {
        self.start == self.end
    }

    /// Whether the line has a line feed.
    pub const fn is_terminated(&self) -> bool {
        self.next > self.end
    }

    /// Whether no control character but its tabs stands in it.
    pub const fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// How many cells it has, if it [is plain](Line::is_plain).
    pub const fn n_separators(&self) -> usize {
        self.last_separator - self.first_separator + 1
    }
}

impl Index {
    /// An empty index that uses the instructions of a tier.
    ///
    /// # Panics
    /// If this machine does not have the tier.
    pub fn new(tier: Tier) -> Self {
        assert!(tier.is_available(), "this machine has no {}", tier.name());
        Self {
            tier,
            wants_edges: false,
            separators: Vec::new(),
            n_separators: 0,
            line_ends: Vec::new(),
            n_lines: 0,
            odd: Vec::new(),
            edges: Vec::new(),
            has_high: false,
            ends_with_line_feed: true,
        }
    }

    /// The same, noting [edges](Index::edges) too.
    #[must_use]
    pub const fn with_edges(mut self, wanted: bool) -> Self {
        self.wants_edges = wanted;
        self
    }

    /// The instructions that it uses.
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// Notes the lines of `text`, which starts at a line's start; the last line may lack its line feed.
    ///
    /// Cost: one pass; memory of four bytes for each separator, kept for the next call.
    ///
    /// # Panics
    /// If `text` is 4 GiB - 1 or longer.
    pub fn build(&mut self, text: &[u8]) {
        assert!(text.len() < u32::MAX as usize, "a buffer is shorter than 4 GiB - 1");
        self.n_lines = 0;
        self.odd.clear();
        self.edges.clear();
        self.grow(1);
        // The byte before the buffer, so that a cell starts one after the entry before it, always.
        self.separators[0] = u32::MAX;
        match self.tier {
            #[cfg(target_arch = "x86_64")]
            Tier::Avx512 => x86::build_avx512(self, text),
            #[cfg(target_arch = "x86_64")]
            Tier::Avx2 => x86::build_avx2(self, text),
            #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
            Tier::Neon => neon::build(self, text),
            _ => blocks::build::<portable::Portable>(self, text),
        }
        self.ends_with_line_feed = text.last().is_none_or(|&last| last == b'\n');
        if !self.ends_with_line_feed {
            self.grow(self.n_separators);
            self.separators[self.n_separators] = text.len() as u32;
            self.grow_lines(self.n_lines);
            self.line_ends[self.n_lines] = self.n_separators as u32;
            self.n_lines += 1;
            self.n_separators += 1;
        }
    }

    /// Makes room for the positions of one more block.
    #[cold]
    fn grow(&mut self, filled: usize) {
        if self.separators.len() < filled + 64 {
            self.separators.resize((filled + 64).next_multiple_of(4096) * 2, 0);
        }
    }

    /// Makes room for the line ends of one more block.
    #[cold]
    fn grow_lines(&mut self, filled: usize) {
        if self.line_ends.len() < filled + 64 {
            self.line_ends.resize((filled + 64).next_multiple_of(512) * 2, 0);
        }
    }

    /// How many lines there are, blank ones included.
    pub const fn n_lines(&self) -> usize {
        self.n_lines
    }

    /// Whether every line has its line feed (an empty buffer: yes).
    pub const fn ends_with_line_feed(&self) -> bool {
        self.ends_with_line_feed
    }

    /// The byte positions of all separators.
    pub fn separators(&self) -> &[u32] {
        &self.separators[1.min(self.n_separators)..self.n_separators]
    }

    /// The separators of a line with what stands before it: a cell starts one (wrapping) after an entry and ends at
    /// the next. A carriage return before the line feed has an entry of its own.
    #[inline]
    pub fn window(&self, line: usize) -> &[u32] {
        let start = if line == 0 { 0 } else { self.line_ends[line - 1] as usize };
        &self.separators[start..=self.line_ends[line] as usize]
    }

    /// How many entries the [window](Index::window) of a line has besides its first, and the window followed by what
    /// the list holds after it, so that a reader can load a fixed number of entries at once.
    #[inline]
    pub fn window_and_more(&self, line: usize) -> (usize, &[u32]) {
        let start = if line == 0 { 0 } else { self.line_ends[line - 1] as usize };
        (self.line_ends[line] as usize - start, &self.separators[start..])
    }

    /// Fetches the beginning of a line of `text`, the buffer that was indexed, into the nearest cache, where the machine
    /// can be told to; nothing depends on it, and there need be no such line.
    #[inline]
    pub fn fetch(&self, text: &[u8], line: usize) {
        #[cfg(target_arch = "x86_64")]
        if line < self.n_lines {
            x86::fetch_line(text, self.window(line)[0].wrapping_add(1) as usize);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (text, line);
    }

    /// Positions of control characters that are neither separators nor part of a line end.
    pub fn odd(&self) -> &[u32] {
        &self.odd
    }

    /// Positions of blanks that start or end a cell and of double quotes that start one, if asked for.
    pub fn edges(&self) -> &[u32] {
        &self.edges
    }

    /// Whether any byte is above 0x7F. If none is, the text is UTF-8.
    pub const fn has_high(&self) -> bool {
        self.has_high
    }

    /// The lines of `text`, the buffer that was indexed, in order, blank ones included.
    pub const fn lines<'a>(&'a self, text: &'a [u8]) -> Lines<'a> {
        Lines { index: self, text, number: 0, start: 0, next_odd: 0 }
    }

    /// One line of `text`, the buffer that was indexed.
    ///
    /// # Panics
    /// If there is no such line.
    pub fn line(&self, text: &[u8], number: usize) -> Line {
        let window = self.window(number);
        let start = window[0].wrapping_add(1) as usize;
        let past = self.odd.partition_point(|&at| (at as usize) < start);
        let lines = Lines { index: self, text, number, start, next_odd: past };
        lines.into_iter().next().expect("the window is that of a line")
    }

    /// The record of one line. `cells` is scratch space for the rare line with control characters in it.
    pub fn record<'a>(&'a self, text: &'a [u8], header: &'a Header, line: Line, cells: &'a mut Vec<u32>) -> Record<'a> {
        if line.is_plain {
            let ends = &self.separators[line.first_separator..=line.last_separator];
            return Record::new(text, line.start, ends, header, false);
        }
        cells.clear();
        let noted = &self.separators[line.first_separator..=line.last_separator];
        cells.extend(noted.iter().filter(|&&at| (at as usize) < line.end && text[at as usize] == b'\t'));
        cells.push(line.end as u32);
        Record::new(text, line.start, cells, header, true)
    }
}

/// Iterator over the lines of an [`Index`].
#[derive(Clone)]
pub struct Lines<'a> {
    index: &'a Index,
    text: &'a [u8],
    number: usize,
    start: usize,
    next_odd: usize,
}

impl core::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Lines({} of {})", self.number, self.index.n_lines())
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    #[inline]
    fn next(&mut self) -> Option<Line> {
        let index = self.index;
        let separators = &index.separators;
        let mut last_separator = *index.line_ends[..index.n_lines].get(self.number)? as usize;
        let first_separator = if self.number == 0 { 1 } else { index.line_ends[self.number - 1] as usize + 1 };
        let stop = separators[last_separator] as usize;
        let is_terminated = self.number + 1 < index.n_lines || index.ends_with_line_feed;
        let next = if is_terminated { stop + 1 } else { stop };
        let mut is_plain = true;
        while index.odd.get(self.next_odd).is_some_and(|&at| (at as usize) < next) {
            is_plain = false;
            self.next_odd += 1;
        }
        let mut end = stop;
        if is_terminated && stop > self.start && self.text[stop - 1] == b'\r' {
            end -= 1;
            last_separator -= 1;
        }
        let line =
            Line { number: self.number, start: self.start, end, next, first_separator, last_separator, is_plain };
        self.number += 1;
        self.start = next;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow, obvious reading: lines at line feeds, cells at tabs, one carriage return before a line feed dropped.
    fn naive(text: &[u8]) -> Vec<Vec<&[u8]>> {
        let mut lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
        for line in &mut lines {
            *line = line.strip_suffix(b"\n").map_or(*line, |line| line.strip_suffix(b"\r").unwrap_or(line));
        }
        lines.into_iter().map(|line| line.split(|&byte| byte == b'\t').collect()).collect()
    }

    fn split(text: &[u8]) -> Vec<Vec<&[u8]>> {
        let header = Header::canonical(cvrs_spec::Version::V3);
        let mut index = Index::default();
        index.build(text);
        let record_cells = |line| {
            let mut cells = Vec::new();
            let record = index.record(text, &header, line, &mut cells);
            let ranges: Vec<_> = record.cells().map(|cell| cell.as_ptr() as usize - text.as_ptr() as usize).collect();
            let lengths: Vec<_> = record.cells().map(<[u8]>::len).collect();
            ranges.into_iter().zip(lengths).map(|(at, length)| &text[at..at + length]).collect::<Vec<_>>()
        };
        index.lines(text).map(record_cells).collect()
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            4 => Just(b'\t'), 2 => Just(b'\n'), 2 => Just(b'\r'), 1 => Just(0u8), 2 => Just(b'"'), 2 => Just(b' '),
            1 => Just(0x1Fu8), 6 => b' '..=b'~', 1 => any::<u8>()
        ];
        prop::collection::vec(byte, 0..400)
    }

    #[test]
    fn line_ends_may_be_lf_crlf_or_missing() {
        assert_eq!(split(b"a\tb\nc\td\r\ne\tf"), [[b"a", b"b"], [b"c", b"d"], [b"e", b"f"]]);
        assert_eq!(split(b""), Vec::<Vec<&[u8]>>::new());
        assert_eq!(split(b"\n\r\n"), [[b""], [b""]]);
    }

    #[test]
    fn a_lone_carriage_return_is_a_character() {
        assert_eq!(split(b"a\rb\tc\n"), [[&b"a\rb"[..], b"c"]]);
        assert_eq!(split(b"a\r\r\n"), [[b"a\r"]]);
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_the_obvious_splitter(text in text()) {
            prop_assert_eq!(split(&text), naive(&text));
        }

        #[test]
        fn the_index_agrees_with_the_csv_crate(text in text()) {
            // The csv crate takes a lone carriage return for a line end and drops blank lines.
            let text: Vec<u8> = text.into_iter().filter(|&byte| byte != b'\r').collect();
            let mut reader = csv::ReaderBuilder::new();
            reader.delimiter(b'\t').quoting(false).has_headers(false).flexible(true);
            let theirs: Vec<Vec<Vec<u8>>> = reader
                .from_reader(&text[..])
                .into_byte_records()
                .map(|record| record.expect("bytes").iter().map(<[u8]>::to_vec).collect())
                .collect();
            let ours: Vec<_> = split(&text).into_iter().filter(|cells| *cells != [b""]).collect();
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn every_tier_gives_the_same_lists(text in text(), times in 1usize..4) {
            let text = text.repeat(times);
            for wants_edges in [false, true] {
                let mut portable = Index::new(Tier::Portable).with_edges(wants_edges);
                portable.build(&text);
                for tier in Tier::available() {
                    let mut index = Index::new(tier).with_edges(wants_edges);
                    index.build(&text);
                    prop_assert_eq!(index.separators(), portable.separators());
                    prop_assert_eq!(&index.line_ends[..index.n_lines], &portable.line_ends[..portable.n_lines]);
                    prop_assert_eq!(index.odd(), portable.odd());
                    prop_assert_eq!(index.edges(), portable.edges());
                    prop_assert_eq!(index.has_high(), portable.has_high());
                }
            }
        }

        #[test]
        fn edges_are_the_outer_blanks_and_opening_quotes_of_cells(text in text()) {
            let mut index = Index::default().with_edges(true);
            index.build(&text);
            let is_low = |at: usize| text.get(at).is_none_or(|&byte| byte < 0x20);
            let is_edge = |at: &usize| match text[*at] {
                b' ' => *at == 0 || is_low(at - 1) || is_low(at + 1),
                b'"' => *at == 0 || is_low(at - 1),
                _ => false,
            };
            let naive: Vec<u32> = (0..text.len()).filter(is_edge).map(|at| at as u32).collect();
            prop_assert_eq!(index.edges(), naive);
            prop_assert_eq!(index.has_high(), !text.is_ascii());
        }

        #[test]
        fn windows_hold_the_separators_of_their_lines(text in text()) {
            let mut index = Index::default();
            index.build(&text);
            for line in index.lines(&text) {
                let window = index.window(line.number);
                prop_assert_eq!(window[0].wrapping_add(1) as usize, line.start);
                prop_assert_eq!(window[window.len() - 1] as usize + usize::from(line.is_terminated()), line.next);
            }
        }

        #[test]
        fn plain_lines_have_only_tabs_between_their_cells(text in text()) {
            let mut index = Index::default();
            index.build(&text);
            for line in index.lines(&text) {
                let content = &text[line.start..line.end];
                prop_assert_eq!(line.is_plain(), content.iter().all(|&byte| byte >= 0x20 || byte == b'\t'));
                if line.is_plain() {
                    prop_assert_eq!(line.n_separators(), content.split(|&byte| byte == b'\t').count());
                }
            }
        }
    }
}
