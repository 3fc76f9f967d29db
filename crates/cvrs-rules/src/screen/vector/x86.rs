//! The tests with AVX2 and with AVX-512.
#![expect(unsafe_code, reason = "loads of vectors, and calls of instructions for a feature that was found")]
#![expect(clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "the intrinsics take bit patterns as signed")]

use super::portable::{self, MASKS};
use super::{Pair, Quad, Text, Vector};
use core::arch::x86_64::{
    __m128i, __m256i, _MM_HINT_T0, _MM_HINT_T1, _bzhi_u32, _mm_add_epi64, _mm_aesenc_si128, _mm_and_si128,
    _mm_blendv_epi8, _mm_cvtsi128_si64, _mm_loadu_si128, _mm_mask_loadu_epi8, _mm_maskz_loadu_epi8, _mm_or_si128,
    _mm_prefetch, _mm_setr_epi8, _mm_storeu_si128, _mm256_and_si256, _mm256_andnot_si256, _mm256_broadcastsi128_si256,
    _mm256_castsi256_pd, _mm256_castsi256_si128, _mm256_cmpeq_epi8, _mm256_cmpeq_epi16, _mm256_cmpeq_epi64,
    _mm256_cmpgt_epi16, _mm256_extracti128_si256, _mm256_insert_epi64, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_maskz_loadu_epi8, _mm256_max_epu8, _mm256_movemask_epi8, _mm256_movemask_pd,
    _mm256_or_si256, _mm256_set_m128i, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi64x, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi64, _mm256_storeu_si256, _mm256_sub_epi8, _mm256_testz_si256, _mm256_xor_si256,
    _mm512_broadcast_i64x2, _mm512_broadcast_i64x4, _mm512_cmpeq_epi64_mask, _mm512_cmpneq_epi64_mask,
    _mm512_load_si512,
};

/// With AVX2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2;

/// With AVX-512 BW and VL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512;

/// Where the text's bytes from `start` on stand, [`ROOM`](super::ROOM) of them or more.
#[inline(always)]
fn at(text: Text<'_>, start: usize) -> *const u8 {
    assert!(text.has_room(start), "a cell has room behind it");
    text.bytes().as_ptr().wrapping_add(start)
}

#[inline(always)]
fn fetch(quad: &Quad) {
    // SAFETY: a hint that reads nothing; SSE is part of the machine.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(core::ptr::from_ref(quad).cast()) }
}

/// So many lines of a cache hold a record, mostly.
const LINES_OF_A_RECORD: usize = 6;

#[inline(always)]
fn fetch_upcoming(text: Text<'_>, at: u32) {
    // Of nothing, what is far before any memory is named: that costs no more than to ask.
    let first = text.upcoming().as_ptr().wrapping_add(at as usize);
    for line in 0..LINES_OF_A_RECORD {
        // SAFETY: a hint that may name any address and reads nothing; SSE is part of the machine.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(first.wrapping_add(64 * line).cast()) }
    }
}

/// The first thirty-two bytes and the last, which may be the same: how long an id is, no processor can guess.
#[inline(always)]
fn has_blank(text: Text<'_>, start: usize, length: u32) -> bool {
    const WIDTH: usize = 32;
    let bytes = length as usize;
    if bytes > 2 * WIDTH {
        return portable::has_blank(text, start, length);
    }
    assert!(start + bytes <= text.bytes().len(), "a cell lies in the text");
    let from = at(text, start);
    // SAFETY: thirty-two bytes are there from the start on, and up to the end of a longer cell; whoever calls runs only
    // where AVX2 and BMI2 are found.
    unsafe {
        let blank = _mm256_set1_epi8(b' ' as i8);
        let last = from.wrapping_add(bytes.max(WIDTH) - WIDTH);
        let [first, last] = [from, last].map(|at| _mm256_cmpeq_epi8(_mm256_loadu_si256(at.cast()), blank));
        let blanks = _mm256_movemask_epi8(_mm256_or_si256(first, last)) as u32;
        _bzhi_u32(blanks, length) != 0
    }
}

