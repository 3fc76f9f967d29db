//! Undoing compression without being drowned by it.

use super::Limits;
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

impl Guard {
    pub(super) fn new(packed_bytes: u64, limits: &Limits) -> Self {
        let ratio_bytes = packed_bytes.saturating_mul(limits.ratio).max(FAIR_BYTES);
        Self { text_bytes: limits.text_bytes, ratio_bytes, state: Arc::default() }
    }

    pub(super) fn reader(&self, inner: Box<dyn Read + Send>) -> Guarded {
        Guarded { inner, guard: self.clone(), bytes: 0 }
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
            _ => Ok(()),
        }
    }
}

/// A reader that fails when more comes out than is fair.
pub(super) struct Guarded {
    inner: Box<dyn Read + Send>,
    guard: Guard,
    bytes: u64,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        let state = match self.bytes {
            bytes if bytes > self.guard.text_bytes => TOO_LONG,
            bytes if bytes > self.guard.ratio_bytes => TOO_DENSE,
            _ => return Ok(read),
        };
        self.guard.state.store(state, Ordering::Relaxed);
        Err(io::Error::other("more comes out than is fair"))
    }
}
