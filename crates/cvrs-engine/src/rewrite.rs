//! A text made into another one, chunk by chunk in parallel, in the order of the text.

use crate::chunk::Chunk;
use crate::error::Result;
use crate::file::with_judged_text;
use crate::io::Input;
use crate::pipeline::{self, Job};
use crate::run::{Control, Tuning};
use crate::work::Counts;
use std::sync::atomic::Ordering;

/// What precedes a chunk in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Lines, the header line among them.
    pub lines: u64,
    /// Data rows.
    pub records: u64,
    /// Bytes, those of the header line among them.
    pub byte: u64,
    /// Whether a line after the header line ended in CR LF.
    pub has_crlf: bool,
}

/// What is made of the lines of a text. Each chunk is whole lines.
pub trait Rewrite: Sync {
    /// A worker's memory.
    type Worker;
    /// What a first look at a chunk leaves for its rewriting. Reused.
    type Look: Default;
    /// What comes of a chunk. Reused: it comes back once it was committed.
    type Product: Default + Send;

    /// The memory of a new worker.
    fn worker(&self) -> Self::Worker;

    /// Counts the lines of a chunk, of which nothing is known yet of what precedes it. Who has to look at them anyway may
    /// count them on the way.
    fn look(&self, _worker: &mut Self::Worker, text: &[u8], _look: &mut Self::Look) -> Counts {
        count(text)
    }

    /// Makes the product of a chunk, which may hold anything before.
    ///
    /// # Errors
    /// Whatever makes the run fail.
    fn rewrite(
        &self,
        worker: &mut Self::Worker,
        look: &mut Self::Look,
        text: &[u8],
        before: Position,
        product: &mut Self::Product,
    ) -> Result<()>;
}

struct RewriteJob<'a, R> {
    rewrite: &'a R,
    control: &'a Control,
}

/// Counts lines, those that are records, and those that end in CR LF.
fn count(text: &[u8]) -> Counts {
    let is_unterminated = text.last().is_some_and(|&last| last != b'\n');
    let lines = memchr::memchr_iter(b'\n', text).count() as u64 + u64::from(is_unterminated);
    let has_cr = memchr::memchr(b'\r', text).is_some();
    let starts_blank = matches!(text.first(), Some(b'\n' | b'\r'));
    if !has_cr && !starts_blank && memchr::memmem::find(text, b"\n\n").is_none() {
        return Counts { lines, records: lines, ..Counts::default() };
    }
    let mut counts = Counts { lines, ..Counts::default() };
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        counts.records += u64::from(!matches!(line, b"\n" | b"\r\n"));
        counts.cr_ends += u64::from(line.ends_with(b"\r\n"));
    }
    counts
}

impl<R: Rewrite> Job for RewriteJob<'_, R> {
    type Worker = R::Worker;
    type Look = R::Look;
    type Outcome = R::Product;

    fn worker(&self) -> R::Worker {
        self.rewrite.worker()
    }

    fn look(&self, worker: &mut R::Worker, text: &[u8], _: &[u8], look: &mut R::Look) -> Counts {
        self.rewrite.look(worker, text, look)
    }

    fn make(
        &self,
        worker: &mut R::Worker,
        look: &mut R::Look,
        text: &[u8],
        chunk: &Chunk,
        counts: Counts,
        before: Counts,
        product: &mut R::Product,
    ) -> Result<()> {
        let Counts { lines, records, cr_ends, .. } = before;
        let before = Position { lines, records, byte: chunk.byte, has_crlf: cr_ends > 0 };
        self.rewrite.rewrite(worker, look, text, before, product)?;
        self.control.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        self.control.records.fetch_add(counts.records, Ordering::Relaxed);
        Ok(())
    }
}

/// Makes something of each chunk of an input. `begin` gets the header line, and says what is made of it and of what
/// follows; `commit` gets the products in the order of the text.
///
/// # Errors
/// [`Error::Input`](crate::Error::Input) where the input cannot be read or is no CVRS text, and what `begin`, the rewriting and `commit`
/// report.
pub fn rewrite_input<R: Rewrite>(
    input: &mut Input,
    tuning: Tuning,
    control: &Control,
    begin: impl FnOnce(&[u8]) -> Result<(R, R::Product)>,
    commit: &mut (dyn FnMut(&mut R::Product) -> Result<()> + Send),
) -> Result<()> {
    input.set_threads(tuning.threads);
    with_judged_text(input, |text, judge| {
        let mut opened = text.open()?;
        judge(opened.head(), opened.is_whole())?;
        let header = memchr::memchr(b'\n', opened.head()).map_or(opened.head().len(), |at| at + 1);
        control.bytes.fetch_add(header as u64, Ordering::Relaxed);
        let (rewrite, mut first) = begin(&opened.head()[..header])?;
        commit(&mut first)?;
        let job = RewriteJob { rewrite: &rewrite, control };
        pipeline::run(&opened.body(header, tuning.chunk_bytes), &job, tuning.threads, &control.cancel, commit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_are_those_of_a_slow_count(
            text in prop::collection::vec(prop_oneof![3 => Just(b'a'), 2 => Just(b'\n'), 1 => Just(b'\r')], 0..60),
        ) {
            let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
            let counts = count(&text);
            prop_assert_eq!(counts.lines, lines.len() as u64);
            let mut index = cvrs_parse::Index::default();
            index.build(&text);
            let records = index.lines(&text).filter(|line| !line.is_blank()).count() as u64;
            prop_assert_eq!(counts.records, records);
            prop_assert_eq!(counts.cr_ends, lines.iter().filter(|line| line.ends_with(b"\r\n")).count() as u64);
        }
    }
}
