//! A keyed hash of ids, exact or ignoring ASCII case.

use std::hash::{BuildHasher, Hasher as _, RandomState};

/// Hashes ids with keys drawn once a process, so that nobody can prepare ids that fall together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hasher {
    keys: [u64; 4],
}

impl Hasher {
    /// Draws new keys.
    pub(crate) fn new() -> Self {
        let random = RandomState::new();
        let key = |number: u64| {
            let mut hasher = random.build_hasher();
            hasher.write_u64(number);
            hasher.finish() | 1
        };
        Self { keys: [key(0), key(1), key(2), key(3)] }
    }

    /// 96 bits of the bytes, ASCII letters in lower case.
    pub(crate) fn folded(&self, bytes: &[u8]) -> (u64, u32) {
        self.hash(bytes, to_lower)
    }

    /// 96 bits of the bytes.
    pub(crate) fn whole(&self, bytes: &[u8]) -> (u64, u32) {
        self.hash(bytes, |word| word)
    }

    /// 32 bits of the bytes, to tell apart what is equal but for case.
    pub(crate) fn exact(&self, bytes: &[u8]) -> u32 {
        self.short(bytes, |word| word)
    }

    /// 32 bits of the bytes, ASCII letters in lower case.
    pub(crate) fn exact_folded(&self, bytes: &[u8]) -> u32 {
        self.short(bytes, to_lower)
    }

    #[inline]
    fn short(&self, bytes: &[u8], change: impl Fn(u64) -> u64) -> u32 {
        let [k0, k1, k2, k3] = self.keys;
        let (words, rest) = bytes.as_chunks::<8>();
        let mut mixed = k2 ^ bytes.len() as u64;
        for word in words {
            mixed = fold(mixed ^ change(u64::from_le_bytes(*word)), k3);
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        fold(fold(mixed ^ change(u64::from_le_bytes(last)), k1), k0) as u32
    }

    fn hash(&self, bytes: &[u8], change: impl Fn(u64) -> u64) -> (u64, u32) {
        let [k0, k1, k2, k3] = self.keys;
        let (mut left, mut right) = (k0 ^ bytes.len() as u64, k2);
        let (words, rest) = bytes.as_chunks::<8>();
        let mut mix = |word: u64| {
            let word = change(word);
            left = fold(left ^ word, k1);
            right = fold(right.rotate_left(23) ^ word, k3);
        };
        for word in words {
            mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        mix(u64::from_le_bytes(last));
        (fold(left ^ k3, k2), fold(right ^ k1, k0) as u32)
    }
}

/// The halves of the 128-bit product, folded together.
const fn fold(left: u64, right: u64) -> u64 {
    let product = left as u128 * right as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Eight bytes, ASCII letters in lower case.
const fn to_lower(word: u64) -> u64 {
    const fn splat(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let low = word & splat(0x7F);
    let above_z = low + splat(0x7F - b'Z');
    let from_a = low + splat(0x80 - b'A');
    let is_upper = (above_z ^ from_a) & !word & splat(0x80);
    word | (is_upper >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_but_for_case_means_equal_folded(text in "[ -~é]{0,40}", other in "[ -~é]{0,40}") {
            let hasher = Hasher::new();
            prop_assert_eq!(hasher.folded(text.as_bytes()), hasher.folded(text.to_ascii_uppercase().as_bytes()));
            let is_same = text.eq_ignore_ascii_case(&other);
            prop_assert_eq!(hasher.folded(text.as_bytes()) == hasher.folded(other.as_bytes()), is_same);
            prop_assert_eq!(hasher.whole(text.as_bytes()) == hasher.whole(other.as_bytes()), text == other);
        }
    }

    #[test]
    fn padding_is_told_from_text() {
        let hasher = Hasher::new();
        assert_ne!(hasher.whole(b"a"), hasher.whole(b"a\0"));
        assert_ne!(hasher.whole(b""), hasher.whole(b"\0\0\0\0\0\0\0\0"));
    }
}
