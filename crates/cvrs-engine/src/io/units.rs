//! Packed files whose parts can be found without unpacking them, unpacked by several threads.
//!
//! - zstd: frames stand one after another, and the blocks of a frame tell their lengths, so its end is found by
//!   walking along its headers (RFC 8878, 3.1.1). `zstd` writes one frame a file, `pzstd`, seekable zstd and `cat` more.
//! - gzip: where a member ends only inflating it shows, except in BGZF (`bgzip`), whose members of up to 64 KiB each
//!   tell their length in an extra field. What `pigz` and `gzip` write is one member to us, unpacked by one thread.
//!
//! Parts are gathered to units of about a megabyte. A unit ends only where the mark of a next part stands, and what
//! cannot be walked is left in one unit to its end, so a damaged file fails as it does when it is read in one go.

use super::ahead::Ahead;
use super::compression::Compression;
use super::decode;
use super::positional::read_at_most;
use super::raw::Raw;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// How many bytes of packed text a unit has at least.
const UNIT_BYTES: u64 = 1 << 20;

/// A part longer than this, packed, is not walked: buffers could not hold what it becomes, so nothing would be gained.
const MOST_PART_BYTES: u64 = 16 << 20;

/// A frame of more blocks (of up to 128 KiB each, unpacked) is not walked either.
const MOST_BLOCKS: usize = 4096;

/// What the decompressor of a part may hold of its text, in bytes; parts that want more are unpacked one at a time.
const MOST_WINDOW_BYTES: u64 = 8 << 20;

/// How far a unit is unpacked before its turn: 16 MiB.
const AHEAD_OF_TURN: usize = 64;

/// How far a file of one unit, or a pipe, is unpacked ahead: 1 MiB.
pub(super) const AHEAD: usize = 4;

/// The text of a packed file, unpacked by up to so many threads.
///
/// Memory: 1 MiB for a file of one unit, else up to 24 MiB a thread.
pub(super) fn open(
    file: &File,
    compression: Compression,
    threads: usize,
    consumed: &Arc<AtomicU64>,
) -> io::Result<Box<dyn Read + Send>> {
    let walk = Walk { file: file.try_clone()?, compression, unit_bytes: UNIT_BYTES, at: Some(0) };
    let mut units = Units { walk, consumed: Arc::clone(consumed), threads, running: VecDeque::new() };
    if threads < 2 {
        return Ok(Box::new(units.start(0, u64::MAX, AHEAD)?));
    }
    let (start, end) = units.walk.next_unit()?.unwrap_or((0, u64::MAX));
    if end == u64::MAX {
        return Ok(Box::new(units.start(start, end, AHEAD)?));
    }
    let first = units.start(start, end, AHEAD_OF_TURN)?;
    units.running.push_back(first);
    Ok(Box::new(units))
}

/// Units under way, in the order of the file.
struct Units {
    walk: Walk,
    consumed: Arc<AtomicU64>,
    threads: usize,
    running: VecDeque<Ahead>,
}

impl Units {
    fn start(&self, start: u64, end: u64, n_buffers: usize) -> io::Result<Ahead> {
        let raw = Raw::positional(self.walk.file.try_clone()?, start, end, Arc::clone(&self.consumed));
        let unpacked = match self.walk.compression {
            Compression::Zstd => decode::zstd(raw)?,
            _ => decode::gzip(raw),
        };
        Ahead::new(unpacked, n_buffers)
    }
}

impl Read for Units {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            while self.running.len() < self.threads
                && let Some((start, end)) = self.walk.next_unit()?
            {
                let started = self.start(start, end, AHEAD_OF_TURN)?;
                self.running.push_back(started);
            }
            let Some(first) = self.running.front_mut() else { return Ok(0) };
            // A unit that fails stays the first, and fails again.
            let n = first.read(buf)?;
            if n > 0 {
                return Ok(n);
            }
            self.running.pop_front();
        }
    }
}

/// Goes along the parts of a file.
struct Walk {
    file: File,
    compression: Compression,
    unit_bytes: u64,
    /// Where the next unit starts; `None` after the last.
    at: Option<u64>,
}

