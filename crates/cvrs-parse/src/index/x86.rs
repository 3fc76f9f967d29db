//! The pass with AVX2 and with AVX-512.
#![expect(unsafe_code, reason = "loads and stores of vectors, and calls of code for a feature that was found")]
#![expect(clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "the intrinsics take bit patterns as signed")]

use super::Index;
use super::blocks::{self, Block, Masks};
use core::arch::x86_64::{
    __m128i, __m256i, __m512i, _MM_HINT_T0, _mm_prefetch, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_max_epu8,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm512_add_epi32, _mm512_castsi512_si128,
    _mm512_cmpeq_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_cvtepu8_epi32, _mm512_extracti32x4_epi32,
    _mm512_loadu_si512, _mm512_mask_cmpneq_epi8_mask, _mm512_maskz_compress_epi8, _mm512_movepi8_mask, _mm512_or_si512,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_storeu_si512,
};

/// Thirty-two bytes at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2;

impl Block for Avx2 {
    type Bytes = [__m256i; 2];

    #[inline(always)]
    fn load(block: &[u8; 64]) -> Self::Bytes {
        // SAFETY: `build_avx2` is the only caller and runs only where AVX2 is found; the two loads cover the 64 bytes.
        unsafe { [_mm256_loadu_si256(block.as_ptr().cast()), _mm256_loadu_si256(block.as_ptr().add(32).cast())] }
    }

    #[inline(always)]
    fn either(bytes: Self::Bytes, others: Self::Bytes) -> Self::Bytes {
        // SAFETY: instructions on registers, as above.
        unsafe { [_mm256_or_si256(bytes[0], others[0]), _mm256_or_si256(bytes[1], others[1])] }
    }

    #[inline(always)]
    fn has_high(bytes: Self::Bytes) -> bool {
        // SAFETY: as above.
        unsafe { _mm256_movemask_epi8(_mm256_or_si256(bytes[0], bytes[1])) != 0 }
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
        unsafe {
            let last = _mm256_set1_epi8(byte.wrapping_sub(1) as i8);
            gather(bytes.map(|bytes| _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, last), last)))
        }
    }

    #[inline(always)]
    fn places_of(bytes: Self::Bytes, byte: u8) -> u64 {
        // SAFETY: as above.
        unsafe { gather(bytes.map(|bytes| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8)))) }
    }

    #[inline(always)]
    fn fetch(block: &[u8; 64]) {
        fetch(block);
    }
}

/// One bit for each of the 64 bytes that is 0xFF rather than 0.
#[inline(always)]
fn gather([low, high]: [__m256i; 2]) -> u64 {
    // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
    unsafe { u64::from(_mm256_movemask_epi8(low) as u32) | u64::from(_mm256_movemask_epi8(high) as u32) << 32 }
}

/// How far ahead bytes are fetched: by themselves the caches stop at a page's end.
const AHEAD: usize = 8192;

#[inline(always)]
fn fetch(block: &[u8; 64]) {
    // SAFETY: a hint that may name any address and reads nothing; SSE is part of the machine.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(block.as_ptr().wrapping_add(AHEAD).cast()) };
}

/// Fetches what stands from there on, some two hundred bytes.
#[inline(always)]
pub(super) fn fetch_line(text: &[u8], start: usize) {
    let start = text.as_ptr().wrapping_add(start);
    for line in 0..3 {
        // SAFETY: as in `fetch`.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(64 * line).cast()) };
    }
}

/// Sixty-four bytes at a time, positions by compression (needs AVX-512 F, BW and VBMI2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512;

const COUNTING: [u8; 64] = {
    let mut bytes = [0; 64];
    let mut at = 0;
    while at < 64 {
        bytes[at] = at as u8;
        at += 1;
    }
    bytes
};

impl Block for Avx512 {
    type Bytes = __m512i;

    #[inline(always)]
    fn load(block: &[u8; 64]) -> __m512i {
        // SAFETY: `build_avx512` is the only caller and runs only where the features are found; the load covers the
        // 64 bytes.
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }

    #[inline(always)]
    fn either(bytes: __m512i, others: __m512i) -> __m512i {
        // SAFETY: an instruction on registers, as above.
        unsafe { _mm512_or_si512(bytes, others) }
    }

    #[inline(always)]
    fn has_high(bytes: __m512i) -> bool {
        // SAFETY: as above.
        unsafe { _mm512_movepi8_mask(bytes) != 0 }
    }

    #[inline(always)]
    fn masks(bytes: __m512i) -> Masks {
        let low = Self::places_below(bytes, 0x20);
        let line_feed = Self::places_of(bytes, b'\n');
        // SAFETY: as above.
        let rest = unsafe { _mm512_mask_cmpneq_epi8_mask(low & !line_feed, bytes, _mm512_set1_epi8(b'\t' as i8)) };
        Masks { low, line_feed, rest }
    }

    #[inline(always)]
    fn places_below(bytes: __m512i, byte: u8) -> u64 {
        // SAFETY: as above.
        unsafe { _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    fn places_of(bytes: __m512i, byte: u8) -> u64 {
        // SAFETY: as above.
        unsafe { _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    fn fetch(block: &[u8; 64]) {
        fetch(block);
    }

    #[inline(always)]
    fn write_positions(mask: u64, base: u32, out: &mut [u32; 64]) {
        // SAFETY: as above; each store writes 16 numbers within the 64 of `out`.
        unsafe {
            let places = _mm512_maskz_compress_epi8(mask, _mm512_loadu_si512(COUNTING.as_ptr().cast()));
            let base = _mm512_set1_epi32(base as i32);
            let store = |quarter: __m128i, at: usize, out: &mut [u32; 64]| {
                let numbers = _mm512_add_epi32(_mm512_cvtepu8_epi32(quarter), base);
                _mm512_storeu_si512(out.as_mut_ptr().add(at).cast(), numbers);
            };
            store(_mm512_castsi512_si128(places), 0, out);
            let count = mask.count_ones();
            if count > 16 {
                store(_mm512_extracti32x4_epi32::<1>(places), 16, out);
                if count > 32 {
                    store(_mm512_extracti32x4_epi32::<2>(places), 32, out);
                    store(_mm512_extracti32x4_epi32::<3>(places), 48, out);
                }
            }
        }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn avx2(index: &mut Index, text: &[u8]) {
    blocks::build::<Avx2>(index, text);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx2,bmi1,bmi2,popcnt,lzcnt")]
fn avx512(index: &mut Index, text: &[u8]) {
    blocks::build::<Avx512>(index, text);
}

/// The pass with AVX2. To be called only where [`Tier::Avx2`](crate::Tier::Avx2) is available.
pub(super) fn build_avx2(index: &mut Index, text: &[u8]) {
    // SAFETY: a tier is chosen only after its features were found.
    unsafe { avx2(index, text) }
}

/// The pass with AVX-512. To be called only where [`Tier::Avx512`](crate::Tier::Avx512) is available.
pub(super) fn build_avx512(index: &mut Index, text: &[u8]) {
    // SAFETY: a tier is chosen only after its features were found.
    unsafe { avx512(index, text) }
}
