//! A zip of one text, made of blocks that were deflated apart from each other.
//!
//! Each block is a raw deflate stream that ends on a byte boundary (a full flush) and refers to nothing before it. Joined
//! one after the other, and ended by an empty last block, they are one deflate stream: what `pigz --independent` does. So
//! blocks can be deflated on any number of threads, and the length of the zip is known to the byte while it grows.

use crate::deflate::Deflater;

/// The member's name.
const MEMBER: &[u8] = b"cvrs.txt";
/// An empty last block with fixed codes.
const LAST_BLOCK: [u8; 2] = [3, 0];
const LOCAL_HEADER: usize = 30;
const CENTRAL_HEADER: usize = 46;
const END: usize = 22;
/// All bytes of a zip that are not deflated blocks.
pub(crate) const OVERHEAD: u64 = (LOCAL_HEADER + CENTRAL_HEADER + END + 2 * MEMBER.len() + LAST_BLOCK.len()) as u64;
/// Bytes before the blocks.
pub(crate) const HEAD: u64 = (LOCAL_HEADER + MEMBER.len()) as u64;
/// A deflated block and the checksum of its text.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) crc: crc32fast::Hasher,
}

/// Deflates texts, each by itself.
#[derive(Debug)]
pub(crate) struct Packer(Deflater);

impl Packer {
    pub(crate) fn new() -> Self {
        Self(Deflater::new())
    }

    pub(crate) fn pack(&mut self, text: &[u8]) -> Packed {
        let mut crc = crc32fast::Hasher::new();
        crc.update(text);
        Packed { bytes: self.0.deflate(text), crc }
    }
}

/// What stands before and after the blocks of a zip.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Vec<u8>,
}

/// The frame around `deflated` bytes of blocks of a text of `text_bytes`, both below 4 GiB.
pub(crate) fn frame(deflated: u64, text_bytes: u64, crc: u32) -> Frame {
    let size = |n: u64| u32::try_from(n).expect("parts are cut below 4 GiB").to_le_bytes();
    let (packed, unpacked) = (size(deflated + LAST_BLOCK.len() as u64), size(text_bytes));
    // Version 2.0, no flags, deflate, the first day that DOS knows.
    let mut shared = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0];
    shared.extend_from_slice(&crc.to_le_bytes());
    shared.extend_from_slice(&packed);
    shared.extend_from_slice(&unpacked);
    shared.extend_from_slice(&(MEMBER.len() as u16).to_le_bytes());
    shared.extend_from_slice(&[0, 0]);
    let mut head = b"PK\x03\x04".to_vec();
    head.extend_from_slice(&shared);
    head.extend_from_slice(MEMBER);
    let mut tail = LAST_BLOCK.to_vec();
    // No comment, disk 0, no attributes: a plain file at the beginning.
    let central_at = size(head.len() as u64 + deflated + LAST_BLOCK.len() as u64);
    tail.extend_from_slice(b"PK\x01\x02\x14\x00");
    tail.extend_from_slice(&shared);
    tail.extend_from_slice(&[0; 14]);
    tail.extend_from_slice(MEMBER);
    let central = (CENTRAL_HEADER + MEMBER.len()) as u32;
    tail.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    tail.extend_from_slice(&central.to_le_bytes());
    tail.extend_from_slice(&central_at);
    tail.extend_from_slice(&[0, 0]);
    Frame { head, tail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    #[test]
    fn blocks_joined_are_one_member_that_another_reader_opens() {
        let texts: Vec<Vec<u8>> = vec![
            b"vax_event_id\tcvx\n".to_vec(),
            (0..40_000u32).flat_map(|n| format!("A{n}\t{}\n", n * 7919 % 300).into_bytes()).collect(),
            Vec::new(),
            (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
        ];
        let (mut blocks, mut crc, mut text_bytes) = (Vec::new(), crc32fast::Hasher::new(), 0);
        let mut packer = Packer::new();
        for text in &texts {
            let packed = packer.pack(text);
            blocks.extend_from_slice(&packed.bytes);
            crc.combine(&packed.crc);
            text_bytes += text.len() as u64;
        }
        let frame = frame(blocks.len() as u64, text_bytes, crc.finalize());
        let zip = [frame.head, blocks.clone(), frame.tail].concat();
        assert_eq!(zip.len() as u64, OVERHEAD + blocks.len() as u64);
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut member = archive.by_index(0).unwrap();
        assert_eq!(member.name().unwrap(), "cvrs.txt");
        let mut read = Vec::new();
        member.read_to_end(&mut read).unwrap();
        assert_eq!(read, texts.concat());
    }
}