#[inline(always)]
fn load(words: &[u64; 4]) -> __m256i {
    // SAFETY: the load covers the four words; whoever calls runs only where AVX2 is found.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline(always)]
fn words(key: __m256i) -> [u64; 4] {
    let mut words = [0; 4];
    // SAFETY: the store covers the four words; whoever calls runs only where AVX2 is found.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), key) };
    words
}

/// Two rounds of AES spread every byte over all: a mixer of two instructions.
#[inline(always)]
fn mixed(key: __m256i) -> usize {
    // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
    unsafe { short_mixed(_mm_add_epi64(_mm256_castsi256_si128(key), _mm256_extracti128_si256::<1>(key))) }
}

#[inline(always)]
fn short_load(words: &[u64; 2]) -> __m128i {
    // SAFETY: the load covers the two words; whoever calls runs only where AVX2 is found.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}

#[inline(always)]
fn short_words(key: __m128i) -> [u64; 2] {
    let mut words = [0; 2];
    // SAFETY: the store covers the two words; whoever calls runs only where AVX2 is found.
    unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), key) };
    words
}

#[inline(always)]
fn short_mixed(key: __m128i) -> usize {
    // SAFETY: instructions on registers; whoever calls runs only where AES is found.
    unsafe {
        let round = short_load(&[0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F]);
        _mm_cvtsi128_si64(_mm_aesenc_si128(_mm_aesenc_si128(key, round), round)) as usize
    }
}

/// A date of ten bytes, padded to sixteen.
const fn padded(text: [u8; 10]) -> [u64; 2] {
    let (mut words, mut at) = ([0; 2], 0);
    while at < text.len() {
        words[at / 8] |= (text[at] as u64) << (at % 8 * 8);
        at += 1;
    }
    words
}

/// What an empty date of expiry is taken for, and the day of one that is a month.
static NEVER: [u64; 2] = padded(*b"9999-12-28");

/// The day of a month that is another date; an empty one is no date.
static FIRST: [u64; 2] = padded(*b"0000-00-01");

/// How far the bytes of a date may be above those of `0000-00-00`; what follows may be anything.
static MOST: [u64; 2] =
    [padded([9, 9, 9, 9, 0, 9, 9, 0, 9, 9])[0], padded([9, 9, 9, 9, 0, 9, 9, 0, 9, 9])[1] | !0xFFFF];

/// Sixteen bytes, twice.
#[inline(always)]
fn both(words: &[u64; 2]) -> __m256i {
    // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
    unsafe { _mm256_broadcastsi128_si256(short_load(words)) }
}

/// Two dates of ten bytes, one in each half: as packed numbers in the lower word of each half, and whether they are
/// dates that need no closer look.
#[inline(always)]
fn two_dates(text: __m256i) -> (__m256i, bool) {
    // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
    unsafe {
        // How far each byte is above the least that may stand there, and how far it may be.
        let least = both(&padded(*b"0000-00-00"));
        let most = both(&MOST);
        let above = _mm256_sub_epi8(text, least);
        let shaped = _mm256_cmpeq_epi8(_mm256_max_epu8(above, most), most);
        // Month and day, then century and year: sixteen-bit numbers, then MMDD and YYYY.
        let order = _mm256_broadcastsi128_si256(_mm_setr_epi8(5, 6, 8, 9, 0, 1, 2, 3, -1, -1, -1, -1, -1, -1, -1, -1));
        let digits = _mm256_shuffle_epi8(above, order);
        let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010A));
        let numbers = _mm256_madd_epi16(pairs, _mm256_set1_epi64x(0x0001_0064_0001_0064));
        // The last day of the month stands over the month, 0 for what is none; then 0 < day <= last day.
        let last_days =
            _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0));
        let month = _mm256_and_si256(pairs, _mm256_set1_epi64x(0xFFFF));
        let month_is_small = _mm256_cmpgt_epi16(_mm256_set1_epi16(16), month);
        let last_day = _mm256_and_si256(_mm256_shuffle_epi8(last_days, month), _mm256_set1_epi64x(0xFF));
        let day = _mm256_and_si256(_mm256_srli_epi64::<16>(pairs), _mm256_set1_epi64x(0xFFFF));
        let too_late = _mm256_cmpgt_epi16(day, last_day);
        let no_day = _mm256_cmpeq_epi16(_mm256_or_si256(day, _mm256_set1_epi64x(!0xFFFF)), _mm256_setzero_si256());
        let year = _mm256_srli_epi64::<32>(numbers);
        let no_year = _mm256_cmpeq_epi64(year, _mm256_setzero_si256());
        // Only the lower word of each half holds a date.
        let lower = _mm256_broadcastsi128_si256(_mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0));
        let wrong = _mm256_and_si256(
            lower,
            _mm256_or_si256(
                _mm256_or_si256(too_late, no_day),
                _mm256_or_si256(no_year, _mm256_andnot_si256(month_is_small, _mm256_set1_epi64x(-1))),
            ),
        );
        let good = _mm256_andnot_si256(wrong, shaped);
        (numbers, _mm256_movemask_epi8(good) == -1)
    }
}

