//! Chunks: parts of a text that end at a line's end, wherever the bytes come from.
//!
//! A file is cut into ranges of equal length; a line belongs to the range that holds its first byte, so each worker
//! finds its own lines without asking anyone (the rule by which Hadoop splits files). A stream is cut where it stands
//! when a buffer is full; what follows the last line feed is carried over to the next one.
//!
//! A text may be longer than a machine of 32 bits can address, as a browser's files are: offsets are `u64`, and become
//! `usize` only where they are bounded first.
#![warn(clippy::cast_possible_truncation)]

use crate::error::{Error, Result};
use std::io::Read;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest line that is read, in bytes. A longer one is no record but a sign of another kind of file.
pub const MAX_LINE_BYTES: usize = 64 << 20;

/// Beyond the end of a range, so many bytes are read at first to find the end of its last line.
const SLACK: usize = 4 << 10;

/// Lines of a text: in a worker's buffer, or where they are in memory anyway.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    /// Number of the chunk in the text, from 0.
    pub(crate) sequence: u64,
    /// Where the lines stand in the buffer, or in the bytes in memory.
    pub(crate) range: std::ops::Range<usize>,
    /// Offset of the first line in the text.
    pub(crate) byte: u64,
}

/// Bytes that can be read at any place, by several threads at once: a slice, and with the feature `io` a file.
pub trait ReadAt: Sync {
    /// Fills `buffer` with the bytes from `offset` on.
    ///
    /// # Errors
    /// If there are not so many bytes, or they cannot be read.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()>;

    /// All of the bytes, if they are in memory and need not be copied.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }

    /// Tells that the bytes of a range will be asked for next, so that they are at hand then.
    fn prepare(&self, range: std::ops::Range<u64>) {
        let _ = range;
    }

    /// Tells that nothing before `offset` will be asked for again, as a rule.
    fn release(&self, offset: u64) {
        let _ = offset;
    }

    /// Whether the parts of [`ReadAt::bytes`] that were looked at so far were there.
    ///
    /// # Errors
    /// If bytes were lost meanwhile and others stand in their place.
    fn check(&self) -> std::io::Result<()> {
        Ok(())
    }

    /// The same after the last look, whatever it costs.
    ///
    /// # Errors
    /// As [`ReadAt::check`].
    fn check_end(&self) -> std::io::Result<()> {
        self.check()
    }
}

impl ReadAt for &[u8] {
    fn bytes(&self) -> Option<&[u8]> {
        Some(self)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = self.get(start..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(std::io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// What follows the header line, handed out in chunks to any number of workers.
pub(crate) enum Source<'a> {
    Ranges { file: &'a dyn ReadAt, start: u64, end: u64, chunk_bytes: usize, next: AtomicU64 },
    Stream { state: Mutex<Stream<'a>>, chunk_bytes: usize },
}

/// A stream and what of it has been read too far.
pub(crate) struct Stream<'a> {
    reader: &'a mut (dyn Read + Send),
    carry: Vec<u8>,
    byte: u64,
    sequence: u64,
    is_done: bool,
}

impl<'a> Source<'a> {
    /// The lines of a file from `start` to `end`.
    pub(crate) const fn ranges(file: &'a dyn ReadAt, start: u64, end: u64, chunk_bytes: usize) -> Self {
        Self::Ranges { file, start, end, chunk_bytes, next: AtomicU64::new(0) }
    }

    /// The lines of a stream of which `carry` has been read, starting at offset `byte` of the text.
    pub(crate) const fn stream(
        reader: &'a mut (dyn Read + Send),
        carry: Vec<u8>,
        byte: u64,
        chunk_bytes: usize,
    ) -> Self {
        let state = Stream { reader, carry, byte, sequence: 0, is_done: false };
        Self::Stream { state: Mutex::new(state), chunk_bytes }
    }

    /// How many chunks there are at most; of a stream nobody knows.
    pub(crate) fn most_chunks(&self) -> u64 {
        match self {
            Self::Ranges { start, end, chunk_bytes, .. } => end.saturating_sub(*start).div_ceil(*chunk_bytes as u64),
            Self::Stream { .. } => u64::MAX,
        }
    }

    /// The lines of a chunk that a [`Reader`] gave out with that buffer.
    pub(crate) fn lines<'b>(&'b self, chunk: &Chunk, buffer: &'b [u8]) -> &'b [u8] {
        match self {
            Self::Ranges { file, .. } => &file.bytes().unwrap_or(buffer)[chunk.range.clone()],
            Self::Stream { .. } => &buffer[chunk.range.clone()],
        }
    }

    /// All of the text, if it is in memory.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Ranges { file, .. } => file.bytes(),
            Self::Stream { .. } => None,
        }
    }

    /// Tells that the first so many chunks are done with.
    pub(crate) fn release(&self, n_chunks: u64) {
        if let Self::Ranges { file, start, chunk_bytes, .. } = self {
            file.release(start + n_chunks * *chunk_bytes as u64);
        }
    }

    /// Whether the lines given out so far are those of the text.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Ranges { file, .. } => file.check().map_err(Error::Read),
            Self::Stream { .. } => Ok(()),
        }
    }

