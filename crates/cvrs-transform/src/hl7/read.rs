//! Records out of messages: one lenient reader for every dialect, line end and envelope.
//!
//! ```text
//! bytes ─ lines (CR, LF, CRLF, MLLP marks) ─ segments ─┬ MSH … up to the next header or trailer: a message ─→ rows
//!                                                      └ FHS BHS BTS FTS: the envelope, whose counts are compared
//! ```
//!
//! Bytes come in pieces of any size; what is held is the message that is not complete yet.

use super::Dialect;
use super::message::{Delimiters, Segment, is_header};
use super::notice::{Notice, NoticeKind};
use super::read_message::MessageReader;
use cvrs_codes::CodeSets;
use cvrs_spec::Version;
use memchr::{memchr, memchr2};

/// A message longer than this is none, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// What becomes of records that ask for deletion (RXA-21 = D).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deletes {
    /// They are rows of a text of their own.
    #[default]
    Apart,
    /// They are rows like any other.
    AsRows,
}

/// How messages are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// The dialect, if told; it decides the order of names.
    pub dialect: Option<Dialect>,
    /// Whether rows are of version 1, which alone knows missed appointments.
    pub is_v1: bool,
    /// Whether an event without an id gets one made from its record.
    pub makes_event_ids: bool,
    /// Whether required codes that stay empty are filled with the one for unknown, and a missing CVX from its NDC.
    pub fills_defaults: bool,
    /// What becomes of deletes.
    pub deletes: Deletes,
    /// The code sets for `fills_defaults`; the built-in ones if none are given.
    pub codes: Option<&'static CodeSets>,
}

impl ReadOptions {
    /// The version of the rows.
    pub const fn version(&self) -> Version {
        if self.is_v1 { Version::V1 } else { Version::V3 }
    }
}

/// Rows that have been read: CVRS lines without a header, and the line of the MSH that each comes from.
#[derive(Debug, Default)]
pub struct ReadRows {
    /// The lines, each with its line feed.
    pub text: Vec<u8>,
    /// For each of them the line of its message's MSH.
    pub lines: Vec<u64>,
    /// Rows that ask for deletion, where they are kept apart.
    pub deletes: Vec<u8>,
    /// What there is to say.
    pub notices: Vec<Notice>,
}

impl ReadRows {
    /// Forgets all of it; memory stays.
    pub fn clear(&mut self) {
        self.text.clear();
        self.lines.clear();
        self.deletes.clear();
        self.notices.clear();
    }
}

/// What a reader has read so far. Doses are rows, deletes, no events and missed appointments together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadTotals {
    /// Messages.
    pub messages: u64,
    /// RXA segments.
    pub doses: u64,
    /// Rows.
    pub rows: u64,
    /// Rows that ask for deletion, kept apart.
    pub deletes: u64,
    /// RXA segments that are no event.
    pub no_events: u64,
    /// Missed appointments that the version does not know.
    pub missed: u64,
}

impl ReadTotals {
    /// Whether every RXA is accounted for.
    pub const fn is_conserved(&self) -> bool {
        self.doses == self.rows + self.deletes + self.no_events + self.missed
    }
}

/// A message is longer than [`MAX_MESSAGE_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageTooLong {
    /// The line of its MSH.
    pub line: u64,
}

impl std::fmt::Display for MessageTooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the HL7 message at line {} is longer than 64 MiB; look for missing line ends", self.line)
    }
}

impl std::error::Error for MessageTooLong {}

/// Reads messages piece by piece.
#[derive(Debug)]
pub struct Reader {
    /// What has come and is not done with.
    held: Vec<u8>,
    /// How much of it has been cut into segments.
    scanned: usize,
    /// The line of the next byte, and whether the last line end was a CR that an LF may follow.
    line: u64,
    is_after_cr: bool,
    is_at_start: bool,
    /// The segments of the message that is not complete, as ranges of `held`.
    segments: Vec<(u32, u32)>,
    message_line: u64,
    envelope: Envelope,
    messages: MessageReader,
}