#[inline(always)]
fn three_dates(dob: __m128i, admin: __m128i, expiration: __m128i) -> Option<[u64; 3]> {
    // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
    unsafe {
        let (first, first_is_good) = two_dates(_mm256_set_m128i(admin, dob));
        let (second, second_is_good) = two_dates(_mm256_set_m128i(expiration, expiration));
        (first_is_good & second_is_good).then_some([
            _mm_cvtsi128_si64(_mm256_castsi256_si128(first)) as u64,
            _mm_cvtsi128_si64(_mm256_extracti128_si256::<1>(first)) as u64,
            _mm_cvtsi128_si64(_mm256_castsi256_si128(second)) as u64,
        ])
    }
}

/// Whether the upper or the lower half of an eight-bit number is zero.
static HAS_EMPTY_HALF: [bool; 256] = {
    let (mut has, mut number) = ([false; 256], 0);
    while number < 256 {
        has[number] = number < 16 || number % 16 == 0;
        number += 1;
    }
    has
};

/// Whether each length is that of a day or a month, the last's also of nothing.
#[inline(always)]
const fn are_usual(lengths: [u32; 3]) -> bool {
    const USUAL: u32 = 1 << 7 | 1 << 10;
    let [dob, admin, expiration] = lengths;
    let is_short = (dob | admin | expiration) < 16;
    is_short & (USUAL >> (dob % 32) & USUAL >> (admin % 32) & (USUAL | 1) >> (expiration % 32) & 1 != 0)
}

impl Vector for Avx2 {
    type Key = __m256i;
    type Short = __m128i;

    #[inline(always)]
    fn key(text: Text<'_>, start: usize, length: u32, tag: &[u64; 4]) -> __m256i {
        let from = at(text, start);
        // SAFETY: thirty-two bytes are there; whoever calls runs only where AVX2 is found.
        unsafe {
            let bytes = _mm256_loadu_si256(from.cast());
            _mm256_or_si256(_mm256_and_si256(bytes, load(&MASKS[length.min(32) as usize])), load(tag))
        }
    }

    #[inline(always)]
    fn from_words(words: [u64; 4]) -> __m256i {
        load(&words)
    }

    #[inline(always)]
    fn words(key: __m256i) -> [u64; 4] {
        words(key)
    }

    #[inline(always)]
    fn mixed(key: __m256i) -> usize {
        mixed(key)
    }

    #[inline(always)]
    fn with_last(key: __m256i, word: u64) -> __m256i {
        // SAFETY: an instruction on registers; whoever calls runs only where AVX2 is found.
        unsafe { _mm256_insert_epi64::<3>(key, word as i64) }
    }

