//! Blocks in, parts out: what fits into a part, and where it is cut.

use super::{Block, Limits, Mode, Order, Part, Waiting};
use crate::body::Body;
use crate::error::Error;
use crate::lines::Lines;
use crate::zip::{self, Packed, pack};
use ring::digest::{Context, SHA256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

/// Text of a part, in bytes: below what a clearinghouse of this project unpacks, and far below 4 GiB.
const MAX_TEXT: u64 = 900_000_000;

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

pub(super) struct Assembler {
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
    pub(super) fn new(limits: Limits, again: &BTreeMap<i64, Vec<u32>>, give: SyncSender<Result<Part, Error>>) -> Self {
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

    pub(super) fn run(mut self, orders: &Receiver<Order>) {
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