impl Walk {
    /// Where the next unit starts and ends; the last one ends wherever the file does.
    fn next_unit(&mut self) -> io::Result<Option<(u64, u64)>> {
        let Some(start) = self.at else { return Ok(None) };
        let mut end = start;
        while end - start < self.unit_bytes {
            match self.end_of_part(end)? {
                Some(next) if self.has_part(next)? => end = next,
                // The rest is small, or strange, or of one piece.
                _ if end == start => {
                    self.at = None;
                    return Ok(Some((start, u64::MAX)));
                }
                _ => break,
            }
        }
        self.at = Some(end);
        Ok(Some((start, end)))
    }

    /// Whether what can be walked begins there.
    fn has_part(&self, at: u64) -> io::Result<bool> {
        Ok(match self.compression {
            Compression::Zstd => Compression::of(&self.bytes::<4>(at)?) == Compression::Zstd,
            _ => self.bgzf_bytes(at)?.is_some(),
        })
    }

    /// Where the part that begins there ends; `None` if that is not to be known, or beyond what is walked.
    fn end_of_part(&self, at: u64) -> io::Result<Option<u64>> {
        match self.compression {
            Compression::Zstd => self.end_of_frame(at),
            _ => Ok(self.bgzf_bytes(at)?.map(|length| at + length)),
        }
    }

