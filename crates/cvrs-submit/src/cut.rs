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

use crate::body::Body;
use crate::error::Error;
use crate::lines::{Coverage, Lines, Owner};
use crate::zip::{self, Packed, pack};
use ring::digest::{Context, SHA256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Text of a block, in bytes; a longer line is a block by itself.
const BLOCK: usize = 256 << 10;
/// Up to so many records in a single part are sent at once and waited for, where the mode is left open.
const AT_ONCE: u64 = 10_000;
/// Text of a part, in bytes: below what a clearinghouse of this project unpacks, and far below 4 GiB.
const MAX_TEXT: u64 = 900_000_000;

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
    /// Where each record ends.
    ends: Vec<u32>,
    lines: Vec<u64>,
}

impl Block {
    fn n_records(&self) -> usize {
        self.ends.len()
    }

    /// Where the first `n` records end.
    fn end(&self, n: usize) -> usize {
        if n == 0 { 0 } else { self.ends[n - 1] as usize }
    }

    fn without(&self, n: usize) -> Self {
        let end = self.end(n);
        Self {
            again: self.again,
            text: self.text[end..].to_vec(),
            ends: self.ends[n..].iter().map(|&at| at - end as u32).collect(),
            lines: self.lines[n..].to_vec(),
        }
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
    loop {
        let Ok(job) = jobs.lock().expect("no worker panics while it waits").recv() else { return };
        let packed = pack(&job.block.text);
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

    /// Records with the numbers of their lines; each ends in a line feed, except perhaps the last of the input.
    ///
    /// # Errors
    /// See [`Stopped`].
    ///
    /// # Panics
    /// If there are fewer numbers than records.
    pub fn push(&mut self, text: &[u8], mut lines: impl Iterator<Item = u64>) -> Result<(), Stopped> {
        let mut at = 0;
        while at < text.len() {
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |found| at + found + 1);
            let line = lines.next().expect("each record has its number");
            let record = &text[at..end];
            at = end;
            match self.cutting.coverage.owner(line) {
                Some(Owner::Sent) => self.n_left_out += 1,
                Some(Owner::Again(part)) => self.add(Some(part), record, line)?,
                None => self.add(None, record, line)?,
            }
        }
        Ok(())
    }

    fn add(&mut self, again: Option<i64>, record: &[u8], line: u64) -> Result<(), Stopped> {
        let is_full = match again {
            Some(_) => self.sizes.front().is_some_and(|&size| self.block.n_records() >= size as usize),
            None => self.block.text.len() + record.len() > BLOCK,
        };
        if is_full || self.block.again != again {
            self.flush()?;
        }
        if self.block.again != again {
            self.sizes = again.and_then(|part| self.cutting.again.get(&part)).into_iter().flatten().copied().collect();
            self.block.again = again;
        }
        self.block.text.extend_from_slice(record);
        self.block.ends.push(self.block.text.len() as u32);
        self.block.lines.push(line);
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

/// A part while it grows.
struct Building {
    again: Option<i64>,
    body: Body,
    /// Bytes of the body but its frame.
    packed_bytes: u64,
    text_bytes: u64,
    digest: Context,
    crc: crc32fast::Hasher,
    lines: Lines,
    blocks: Vec<u32>,
}

struct Assembler {
    limits: Limits,
    mode: Mode,
    header: Vec<u8>,
    header_packed: Option<Packed>,
    /// Records that parts which are made again have.
    whole: BTreeMap<i64, u64>,
    building: Option<Building>,
    /// Parts that are made again, which may be interrupted by lines of others.
    again: BTreeMap<i64, Building>,
    give: SyncSender<Result<Part, Error>>,
}

impl Assembler {
    fn new(limits: Limits, again: &BTreeMap<i64, Vec<u32>>, give: SyncSender<Result<Part, Error>>) -> Self {
        let whole = again.iter().map(|(&part, blocks)| (part, blocks.iter().map(|&n| u64::from(n)).sum())).collect();
        Self {
            limits,
            mode: Mode::Sync,
            header: Vec::new(),
            header_packed: None,
            whole,
            building: None,
            again: BTreeMap::new(),
            give,
        }
    }

    fn run(mut self, orders: &Receiver<Order>) {
        let ended = self.assemble(orders);
        if let Err(Some(error)) = ended {
            let _ = self.give.send(Err(error));
        }
        // What feeds it must not wait for ever.
        while orders.recv().is_ok() {}
    }

    /// Fails with nothing if nobody takes the parts.
    fn assemble(&mut self, orders: &Receiver<Order>) -> Result<(), Option<Error>> {
        while let Ok(order) = orders.recv() {
            match order {
                Order::Header(line, mode) => {
                    self.mode = mode;
                    self.header_packed = (mode == Mode::Async).then(|| pack(&line));
                    self.header = line;
                }
                Order::Block(Waiting { block, packed }) => {
                    let packed = match packed {
                        Some(packed) => {
                            Some(packed.recv().map_err(|_| Error::Defect("a thread that deflates has failed"))?)
                        }
                        None => None,
                    };
                    self.place(block, packed)?;
                }
                Order::End => {
                    if let Some(building) = self.building.take() {
                        self.end(building)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn begin(&self, again: Option<i64>) -> Result<Building, Error> {
        let mut building = Building {
            again,
            body: Body::new(),
            packed_bytes: if self.mode == Mode::Async { zip::OVERHEAD } else { 0 },
            text_bytes: self.header.len() as u64,
            digest: Context::new(&SHA256),
            crc: crc32fast::Hasher::new(),
            lines: Lines::default(),
            blocks: Vec::new(),
        };
        building.digest.update(&self.header);
        match &self.header_packed {
            Some(packed) => building.push(&packed.bytes, &packed.crc)?,
            None => building.push(&self.header, &crc32fast::Hasher::new())?,
        }
        Ok(building)
    }

    /// Puts a block into the part that is being made, and the next ones where it does not fit.
    fn place(&mut self, block: Arc<Block>, packed: Option<Packed>) -> Result<(), Option<Error>> {
        if let Some(part) = block.again {
            let mut building = match self.again.remove(&part) {
                Some(building) => building,
                None => self.begin(Some(part))?,
            };
            building.add(&block, block.n_records(), packed.as_ref())?;
            if Some(&building.lines.len()) == self.whole.get(&part) {
                return self.end(building);
            }
            self.again.insert(part, building);
            return Ok(());
        }
        let (mut block, mut packed) = (block, packed);
        loop {
            let mut building = match self.building.take() {
                Some(building) => building,
                None => self.begin(None)?,
            };
            let room = self.limits.records.max(1) - building.lines.len();
            let n = block.n_records().min(room as usize);
            let whole = packed.take().filter(|_| n == block.n_records());
            let (taken, piece) = self.fitting(&building, &block, n, whole);
            if taken > 0 {
                building.add(&block, taken, piece.as_ref())?;
            } else if building.lines.is_empty() {
                return Err(Some(Error::TooLong { line: block.lines[0], limit: self.limits.bytes }));
            }
            if taken == block.n_records() {
                if building.lines.len() < self.limits.records {
                    self.building = Some(building);
                    return Ok(());
                }
                return self.end(building);
            }
            self.end(building)?;
            if taken > 0 {
                block = Arc::new(block.without(taken));
            }
            packed = (self.mode == Mode::Async).then(|| pack(&block.text));
        }
    }

    /// How many of the first `n` records fit into what the part has left, and their deflated bytes.
    fn fitting(&self, building: &Building, block: &Block, n: usize, whole: Option<Packed>) -> (usize, Option<Packed>) {
        let room = self.limits.bytes.saturating_sub(building.packed_bytes);
        let text_room = MAX_TEXT.saturating_sub(building.text_bytes);
        let n_by_text = block.ends[..n].partition_point(|&end| u64::from(end) <= text_room);
        if self.mode == Mode::Sync {
            let n_by_bytes = block.ends[..n_by_text].partition_point(|&end| u64::from(end) <= room);
            return (n_by_bytes, None);
        }
        let pack_of = |n: usize| pack(&block.text[..block.end(n)]);
        let whole = if n_by_text == n { whole } else { None };
        let whole = whole.unwrap_or_else(|| pack_of(n_by_text));
        if whole.bytes.len() as u64 <= room {
            return (n_by_text, Some(whole));
        }
        let (mut low, mut high) = (0, n_by_text);
        let mut best = None;
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            let piece = pack_of(middle);
            if piece.bytes.len() as u64 <= room {
                best = Some(piece);
                low = middle;
            } else {
                high = middle;
            }
        }
        (low, best)
    }

    fn end(&self, mut building: Building) -> Result<(), Option<Error>> {
        if building.lines.is_empty() {
            return Ok(());
        }
        if self.mode == Mode::Async {
            let deflated = building.packed_bytes - zip::OVERHEAD;
            building.body.enclose(zip::frame(deflated, building.text_bytes, building.crc.finalize()));
        }
        let part = Part {
            again: building.again,
            sha256: hex(building.digest.finish().as_ref()),
            records: building.lines.len(),
            text_bytes: building.text_bytes,
            lines: building.lines,
            blocks: building.blocks,
            mode: self.mode,
            body: building.body,
        };
        self.give.send(Ok(part)).map_err(|_| None)
    }
}

impl Building {
    fn push(&mut self, bytes: &[u8], crc: &crc32fast::Hasher) -> Result<(), Error> {
        self.packed_bytes += bytes.len() as u64;
        self.crc.combine(crc);
        self.body.push(bytes).map_err(Error::Temporary)
    }

    /// The first `n` records of a block; their deflated bytes where the part is a zip.
    fn add(&mut self, block: &Block, n: usize, packed: Option<&Packed>) -> Result<(), Error> {
        let text = &block.text[..block.end(n)];
        self.digest.update(text);
        self.text_bytes += text.len() as u64;
        block.lines[..n].iter().for_each(|&line| self.lines.push(line));
        self.blocks.push(n as u32);
        match packed {
            Some(packed) => self.push(&packed.bytes, &packed.crc),
            None => self.push(text, &crc32fast::Hasher::new()),
        }
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
