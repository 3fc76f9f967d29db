//! Ids of resources: the beginning of a SHA-256.

use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// The first 16 bytes of the hash of what tells a resource apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub(super) [u8; 16]);

/// Of a hash any part is a hash.
impl Hash for Id {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut start = [0; 8];
        start.copy_from_slice(&self.0[..8]);
        state.write_u64(u64::from_le_bytes(start));
    }
}

/// Takes the part of an [`Id`] that it is given for its hash.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= crate::mix::mix(bytes);
    }

    fn write_u64(&mut self, part: u64) {
        self.0 = part;
    }
}

/// A set of ids.
pub(super) type IdSet = HashSet<Id, BuildHasherDefault<IdHasher>>;

/// What stands between the hashed texts.
const SEPARATOR: u8 = 0x1F;

impl Id {
    /// The id of a resource of `entity` that these cells tell apart.
    pub(super) fn new<'a>(scratch: &mut Vec<u8>, entity: &[u8], cells: impl Iterator<Item = &'a [u8]>) -> Self {
        Self::fill(scratch, entity, cells);
        Self::of(scratch)
    }

    /// What is hashed for such an id.
    #[inline]
    pub(super) fn fill<'a>(scratch: &mut Vec<u8>, entity: &[u8], cells: impl Iterator<Item = &'a [u8]>) {
        scratch.clear();
        scratch.extend_from_slice(entity);
        for cell in cells {
            scratch.push(SEPARATOR);
            scratch.extend_from_slice(cell);
        }
    }

    /// The id that comes of what was filled in.
    pub(super) fn of(filled: &[u8]) -> Self {
        let hash = Sha256::digest(filled);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self(id)
    }

    /// Appends the 32 hex digits.
    #[inline]
    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&hex(&self.0));
    }
}

/// The two digits of each byte.
const DIGITS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

#[inline]
fn hex(bytes: &[u8; 16]) -> [u8; 32] {
    let mut text = [0; 32];
    for (pair, &byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&DIGITS[usize::from(byte)]);
    }
    text
}

/// Appends the UUID of version 5 that stands for a URL.
pub(super) fn write_uuid(url: &[u8], out: &mut Vec<u8>) {
    /// The namespace of URLs, of RFC 9562.
    const URLS: [u8; 16] =
        [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
    let hash = sha1::Sha1::new().chain_update(URLS).chain_update(url).finalize();
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&hash[..16]);
    uuid[6] = uuid[6] & 0x0F | 0x50;
    uuid[8] = uuid[8] & 0x3F | 0x80;
    let digits = hex(&uuid);
    for (at, part) in [0..8, 8..12, 12..16, 16..20, 20..32].into_iter().enumerate() {
        if at > 0 {
            out.push(b'-');
        }
        out.extend_from_slice(&digits[part]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_mapping() {
        let id = |cells: &[&str]| {
            let mut out = Vec::new();
            Id::new(&mut Vec::new(), b"GAA", cells.iter().map(|cell| cell.as_bytes())).write(&mut out);
            String::from_utf8(out).expect("ASCII")
        };
        assert_eq!(id(&["SYN-0001"]), "204c358e4f56c26a48579aee1035fa87");
        assert_eq!(id(&["R1000045"]), "291cc471fc1d7df418498c23604af745");
        assert_eq!(id(&["Example Health System"]), "5dfd1163671eac8b37b5b79054bb742c");
    }

    #[test]
    fn uuids_are_those_of_another_program() {
        // Python: uuid.uuid5(uuid.NAMESPACE_URL, "Patient/p-291cc471fc1d7df418498c23604af745")
        let mut out = Vec::new();
        write_uuid(b"Patient/p-291cc471fc1d7df418498c23604af745", &mut out);
        assert_eq!(String::from_utf8_lossy(&out), "bfdb7144-1eaa-55f9-a625-58e9f676feb7");
    }
}