    fn end_of_frame(&self, start: u64) -> io::Result<Option<u64>> {
        let head = self.bytes::<18>(start)?;
        let (magic, rest) = (&head[..4], &head[4..]);
        if magic != [0x28, 0xb5, 0x2f, 0xfd] {
            // A skippable frame: its length, and bytes that mean nothing.
            let length = u64::from(u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]));
            let is_skippable = Compression::of(magic) == Compression::Zstd && length <= MOST_PART_BYTES;
            return Ok(is_skippable.then_some(start + 8 + length));
        }
        let descriptor = rest[0];
        let is_single = descriptor & 0x20 != 0;
        let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let content = [usize::from(is_single), 2, 4, 8][usize::from(descriptor >> 6)];
        let window_at = 1 + usize::from(!is_single);
        let window = if is_single {
            let mut length = [0; 8];
            length[..content].copy_from_slice(&rest[window_at + dictionary..][..content]);
            u64::from_le_bytes(length) + if content == 2 { 256 } else { 0 }
        } else {
            // The exponent over 10, and eighths of it.
            let base = 1u64 << (10 + (rest[1] >> 3));
            base + base / 8 * u64::from(rest[1] & 7)
        };
        if window > MOST_WINDOW_BYTES {
            return Ok(None);
        }
        let mut at = start + (4 + window_at + dictionary + content) as u64;
        for _ in 0..MOST_BLOCKS {
            let ([a, b, c], true) = self.bytes_if_all::<3>(at)? else { return Ok(None) };
            let block = u32::from_le_bytes([a, b, c, 0]);
            let length = u64::from(block >> 3);
            at += 3 + match (block >> 1) & 3 {
                0 | 2 => length,
                1 => 1,
                _ => return Ok(None),
            };
            if block & 1 == 1 {
                return Ok(Some(at + if descriptor & 4 != 0 { 4 } else { 0 }));
            }
            if at - start > MOST_PART_BYTES {
                break;
            }
        }
        Ok(None)
    }

    /// The length of the BGZF member that begins there, in bytes (SAM specification, 4.1).
    fn bgzf_bytes(&self, at: u64) -> io::Result<Option<u64>> {
        const FIXED: usize = 12;
        let head = self.bytes::<{ FIXED + 64 }>(at)?;
        let extra = usize::from(u16::from_le_bytes([head[10], head[11]]));
        if head[..3] != [0x1f, 0x8b, 8] || head[3] & 4 == 0 || extra > head.len() - FIXED {
            return Ok(None);
        }
        let mut fields = &head[FIXED..FIXED + extra];
        while let [one, two, low, high, rest @ ..] = fields {
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            if let (b'B', b'C', 2, [low, high, ..]) = (*one, *two, length, rest) {
                return Ok(Some(u64::from(u16::from_le_bytes([*low, *high])) + 1));
            }
            fields = rest.get(length..).unwrap_or_default();
        }
        Ok(None)
    }

    /// Bytes of the file, zero beyond its end: no part begins with a zero.
    fn bytes<const N: usize>(&self, at: u64) -> io::Result<[u8; N]> {
        self.bytes_if_all(at).map(|(bytes, _)| bytes)
    }

    /// The same, and whether the file has them all.
    fn bytes_if_all<const N: usize>(&self, at: u64) -> io::Result<([u8; N], bool)> {
        let mut bytes = [0; N];
        let n = read_at_most(&self.file, &mut bytes, at)?;
        Ok((bytes, n == N))
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::InputCause;
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;
    use std::sync::atomic::Ordering;

    /// Lines that do not compress to nothing.
    fn text(lines: u32, seed: u32) -> Vec<u8> {
        let mut x = seed;
        let mut out = Vec::new();
        for _ in 0..lines {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            out.extend_from_slice(format!("{x}\t{}\n", x >> 7).as_bytes());
        }
        out
    }

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// A BGZF member by its specification, with another extra field before its own.
    fn bgzf(text: &[u8]) -> Vec<u8> {
        let body = deflated(text);
        let mut crc = flate2::Crc::new();
        crc.update(text);
        let head = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 11, 0, b'X', b'Y', 1, 0, 9, b'B', b'C', 2, 0];
        let size = (head.len() + 2 + body.len() + 8 - 1) as u16;
        let tail = [crc.sum().to_le_bytes(), (text.len() as u32).to_le_bytes()].concat();
        [&head[..], &size.to_le_bytes(), &body, &tail].concat()
    }

    /// A frame with or without a checksum and its content's size.
    fn frame(text: &[u8], has_checksum: bool, has_size: bool) -> Vec<u8> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(has_checksum).unwrap();
        if has_size {
            encoder.set_pledged_src_size(Some(text.len() as u64)).unwrap();
        }
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    const SKIPPABLE: [u8; 11] = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];

    fn frames() -> Vec<u8> {
        let mut file = SKIPPABLE.to_vec();
        for number in 0..6 {
            file.extend(frame(&text(number * 40, number), number % 2 == 0, number % 3 == 0));
            file.extend(SKIPPABLE);
        }
        // Bytes that compress to one run, and bytes that do not compress.
        file.extend(frame(&b"a".repeat(200_000), true, true));
        file.extend(zstd::encode_all(&(0..=255).collect::<Vec<u8>>()[..], 1).unwrap());
        file
    }

    fn members() -> Vec<u8> {
        let mut file: Vec<u8> = (0..8).flat_map(|number| bgzf(&text(number * 30, number))).collect();
        file.extend(bgzf(b""));
        file
    }

    type Outcome = (Vec<u8>, Option<InputCause>);

    fn read_all(mut reader: Box<dyn Read + Send>) -> Outcome {
        let mut text = Vec::new();
        let fault = reader.read_to_end(&mut text).err();
        assert_eq!(reader.read(&mut [0; 8]).is_err(), fault.is_some(), "an end stays one, and so does a fault");
        (text, fault.map(InputCause::from))
    }

    /// Reads a file in units of at least so many bytes, and in one go: the number of units, and the two outcomes.
    fn read_both(bytes: &[u8], compression: Compression, unit_bytes: u64, threads: usize) -> (usize, Outcome, Outcome) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let walk = |file: &File| Walk { file: file.try_clone().unwrap(), compression, unit_bytes, at: Some(0) };
        let (mut units, mut end) = (0, 0);
        let mut parts = walk(&file);
        while let Some(unit) = parts.next_unit().unwrap() {
            assert_eq!(unit.0, end, "units follow one another");
            (units, end) = (units + 1, unit.1);
        }
        assert_eq!(end, u64::MAX);
        let consumed = Arc::new(AtomicU64::new(0));
        let in_units = Units { walk: walk(&file), consumed: Arc::clone(&consumed), threads, running: VecDeque::new() };
        let in_units = read_all(Box::new(in_units));
        if in_units.1.is_none() {
            assert_eq!(consumed.load(Ordering::Relaxed), bytes.len() as u64);
        }
        let raw = Raw::positional(file, 0, u64::MAX, Arc::default());
        let whole = match compression {
            Compression::Zstd => decode::zstd(raw).unwrap(),
            _ => decode::gzip(raw),
        };
        (units, in_units, read_all(whole))
    }

    fn assert_same(bytes: &[u8], compression: Compression, unit_bytes: u64, threads: usize, what: &str) -> usize {
        let (n_units, units, whole) = read_both(bytes, compression, unit_bytes, threads);
        let words = |outcome: &Outcome| outcome.1.as_ref().map(ToString::to_string);
        assert_eq!(words(&units), words(&whole), "{what}");
        assert!(units.0 == whole.0 || units.1.is_some(), "{what}: {} and {} bytes", units.0.len(), whole.0.len());
        n_units
    }

    #[test]
    fn units_are_the_text() {
        for (bytes, compression, n_parts) in [(frames(), Compression::Zstd, 15), (members(), Compression::Gzip, 9)] {
            for threads in [1, 2, 5] {
                for (unit_bytes, n_units) in [(1, n_parts), (UNIT_BYTES, 2)] {
                    let found = assert_same(&bytes, compression, unit_bytes, threads, "whole");
                    assert_eq!(found, n_units, "{compression} {unit_bytes}");
                }
            }
        }
    }

    #[test]
    fn every_cut_is_told_as_of_one_piece() {
        for (bytes, compression) in [(frames(), Compression::Zstd), (members(), Compression::Gzip)] {
            for cut in (4..bytes.len()).step_by(7) {
                assert_same(&bytes[..cut], compression, 300, 3, &format!("{compression} cut at {cut}"));
            }
        }
    }

    #[test]
    fn what_follows_is_told_as_of_one_piece() {
        for (bytes, compression) in [(frames(), Compression::Zstd), (members(), Compression::Gzip)] {
            for tail in
                [&b"garbage"[..], &[0; 700], b"\0\0garbage", b"\x1f\x8b", &[0x28, 0xb5], &[0x50, 0x2a, 0x4d, 0x18]]
            {
                assert_same(&[&bytes[..], tail].concat(), compression, 1, 2, &format!("{compression} and {tail:?}"));
            }
        }
        // A member that `gzip` has written amid those of BGZF.
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&text(50, 1)).unwrap();
        let mixed = [members(), encoder.finish().unwrap(), members()].concat();
        assert_same(&mixed, Compression::Gzip, 1, 2, "mixed");
    }

    #[test]
    fn what_has_no_parts_is_one_unit() {
        let frame = frame(&text(5000, 1), true, false);
        assert_eq!(assert_same(&frame, Compression::Zstd, 1, 4, "one frame"), 1);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&text(5000, 1)).unwrap();
        let member = encoder.finish().unwrap();
        assert_eq!(assert_same(&[&member[..], &member].concat(), Compression::Gzip, 1, 4, "two members"), 1);
        // Frames that want a large window are unpacked one at a time.
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(24).unwrap();
        encoder.write_all(&text(10, 1)).unwrap();
        let wide = encoder.finish().unwrap();
        assert_eq!(assert_same(&[&wide[..], &wide].concat(), Compression::Zstd, 1, 4, "a wide window"), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn a_flipped_bit_never_passes_as_another_text(
            is_zstd: bool, at: prop::sample::Index, bit in 0u8..8, unit_bytes in 1u64..2000, threads in 1usize..4,
        ) {
            let (mut bytes, compression) =
                if is_zstd { (frames(), Compression::Zstd) } else { (members(), Compression::Gzip) };
            let whole = read_both(&bytes, compression, unit_bytes, threads).2.0;
            let at = 4 + at.index(bytes.len() - 4);
            bytes[at] ^= 1 << bit;
            let (_, units, in_one_go) = read_both(&bytes, compression, unit_bytes, threads);
            if is_zstd {
                prop_assert_eq!(units.1.is_some(), in_one_go.1.is_some());
                prop_assert!(units.1.is_some() || units.0 == in_one_go.0);
            } else {
                // A wrong length in the extra field is damage only to those who go by it.
                prop_assert!(units.1.is_some() || units.0 == whole);
            }
        }
    }
}
