//! The text of a body: the rules for zips, and whether it is CVRS at all.

use super::hl7::{Kind, as_cvrs};
use super::lines::LineCount;
use super::unpack::{Counting, Guard};
use super::{Limits, Media};
use crate::refusal::{Refusal, Result};
use crate::store::Operation;
use cvrs_engine::io::{Body as EngineBody, Compression, Input, InputCause, InputError, SNIFF_BYTES, sniff_text};
use cvrs_parse::Header;
use cvrs_spec::{Field, Version};
use std::fs::File;
use std::io::Read;

/// The name of a body in messages, which the engine puts first.
const NAME: &str = "body";

/// The text of a body as an input of the engine, and what watches its unpacking.
pub(crate) struct TextReader {
    input: Input,
    guard: Option<Guard>,
}

impl TextReader {
    pub(super) const fn new(input: Input, guard: Option<Guard>) -> Self {
        Self { input, guard }
    }

    pub(super) fn guard(&self) -> Option<Guard> {
        self.guard.clone()
    }

    /// The first bytes; the text can be read from its beginning afterwards.
    pub(super) fn first_bytes(&mut self) -> std::result::Result<Vec<u8>, InputError> {
        self.input.first_bytes()
    }

    /// What watches it.
    pub(crate) fn watching(&self) -> Watching {
        Watching(self.guard.clone())
    }

    /// The input, and what tells failures of it.
    pub(crate) fn into_parts(self) -> (Input, Watching) {
        (self.input, Watching(self.guard))
    }
}

/// Tells what a failure of reading means to the client.
#[derive(Clone, Debug)]
pub(crate) struct Watching(Option<Guard>);

impl Watching {
    /// Whether reading was stopped by too many records.
    pub(crate) fn has_too_many_rows(&self) -> bool {
        self.0.as_ref().is_some_and(Guard::has_too_many_rows)
    }

    /// What was found before anything is read again.
    pub(crate) fn judge(&self) -> Result<()> {
        self.0.as_ref().map_or(Ok(()), Guard::judge)
    }

    pub(crate) fn refusal(&self, error: &cvrs_engine::Error) -> Refusal {
        if let Some(Err(refusal)) = self.0.as_ref().map(Guard::judge) {
            return refusal;
        }
        match error {
            cvrs_engine::Error::Input(error) => of_cause(error.cause()),
            cvrs_engine::Error::NotCvrs => Refusal::invalid(error.to_string()),
            cvrs_engine::Error::LineTooLong { .. } => Refusal::invalid(error.to_string()),
            other => Refusal::internal(other),
        }
    }
}

pub(super) fn of_cause(cause: &InputCause) -> Refusal {
    match cause {
        InputCause::Io(error) => Refusal::internal(error),
        InputCause::Spool(error) => Refusal::internal(error),
        cause => Refusal::invalid(cause.to_string()),
    }
}

/// Whether the lines of a text are counted against limits while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineLimits {
    /// They are: the text has just arrived.
    On,
    /// They have been, or all are to be counted.
    Off,
}

/// Notes what the lines of a text have too much of, which takes a look at each byte of a fair text.
fn count_lines(file: &File, guard: &Guard) -> Result<()> {
    let mut lines = LineCount::default();
    let mut buffer = vec![0; 256 << 10];
    let mut at = 0;
    loop {
        let read = cvrs_engine::io::read_at_most(file, &mut buffer, at)?;
        if read == 0 {
            return Ok(());
        }
        if let Some(excess) = lines.feed(&buffer[..read]) {
            guard.note(excess);
            return Ok(());
        }
        at += read as u64;
    }
}

/// Opens the CVRS text of a body that has been received, which HL7 is made into on the way.
pub(crate) fn open_text(
    file: File,
    bytes: u64,
    (media, kind): (Media, Kind),
    operation: Operation,
    limits: &Limits,
    lines: LineLimits,
) -> Result<TextReader> {
    // The lines of HL7 are segments, of which a record has many.
    let lines = if kind == Kind::Cvrs { lines } else { LineLimits::Off };
    let text = open_received(file, bytes, media, limits, lines)?;
    if kind == Kind::Cvrs { Ok(text) } else { as_cvrs(text, kind, operation) }
}