    #[inline(always)]
    fn is_equal(key: __m256i, words: &[u64; 4]) -> bool {
        // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
        unsafe {
            let differing = _mm256_xor_si256(key, load(words));
            _mm256_testz_si256(differing, differing) == 1
        }
    }

    #[inline(always)]
    fn is_among(key: __m256i, Pair([first, second]): &Pair) -> bool {
        // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
        unsafe {
            let is_first = _mm256_movemask_epi8(_mm256_cmpeq_epi64(key, load(first))) == -1;
            let is_second = _mm256_movemask_epi8(_mm256_cmpeq_epi64(key, load(second))) == -1;
            is_first | is_second
        }
    }

    #[inline(always)]
    fn short(text: Text<'_>, start: usize, length: u32, tag: &[u64; 2]) -> __m128i {
        let from = at(text, start);
        // SAFETY: sixteen bytes are there; whoever calls runs only where AVX2 is found.
        unsafe {
            let mask = _mm_loadu_si128(MASKS[length as usize % 16].as_ptr().cast());
            _mm_or_si128(_mm_and_si128(_mm_loadu_si128(from.cast()), mask), short_load(tag))
        }
    }

    #[inline(always)]
    fn short_from_words(words: [u64; 2]) -> __m128i {
        short_load(&words)
    }

    #[inline(always)]
    fn short_words(key: __m128i) -> [u64; 2] {
        short_words(key)
    }

    #[inline(always)]
    fn short_mixed(key: __m128i) -> usize {
        short_mixed(key)
    }

    #[inline(always)]
    fn is_among_four(key: __m128i, Quad([a, b, c, d]): &Quad) -> bool {
        // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
        unsafe {
            let both = _mm256_broadcastsi128_si256(key);
            let pair = |first, second| _mm256_set_m128i(short_load(second), short_load(first));
            let equal = |pair| _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(both, pair)));
            let words = equal(pair(a, b)) | equal(pair(c, d)) << 4;
            words & words >> 1 & 0x55 != 0
        }
    }

    #[inline(always)]
    fn has_blank(text: Text<'_>, start: usize, length: u32) -> bool {
        has_blank(text, start, length)
    }

    #[inline(always)]
    fn fetch(quad: &Quad) {
        fetch(quad);
    }

    #[inline(always)]
    fn fetch_upcoming(text: Text<'_>, at: u32) {
        fetch_upcoming(text, at);
    }

    #[inline(always)]
    fn dates(text: Text<'_>, starts: [usize; 3], lengths: [u32; 3]) -> Option<[u64; 3]> {
        if !are_usual(lengths) {
            return None;
        }
        // SAFETY: each load covers sixteen bytes that are there; whoever calls runs only where AVX2 is found.
        unsafe {
            let mask = |length: u32| _mm_loadu_si128(MASKS[length as usize % 32].as_ptr().cast());
            let dob =
                _mm_blendv_epi8(short_load(&FIRST), _mm_loadu_si128(at(text, starts[0]).cast()), mask(lengths[0]));
            let admin =
                _mm_blendv_epi8(short_load(&FIRST), _mm_loadu_si128(at(text, starts[1]).cast()), mask(lengths[1]));
            let expiration =
                _mm_blendv_epi8(short_load(&NEVER), _mm_loadu_si128(at(text, starts[2]).cast()), mask(lengths[2]));
            three_dates(dob, admin, expiration)
        }
    }
}

impl Vector for Avx512 {
    type Key = __m256i;
    type Short = __m128i;

    #[inline(always)]
    fn key(text: Text<'_>, start: usize, length: u32, tag: &[u64; 4]) -> __m256i {
        let from = at(text, start);
        // SAFETY: thirty-two bytes are there; whoever calls runs only where AVX-512 BW and VL are found.
        unsafe {
            // All of them from 32 on.
            let wanted = _bzhi_u32(u32::MAX, length.min(255));
            _mm256_or_si256(_mm256_maskz_loadu_epi8(wanted, from.cast()), load(tag))
        }
    }

    #[inline(always)]
    fn from_words(words: [u64; 4]) -> __m256i {
        load(&words)
    }

