//! A stream of HL7 as a stream of CVRS text, and the lines that its rows come from.

use super::{ReadOptions, ReadRows, ReadTotals, Reader};
use std::io::{self, Read};

/// How much is read at a time, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// Reads CVRS text, header line and rows, out of a reader of HL7.
///
/// `take` is shown what each piece gave besides the text that is read: it may keep lines, deletes and notices, and stops
/// the reading with an error. With the last piece it is told that the text has ended. Nothing is given before the first row, so that
/// nothing comes of a text that `take` refuses.
pub struct CvrsText<R, F> {
    source: R,
    take: F,
    reader: Reader,
    rows: ReadRows,
    header: Option<Vec<u8>>,
    piece: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
    has_ended: bool,
}

impl<R, F> std::fmt::Debug for CvrsText<R, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CvrsText").field("totals", &self.reader.totals()).finish_non_exhaustive()
    }
}

impl<R: Read, F: FnMut(&ReadRows, ReadTotals, bool) -> io::Result<()>> CvrsText<R, F> {
    /// Reads `source` as the options say.
    pub fn new(source: R, options: ReadOptions, take: F) -> Self {
        let reader = Reader::new(options);
        Self {
            source,
            take,
            header: Some(reader.header_line()),
            reader,
            rows: ReadRows::default(),
            piece: vec![0; PIECE_BYTES],
            ready: Vec::new(),
            at: 0,
            has_ended: false,
        }
    }

    /// Reads on until there are rows, or the text ends.
    fn fill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        while self.ready.is_empty() && !self.has_ended {
            let read = match self.source.read(&mut self.piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.rows.clear();
            let too_long = |error| io::Error::new(io::ErrorKind::InvalidData, error);
            if read == 0 {
                self.has_ended = true;
                self.reader.finish(&mut self.rows).map_err(too_long)?;
            } else {
                self.reader.feed(&self.piece[..read], &mut self.rows).map_err(too_long)?;
            }
            (self.take)(&self.rows, self.reader.totals(), self.has_ended)?;
            if !self.rows.text.is_empty() || self.has_ended {
                self.ready.extend(self.header.take().unwrap_or_default());
            }
            self.ready.extend_from_slice(&self.rows.text);
        }
        Ok(())
    }
}

impl<R: Read, F: FnMut(&ReadRows, ReadTotals, bool) -> io::Result<()>> Read for CvrsText<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            self.fill()?;
        }
        let read = (&self.ready[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

/// The line of the MSH of each row: mostly a byte a row, since messages are short.
#[derive(Debug, Default)]
pub struct LineMap {
    /// How much larger each is than the one before, seven bits a byte, the lowest first.
    steps: Vec<u8>,
    /// Of every so many rows where their steps begin, and the line before.
    marks: Vec<(usize, u64)>,
    n_rows: u64,
    last: u64,
}

/// How many rows are between marks.
const MARK_ROWS: u64 = 512;

impl LineMap {
    /// Adds the line of the next row, which is not before that of the last one.
    pub fn push(&mut self, line: u64) {
        if self.n_rows.is_multiple_of(MARK_ROWS) {
            self.marks.push((self.steps.len(), self.last));
        }
        let mut step = line - self.last;
        while step >= 0x80 {
            self.steps.push(step as u8 | 0x80);
            step >>= 7;
        }
        self.steps.push(step as u8);
        self.n_rows += 1;
        self.last = line;
    }

    /// The line of a line of the CVRS text, the header being line 1: for that 1, beyond the last row that of the last.
    pub fn line(&self, line: u64) -> u64 {
        let Some(row) = line.checked_sub(2) else { return 1 };
        if row >= self.n_rows {
            return self.last;
        }
        let (start, before) = self.marks[(row / MARK_ROWS) as usize];
        let (mut line, mut left, mut shift) = (before, row % MARK_ROWS + 1, 0);
        for &byte in &self.steps[start..] {
            line += u64::from(byte & 0x7F) << shift;
            shift = if byte & 0x80 == 0 { 0 } else { shift + 7 };
            left -= u64::from(shift == 0);
            if left == 0 {
                break;
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_that_were_noted() {
        let mut map = LineMap::default();
        let lines: Vec<u64> = (0..5000u64).map(|row| row / 3 * 9 + row / 1000 * 1_000_000 + 1).collect();
        for &line in &lines {
            map.push(line);
        }
        for (row, &line) in lines.iter().enumerate() {
            assert_eq!(map.line(row as u64 + 2), line);
        }
        assert_eq!((map.line(1), map.line(9999)), (1, map.last));
        assert!(map.steps.len() < 5100);
    }
}
