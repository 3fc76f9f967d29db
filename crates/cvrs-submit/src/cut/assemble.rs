//! Blocks in, parts out: what fits into a part, and where it is cut.

use super::{Block, Limits, Mode, Order, Part, Waiting};
use crate::body::Body;
use crate::error::Error;
use crate::lines::Lines;
use crate::zip::{self, Packed, Packer};
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

/// What of a block fits into a part: records, where they end, and their deflated bytes.
struct Fitting {
    taken: usize,
    end: usize,
    packed: Option<Packed>,
}

pub(super) struct Assembler {
    limits: Limits,
    mode: Mode,
    header: Vec<u8>,
    header_packed: Option<Packed>,
    packer: Packer,
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
            packer: Packer::new(),
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
                    self.header_packed = (mode == Mode::Async).then(|| self.packer.pack(&line));
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
            Some(packed) => building.push(packed.bytes.clone(), &packed.crc)?,
            None => building.push(self.header.clone(), &crc32fast::Hasher::new())?,
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
            building.add(&block, block.n_records(), block.text.len(), packed)?;
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
            let Fitting { taken, end, packed: piece } = self.fitting(&building, &block, n, whole);
            if taken > 0 {
                building.add(&block, taken, end, piece)?;
            } else if building.lines.is_empty() {
                let line = block.lines.nth(0).unwrap_or_default();
                return Err(Some(Error::TooLong { line, limit: self.limits.bytes }));
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
                block = Arc::new(block.without(taken, end));
            }
            packed = (self.mode == Mode::Async).then(|| self.packer.pack(&block.text));
        }
    }

    /// What of the first `n` records fits into what the part has left; `whole` are the deflated bytes of all of them.
    fn fitting(&mut self, building: &Building, block: &Block, n: usize, whole: Option<Packed>) -> Fitting {
        let room = self.limits.bytes.saturating_sub(building.packed_bytes);
        let text_room = MAX_TEXT.saturating_sub(building.text_bytes);
        let len = block.text.len() as u64;
        if n == block.n_records() && len <= text_room {
            let is_within = |whole: &Packed| whole.bytes.len() as u64 <= room;
            match whole {
                None if self.mode == Mode::Sync && len <= room => {
                    return Fitting { taken: n, end: block.text.len(), packed: None };
                }
                Some(whole) if is_within(&whole) => {
                    return Fitting { taken: n, end: block.text.len(), packed: Some(whole) };
                }
                _ => {}
            }
        }
        let ends = block.ends();
        let end = |n: usize| if n == 0 { 0 } else { ends[n - 1] };
        let text_room = if self.mode == Mode::Sync { text_room.min(room) } else { text_room };
        let n = ends[..n].partition_point(|&end| end as u64 <= text_room);
        if self.mode == Mode::Sync {
            return Fitting { taken: n, end: end(n), packed: None };
        }
        // The most records whose deflated bytes fit.
        let (mut low, mut high) = (0, n + 1);
        let (mut middle, mut best) = (n, None);
        while high - low > 1 {
            let piece = self.packer.pack(&block.text[..end(middle)]);
            if piece.bytes.len() as u64 <= room {
                (low, best) = (middle, Some(piece));
            } else {
                high = middle;
            }
            middle = usize::midpoint(low, high);
        }
        Fitting { taken: low, end: end(low), packed: best }
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
    fn push(&mut self, bytes: Vec<u8>, crc: &crc32fast::Hasher) -> Result<(), Error> {
        self.packed_bytes += bytes.len() as u64;
        self.crc.combine(crc);
        self.body.push(bytes).map_err(Error::Temporary)
    }

    /// The first `n` records of a block, which end at `end`; their deflated bytes where the part is a zip.
    fn add(&mut self, block: &Block, n: usize, end: usize, packed: Option<Packed>) -> Result<(), Error> {
        let text = &block.text[..end];
        self.digest.update(text);
        self.text_bytes += text.len() as u64;
        self.lines.extend_with(&block.lines, n as u64);
        self.blocks.push(n as u32);
        match packed {
            Some(packed) => self.push(packed.bytes, &packed.crc),
            None => self.push(text.to_vec(), &crc32fast::Hasher::new()),
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