    /// The same after the last of them, whatever it costs.
    pub(crate) fn check_end(&self) -> Result<()> {
        match self {
            Self::Ranges { file, .. } => file.check_end().map_err(Error::Read),
            Self::Stream { .. } => Ok(()),
        }
    }

    /// A way through the chunks for one of the workers.
    pub(crate) const fn reader(&self) -> Reader<'_, 'a> {
        Reader { source: self, claimed: None }
    }

    /// Whether it can be read only from its start to its end.
    pub(crate) const fn is_stream(&self) -> bool {
        matches!(self, Self::Stream { .. })
    }

    /// Takes the number of a chunk that no other worker has; it may lie beyond the end.
    fn claim(&self) -> u64 {
        match self {
            Self::Ranges { next, .. } => next.fetch_add(1, Ordering::Relaxed),
            Self::Stream { .. } => 0,
        }
    }

    /// The range of a file's chunk; empty beyond the end.
    fn range(&self, sequence: u64) -> std::ops::Range<u64> {
        match self {
            Self::Ranges { start, end, chunk_bytes, .. } => {
                let first = start + sequence * *chunk_bytes as u64;
                first.min(*end)..(first + *chunk_bytes as u64).min(*end)
            }
            Self::Stream { .. } => 0..0,
        }
    }
}

/// A worker's way through a source.
///
/// Of bytes in memory it takes a chunk before it has done with the one before, so that it knows what it will look at
/// next: what lies far off can then be fetched while it is busy.
pub(crate) struct Reader<'s, 'a> {
    source: &'s Source<'a>,
    claimed: Option<u64>,
}

impl<'s> Reader<'s, '_> {
    /// The next chunk, its lines in `buffer` unless they are in memory; `None` at the end.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Chunk>> {
        match self.source {
            Source::Ranges { file, end, .. } => {
                let sequence = self.claimed.take().unwrap_or_else(|| self.source.claim());
                let range = self.source.range(sequence);
                if range.is_empty() {
                    return self.source.check_end().map(|()| None);
                }
                if file.bytes().is_some() {
                    let claimed = self.source.claim();
                    file.prepare(self.source.range(claimed));
                    self.claimed = Some(claimed);
                }
                read_range(*file, range, sequence == 0, *end, buffer)
                    .map(|(range, byte)| Some(Chunk { sequence, range, byte }))
            }
            Source::Stream { state, chunk_bytes } => {
                state.lock().map_err(|_| Error::WorkerPanicked)?.next(*chunk_bytes, buffer)
            }
        }
    }

    /// What is looked at after the chunk given out last, as far as that is known.
    pub(crate) fn upcoming(&self) -> &'s [u8] {
        let (Source::Ranges { file, .. }, Some(claimed)) = (self.source, self.claimed) else { return &[] };
        let range = self.source.range(claimed);
        file.bytes().map_or(&[], |bytes| &bytes[in_memory(range)])
    }
}

