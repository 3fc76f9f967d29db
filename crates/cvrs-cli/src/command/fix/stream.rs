//! A text on its way through the fixer, block by block.

use crate::fault::{Fault, Result};
use crate::whole_text;
use cvrs_engine::io::{Input, InputError};
use cvrs_engine::{Control, Error, MAX_LINE_BYTES};
use cvrs_fix::{Change, Fixer, Totals};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How much of a text is mended at a time, in bytes.
const BLOCK_BYTES: usize = 1 << 20;

/// The text of an input from its beginning, by one reader.
pub(crate) fn reader(input: &mut Input) -> Result<Box<dyn Read + Send>> {
    Ok(whole_text::stream(input.body()?))
}

/// Reads until the buffer is full or the text ends; whether it has ended.
fn fill(reader: &mut dyn Read, buffer: &mut [u8], filled: &mut usize) -> io::Result<bool> {
    while *filled < buffer.len() {
        match reader.read(&mut buffer[*filled..]) {
            Ok(0) => return Ok(true),
            Ok(more) => *filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Hands all of a text to `take`, piece by piece.
pub(crate) fn each_piece(input: &mut Input, control: &Control, take: &mut dyn FnMut(&[u8])) -> Result<()> {
    let name = input.name().to_owned();
    let mut reader = reader(input)?;
    let mut buffer = vec![0; BLOCK_BYTES];
    loop {
        if control.cancel.load(Ordering::Relaxed) {
            return Err(Fault::engine(&name, Error::Interrupted));
        }
        let mut filled = 0;
        let is_done =
            fill(&mut *reader, &mut buffer, &mut filled).map_err(|error| InputError::from_stream(&name, error))?;
        take(&buffer[..filled]);
        if is_done {
            return Ok(());
        }
    }
}

/// A reader and the fixer behind it.
pub(crate) struct Stream {
    reader: Box<dyn Read + Send>,
    fixer: Fixer,
    /// What ends a line of the text that is read.
    line_end: u8,
    control: Arc<Control>,
    buffer: Vec<u8>,
    filled: usize,
    /// Offset in the text of the buffer's first byte.
    byte: u64,
    is_done: bool,
}

impl Stream {
    pub(crate) fn new(reader: Box<dyn Read + Send>, fixer: Fixer, is_cr_only: bool, control: &Arc<Control>) -> Self {
        Self {
            reader,
            fixer,
            line_end: if is_cr_only { b'\r' } else { b'\n' },
            control: Arc::clone(control),
            buffer: vec![0; BLOCK_BYTES],
            filled: 0,
            byte: 0,
            is_done: false,
        }
    }

    /// What was done so far.
    pub(crate) const fn totals(&self) -> &Totals {
        self.fixer.totals()
    }

    /// Appends the next block of what comes out; `false` at the end.
    pub(crate) fn next(&mut self, out: &mut Vec<u8>, tell: &mut dyn FnMut(&Change<'_>)) -> cvrs_engine::Result<bool> {
        if self.is_done {
            return Ok(false);
        }
        let end = loop {
            if self.control.cancel.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
            self.is_done = fill(&mut *self.reader, &mut self.buffer, &mut self.filled).map_err(Error::Read)?;
            if self.is_done {
                break self.filled;
            }
            match self.buffer[..self.filled].iter().rposition(|&byte| byte == self.line_end) {
                Some(at) => break at + 1,
                None if self.filled > MAX_LINE_BYTES + 1 => return Err(Error::LineTooLong { byte: self.byte }),
                None => self.buffer.resize(self.filled * 2, 0),
            }
        };
        let fed = self.fixer.feed(&self.buffer[..end], self.is_done, out, tell);
        fed.map_err(|error| Error::Write { what: "memory", error })?;
        if self.fixer.header().is_some_and(|header| header.n_bound() == 0) {
            return Err(Error::NotCvrs);
        }
        self.control.bytes.fetch_add(end as u64, Ordering::Relaxed);
        self.control.records.store(self.totals().records, Ordering::Relaxed);
        self.buffer.copy_within(end..self.filled, 0);
        self.filled -= end;
        self.byte += end as u64;
        Ok(true)
    }
}

/// The mended text as a reader.
pub(crate) struct Mended {
    stream: Stream,
    block: Vec<u8>,
    at: usize,
}

impl Mended {
    pub(crate) const fn new(stream: Stream) -> Self {
        Self { stream, block: Vec::new(), at: 0 }
    }
}

impl Read for Mended {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            self.block.clear();
            self.at = 0;
            let is_more = self.stream.next(&mut self.block, &mut |_| {}).map_err(|error| match error {
                Error::Read(error) => error,
                other => io::Error::other(other),
            })?;
            if !is_more {
                return Ok(0);
            }
        }
        let n = buffer.len().min(self.block.len() - self.at);
        buffer[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
