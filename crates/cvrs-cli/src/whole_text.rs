//! A body as one stream from beginning to end, for readers that make another text of it.

use cvrs_engine::io::{Body, read_at_most};
use std::fs::File;
use std::io::{self, Read};

/// The body's text, whatever it comes from.
pub(crate) fn stream(body: Body) -> Box<dyn Read + Send> {
    match body {
        Body::Plain { file, len } => Box::new(Positional { file, at: 0, len }),
        Body::Stream(reader) => reader,
    }
}

/// A file read by place up to the length that it had when it was opened.
struct Positional {
    file: File,
    at: u64,
    len: u64,
}

impl Read for Positional {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(usize::try_from(self.len - self.at).unwrap_or(usize::MAX));
        let read = read_at_most(&self.file, &mut buffer[..room], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