/// What is counted of batches and files.
#[derive(Debug, Default)]
struct Envelope {
    delimiters: Option<Delimiters>,
    is_in_batch: bool,
    is_in_file: bool,
    /// Messages since the last BHS, or since the last FHS without one.
    messages: u64,
    batches: u64,
    line: u64,
    has_message: bool,
}

impl Reader {
    /// A reader at the start of a text.
    pub fn new(options: ReadOptions) -> Self {
        Self {
            held: Vec::new(),
            scanned: 0,
            line: 1,
            is_after_cr: false,
            is_at_start: true,
            segments: Vec::new(),
            message_line: 0,
            envelope: Envelope::default(),
            messages: MessageReader::new(options),
        }
    }

    /// The header line of the rows, with its line feed.
    pub fn header_line(&self) -> Vec<u8> {
        let columns = self.messages.options().version().columns();
        let names: Vec<&str> = columns.iter().map(|field| field.name()).collect();
        (names.join("\t") + "\n").into_bytes()
    }

    /// What has been read so far.
    pub const fn totals(&self) -> ReadTotals {
        self.messages.totals()
    }

    /// Takes the next piece of the text and appends what it completes to `out`.
    ///
    /// # Errors
    /// A message that is too long to be one.
    pub fn feed(&mut self, piece: &[u8], out: &mut ReadRows) -> Result<(), MessageTooLong> {
        self.held.extend_from_slice(piece);
        while let Some(at) = memchr2(b'\r', b'\n', &self.held[self.scanned..]) {
            let (start, end) = (self.scanned, self.scanned + at);
            let byte = self.held[end];
            let is_second_half = byte == b'\n' && at == 0 && self.is_after_cr;
            self.is_after_cr = byte == b'\r';
            self.scanned = end + 1;
            if !is_second_half {
                self.segment(start, end, out);
                self.line += 1;
            }
        }
        self.forget()
    }

    /// Takes what stands after the last line end, and ends the text.
    ///
    /// # Errors
    /// As [`Reader::feed`].
    pub fn finish(&mut self, out: &mut ReadRows) -> Result<ReadTotals, MessageTooLong> {
        let (start, end) = (self.scanned, self.held.len());
        self.scanned = end;
        self.segment(start, end, out);
        self.complete(out);
        self.end_batch(None, out);
        self.end_file(None, out);
        self.forget()?;
        Ok(self.totals())
    }

    /// Drops what is done with.
    fn forget(&mut self) -> Result<(), MessageTooLong> {
        let keep = self.segments.first().map_or(self.scanned, |&(start, _)| start as usize);
        self.held.drain(..keep);
        self.scanned -= keep;
        for (start, end) in &mut self.segments {
            *start -= keep as u32;
            *end -= keep as u32;
        }
        if self.held.len() > MAX_MESSAGE_BYTES {
            let line = if self.segments.is_empty() { self.line } else { self.message_line };
            return Err(MessageTooLong { line });
        }
        Ok(())
    }

