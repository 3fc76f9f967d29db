//! Identifiers of several shapes, unique by construction: each is a one-to-one image of its number.

use crate::rng::mix;

/// Numbers must stay below this for the ids to be unique.
pub(crate) const LIMIT: u64 = 1 << 38;

const HEX: &[u8; 16] = b"0123456789abcdef";
const TOKEN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/// Ids for one purpose under one seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    key: u64,
    letters: &'static [u8],
}

impl Ids {
    pub(crate) const fn new(seed: u64, purpose: u64, letters: &'static str) -> Self {
        Self { key: mix(mix(seed) ^ purpose), letters: letters.as_bytes() }
    }

    /// Appends the id with this number: twelve digits, letters and twelve digits, or the shape of a UUID.
    /// `shape` decides by its low two bits.
    #[inline]
    pub(crate) fn push(self, out: &mut Vec<u8>, number: u64, shape: u64) {
        match shape & 3 {
            0 | 1 => out.extend_from_slice(&self.digits(number)),
            2 => {
                out.extend_from_slice(self.letters);
                out.extend_from_slice(&self.digits(number));
            }
            _ => out.extend_from_slice(&self.uuid(number)),
        }
    }

    /// Twelve digits, the first not zero: an odd multiple modulo 2^38 is one-to-one.
    #[inline]
    fn digits(self, number: u64) -> [u8; 12] {
        let mut rest =
            (number.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(self.key) & (LIMIT - 1)) + 100_000_000_000;
        let mut text = [b'0'; 12];
        for digit in text.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        text
    }

    #[inline]
    fn uuid(self, number: u64) -> [u8; 36] {
        let high = mix(number ^ self.key);
        let low = mix(high ^ self.key.rotate_left(17));
        let mut text = [b'-'; 36];
        let mut bytes = high.to_be_bytes().into_iter().chain(low.to_be_bytes());
        let mut at = 0;
        for group in [4, 2, 2, 2, 6] {
            for byte in bytes.by_ref().take(group) {
                text[at] = HEX[usize::from(byte >> 4)];
                text[at + 1] = HEX[usize::from(byte & 15)];
                at += 2;
            }
            at += 1;
        }
        text
    }

    /// Appends an opaque token of 44 characters.
    #[inline]
    pub(crate) fn push_token(self, out: &mut Vec<u8>, number: u64) {
        let mut bits = mix(number ^ self.key);
        for round in 0..4 {
            let mut rest = bits;
            let mut text = [0; 11];
            // Ten characters hold 60 bits and the last one the rest, so the first round alone is one-to-one.
            for character in &mut text {
                *character = TOKEN[(rest & 63) as usize];
                rest >>= 6;
            }
            out.extend_from_slice(&text);
            bits = mix(bits ^ round);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique_whatever_their_shape() {
        let ids = Ids::new(7, 1, "V");
        let mut seen = HashSet::new();
        for number in (0..100_000).chain(LIMIT - 1000..LIMIT) {
            for shape in 1..4 {
                let mut id = Vec::new();
                ids.push(&mut id, number, shape);
                assert!(id.iter().all(u8::is_ascii_graphic));
                assert!(seen.insert(id.to_ascii_lowercase()));
            }
            let mut token = Vec::new();
            ids.push_token(&mut token, number);
            assert_eq!(token.len(), 44);
            assert!(seen.insert(token));
        }
    }
}
