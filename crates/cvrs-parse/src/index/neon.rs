//! The pass with NEON, which every 64-bit ARM machine has.
#![expect(unsafe_code, reason = "loads of vectors")]

use super::Index;
use super::blocks::{self, Block, Masks};
use core::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcltq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vmaxvq_u8, vorrq_u8, vpaddq_u8,
    vreinterpretq_u64_u8,
};

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
    type Bytes = [uint8x16_t; 4];

    #[inline(always)]
    fn load(block: &[u8; 64]) -> Self::Bytes {
        // SAFETY: the four loads cover the 64 bytes; NEON is part of the target.
        unsafe { [0, 16, 32, 48].map(|at| vld1q_u8(block.as_ptr().add(at))) }
    }

    #[inline(always)]
    fn either([a, b, c, d]: Self::Bytes, others: Self::Bytes) -> Self::Bytes {
        // SAFETY: instructions on registers; NEON is part of the target.
        unsafe { [vorrq_u8(a, others[0]), vorrq_u8(b, others[1]), vorrq_u8(c, others[2]), vorrq_u8(d, others[3])] }
    }

    #[inline(always)]
    fn has_high([a, b, c, d]: Self::Bytes) -> bool {
        // SAFETY: as above.
        unsafe { vmaxvq_u8(vorrq_u8(vorrq_u8(a, b), vorrq_u8(c, d))) > 0x7F }
    }

    #[inline(always)]
    fn masks(bytes: Self::Bytes) -> Masks {
        let low = Self::places_below(bytes, 0x20);
        let line_feed = Self::places_of(bytes, b'\n');
        Masks { low, line_feed, rest: low & !line_feed & !Self::places_of(bytes, b'\t') }
    }

    #[inline(always)]
    fn places_below(bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: as above.
        unsafe { gather(bytes.map(|part| vcltq_u8(part, vdupq_n_u8(byte)))) }
    }

    #[inline(always)]
    fn places_of(bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: as above.
        unsafe { gather(bytes.map(|part| vceqq_u8(part, vdupq_n_u8(byte)))) }
    }
}

/// The pass with NEON.
pub(super) fn build(index: &mut Index, text: &[u8]) {
    blocks::build::<Neon>(index, text);
}
