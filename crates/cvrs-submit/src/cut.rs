//! Clean records in, parts within the limits out.
//!
//! ```text
//! Feed: records ─► blocks of some 256 KiB ─┬─► workers deflate ─┐
//!                                          └─► order ───────────┴─► assembler ─► parts
//! ```
//!
//! Blocks are a function of the records alone, and the assembler takes them in order; so the parts are the same bytes
//! whatever the number of workers. A block that does not fit into what a part has left is cut: the largest number of its
//! records is looked for whose deflated bytes really fit. The rest begins the next part.

mod assemble;

pub(crate) use assemble::hex;

use crate::body::Body;
use crate::error::Error;
use crate::lines::{Coverage, Lines, Owner};
use crate::zip::{Packed, Packer};
use assemble::Assembler;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Text of a block, in bytes; a longer line is a block by itself.
const BLOCK: usize = 256 << 10;
/// Up to so many records in a single part are sent at once and waited for, where the mode is left open.
const AT_ONCE: u64 = 10_000;

/// How parts are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A text, answered when it is stored.
    Sync,
    /// A zip, answered with a job.
    Async,
}

impl Mode {
    /// The name in receipts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Async => "async",
        }
    }
}

/// Within what parts are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Records of a part.
    pub records: u64,
    /// Bytes of its body as it is sent.
    pub bytes: u64,
}

/// What a [`Feed`] goes by.
#[derive(Clone, Debug)]
pub struct Cutting {
    /// The limits.
    pub limits: Limits,
    /// How parts are sent; `None`: as a job, unless all is one part of up to 10,000 records.
    pub mode: Option<Mode>,
    /// How many threads deflate.
    pub threads: usize,
    /// Lines that belong to parts of earlier runs.
    pub coverage: Coverage,
    /// Parts that are to be made again as they were: by number, how many records their blocks have.
    pub again: BTreeMap<i64, Vec<u32>>,
}

/// A part, ready to be sent.
#[derive(Debug)]
pub struct Part {
    /// The part of an earlier run that this is.
    pub again: Option<i64>,
    /// SHA-256 of its text, header included, in hexadecimal digits.
    pub sha256: String,
    /// Its records.
    pub records: u64,
    /// Its text in bytes.
    pub text_bytes: u64,
    /// The lines of the input that it holds.
    pub lines: Lines,
    /// How many records each of its blocks has.
    pub blocks: Vec<u32>,
    /// How it is sent.
    pub mode: Mode,
    /// What is sent.
    pub body: Body,
}

/// Records on their way, in the order of the input.
#[derive(Debug, Default)]
struct Block {
    again: Option<i64>,
    text: Vec<u8>,
    lines: Lines,
}

impl Block {
    fn n_records(&self) -> usize {
        self.lines.len() as usize
    }

    /// Where each record ends: asked for only where a part ends.
    fn ends(&self) -> Vec<usize> {
        let mut ends: Vec<usize> = memchr::memchr_iter(b'\n', &self.text).map(|at| at + 1).collect();
        if ends.last() != Some(&self.text.len()) {
            ends.push(self.text.len());
        }
        ends
    }

    /// The block without its first `n` records, which end at `end`.
    fn without(&self, n: usize, end: usize) -> Self {
        Self { again: self.again, text: self.text[end..].to_vec(), lines: self.lines.without(n as u64) }
    }
}

struct Job {
    block: Arc<Block>,
    done: SyncSender<Packed>,
}

struct Waiting {
    block: Arc<Block>,
    packed: Option<Receiver<Packed>>,
}

enum Order {
    Header(Vec<u8>, Mode),
    Block(Waiting),
    /// That was all; without it the last part is not whole, and is dropped.
    End,
}

