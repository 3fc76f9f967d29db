//! Undoing compression without being drowned by it.

use super::Limits;
use super::lines::{Excess, LineCount, MAX_LINE_BYTES, MAX_LINES};
use crate::refusal::{Refusal, Result};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Up to here any ratio is fair: a small file cannot drown anybody.
const FAIR_BYTES: u64 = 16_000_000;

/// What a `Content-Encoding` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Deflate,
}

impl Coding {
    pub(super) fn of(header: Option<&str>) -> Result<Self> {
        match header.map(|value| value.trim().to_ascii_lowercase()).as_deref() {
            None | Some("" | "identity") => Ok(Self::Identity),
            Some("gzip" | "x-gzip") => Ok(Self::Gzip),
            Some("deflate") => Ok(Self::Deflate),
            Some(_) => Err(Refusal::media_type("Content-Encoding must be gzip, deflate or identity")),
        }
    }
}

/// What undoes the coding. `deflate` is meant to be zlib's form, and bare in the wild: the first two bytes tell.
pub(super) fn decoder(coding: Coding, mut file: File) -> io::Result<Box<dyn Read + Send>> {
    let mut head = [0; 2];
    let mut filled = 0;
    while filled < 2 {
        match file.read(&mut head[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    file.rewind()?;
    let is_zlib = head[0] & 0x0F == 8 && u16::from_be_bytes(head).is_multiple_of(31);
    let source = BufReader::with_capacity(128 << 10, file);
    Ok(match coding {
        Coding::Identity => Box::new(source),
        Coding::Gzip => Box::new(MultiGzDecoder::new(source)),
        Coding::Deflate if is_zlib => Box::new(ZlibDecoder::new(source)),
        Coding::Deflate => Box::new(DeflateDecoder::new(source)),
    })
}

/// Watches how much comes out of so many compressed bytes.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    text_bytes: u64,
    ratio_bytes: u64,
    state: Arc<AtomicU8>,
}

const TOO_LONG: u8 = 1;
const TOO_DENSE: u8 = 2;
const TOO_MANY_ROWS: u8 = 3;
const TOO_MANY_LINES: u8 = 4;
const LONG_LINE: u8 = 5;

impl Guard {
    pub(super) fn new(packed_bytes: u64, limits: &Limits) -> Self {
        let ratio_bytes = packed_bytes.saturating_mul(limits.ratio).max(FAIR_BYTES);
        Self { text_bytes: limits.text_bytes, ratio_bytes, state: Arc::default() }
    }

    pub(super) fn reader(&self, inner: Box<dyn Read + Send>, count: Counting) -> Guarded {
        Guarded { inner, guard: self.clone(), bytes: 0, count, lines: LineCount::default() }
    }

    /// Notes what a text has too much of.
    pub(super) fn note(&self, excess: Excess) {
        let state = match excess {
            Excess::Rows => TOO_MANY_ROWS,
            Excess::Lines => TOO_MANY_LINES,
            Excess::Line => LONG_LINE,
        };
        self.state.store(state, Ordering::Relaxed);
    }

    /// Whether a reader was stopped by too many records.
    pub(super) fn has_too_many_rows(&self) -> bool {
        self.state.load(Ordering::Relaxed) == TOO_MANY_ROWS
    }

    /// The refusal, if a reader was stopped.
    pub(super) fn judge(&self) -> Result<()> {
        match self.state.load(Ordering::Relaxed) {
            TOO_LONG => Err(Refusal::too_large(format!(
                "the unpacked text is longer than {} bytes; split the file",
                self.text_bytes
            ))),
            TOO_DENSE => {
                Err(Refusal::too_large("the body unpacks to so many times its size that it is taken for an attack"))
            }
            TOO_MANY_ROWS => Err(Refusal::invalid(crate::upload::max_rows())),
            TOO_MANY_LINES => Err(Refusal::invalid(format!(
                "the text has more than {MAX_LINES} lines, most of them empty; take the empty lines out"
            ))),
            LONG_LINE => Err(Refusal::invalid(format!("a line is longer than {MAX_LINE_BYTES} bytes; is it CVRS?"))),
            _ => Ok(()),
        }
    }
}

/// What a reader counts besides bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// Nothing: no text, or one that was counted before.
    Bytes,
    /// Lines, and not the records among them: they are judged later.
    Lines,
    /// Lines and records.
    Records,
}

/// A reader that fails when more comes out than is fair.
pub(super) struct Guarded {
    inner: Box<dyn Read + Send>,
    guard: Guard,
    bytes: u64,
    count: Counting,
    lines: LineCount,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        let state = match self.bytes {
            bytes if bytes > self.guard.text_bytes => TOO_LONG,
            bytes if bytes > self.guard.ratio_bytes => TOO_DENSE,
            _ => {
                let excess = if self.count == Counting::Bytes { None } else { self.lines.feed(&buffer[..read]) };
                match excess {
                    Some(Excess::Rows) if self.count == Counting::Lines => {
                        self.count = Counting::Bytes;
                        return Ok(read);
                    }
                    Some(excess) => self.guard.note(excess),
                    None => return Ok(read),
                }
                return Err(io::Error::other("more lines come out than are fair"));
            }
        };
        self.guard.state.store(state, Ordering::Relaxed);
        Err(io::Error::other("more comes out than is fair"))
    }
}
