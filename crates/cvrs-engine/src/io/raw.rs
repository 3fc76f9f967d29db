//! The bytes of an input as they come, counted.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::positional::read_at_most;

/// Where the bytes after the head come from.
#[derive(Default)]
enum Rest {
    #[default]
    Nothing,
    /// From `at` up to, not including, `end`; or to the end of the file if that comes first.
    Positional {
        file: File,
        at: u64,
        end: u64,
    },
    Sequential(Box<dyn Read + Send>),
}

/// A reader of raw bytes that adds what it hands out to a counter, for progress.
#[derive(Default)]
pub(super) struct Raw {
    head: Vec<u8>,
    head_at: usize,
    rest: Rest,
    consumed: Option<Arc<AtomicU64>>,
}

impl Raw {
    /// The bytes `at..end` of a file; its cursor plays no part. `u64::MAX` reads to wherever it ends.
    pub(super) fn positional(file: File, at: u64, end: u64, consumed: Arc<AtomicU64>) -> Self {
        Self { rest: Rest::Positional { file, at, end }, consumed: Some(consumed), ..Self::default() }
    }

    /// `head`, which was taken from `rest` before, and then `rest`.
    pub(super) fn sequential(head: Vec<u8>, rest: Box<dyn Read + Send>, consumed: Arc<AtomicU64>) -> Self {
        Self { head, head_at: 0, rest: Rest::Sequential(rest), consumed: Some(consumed) }
    }
}

impl Read for Raw {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = if self.head_at < self.head.len() {
            let n = (&self.head[self.head_at..]).read(buf)?;
            self.head_at += n;
            if self.head_at == self.head.len() {
                self.head = Vec::new();
                self.head_at = 0;
            }
            n
        } else {
            match &mut self.rest {
                Rest::Nothing => 0,
                Rest::Positional { file, at, end } => {
                    let wanted = buf.len().min(usize::try_from(*end - *at).unwrap_or(usize::MAX));
                    let n = read_at_most(file, &mut buf[..wanted], *at)?;
                    *at += n as u64;
                    n
                }
                Rest::Sequential(reader) => loop {
                    match reader.read(buf) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        result => break result?,
                    }
                },
            }
        };
        if let Some(consumed) = &self.consumed {
            consumed.fetch_add(n as u64, Ordering::Relaxed);
        }
        Ok(n)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("head_bytes", &(self.head.len() - self.head_at)).finish_non_exhaustive()
    }
}
