//! Comma-separated text as tab-delimited text.
//!
//! The dialect is that of RFC 4180 as spreadsheets write it: a cell may stand in double quotes, a quote inside is doubled,
//! rows end in LF, CRLF or CR. Elsewhere a quote is an ordinary character. Tabs and line breaks within a cell, which no
//! cell of CVRS can hold, become blanks, a CRLF one of them; blank lines stay blank lines.
//!
//! ```text
//!            ┌─ " ─→ Quoted ─ " ─→ Closed ─ " ─→ Quoted, and a quote
//! cell starts┤                       └─ other ─→ Plain
//!            └─ other ─→ Plain ─ delimiter, line end ─→ the next cell starts
//! ```

use cvrs_parse::BOM;

/// The rows made of some bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvRows {
    /// Lines of cells with tabs between, each with its line feed but perhaps the last, which may not be complete.
    pub text: Vec<u8>,
    /// For each line that was begun, on which line of the input that was, the first being 1.
    pub lines: Vec<u64>,
}

impl CsvRows {
    /// Makes room for the next.
    pub fn clear(&mut self) {
        self.text.clear();
        self.lines.clear();
    }
}

/// A cell in quotes has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenQuote {
    /// The line on which the row begins, the first being 1.
    pub line: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many bytes of a byte order mark have been read.
    Start(usize),
    RowStart,
    CellStart,
    Plain,
    Quoted,
    /// After a quote within quotes.
    Closed,
}

/// Reads CSV in pieces. Memory: nothing but what it hands out.
#[derive(Clone, Debug)]
pub struct CsvReader {
    delimiter: u8,
    max_row_bytes: usize,
    state: State,
    /// The line that is being read.
    line: u64,
    /// Where the row began.
    row_line: u64,
    row_bytes: usize,
    /// Whether the last byte was a CR, whose LF is a part of it.
    is_after_return: bool,
    has_break: bool,
    n_mended: u64,
}

impl CsvReader {
    /// A reader of cells with that byte between. A row with a quote that is not closed is given up beyond
    /// `max_row_bytes`.
    pub const fn new(delimiter: u8, max_row_bytes: usize) -> Self {
        Self {
            delimiter,
            max_row_bytes,
            state: State::Start(0),
            line: 1,
            row_line: 1,
            row_bytes: 0,
            is_after_return: false,
            has_break: false,
            n_mended: 0,
        }
    }

    /// In how many cells tabs and line breaks have become blanks.
    pub const fn n_mended(&self) -> u64 {
        self.n_mended
    }

    /// Reads the next piece, and appends what comes of it.
    ///
    /// # Errors
    /// A row that is longer than it may be, within quotes.
    pub fn feed(&mut self, mut piece: &[u8], rows: &mut CsvRows) -> Result<(), OpenQuote> {
        while let Some((&byte, rest)) = piece.split_first() {
            match self.state {
                State::Start(n) if byte == BOM[n] => {
                    self.state = if n + 1 == BOM.len() { State::RowStart } else { State::Start(n + 1) };
                    piece = rest;
                }
                State::Start(n) => {
                    self.state = State::RowStart;
                    self.begin_mark(n, rows);
                }
                State::RowStart if byte == b'\n' && self.is_after_return => {
                    self.is_after_return = false;
                    piece = rest;
                }
                State::RowStart => {
                    self.is_after_return = false;
                    self.begin_row(rows);
                    self.state = State::CellStart;
                }
                State::CellStart | State::Closed if byte == b'"' => {
                    if self.state == State::Closed {
                        rows.text.push(b'"');
                    }
                    self.state = State::Quoted;
                    piece = rest;
                }
                State::CellStart | State::Plain | State::Closed => piece = self.plain(piece, rows),
                State::Quoted => piece = self.quoted(piece, rows)?,
            }
        }
        Ok(())
    }

    /// Ends the text. A last row without a line end gets one.
    ///
    /// # Errors
    /// A cell in quotes that is still open.
    pub fn finish(&mut self, rows: &mut CsvRows) -> Result<(), OpenQuote> {
        match self.state {
            State::Start(n) => self.begin_mark(n, rows),
            State::Quoted => return Err(OpenQuote { line: self.row_line }),
            _ => {}
        }
        if self.state != State::RowStart && self.state != State::Start(0) {
            self.end_cell();
            rows.text.push(b'\n');
            self.state = State::RowStart;
        }
        Ok(())
    }

    fn begin_row(&mut self, rows: &mut CsvRows) {
        rows.lines.push(self.line);
        self.row_line = self.line;
        self.row_bytes = 0;
    }

    /// What began like a byte order mark and is none.
    fn begin_mark(&mut self, n: usize, rows: &mut CsvRows) {
        if n > 0 {
            self.begin_row(rows);
            rows.text.extend_from_slice(&BOM[..n]);
            self.state = State::Plain;
        }
    }

    fn end_cell(&mut self) {
        self.n_mended += u64::from(std::mem::take(&mut self.has_break));
    }