/// Where clean records are handed in.
#[derive(Debug)]
pub struct Feed {
    cutting: Cutting,
    header: Vec<u8>,
    mode: Option<Mode>,
    block: Block,
    /// How many records the blocks of a part that is made again still have.
    sizes: VecDeque<u32>,
    /// What waits for the mode to be known.
    pending: Vec<Block>,
    pending_records: u64,
    pending_bytes: u64,
    order: SyncSender<Order>,
    work: Option<SyncSender<Job>>,
    /// Records that were left out since an earlier run sent them.
    n_left_out: u64,
}

/// Where the first `n` records of a text end.
fn end_of(text: &[u8], n: u64) -> usize {
    match (n as usize).checked_sub(1) {
        Some(before) => memchr::memchr_iter(b'\n', text).nth(before).map_or(text.len(), |at| at + 1),
        None => 0,
    }
}

/// The length of the whole records among the first `room` bytes of a text.
fn whole_records(text: &[u8], room: usize) -> usize {
    if text.len() <= room { text.len() } else { memchr::memrchr(b'\n', &text[..room]).map_or(0, |at| at + 1) }
}

/// Where parts come out.
#[derive(Debug)]
pub struct Parts {
    parts: Receiver<Result<Part, Error>>,
    threads: Vec<JoinHandle<()>>,
}

/// Starts cutting.
pub fn cut(cutting: Cutting) -> (Feed, Parts) {
    let n_workers = cutting.threads.max(1);
    let (order, orders) = sync_channel::<Order>(4 * n_workers + 4);
    let (work, jobs) = sync_channel::<Job>(2 * n_workers);
    let (give, parts) = sync_channel(1);
    let jobs = Arc::new(Mutex::new(jobs));
    let mut threads: Vec<JoinHandle<()>> = (0..n_workers)
        .map(|_| {
            let jobs = Arc::clone(&jobs);
            std::thread::spawn(move || deflate(&jobs))
        })
        .collect();
    let assembler = Assembler::new(cutting.limits, &cutting.again, give);
    threads.push(std::thread::spawn(move || assembler.run(&orders)));
    let feed = Feed {
        mode: cutting.mode,
        cutting,
        header: Vec::new(),
        block: Block::default(),
        sizes: VecDeque::new(),
        pending: Vec::new(),
        pending_records: 0,
        pending_bytes: 0,
        order,
        work: Some(work),
        n_left_out: 0,
    };
    (feed, Parts { parts, threads })
}

fn deflate(jobs: &Mutex<Receiver<Job>>) {
    let mut packer = Packer::new();
    loop {
        let Ok(job) = jobs.lock().expect("no worker panics while it waits").recv() else { return };
        let packed = packer.pack(&job.block.text);
        let _ = job.done.send(packed);
    }
}