    #[inline(always)]
    fn words(key: __m256i) -> [u64; 4] {
        words(key)
    }

    #[inline(always)]
    fn mixed(key: __m256i) -> usize {
        mixed(key)
    }

    #[inline(always)]
    fn with_last(key: __m256i, word: u64) -> __m256i {
        // SAFETY: an instruction on registers; whoever calls runs only where AVX2 is found.
        unsafe { _mm256_insert_epi64::<3>(key, word as i64) }
    }

    #[inline(always)]
    fn is_equal(key: __m256i, words: &[u64; 4]) -> bool {
        // SAFETY: instructions on registers; whoever calls runs only where AVX2 is found.
        unsafe {
            let differing = _mm256_xor_si256(key, load(words));
            _mm256_testz_si256(differing, differing) == 1
        }
    }

    #[inline(always)]
    fn is_among(key: __m256i, pair: &Pair) -> bool {
        // SAFETY: the load covers the two keys, which are aligned; whoever calls runs only where AVX-512 is found.
        unsafe {
            let both = _mm512_load_si512(core::ptr::from_ref(pair).cast());
            let differing = _mm512_cmpneq_epi64_mask(_mm512_broadcast_i64x4(key), both);
            HAS_EMPTY_HALF[differing as usize]
        }
    }

    #[inline(always)]
    fn short(text: Text<'_>, start: usize, length: u32, tag: &[u64; 2]) -> __m128i {
        let from = at(text, start);
        // SAFETY: sixteen bytes are there; whoever calls runs only where AVX-512 BW and VL are found.
        unsafe { _mm_or_si128(_mm_maskz_loadu_epi8(lowest_16(length), from.cast()), short_load(tag)) }
    }

    #[inline(always)]
    fn short_from_words(words: [u64; 2]) -> __m128i {
        short_load(&words)
    }

    #[inline(always)]
    fn short_words(key: __m128i) -> [u64; 2] {
        short_words(key)
    }

    #[inline(always)]
    fn short_mixed(key: __m128i) -> usize {
        short_mixed(key)
    }

    #[inline(always)]
    fn is_among_four(key: __m128i, quad: &Quad) -> bool {
        // SAFETY: the load covers the four keys, which are aligned; whoever calls runs only where AVX-512 is found.
        unsafe {
            let all = _mm512_load_si512(core::ptr::from_ref(quad).cast());
            let words = _mm512_cmpeq_epi64_mask(_mm512_broadcast_i64x2(key), all);
            words & words >> 1 & 0x55 != 0
        }
    }

    #[inline(always)]
    fn has_blank(text: Text<'_>, start: usize, length: u32) -> bool {
        has_blank(text, start, length)
    }

    #[inline(always)]
    fn fetch(quad: &Quad) {
        fetch(quad);
    }

    #[inline(always)]
    fn fetch_upcoming(text: Text<'_>, at: u32) {
        fetch_upcoming(text, at);
    }

    #[inline(always)]
    fn dates(text: Text<'_>, starts: [usize; 3], lengths: [u32; 3]) -> Option<[u64; 3]> {
        if !are_usual(lengths) {
            return None;
        }
        let [dob, admin, expiration] = [at(text, starts[0]), at(text, starts[1]), at(text, starts[2])];
        // SAFETY: each load covers sixteen bytes that are there; whoever calls runs only where AVX-512 BW and VL are
        // found.
        unsafe {
            three_dates(
                _mm_mask_loadu_epi8(short_load(&FIRST), lowest_16(lengths[0]), dob.cast()),
                _mm_mask_loadu_epi8(short_load(&FIRST), lowest_16(lengths[1]), admin.cast()),
                _mm_mask_loadu_epi8(short_load(&NEVER), lowest_16(lengths[2]), expiration.cast()),
            )
        }
    }
}

/// As many low bits, fewer than sixteen.
#[inline(always)]
const fn lowest_16(count: u32) -> u16 {
    !(u32::MAX << (count % 16)) as u16
}
