//! The pass with NEON, which every 64-bit ARM machine has.
#![expect(unsafe_code, reason = "loads of vectors")]

use super::Index;
use super::blocks::{self, Block, Masks};
use core::arch::aarch64::*;

/// Sixteen bytes at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon;

/// One bit for each of the 64 bytes that is 0xFF rather than 0.
#[inline(always)]
fn gather(bytes: [uint8x16_t; 4]) -> u64 {
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: the load covers the 16 bytes of the constant; NEON is part of the target.
    unsafe {
        let bits = vld1q_u8(BITS.as_ptr());
        let [a, b, c, d] = bytes.map(|bytes| vandq_u8(bytes, bits));
        let sums = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)))
    }
}

impl Block for Neon {
    #[inline(always)]
    fn masks(block: &[u8; 64], edges: bool) -> Masks {
        // SAFETY: the four loads cover the 64 bytes; NEON is part of the target.
        unsafe {
            let parts = [0, 16, 32, 48].map(|at| vld1q_u8(block.as_ptr().add(at)));
            let equal = |byte: u8| gather(parts.map(|part| vceqq_u8(part, vdupq_n_u8(byte))));
            let all = vorrq_u8(vorrq_u8(parts[0], parts[1]), vorrq_u8(parts[2], parts[3]));
            Masks {
                low: gather(parts.map(|part| vcltq_u8(part, vdupq_n_u8(0x20)))),
                tab: equal(b'\t'),
                line_feed: equal(b'\n'),
                blank: if edges { equal(b' ') } else { 0 },
                quote: if edges { equal(b'"') } else { 0 },
                high: vmaxvq_u8(all) > 0x7F,
            }
        }
    }

    #[inline(always)]
    fn places_of(block: &[u8; 64], byte: u8) -> u64 {
        // SAFETY: as in `masks`.
        unsafe { gather([0, 16, 32, 48].map(|at| vceqq_u8(vld1q_u8(block.as_ptr().add(at)), vdupq_n_u8(byte)))) }
    }
}

/// The pass with NEON.
pub(super) fn build(index: &mut Index, text: &[u8]) {
    blocks::build::<Neon>(index, text);
}
