//! What a call carries.

use crate::zip::Frame;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes held in memory before the rest goes to a temporary file without a name, which nobody else can open: the zip of
/// a part of the usual size.
const IN_MEMORY: u64 = 24 << 20;

/// The body of an upload: a text, or the zip of one. It can be read as often as it must be sent.
pub struct Body {
    head: Vec<u8>,
    /// What stands between head and tail: pieces in memory, then a file.
    pieces: Vec<Vec<u8>>,
    rest: Option<File>,
    middle_len: u64,
    tail: Vec<u8>,
}

impl Body {
    pub(crate) fn new() -> Self {
        Self { head: Vec::new(), pieces: Vec::new(), rest: None, middle_len: 0, tail: Vec::new() }
    }

    /// A body of these bytes.
    ///
    /// # Errors
    /// A temporary file that cannot be written.
    pub fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        let mut body = Self::new();
        body.push(bytes.to_vec())?;
        Ok(body)
    }

    pub(crate) fn push(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        let len = self.middle_len + bytes.len() as u64;
        if self.rest.is_none() && len <= IN_MEMORY {
            self.pieces.push(bytes);
        } else {
            let file = match &mut self.rest {
                Some(file) => file,
                none => none.insert(tempfile::tempfile()?),
            };
            file.write_all(&bytes)?;
        }
        self.middle_len = len;
        Ok(())
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
        let pieces = Pieces { left: &self.pieces, at: 0 };
        let mut rest = self.rest.as_mut();
        if let Some(file) = &mut rest {
            file.seek(SeekFrom::Start(0))?;
        }
        Ok(self.head.as_slice().chain(pieces).chain(Rest(rest)).chain(self.tail.as_slice()))
    }
}

/// Pieces that are left, and how much of the first has been read.
struct Pieces<'a> {
    left: &'a [Vec<u8>],
    at: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut n = 0;
        while let Some((first, others)) = self.left.split_first().filter(|_| n < buffer.len()) {
            let more = (&first[self.at..]).read(&mut buffer[n..])?;
            (n, self.at) = (n + more, self.at + more);
            if self.at == first.len() {
                (self.left, self.at) = (others, 0);
            }
        }
        Ok(n)
    }
}

struct Rest<'a>(Option<&'a mut File>);

impl Read for Rest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(0), |file| file.read(buffer))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_what_was_pushed_however_often_it_is_read() {
        let mut body = Body::new();
        let mut wanted = b"head".to_vec();
        for n in 0..40u8 {
            let piece = vec![n; if n % 7 == 0 { 0 } else { 1 << 20 }];
            wanted.extend_from_slice(&piece);
            body.push(piece).unwrap();
        }
        wanted.extend_from_slice(b"tail");
        body.enclose(Frame { head: b"head".to_vec(), tail: b"tail".to_vec() });
        assert!(body.rest.is_some() && body.pieces.len() > 1);
        for size in [100_000, 3 << 20] {
            let mut reader = io::BufReader::with_capacity(size, body.reader().unwrap());
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            drop(reader);
            assert!(read == wanted && body.len() == wanted.len() as u64);
        }
    }
}