    /// Takes one line.
    fn segment(&mut self, start: usize, end: usize, out: &mut ReadRows) {
        let (mut start, mut end) = (start, end);
        if self.is_at_start && self.held[start..end].starts_with(cvrs_parse::BOM) {
            start += cvrs_parse::BOM.len();
        }
        // The marks of MLLP stand around a message, and blanks before a segment are a mistake of copying.
        let is_mark = |byte: u8| matches!(byte, 0x0B | 0x1C | b' ');
        while start < end && is_mark(self.held[start]) {
            start += 1;
        }
        while start < end && matches!(self.held[end - 1], 0x0B | 0x1C) {
            end -= 1;
        }
        if start == end {
            return;
        }
        self.is_at_start = false;
        let text = &self.held[start..end];
        match text.get(..3) {
            Some(b"MSH") if is_header(text) => {
                self.complete(out);
                self.envelope.messages += 1;
                self.envelope.has_message = true;
                self.message_line = self.line;
                self.segments.push((start as u32, end as u32));
            }
            Some(b"FHS") if is_header(text) => {
                let delimiters = Delimiters::of(text);
                self.complete(out);
                self.end_batch(None, out);
                self.end_file(None, out);
                self.envelope = Envelope { delimiters: Some(delimiters), is_in_file: true, ..Envelope::default() };
                self.envelope.line = self.line;
            }
            Some(b"BHS") if is_header(text) => {
                let delimiters = Delimiters::of(text);
                self.complete(out);
                self.end_batch(None, out);
                self.envelope.delimiters = Some(delimiters);
                self.envelope.is_in_batch = true;
                self.envelope.messages = 0;
                self.envelope.line = self.line;
            }
            Some(name @ (b"BTS" | b"FTS")) if !text.get(3).is_some_and(u8::is_ascii_alphanumeric) => {
                let is_batch = name == b"BTS";
                let delimiters = self.envelope.delimiters.unwrap_or_else(|| Delimiters::of(b"MSH|^~\\&|"));
                let told = Segment::new(text, delimiters).field(1);
                let told = std::str::from_utf8(told).ok().and_then(|told| told.trim().parse().ok());
                self.complete(out);
                if is_batch {
                    self.envelope.is_in_batch = true;
                    self.end_batch(told, out);
                } else {
                    self.end_batch(None, out);
                    self.envelope.is_in_file = true;
                    self.end_file(told, out);
                }
            }
            _ if self.segments.is_empty() => {
                let notice = Notice { kind: NoticeKind::Stray, line: self.line, dose: 0, field: None };
                out.notices.push(notice);
            }
            _ => self.segments.push((start as u32, end as u32)),
        }
    }

    /// Reads the message that has come to its end, if there is one.
    fn complete(&mut self, out: &mut ReadRows) {
        if !self.segments.is_empty() {
            self.messages.read(&self.held, &self.segments, self.message_line, out);
            self.segments.clear();
        }
    }

    /// Ends a batch with the count that its trailer tells; `None` without a trailer or a number in it.
    fn end_batch(&mut self, told: Option<u64>, out: &mut ReadRows) {
        if !self.envelope.is_in_batch {
            return;
        }
        if told != Some(self.envelope.messages) {
            out.notices.push(Notice { kind: NoticeKind::Count, line: self.line, dose: 0, field: None });
        }
        self.envelope.is_in_batch = false;
        self.envelope.messages = 0;
        self.envelope.batches += 1;
    }

    /// Ends a file with the count of batches that its trailer tells.
    fn end_file(&mut self, told: Option<u64>, out: &mut ReadRows) {
        if !self.envelope.is_in_file {
            return;
        }
        if told != Some(self.envelope.batches) {
            out.notices.push(Notice { kind: NoticeKind::Count, line: self.line, dose: 0, field: None });
        }
        self.envelope = Envelope::default();
    }
}

/// Whether a text begins as HL7 does, whatever stands around it: marks, blank lines, a byte order mark, and segments that
/// belong to no message because the first header segment comes behind them.
pub fn is_hl7(head: &[u8]) -> bool {
    let head = head.strip_prefix(cvrs_parse::BOM).unwrap_or(head);
    let start = head.iter().position(|&byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x0C | 0x1C));
    let Some(start) = start else { return false };
    let text = &head[start..];
    let is_trailer = || {
        matches!(text.get(..3), Some(b"BTS" | b"FTS"))
            && text.get(3).is_some_and(|byte| byte.is_ascii_punctuation() && *byte != b'_')
    };
    let line = &text[..memchr(b'\n', text).unwrap_or(text.len())];
    is_header(text) || (is_trailer() && memchr(b'\t', line).is_none()) || (is_segment(text) && has_header_below(text))
}

/// Whether a line can be a segment: a name of three letters or digits, and a separator that is none.
fn is_segment(line: &[u8]) -> bool {
    matches!(line, [first, second, third, separator, ..]
        if first.is_ascii_uppercase()
            && [second, third].into_iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && separator.is_ascii_punctuation()
            && *separator != b'_')
}

/// Whether a later line begins a message, a batch or a file.
fn has_header_below(text: &[u8]) -> bool {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let is_mark = |byte: &&u8| matches!(byte, 0x0B | 0x1C | b' ');
    text.split(is_end).any(|line| is_header(&line[line.iter().take_while(is_mark).count()..]))
}
