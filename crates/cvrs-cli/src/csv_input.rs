//! CSV as an input: CVRS columns in a comma-separated file, read to CVRS text on the way.
//!
//! Findings tell the line of the CSV file on which the record begins; rejects are the CVRS text that was read.

use crate::fault::Result;
use crate::{terminal, whole_text};
use cvrs_engine::io::{Input, InputCause, InputError, NotCvrs, Separator, sniff_text};
use cvrs_engine::{MAX_LINE_BYTES, Origin};
use cvrs_transform::hl7::LineMap;
use cvrs_transform::{CsvReader, CsvRows, OpenQuote};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How much is read at a time, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// What is known of a CSV file while and after it is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    lines: Mutex<LineMap>,
    n_mended: AtomicU64,
}

impl Reading {
    /// Says what was changed.
    pub(crate) fn tell(&self, name: &str) {
        let n = self.0.n_mended.load(Ordering::Relaxed);
        if n > 0 {
            let word = if n == 1 { "cell" } else { "cells" };
            terminal::note(&format!(
                "{name}: tabs and line breaks in {n} {word}, which no cell can hold, became blanks"
            ));
        }
    }
}

impl Origin for Reading {
    fn line(&self, line: u64) -> u64 {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).line(line)
    }
}

/// Opens a CSV input as CVRS text.
pub(crate) fn open(mut input: Input) -> Result<(Input, Reading)> {
    let name = input.name().to_owned();
    let first = input.first_bytes()?;
    let delimiter = delimiter(&first).map_err(|cause| InputError::new(&name, cause))?;
    let source = whole_text::stream(input.body()?);
    let reading = Reading::default();
    let text = Text {
        source,
        reader: CsvReader::new(delimiter, MAX_LINE_BYTES),
        piece: vec![0; PIECE_BYTES],
        ready: CsvRows::default(),
        at: 0,
        has_header: false,
        has_ended: false,
        reading: reading.clone(),
    };
    let made = Input::from_reader(name, Box::new(text))?;
    Ok((made.with_origin(Arc::new(reading.clone())), reading))
}

/// What stands between the cells: a comma, or a semicolon where the header has more of these.
fn delimiter(first: &[u8]) -> std::result::Result<u8, NotCvrs> {
    match sniff_text(first, first.len() < Input::FIRST_BYTES) {
        Err(NotCvrs::Separated(Separator::Comma)) => Ok(b','),
        Err(NotCvrs::Separated(Separator::Semicolon)) => Ok(b';'),
        Err(NotCvrs::Separated(_) | NotCvrs::NoTab | NotCvrs::CrOnly) | Ok(()) => Err(NotCvrs::NoCsv),
        Err(other) => Err(other),
    }
}

/// The CVRS text as it is asked for.
struct Text<R> {
    source: R,
    reader: CsvReader,
    piece: Vec<u8>,
    ready: CsvRows,
    at: usize,
    has_header: bool,
    has_ended: bool,
    reading: Reading,
}

impl<R: Read> Text<R> {
    /// Reads on until there is text, or no more of it.
    fn fill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        while self.ready.text.is_empty() && !self.has_ended {
            let read = match self.source.read(&mut self.piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.has_ended = read == 0;
            let made = if self.has_ended {
                self.reader.finish(&mut self.ready)
            } else {
                self.reader.feed(&self.piece[..read], &mut self.ready)
            };
            made.map_err(|OpenQuote { line }| InputCause::from(NotCvrs::OpenQuote(line)))?;
        }
        let known = &self.reading.0;
        let mut lines = known.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let is_header = usize::from(!self.has_header && !self.ready.lines.is_empty());
        self.has_header |= is_header > 0;
        self.ready.lines[is_header..].iter().for_each(|&line| lines.push(line));
        known.n_mended.store(self.reader.n_mended(), Ordering::Relaxed);
        Ok(())
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.text.len() {
            self.fill()?;
        }
        let read = (&self.ready.text[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}
