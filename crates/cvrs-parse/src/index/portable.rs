//! The pass over the bytes that every machine can run, and the meaning of all others.

use super::blocks::{Block, Masks};

/// Eight copies of a byte.
const fn splat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// One bit for each of eight bytes that has its top bit set.
const fn top_bits(word: u64) -> u64 {
    // The multiplication gathers the eight top bits in the top byte.
    ((word & splat(0x80)) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// The top bit of each byte that is zero.
const fn zeros(word: u64) -> u64 {
    !(((word & splat(0x7F)) + splat(0x7F)) | word) & splat(0x80)
}

/// The top bit of each byte that is below another, which is at most 0x80: its own top bit is clear, and adding what the
/// other lacks to 0x80 does not set it.
const fn below(word: u64, byte: u8) -> u64 {
    !(((word & splat(0x7F)) + splat(0x80 - byte)) | word) & splat(0x80)
}

/// Masks made eight bytes at a time in an ordinary register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

impl Block for Portable {
    type Bytes = [u64; 8];

    #[inline(always)]
    fn load(block: &[u8; 64]) -> [u64; 8] {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        words
    }

    #[inline(always)]
    fn either(mut bytes: [u64; 8], others: [u64; 8]) -> [u64; 8] {
        for (word, other) in bytes.iter_mut().zip(others) {
            *word |= other;
        }
        bytes
    }

    #[inline(always)]
    fn has_high(bytes: [u64; 8]) -> bool {
        bytes.iter().any(|word| word & splat(0x80) != 0)
    }

    #[inline(always)]
    fn masks(bytes: [u64; 8]) -> Masks {
        let mut masks = Masks::default();
        for (number, word) in bytes.into_iter().enumerate() {
            let shift = number * 8;
            let low = below(word, 0x20);
            if low != 0 {
                let line_feed = zeros(word ^ splat(b'\n'));
                masks.low |= top_bits(low) << shift;
                masks.line_feed |= top_bits(line_feed) << shift;
                masks.rest |= top_bits(low & !line_feed & !zeros(word ^ splat(b'\t'))) << shift;
            }
        }
        masks
    }

    #[inline(always)]
    fn places_below(bytes: [u64; 8], byte: u8) -> u64 {
        let mut places = 0;
        for (number, word) in bytes.into_iter().enumerate() {
            places |= top_bits(below(word, byte)) << (number * 8);
        }
        places
    }

    #[inline(always)]
    fn places_of(bytes: [u64; 8], byte: u8) -> u64 {
        let mut places = 0;
        for (number, word) in bytes.into_iter().enumerate() {
            places |= top_bits(zeros(word ^ splat(byte))) << (number * 8);
        }
        places
    }
}
