//! What a call carries.

use crate::zip::Frame;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Bytes held in memory before they go to a temporary file without a name, which nobody else can open.
const IN_MEMORY: usize = 8 << 20;

/// The body of an upload: a text, or the zip of one. It can be read as often as it must be sent.
pub struct Body {
    head: Vec<u8>,
    middle: SpooledTempFile,
    middle_len: u64,
    tail: Vec<u8>,
}

impl Body {
    pub(crate) fn new() -> Self {
        Self { head: Vec::new(), middle: SpooledTempFile::new(IN_MEMORY), middle_len: 0, tail: Vec::new() }
    }

    /// A body of these bytes.
    ///
    /// # Errors
    /// A temporary file that cannot be written.
    pub fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        let mut body = Self::new();
        body.push(bytes)?;
        Ok(body)
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.middle_len += bytes.len() as u64;
        self.middle.write_all(bytes)
    }

    pub(crate) fn enclose(&mut self, frame: Frame) {
        self.head = frame.head;
        self.tail = frame.tail;
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.head.len() as u64 + self.middle_len + self.tail.len() as u64
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes from the beginning.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub fn reader(&mut self) -> io::Result<impl Read + '_> {
        self.middle.seek(SeekFrom::Start(0))?;
        Ok(self.head.as_slice().chain(&mut self.middle).chain(self.tail.as_slice()))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.len())
    }
}