/// Opens the text of a body as it was received.
pub(crate) fn open_received(
    file: File,
    bytes: u64,
    media: Media,
    limits: &Limits,
    lines: LineLimits,
) -> Result<TextReader> {
    if bytes == 0 {
        return Err(Refusal::invalid("FMT_003: the body is empty; send a CVRS text with its header line"));
    }
    let text = (media == Media::Text && lines == LineLimits::On).then(|| file.try_clone()).transpose()?;
    let mut input = Input::from_file(NAME.into(), file).map_err(|error| of_cause(error.cause()))?;
    match (media, input.compression()) {
        (Media::Text, Compression::None) => {
            let guard = Guard::new(bytes, limits);
            text.map_or(Ok(()), |text| count_lines(&text, &guard))?;
            Ok(TextReader { input, guard: Some(guard) })
        }
        (Media::Text, Compression::Zip) => Err(Refusal::invalid("the body is a zip; send it as application/zip")),
        (Media::Text, other) => {
            Err(Refusal::invalid(format!("the body is {other} data; send it with its Content-Encoding, or unpack it")))
        }
        (Media::Zip, Compression::Zip) => {
            let guard = Guard::new(bytes, limits);
            let body = input.body().map_err(|error| of_cause(error.cause()))?;
            let EngineBody::Stream(reader) = body else {
                return Err(Refusal::invalid("the body is no zip"));
            };
            let count = if lines == LineLimits::On { Counting::Records } else { Counting::Bytes };
            let inner = Input::from_reader(NAME.into(), Box::new(guard.reader(reader, count)));
            let inner = inner.map_err(|error| guard.judge().err().unwrap_or_else(|| of_cause(error.cause())))?;
            if inner.compression() != Compression::None {
                let message = format!("the zip holds a {} file; zip the text file itself", inner.compression());
                return Err(Refusal::invalid(message));
            }
            Ok(TextReader { input: inner, guard: Some(guard) })
        }
        (Media::Zip, _) => {
            Err(Refusal::invalid("the body is no zip archive; zip the text file, or send it as text/plain"))
        }
    }
}

/// Whether these first bytes begin a CVRS text with a column for ids.
pub(crate) fn judge_head(head: &[u8], is_whole: bool) -> Result<Header> {
    sniff_text(head, is_whole).map_err(|cause| Refusal::invalid(cause.to_string()))?;
    let end = memchr::memchr(b'\n', head).map_or(head.len(), |at| at + 1);
    let header = Header::parse(&head[..end], Some(Version::V3));
    judge_header(&header).map(|()| header)
}

/// Whether a header line has what every upload needs.
pub(crate) fn judge_header(header: &Header) -> Result<()> {
    if header.n_bound() == 0 {
        return Err(Refusal::invalid(cvrs_engine::Error::NotCvrs.to_string()));
    }
    if header.position(Field::VaxEventId).is_none() {
        return Err(Refusal::invalid(
            "FMT_004: the header line has no column vax_event_id, by which records are told apart",
        ));
    }
    Ok(())
}

/// Counts data records of a text whose head has been judged: lines with something before their end, but the first.
pub(crate) fn count_records(text: TextReader) -> Result<u64> {
    let watching = Watching(text.guard.clone());
    let failed = |error: std::io::Error| {
        let error = cvrs_engine::io::InputError::from_stream(NAME, error);
        watching.refusal(&cvrs_engine::Error::Input(error))
    };
    let mut reader = text.reader()?;
    let mut buffer = vec![0; 256 << 10];
    let mut lines = LineCount::default();
    loop {
        let read = reader.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            return Ok(lines.records());
        }
        lines.count(&buffer[..read]);
    }
}

/// Reads a file by place, from its beginning.
struct PlainReader {
    file: File,
    len: u64,
    at: u64,
}

impl Read for PlainReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.len - self.at).unwrap_or(usize::MAX));
        let read = cvrs_engine::io::read_at_most(&self.file, &mut buffer[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl TextReader {
    /// The text from its beginning, for one reader.
    pub(crate) fn reader(self) -> Result<Box<dyn Read + Send>> {
        let (mut input, _) = self.into_parts();
        Ok(match input.body().map_err(|error| of_cause(error.cause()))? {
            EngineBody::Plain { file, len } => Box::new(PlainReader { file, len, at: 0 }),
            EngineBody::Stream(reader) => reader,
        })
    }

    /// The first bytes of the text: enough to judge it by, and whether that is all.
    pub(crate) fn head(self) -> Result<(Vec<u8>, bool)> {
        let watching = Watching(self.guard.clone());
        let reader = self.reader()?;
        let mut head = Vec::new();
        let read = reader.take(SNIFF_BYTES as u64).read_to_end(&mut head);
        read.map_err(|error| {
            let error = cvrs_engine::io::InputError::from_stream(NAME, error);
            watching.refusal(&cvrs_engine::Error::Input(error))
        })?;
        let is_whole = head.len() < SNIFF_BYTES;
        Ok((head, is_whole))
    }
}
