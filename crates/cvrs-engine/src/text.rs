//! A text to be checked, wherever it lies, and its head.

use crate::chunk::{MAX_LINE_BYTES, ReadAt, Source};
use crate::error::{Error, Result};
use std::io::Read;

/// How much of a text is read before it is judged to be CVRS, in bytes.
const HEAD_BYTES: usize = 64 << 10;

/// A text: something that can be read at any place, or only from front to back.
pub(crate) enum Text<'a> {
    Positional { file: Box<dyn ReadAt + 'a>, len: u64 },
    Stream(Box<dyn Read + Send + 'a>),
}

/// A text of which the first bytes have been read: at least its first line.
pub(crate) struct Opened<'a> {
    text: Text<'a>,
    head: Vec<u8>,
    is_whole: bool,
}

impl<'a> Text<'a> {
    /// Reads the first line and up to 64 KiB.
    pub(crate) fn open(mut self) -> Result<Opened<'a>> {
        let mut head = Vec::new();
        let mut target = HEAD_BYTES;
        let is_whole = loop {
            let is_whole = self.fill(&mut head, target)?;
            if is_whole || memchr::memchr(b'\n', &head).is_some() {
                break is_whole;
            }
            if head.len() > MAX_LINE_BYTES + 1 {
                return Err(Error::LineTooLong { byte: 0 });
            }
            target = head.len() * 2;
        };
        Ok(Opened { text: self, head, is_whole })
    }

    /// Lengthens the head to `target` bytes; whether that is all there is.
    fn fill(&mut self, head: &mut Vec<u8>, target: usize) -> Result<bool> {
        let filled = head.len();
        match self {
            Self::Positional { file, len } => {
                let target = (target as u64).min(*len) as usize;
                head.resize(target, 0);
                file.read_exact_at(&mut head[filled..], filled as u64).map_err(Error::Read)?;
                Ok(target as u64 == *len)
            }
            Self::Stream(reader) => {
                let wanted = (target - filled) as u64;
                let read = reader.take(wanted).read_to_end(head).map_err(Error::Read)?;
                Ok((read as u64) < wanted)
            }
        }
    }
}

impl Opened<'_> {
    /// The first bytes.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether the head is all there is.
    pub(crate) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The lines after the header line, which is `header_bytes` long.
    pub(crate) fn body(&mut self, header_bytes: usize, chunk_bytes: usize) -> Source<'_> {
        match &mut self.text {
            Text::Positional { file, len } => Source::ranges(&**file, header_bytes as u64, *len, chunk_bytes),
            Text::Stream(reader) => {
                Source::stream(&mut **reader, self.head[header_bytes..].to_vec(), header_bytes as u64, chunk_bytes)
            }
        }
    }
}