/// Nobody takes the parts any more, or the assembler has failed; the parts' receiver says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl Feed {
    /// The header line as it stands, before any record.
    ///
    /// # Errors
    /// See [`Stopped`].
    pub fn header(&mut self, line: &[u8]) -> Result<(), Stopped> {
        self.header = line.to_vec();
        if !line.ends_with(b"\n") {
            self.header.push(b'\n');
        }
        self.mode.map_or(Ok(()), |mode| self.begin(mode))
    }

    fn begin(&self, mode: Mode) -> Result<(), Stopped> {
        self.order.send(Order::Header(self.header.clone(), mode)).map_err(|_| Stopped)
    }

    /// The records of these lines but those that are held back or blank, which are given in rising order; each ends in
    /// a line feed, except perhaps the last of the input.
    ///
    /// # Errors
    /// See [`Stopped`].
    pub fn push(&mut self, text: &[u8], numbers: Range<u64>, held_back: &[u64]) -> Result<(), Stopped> {
        let (mut text, mut line) = (text, numbers.start);
        for stop in held_back.iter().copied().chain([numbers.end]) {
            while line < stop {
                let (owner, until) = self.cutting.coverage.owner_until(line);
                let until = until.min(stop);
                // What comes last needs no counting.
                let end = if until == numbers.end { text.len() } else { end_of(text, until - line) };
                let (records, others) = text.split_at(end);
                match owner {
                    Some(Owner::Sent) => self.n_left_out += until - line,
                    Some(Owner::Again(part)) => self.add(Some(part), records, line)?,
                    None => self.add(None, records, line)?,
                }
                (text, line) = (others, until);
            }
            line = stop + 1;
        }
        Ok(())
    }

    /// Adds records of lines that follow each other.
    fn add(&mut self, again: Option<i64>, text: &[u8], line: u64) -> Result<(), Stopped> {
        if self.block.again != again {
            self.flush()?;
            self.sizes = again.and_then(|part| self.cutting.again.get(&part)).into_iter().flatten().copied().collect();
            self.block.again = again;
        }
        let (mut text, mut line) = (text, line);
        while !text.is_empty() {
            let n = self.block.n_records() as u64;
            let fits = match again {
                Some(_) => {
                    self.sizes.front().map_or(text.len(), |&size| end_of(text, u64::from(size).saturating_sub(n)))
                }
                None => whole_records(text, BLOCK.saturating_sub(self.block.text.len())),
            };
            if fits == 0 && n > 0 {
                self.flush()?;
                continue;
            }
            // A record that is longer than any block is one by itself.
            let fits = if fits == 0 { end_of(text, 1) } else { fits };
            let (records, others) = text.split_at(fits);
            let is_open = u64::from(!records.ends_with(b"\n"));
            let n = memchr::memchr_iter(b'\n', records).count() as u64 + is_open;
            if self.block.text.capacity() == 0 {
                self.block.text.reserve(BLOCK.max(fits));
            }
            self.block.text.extend_from_slice(records);
            self.block.lines.push_run(line, n);
            (text, line) = (others, line + n);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        if self.block.n_records() == 0 {
            return Ok(());
        }
        let next = Block { again: self.block.again, ..Block::default() };
        let block = std::mem::replace(&mut self.block, next);
        if block.again.is_some() {
            self.sizes.pop_front();
        }
        let Some(mode) = self.mode else {
            self.pending_records += block.n_records() as u64;
            self.pending_bytes += block.text.len() as u64;
            self.pending.push(block);
            let limits = self.cutting.limits;
            let is_one = self.pending_records <= AT_ONCE.min(limits.records)
                && self.pending_bytes + self.header.len() as u64 <= limits.bytes
                && self.cutting.again.is_empty();
            return if is_one { Ok(()) } else { self.decide(Mode::Async) };
        };
        self.give(block, mode)
    }

    fn decide(&mut self, mode: Mode) -> Result<(), Stopped> {
        self.mode = Some(mode);
        self.begin(mode)?;
        for block in std::mem::take(&mut self.pending) {
            self.give(block, mode)?;
        }
        Ok(())
    }

    fn give(&self, block: Block, mode: Mode) -> Result<(), Stopped> {
        let block = Arc::new(block);
        let packed = match (mode, &self.work) {
            (Mode::Async, Some(work)) => {
                let (done, packed) = sync_channel(1);
                work.send(Job { block: Arc::clone(&block), done }).map_err(|_| Stopped)?;
                Some(packed)
            }
            _ => None,
        };
        self.order.send(Order::Block(Waiting { block, packed })).map_err(|_| Stopped)
    }

    /// All records have been handed in; only now the last part is made. Returns how many of them were left out since an earlier run sent them.
    ///
    /// # Errors
    /// See [`Stopped`].
    pub fn finish(mut self) -> Result<u64, Stopped> {
        self.flush()?;
        if self.mode.is_none() && !self.pending.is_empty() {
            self.decide(Mode::Sync)?;
        }
        self.order.send(Order::End).map_err(|_| Stopped)?;
        Ok(self.n_left_out)
    }
}

impl Iterator for Parts {
    type Item = Result<Part, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.parts.recv().ok();
        if next.is_none() {
            for thread in self.threads.drain(..) {
                if thread.join().is_err() {
                    return Some(Err(Error::Defect("a thread that makes parts has failed")));
                }
            }
        }
        next
    }
}

#[cfg(test)]
mod tests;
