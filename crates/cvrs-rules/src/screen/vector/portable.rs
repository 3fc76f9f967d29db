//! The tests in ordinary registers, and the meaning of all others.

use super::{Pair, Quad, Text, Vector, packed};
use crate::screen::digits::{self, date, load, splat};

/// Eight bytes at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// The lowest bytes of 32, by their number.
pub(super) static MASKS: [[u64; 4]; 33] = {
    let mut masks = [[0; 4]; 33];
    let mut length = 0;
    while length < 33 {
        let mut byte = 0;
        while byte < length {
            masks[length][byte / 8] |= 0xFF << (byte % 8 * 8);
            byte += 1;
        }
        length += 1;
    }
    masks
};

/// Odd numbers by which the lower and the upper half of each word of a key are multiplied to mix it.
const MIX: [[u64; 4]; 2] =
    [[0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D, 0x27D4_EB2F], [0x1656_67B1, 0xD35A_2D97, 0xFD70_46C5, 0xB55A_4F09]];

/// Of the mixed words, these bits upward depend on every byte of the key.
const MIXED_FROM: u32 = 28;

/// Whether a blank is among so many bytes.
#[inline(always)]
pub(super) fn has_blank(text: Text<'_>, mut start: usize, length: u32) -> bool {
    let (mut left, mut found) = (length as usize, 0);
    loop {
        let word = load(text.bytes(), start) ^ splat(b' ');
        // A zero byte, exact in its lowest place, which is all that is asked.
        let zeros = word.wrapping_sub(splat(1)) & !word & splat(0x80);
        found |= zeros & digits::MASKS[left.min(8)];
        if left <= 8 {
            return found != 0;
        }
        start += 8;
        left -= 8;
    }
}

impl Vector for Portable {
    type Key = [u64; 4];
    type Short = [u64; 2];

    #[inline(always)]
    fn has_blank(text: Text<'_>, start: usize, length: u32) -> bool {
        has_blank(text, start, length)
    }

    #[inline(always)]
    fn key(text: Text<'_>, start: usize, length: u32, tag: &[u64; 4]) -> [u64; 4] {
        let masks = &MASKS[length.min(32) as usize];
        let mut key = *tag;
        for at in 0..4 {
            key[at] |= load(text.bytes(), start + 8 * at) & masks[at];
        }
        key
    }

    #[inline(always)]
    fn from_words(words: [u64; 4]) -> [u64; 4] {
        words
    }

    #[inline(always)]
    fn words(key: [u64; 4]) -> [u64; 4] {
        key
    }

    #[inline(always)]
    fn mixed(key: [u64; 4]) -> usize {
        let mut mixed = 0;
        for at in 0..4 {
            mixed ^= (key[at] & 0xFFFF_FFFF).wrapping_mul(MIX[0][at]) ^ (key[at] >> 32).wrapping_mul(MIX[1][at]);
        }
        (mixed >> MIXED_FROM) as usize
    }

    #[inline(always)]
    fn with_last(key: [u64; 4], word: u64) -> [u64; 4] {
        [key[0], key[1], key[2], word]
    }

    #[inline(always)]
    fn is_equal(key: [u64; 4], words: &[u64; 4]) -> bool {
        key == *words
    }

    #[inline(always)]
    fn is_among(key: [u64; 4], Pair([first, second]): &Pair) -> bool {
        let (mut from_first, mut from_second) = (0, 0);
        for at in 0..4 {
            from_first |= key[at] ^ first[at];
            from_second |= key[at] ^ second[at];
        }
        (from_first == 0) | (from_second == 0)
    }

    #[inline(always)]
    fn short(text: Text<'_>, start: usize, length: u32, tag: &[u64; 2]) -> [u64; 2] {
        let masks = &MASKS[length as usize % 16];
        [load(text.bytes(), start) & masks[0] | tag[0], load(text.bytes(), start + 8) & masks[1] | tag[1]]
    }

    #[inline(always)]
    fn short_from_words(words: [u64; 2]) -> [u64; 2] {
        words
    }

    #[inline(always)]
    fn short_words(key: [u64; 2]) -> [u64; 2] {
        key
    }

    #[inline(always)]
    fn short_mixed(key: [u64; 2]) -> usize {
        Self::mixed([key[0], key[1], 0, 0])
    }

    #[inline(always)]
    fn is_among_four(key: [u64; 2], Quad(quad): &Quad) -> bool {
        let mut is_among = false;
        for other in quad {
            is_among |= (key[0] ^ other[0]) | (key[1] ^ other[1]) == 0;
        }
        is_among
    }

    #[inline(always)]
    fn dates(text: Text<'_>, starts: [usize; 3], lengths: [u32; 3]) -> Option<[u64; 3]> {
        let mut dates = [0; 3];
        for at in 0..3 {
            if at == 2 && lengths[at] == 0 {
                dates[at] = packed(9999, 12, 28);
                continue;
            }
            let mut number = date(text.bytes(), starts[at], lengths[at])?;
            if number % 100 == 0 {
                number += if at == 2 { 28 } else { 1 };
            }
            let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
            if month == 2 && day == 29 {
                return None;
            }
            dates[at] = packed(year, month, day);
        }
        Some(dates)
    }
}