/// Reads the lines whose first byte lies in `range`: their place in the buffer, or in the bytes in memory, and the
/// offset of the first.
///
/// `is_first` says that a line starts at the range's start; else one does only after a line feed.
pub(crate) fn read_range(
    file: &dyn ReadAt,
    range: std::ops::Range<u64>,
    is_first: bool,
    end: u64,
    buffer: &mut Vec<u8>,
) -> Result<(std::ops::Range<usize>, u64)> {
    if let Some(bytes) = file.bytes() {
        let found = find_range(&bytes[in_memory(0..end)], in_memory(range), is_first)?;
        let byte = found.start as u64;
        return Ok((found, byte));
    }
    let from = if is_first { range.start } else { range.start - 1 };
    let wanted = at_most(usize::MAX, range.end - from);
    let mut filled = 0;
    let mut target = at_most(wanted + SLACK, end - from);
    loop {
        grow(buffer, target);
        file.read_exact_at(&mut buffer[filled..target], from + filled as u64).map_err(Error::Read)?;
        filled = target;
        let text = &buffer[..filled];
        let start = match (is_first, memchr::memchr(b'\n', &text[..wanted.min(filled) - 1])) {
            (true, _) => 0,
            (false, Some(at)) => at + 1,
            // No line starts in the range.
            (false, None) => return Ok((0..0, range.end)),
        };
        if let Some(at) = memchr::memchr(b'\n', &text[wanted - 1..]) {
            return Ok((start..wanted + at, from + start as u64));
        }
        let line = memchr::memrchr(b'\n', &text[start..]).map_or(start, |at| start + at + 1);
        if filled - line > MAX_LINE_BYTES + 1 {
            return Err(Error::LineTooLong { byte: from + line as u64 });
        }
        if from + filled as u64 == end {
            return Ok((start..filled, from + start as u64));
        }
        target = at_most((filled * 2).min(filled + MAX_LINE_BYTES), end - from);
    }
}

/// So many bytes, or all that there are; these may be more than a machine of 32 bits can count.
fn at_most(bytes: usize, all: u64) -> usize {
    usize::try_from(all).map_or(bytes, |all| bytes.min(all))
}

/// A range of bytes that are in memory, and so can be counted.
fn in_memory(range: std::ops::Range<u64>) -> std::ops::Range<usize> {
    let place = |offset| usize::try_from(offset).expect("what is in memory can be counted");
    place(range.start)..place(range.end)
}

/// The same of bytes in memory.
fn find_range(text: &[u8], range: std::ops::Range<usize>, is_first: bool) -> Result<std::ops::Range<usize>> {
    let start = if is_first {
        range.start
    } else {
        match memchr::memchr(b'\n', &text[range.start - 1..range.end - 1]) {
            Some(at) => range.start + at,
            // No line starts in the range.
            None => return Ok(range.end..range.end),
        }
    };
    let line = memchr::memrchr(b'\n', &text[start..range.end - 1]).map_or(start, |at| start + at + 1);
    let most = line.saturating_add(MAX_LINE_BYTES + 2).min(text.len());
    match memchr::memchr(b'\n', &text[range.end - 1..most.max(range.end)]) {
        Some(at) => Ok(start..range.end + at),
        None if most < text.len() => Err(Error::LineTooLong { byte: line as u64 }),
        None => Ok(start..text.len()),
    }
}

/// Makes the buffer at least so long.
fn grow(buffer: &mut Vec<u8>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
}