    /// Reads on outside of quotes, up to the end of the cell.
    fn plain<'p>(&mut self, piece: &'p [u8], rows: &mut CsvRows) -> &'p [u8] {
        let is_end = |byte: &u8| *byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        let end = piece.iter().position(is_end);
        self.push(&piece[..end.unwrap_or(piece.len())], rows);
        self.state = State::Plain;
        let Some(end) = end else { return &[] };
        self.end_cell();
        if piece[end] == self.delimiter {
            rows.text.push(b'\t');
            self.state = State::CellStart;
        } else {
            rows.text.push(b'\n');
            self.line += 1;
            self.is_after_return = piece[end] == b'\r';
            self.state = State::RowStart;
        }
        &piece[end + 1..]
    }

    /// Reads on within quotes, up to the next quote.
    fn quoted<'p>(&mut self, piece: &'p [u8], rows: &mut CsvRows) -> Result<&'p [u8], OpenQuote> {
        let end = piece.iter().position(|&byte| byte == b'"');
        let text = &piece[..end.unwrap_or(piece.len())];
        self.row_bytes += text.len();
        if self.row_bytes > self.max_row_bytes {
            return Err(OpenQuote { line: self.row_line });
        }
        self.push(text, rows);
        let Some(end) = end else { return Ok(&[]) };
        self.is_after_return = false;
        self.state = State::Closed;
        Ok(&piece[end + 1..])
    }

    /// Appends a part of a cell.
    fn push(&mut self, text: &[u8], rows: &mut CsvRows) {
        if !text.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r')) {
            self.is_after_return &= text.is_empty();
            return rows.text.extend_from_slice(text);
        }
        self.has_break = true;
        for &byte in text {
            let is_rest = byte == b'\n' && self.is_after_return;
            self.is_after_return = byte == b'\r';
            self.line += u64::from(matches!(byte, b'\n' | b'\r') && !is_rest);
            if !is_rest {
                rows.text.push(if matches!(byte, b'\t' | b'\n' | b'\r') { b' ' } else { byte });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8], piece: usize) -> Result<(CsvRows, u64), OpenQuote> {
        let (mut reader, mut rows) = (CsvReader::new(b',', 1 << 10), CsvRows::default());
        for piece in text.chunks(piece) {
            reader.feed(piece, &mut rows)?;
        }
        reader.finish(&mut rows)?;
        Ok((rows, reader.n_mended()))
    }

    #[test]
    fn cells_come_out_of_their_quotes() {
        for (text, expected) in [
            ("", ""),
            ("a,b\n1,2", "a\tb\n1\t2\n"),
            ("\u{feff}\"a\",\"b\"\r\n", "a\tb\n"),
            ("\"a, \"\"b\"\"\",c\n", "a, \"b\"\tc\n"),
            ("5\" needle,\"\",\"\"\"\"\n", "5\" needle\t\t\"\n"),
            ("\"a\"b\"c,d\n", "ab\"c\td\n"),
            ("a\r\n\r\nb\r", "a\n\nb\n"),
            ("\"a\r\nb\tc\nd\",e\tf\n", "a b c d\te f\n"),
            ("\u{e9},\u{ef}\n", "\u{e9}\t\u{ef}\n"),
            ("a,", "a\t\n"),
        ] {
            for piece in [1, 2, 3, 100] {
                let (rows, _) = read(text.as_bytes(), piece).expect("quotes in pairs");
                assert_eq!(String::from_utf8_lossy(&rows.text), expected, "{text:?}");
            }
        }
        // What begins like a byte order mark and is none is a part of the first cell.
        for n in 1..3 {
            assert_eq!(read(&BOM[..n], 1).expect("a row").0.text, [&BOM[..n], b"\n"].concat());
        }
        assert_eq!(read(b"\"a\r\nb\tc\",e\tf,g\n", 1).expect("a row").1, 2);
    }

    #[test]
    fn an_open_quote_is_told_with_the_line_of_its_row() {
        assert_eq!(read(b"a,b\n\"c\nd\",e\n1,\"2\n3,4\n", 5), Err(OpenQuote { line: 4 }));
        // As soon as the row is longer than it may be.
        let long = [&b"a\n\""[..], &[b'x'; 2000], b"\"\n"].concat();
        assert_eq!(read(&long, 100), Err(OpenQuote { line: 2 }));
    }

    /// Text of what matters to a reader of CSV.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let bytes = prop_oneof![
            4 => prop::sample::select(&b"\",\n\r\tab"[..]),
            1 => any::<u8>(),
        ];
        prop::collection::vec(bytes, 0..60)
    }

    proptest! {
        /// The csv crate reads the same cells. It leaves blank lines out, and does not tell of a quote that is open.
        #[test]
        fn the_cells_are_those_of_another_reader(text in text()) {
            let Ok((rows, _)) = read(&text, 7) else { return Ok(()) };
            let mut other = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&text[..]);
            let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let mended = |cell: &[u8]| shown(cell).replace("\r\n", "\n").replace(['\t', '\r', '\n'], " ");
            let records = other.byte_records().map(|record| record.expect("bytes"));
            let lines = records.map(|record| record.iter().map(mended).collect::<Vec<_>>().join("\t"));
            let expected: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
            let lines = rows.text.split(|&byte| byte == b'\n').map(shown);
            prop_assert_eq!(lines.filter(|line| !line.is_empty()).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn pieces_do_not_show_and_lines_are_those_of_the_text(text in text(), piece in 1usize..20) {
            let whole = read(&text, usize::MAX);
            prop_assert_eq!(&whole, &read(&text, piece));
            let Ok((rows, _)) = whole else { return Ok(()) };
            prop_assert_eq!(rows.lines.len() + 1, rows.text.split(|&byte| byte == b'\n').count());
            prop_assert!(rows.lines.is_sorted());
            // Each line begins where a line of the input does.
            let text = text.strip_prefix(BOM).unwrap_or(&text);
            let ends = text.iter().enumerate().filter(|(at, byte)| match byte {
                b'\n' => *at == 0 || text[at - 1] != b'\r',
                byte => **byte == b'\r',
            });
            prop_assert!(rows.lines.last().is_none_or(|&last| last <= ends.count() as u64 + 1));
        }
    }
}
