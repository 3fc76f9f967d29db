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

    /// 96 bits of the bytes, ASCII letters in lower case, and 32 to tell apart what is equal but for case.
    #[inline]
    pub(crate) fn folded(&self, bytes: &[u8]) -> ((u64, u32), u32) {
        let [_, k1, k2, k3] = self.keys;
        let mut exact = k2 ^ bytes.len() as u64;
        let folded = self.hash(bytes, |[left, right]| {
            exact = fold(exact ^ left, k3 ^ right);
            [to_lower(left), to_lower(right)]
        });
        (folded, fold(exact, k1) as u32)
    }

    /// 96 bits of the bytes.
    #[inline]
    pub(crate) fn whole(&self, bytes: &[u8]) -> (u64, u32) {
        self.hash(bytes, |words| words)
    }

    /// 32 bits of the bytes.
    #[inline]
    pub(crate) fn exact(&self, bytes: &[u8]) -> u32 {
        self.short(bytes, |words| words)
    }

    /// 32 bits of the bytes, ASCII letters in lower case.
    #[inline]
    pub(crate) fn exact_folded(&self, bytes: &[u8]) -> u32 {
        self.short(bytes, |[left, right]| [to_lower(left), to_lower(right)])
    }

    #[inline]
    fn short(&self, bytes: &[u8], change: impl Fn([u64; 2]) -> [u64; 2]) -> u32 {
        let [k0, k1, k2, k3] = self.keys;
        let mut mixed = k2 ^ bytes.len() as u64;
        each_sixteen(bytes, |words| {
            let [left, right] = change(words);
            mixed = fold(mixed ^ left, k3 ^ right);
        });
        fold(mixed ^ k1, k0) as u32
    }

    #[inline]
    fn hash(&self, bytes: &[u8], mut change: impl FnMut([u64; 2]) -> [u64; 2]) -> (u64, u32) {
        let [k0, k1, k2, k3] = self.keys;
        let (mut one, mut other) = (k0 ^ bytes.len() as u64, k2);
        each_sixteen(bytes, |words| {
            let [left, right] = change(words);
            one = fold(one ^ left, k1 ^ right);
            other = fold(other.rotate_left(23) ^ right, k3 ^ left);
        });
        (fold(one ^ k3, k2), fold(other ^ k1, k0) as u32)
    }
}

/// Hands over the bytes by sixteen, as two words. The last sixteen may hold some a second time, and fewer than sixteen
/// are two words that overlap or end with zeros: with the length, the words tell the bytes.
#[inline]
fn each_sixteen(bytes: &[u8], mut take: impl FnMut([u64; 2])) {
    let pair = |bytes: &[u8; 16]| {
        let [left, right] = [&bytes[..8], &bytes[8..]].map(|half| half.first_chunk::<8>().copied().unwrap_or_default());
        [u64::from_le_bytes(left), u64::from_le_bytes(right)]
    };
    let (whole, rest) = bytes.as_chunks::<16>();
    for sixteen in whole {
        take(pair(sixteen));
    }
    if let (false, Some(last)) = (rest.is_empty(), bytes.last_chunk::<16>()) {
        take(pair(last));
    } else if let (Some(first), Some(last)) = (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
        take([u64::from_le_bytes(*first), u64::from_le_bytes(*last)]);
    } else if whole.is_empty() {
        take([word(rest), 0]);
    }
}

/// Fewer than eight bytes, zeros after them. Two loads that overlap are one copy of unknown length less.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    let shift = |at: usize| 8 * at as u32;
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes) {
        (Some(first), Some(last), _) => {
            let last = u64::from(u32::from_le_bytes(*last)) << shift(bytes.len() - 4);
            u64::from(u32::from_le_bytes(*first)) | last
        }
        (.., [first, .., last]) => {
            let middle = bytes.len() / 2;
            let middle = u64::from(bytes[middle]) << shift(middle);
            u64::from(*first) | middle | u64::from(*last) << shift(bytes.len() - 1)
        }
        (.., &[only]) => u64::from(only),
        _ => 0,
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
            prop_assert_eq!(hasher.folded(text.as_bytes()).0, hasher.folded(text.to_ascii_uppercase().as_bytes()).0);
            prop_assert_eq!(hasher.folded(text.as_bytes()).1 == hasher.folded(other.as_bytes()).1, text == other);
            let is_same = text.eq_ignore_ascii_case(&other);
            prop_assert_eq!(hasher.folded(text.as_bytes()).0 == hasher.folded(other.as_bytes()).0, is_same);
            prop_assert_eq!(hasher.whole(text.as_bytes()) == hasher.whole(other.as_bytes()), text == other);
        }
    }

    #[test]
    fn a_word_is_its_bytes() {
        let text = *b"abcdefg";
        for length in 0..=7 {
            let mut padded = [0; 8];
            padded[..length].copy_from_slice(&text[..length]);
            assert_eq!(word(&text[..length]), u64::from_le_bytes(padded), "{length} bytes");
        }
    }

    #[test]
    fn padding_is_told_from_text() {
        let hasher = Hasher::new();
        assert_ne!(hasher.whole(b"a"), hasher.whole(b"a\0"));
        assert_ne!(hasher.whole(b""), hasher.whole(b"\0\0\0\0\0\0\0\0"));
    }
}