impl Stream<'_> {
    fn next(&mut self, chunk_bytes: usize, buffer: &mut Vec<u8>) -> Result<Option<Chunk>> {
        let mut filled = self.carry.len();
        grow(buffer, filled);
        buffer[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        let mut target = chunk_bytes.max(filled);
        let end = loop {
            grow(buffer, target);
            while !self.is_done && filled < target {
                match self.reader.read(&mut buffer[filled..target]) {
                    Ok(0) => self.is_done = true,
                    Ok(more) => filled += more,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(Error::Read(error)),
                }
            }
            if self.is_done {
                break filled;
            }
            match memchr::memrchr(b'\n', &buffer[..filled]) {
                Some(at) => break at + 1,
                None if filled > MAX_LINE_BYTES + 1 => return Err(Error::LineTooLong { byte: self.byte }),
                None => target = filled * 2,
            }
        };
        self.carry.extend_from_slice(&buffer[end..filled]);
        if end == 0 {
            return Ok(None);
        }
        let line = memchr::memrchr(b'\n', &buffer[..end - 1]).map_or(0, |at| at + 1);
        if end - line > MAX_LINE_BYTES + 2 {
            return Err(Error::LineTooLong { byte: self.byte + line as u64 });
        }
        let chunk = Chunk { sequence: self.sequence, range: 0..end, byte: self.byte };
        self.sequence += 1;
        self.byte += end as u64;
        Ok(Some(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gather(source: &Source<'_>) -> Vec<(u64, Vec<u8>)> {
        let mut chunks = Vec::new();
        let mut buffer = Vec::new();
        let mut reader = source.reader();
        while let Some(chunk) = reader.next(&mut buffer).expect("readable") {
            if !chunk.range.is_empty() {
                chunks.push((chunk.byte, source.lines(&chunk, &buffer).to_vec()));
            }
        }
        chunks
    }

    fn check(text: &[u8], chunks: &[(u64, Vec<u8>)]) {
        let mut at = 0;
        for (number, (byte, lines)) in chunks.iter().enumerate() {
            assert_eq!(*byte, at);
            assert!(lines.ends_with(b"\n") || number + 1 == chunks.len());
            at += lines.len() as u64;
        }
        assert_eq!(chunks.concat_lines(), text);
    }

    trait Concat {
        fn concat_lines(&self) -> Vec<u8>;
    }

    impl Concat for [(u64, Vec<u8>)] {
        fn concat_lines(&self) -> Vec<u8> {
            self.iter().flat_map(|(_, lines)| lines.iter().copied()).collect()
        }
    }

    /// A slice that is read as a file is.
    struct Copied<'a>(&'a [u8]);

    impl ReadAt for Copied<'_> {
        fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
            self.0.read_exact_at(buffer, offset)
        }
    }

    proptest! {
        #[test]
        fn chunks_are_the_text_cut_at_line_ends(
            text in prop::collection::vec(prop_oneof![3 => Just(b'a'), 1 => Just(b'\n')], 0..300),
            chunk_bytes in 1usize..50,
        ) {
            let in_memory = gather(&Source::ranges(&&text[..], 0, text.len() as u64, chunk_bytes));
            check(&text, &in_memory);
            prop_assert_eq!(gather(&Source::ranges(&Copied(&text), 0, text.len() as u64, chunk_bytes)), in_memory);
            let mut reader = &text[..];
            check(&text, &gather(&Source::stream(&mut reader, Vec::new(), 0, chunk_bytes)));
        }
    }

    #[test]
    fn a_line_over_the_limit_is_an_error() {
        let text = vec![b'a'; MAX_LINE_BYTES + 10];
        for file in [&&text[..] as &dyn ReadAt, &Copied(&text)] {
            let source = Source::ranges(file, 0, text.len() as u64, 1 << 20);
            assert!(matches!(source.reader().next(&mut Vec::new()), Err(Error::LineTooLong { byte: 0 })));
        }
        let mut reader = &text[..];
        let source = Source::stream(&mut reader, Vec::new(), 0, 1 << 20);
        assert!(matches!(source.reader().next(&mut Vec::new()), Err(Error::LineTooLong { byte: 0 })));
    }
}
