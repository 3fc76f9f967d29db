//! How long a text is in lines, told while it is read, so that what nobody could have meant is refused at once.

use cvrs_api::limit::MAX_RECORDS;

/// Lines of an upload at most: for each record some empty ones, and no more.
pub(crate) const MAX_LINES: u64 = 1_000_000;

/// The longest line of an upload, in bytes. Each thread that checks holds one at least.
pub(crate) const MAX_LINE_BYTES: u64 = 4 << 20;

/// What a text has too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// Records.
    Rows,
    /// Lines, most of them empty.
    Lines,
    /// Bytes in one line.
    Line,
}

/// Counts lines, and those with something before their end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineCount {
    lines: u64,
    filled: u64,
    line_bytes: u64,
    last: u8,
}

impl LineCount {
    /// Counts what comes next, up to the first excess.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Option<Excess> {
        let &last = bytes.last()?;
        let mut from = 0;
        for at in memchr::memchr_iter(b'\n', bytes) {
            let before = if at > 0 { bytes[at - 1] } else { self.last };
            let length = self.line_bytes + (at - from) as u64;
            self.filled += u64::from(length > 1 || (length == 1 && before != b'\r'));
            self.lines += 1;
            (from, self.line_bytes) = (at + 1, 0);
            if let Some(excess) = self.judge(length) {
                return Some(excess);
            }
        }
        self.line_bytes += (bytes.len() - from) as u64;
        self.last = last;
        self.judge(self.line_bytes)
    }

    fn judge(&self, length: u64) -> Option<Excess> {
        // The header line is one of those that are filled.
        if self.filled > MAX_RECORDS + 1 {
            return Some(Excess::Rows);
        }
        if length > MAX_LINE_BYTES {
            return Some(Excess::Line);
        }
        (self.lines > MAX_LINES).then_some(Excess::Lines)
    }

    /// Data records so far, the text having ended.
    pub(super) const fn records(&self) -> u64 {
        (self.filled + (self.line_bytes > 0) as u64).saturating_sub(1)
    }

    /// Counts without a limit.
    pub(super) fn count(&mut self, mut bytes: &[u8]) {
        // An excess ends a step; what the step has not looked at is looked at in the next.
        while !bytes.is_empty() {
            let (line, rest) = match memchr::memchr(b'\n', bytes) {
                Some(at) => bytes.split_at(at + 1),
                None => (bytes, &[][..]),
            };
            self.feed(line);
            bytes = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &[u8], piece: usize) -> u64 {
        let mut count = LineCount::default();
        for piece in text.chunks(piece) {
            assert_eq!(count.feed(piece), None);
        }
        let mut slowly = LineCount::default();
        text.chunks(piece).for_each(|piece| slowly.count(piece));
        assert_eq!(count.records(), slowly.records());
        count.records()
    }

    #[test]
    fn empty_lines_are_no_records_however_the_text_comes_in() {
        let text = b"h\r\n\r\n\n1\r\n\r\r\n2\n\n3";
        for piece in 1..=text.len() {
            assert_eq!(records(text, piece), 4, "{piece}");
        }
        assert_eq!(records(b"h\n", 1), 0);
        assert_eq!(LineCount::default().records(), 0);
    }

    #[test]
    fn each_excess_is_told_at_its_first_byte() {
        let mut count = LineCount::default();
        for _ in 0..=MAX_RECORDS {
            assert_eq!(count.feed(b"x\n"), None);
        }
        assert_eq!(count.feed(b"x\n"), Some(Excess::Rows));
        let mut count = LineCount::default();
        assert_eq!(count.feed(&vec![b'\n'; MAX_LINES as usize]), None);
        assert_eq!(count.feed(b"\n"), Some(Excess::Lines));
        let mut count = LineCount::default();
        assert_eq!(count.feed(&vec![b'x'; MAX_LINE_BYTES as usize]), None);
        assert_eq!(count.feed(b"x"), Some(Excess::Line));
    }
}
