//! Three bytes looked for in a part of a text, ignoring case: what rules a longer word out in most texts, and else tells
//! where it may be.

use crate::Tier;
use core::fmt;
use core::ops::Range;

/// Case is one bit of an ASCII letter. Some other characters fall together too.
const CASE: u8 = 0x20;

/// Some keys to look for at once, eight at most, each by its number.
///
/// A key is three bytes in lower case, that is with the bit 0x20 set. They are compared with that bit set in the text too,
/// so letters are found in either case and some other characters stand for each other.
#[derive(Clone, Copy)]
pub struct Keys<const N: usize> {
    keys: [[u8; 3]; N],
    /// For each of the three bytes and its five lower bits, the keys that have it there, as bits.
    tables: [[u8; 32]; 3],
}

/// Keys are parts of what stands in cells, which no debug output shows.
impl<const N: usize> fmt::Debug for Keys<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys(of {N})")
    }
}

/// What stands in no text, since the bit of case is not set.
const NO_KEY: [u8; 3] = [0; 3];

impl<const N: usize> Keys<N> {
    /// No key at all.
    pub const NONE: Self = {
        assert!(N <= 8, "their numbers are bits of a byte");
        Self { keys: [NO_KEY; N], tables: [[0; 32]; 3] }
    };

    /// These keys.
    pub fn new(keys: [[u8; 3]; N]) -> Self {
        let mut all = Self::NONE;
        for (number, key) in keys.into_iter().enumerate() {
            all.put(number, key, true);
        }
        all
    }

    /// Puts a key in a place that has none. Nothing branches on whether it is wanted at all.
    ///
    /// # Panics
    /// If there is no such number.
    #[inline]
    pub fn put(&mut self, number: usize, key: [u8; 3], is_wanted: bool) {
        let all = u8::from(is_wanted).wrapping_neg();
        self.keys[number] = key.map(|byte| (byte | CASE) & all);
        for (table, byte) in self.tables.iter_mut().zip(key) {
            table[usize::from(byte & 0x1F)] |= u8::from(is_wanted) << number;
        }
    }

    /// Which keys stand at a place of the text, as bits.
    #[inline(always)]
    fn at(&self, text: &[u8], place: usize) -> u8 {
        let Some(here) = text[place..].first_chunk::<3>() else { return 0 };
        let here = here.map(|byte| byte | CASE);
        let stands = |(number, key): (usize, &[u8; 3])| u8::from(*key == here) << number;
        self.keys.iter().enumerate().map(stands).fold(0, |all, one| all | one)
    }
}

/// A place at which keys stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its offset in the text.
    pub place: usize,
    /// The numbers of the keys, as bits.
    pub keys: u8,
}

/// Lists the places within a part of a text at which any of some keys stands, in order, and tells whether there may be a
/// character beyond ASCII whose lower case is ASCII or begins so, of which keys know nothing: the Kelvin sign and the
/// capital I with a dot. `false` is certain.
///
/// Cost: with AVX-512 some twelve instructions for every 64 bytes however many keys there are, with AVX2 six for each key
/// for every 32, twice as many without. What is left at the end is looked at one by one, unless as much text follows the
/// range.
///
/// # Panics
/// If the range is not within the text.
#[inline]
pub fn find_places<const N: usize>(
    tier: Tier,
    text: &[u8],
    range: Range<usize>,
    keys: &Keys<N>,
    found: &mut Vec<Hit>,
) -> bool {
    found.clear();
    #[cfg(target_arch = "x86_64")]
    match tier {
        Tier::Avx512 => return wide::note_places::<N, true>(text, range, keys, found),
        Tier::Avx2 => return wide::note_places::<N, false>(text, range, keys, found),
        _ => {}
    }
    let _ = tier;
    note_places::<N, 16>(text, range, keys, found)
}

/// Whether any of some keys stands in a part of a text.
///
/// # Panics
/// If the range is not within the text.
#[inline]
pub fn may_hold<const N: usize>(tier: Tier, text: &[u8], range: Range<usize>, keys: [[u8; 3]; N]) -> bool {
    #[cfg(target_arch = "x86_64")]
    match tier {
        Tier::Avx512 => return wide::has_place::<N, true>(text, range, &keys),
        Tier::Avx2 => return wide::has_place::<N, false>(text, range, &keys),
        _ => {}
    }
    let _ = tier;
    has_place::<N, 16>(text, range, &keys)
}

#[inline(always)]
fn note_places<const N: usize, const LANES: usize>(
    text: &[u8],
    range: Range<usize>,
    keys: &Keys<N>,
    found: &mut Vec<Hit>,
) -> bool {
    let n_last = range.len().min(2);
    let mut has_lead = text[range.end - n_last..range.end].iter().any(|byte| LEADS.contains(&(byte | CASE)));
    let mut rest = range;
    while rest.len() > 2 {
        let (places, leads) = marks_at::<N, LANES>(text, rest.start, rest.len() - 2, &keys.keys);
        has_lead |= leads != 0;
        note(text, rest.start, places, keys, found);
        rest.start += LANES;
    }
    has_lead
}

#[inline(always)]
fn has_place<const N: usize, const LANES: usize>(text: &[u8], range: Range<usize>, keys: &[[u8; 3]; N]) -> bool {
    let mut rest = range;
    while rest.len() > 2 {
        if marks_at::<N, LANES>(text, rest.start, rest.len() - 2, keys).0 != 0 {
            return true;
        }
        rest.start += LANES;
    }
    false
}

/// Lists those places of a block that starts there at which a key stands, with the keys.
#[inline(always)]
fn note<const N: usize>(text: &[u8], start: usize, mut places: u64, keys: &Keys<N>, found: &mut Vec<Hit>) {
    while places != 0 {
        let place = start + places.trailing_zeros() as usize;
        let keys = keys.at(text, place);
        if keys != 0 {
            found.push(Hit { place, keys });
        }
        places &= places - 1;
    }
}

/// The bits of the first so many places, of which there are as many as lanes or more.
#[inline(always)]
fn within<const LANES: usize>(n_places: usize) -> u64 {
    u64::MAX >> (64 - n_places.min(LANES))
}

/// Of so many places from there on, as many as there are lanes, those at which a key stands and those at which a sign may
/// begin, as bits.
#[inline(always)]
fn marks_at<const N: usize, const LANES: usize>(
    text: &[u8],
    start: usize,
    n_places: usize,
    keys: &[[u8; 3]; N],
) -> (u64, u64) {
    let blocks = (text[start..].first_chunk(), text[start + 1..].first_chunk(), text[start + 2..].first_chunk());
    let (keys, leads) = match blocks {
        (Some(first), Some(second), Some(third)) => marks_of::<N, LANES>([first, second, third], keys),
        _ => marks_of_few(&text[start..start + n_places.min(LANES) + 2], keys),
    };
    let within = within::<LANES>(n_places);
    (keys & within, leads & within)
}

/// The first bytes of the Kelvin sign and of the capital I with a dot, with the bit of case.
const LEADS: [u8; 2] = [0xE2, 0xC4 | CASE];

const IS_KEY: u8 = 1;
const IS_LEAD: u8 = 2;

/// Without a branch in the loop, so that the compiler compares all lanes at once.
#[inline(always)]
fn marks_of<const N: usize, const LANES: usize>(bytes: [&[u8; LANES]; 3], keys: &[[u8; 3]; N]) -> (u64, u64) {
    let mut marks = [0u8; LANES];
    for lane in 0..LANES {
        let [x, y, z] = [bytes[0][lane] | CASE, bytes[1][lane] | CASE, bytes[2][lane] | CASE];
        marks[lane] = u8::from((x == LEADS[0]) | (x == LEADS[1])) * IS_LEAD;
        for [a, b, c] in keys {
            marks[lane] |= u8::from((x == *a) & (y == *b) & (z == *c)) * IS_KEY;
        }
    }
    if marks == [0; LANES] {
        return (0, 0);
    }
    (bits(&marks, IS_KEY), bits(&marks, IS_LEAD))
}

/// The lanes with a mark, as bits.
#[inline(always)]
fn bits<const LANES: usize>(marks: &[u8; LANES], mark: u8) -> u64 {
    let (eights, _) = marks.as_chunks::<8>();
    eights.iter().rev().fold(0, |bits, eight| {
        // Each of eight bytes is 0 or 1; a product brings them together as the bits of its highest byte.
        let ones = eight.map(|marks| u8::from(marks & mark != 0));
        bits << 8 | u64::from_le_bytes(ones).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

#[cold]
fn marks_of_few(part: &[u8], keys: &[[u8; 3]]) -> (u64, u64) {
    let is_key = |place: &[u8]| keys.iter().any(|key| place.iter().zip(key).all(|(byte, key)| byte | CASE == *key));
    part.windows(3).enumerate().fold((0, 0), |(keys, leads), (at, place)| {
        let is_lead = LEADS.contains(&(place[0] | CASE));
        (keys | u64::from(is_key(place)) << at, leads | u64::from(is_lead) << at)
    })
}

#[cfg(target_arch = "x86_64")]
mod wide {
    #![expect(unsafe_code, reason = "calls of code for a feature that was found, and loads of 64 bytes")]

    use super::{CASE, Hit, Keys, LEADS, Range};
    use core::arch::x86_64::{
        __m512i, _mm256_loadu_si256, _mm512_broadcast_i64x4, _mm512_cmpeq_epi8_mask, _mm512_loadu_si512,
        _mm512_movepi8_mask, _mm512_or_si512, _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_ternarylogic_epi64,
        _mm512_test_epi8_mask, _mm512_testn_epi8_mask, _mm512_xor_si512,
    };

    const LANES: usize = 64;

    /// The 64 bytes from there on, and from the next two places on.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn load(bytes: &[u8; LANES + 2]) -> [__m512i; 3] {
        let start = bytes.as_ptr();
        // SAFETY: 66 bytes are there.
        unsafe {
            [
                _mm512_loadu_si512(start.cast()),
                _mm512_loadu_si512(start.add(1).cast()),
                _mm512_loadu_si512(start.add(2).cast()),
            ]
        }
    }

    /// A table of 32 bytes, twice.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn twice(table: &[u8; 32]) -> __m512i {
        // SAFETY: 32 bytes are there.
        _mm512_broadcast_i64x4(unsafe { _mm256_loadu_si256(table.as_ptr().cast()) })
    }

    /// The places at which the first byte of a character may stand that has ASCII as its lower case.
    #[target_feature(enable = "avx512f,avx512bw")]
    #[cold]
    fn leads_of(bytes: &[u8; LANES + 2]) -> u64 {
        let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
        let x = _mm512_or_si512(load(bytes)[0], all(CASE));
        _mm512_cmpeq_epi8_mask(x, all(LEADS[0])) | _mm512_cmpeq_epi8_mask(x, all(LEADS[1]))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi,bmi1")]
    fn note_places_avx512<const N: usize>(
        text: &[u8],
        range: Range<usize>,
        keys: &Keys<N>,
        found: &mut Vec<Hit>,
    ) -> bool {
        const AND: i32 = 0b1000_0000;
        let [first, second, third] = [twice(&keys.tables[0]), twice(&keys.tables[1]), twice(&keys.tables[2])];
        let (mut rest, mut has_lead) = (range, false);
        while rest.len() > 2
            && let Some(bytes) = text[rest.start..].first_chunk()
        {
            let [x, y, z] = load(bytes);
            // Of a byte its six lower bits tell the place in a table.
            let all = _mm512_ternarylogic_epi64::<AND>(
                _mm512_permutexvar_epi8(x, first),
                _mm512_permutexvar_epi8(y, second),
                _mm512_permutexvar_epi8(z, third),
            );
            let places = _mm512_test_epi8_mask(all, all) & super::within::<LANES>(rest.len() - 2);
            if _mm512_movepi8_mask(x) != 0 {
                has_lead |= leads_of(bytes) & super::within::<LANES>(rest.len()) != 0;
            }
            super::note(text, rest.start, places, keys, found);
            rest.start += LANES;
        }
        if rest.is_empty() { has_lead } else { super::note_places::<N, LANES>(text, rest, keys, found) || has_lead }
    }

    #[target_feature(enable = "avx512f,avx512bw,bmi1")]
    fn has_place_avx512<const N: usize>(text: &[u8], range: Range<usize>, keys: &[[u8; 3]; N]) -> bool {
        const OR_XOR: i32 = 0b1111_0110;
        let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
        let wide = keys.map(|key| key.map(all));
        let mut rest = range;
        while rest.len() > 2
            && let Some(bytes) = text[rest.start..].first_chunk()
        {
            let [x, y, z] = load(bytes).map(|bytes| _mm512_or_si512(bytes, all(CASE)));
            // Bits are left where bytes differ, so a key stands where none are.
            let places = wide.iter().fold(0, |places, &[a, b, c]| {
                let one = _mm512_xor_si512(x, a);
                let two = _mm512_ternarylogic_epi64::<OR_XOR>(one, y, b);
                let three = _mm512_ternarylogic_epi64::<OR_XOR>(two, z, c);
                places | _mm512_testn_epi8_mask(three, three)
            });
            if places & super::within::<LANES>(rest.len() - 2) != 0 {
                return true;
            }
            rest.start += LANES;
        }
        super::has_place::<N, LANES>(text, rest, keys)
    }

    #[target_feature(enable = "avx2,bmi1")]
    fn note_places_avx2<const N: usize>(
        text: &[u8],
        range: Range<usize>,
        keys: &Keys<N>,
        found: &mut Vec<Hit>,
    ) -> bool {
        super::note_places::<N, 32>(text, range, keys, found)
    }

    #[target_feature(enable = "avx2,bmi1")]
    fn has_place_avx2<const N: usize>(text: &[u8], range: Range<usize>, keys: &[[u8; 3]; N]) -> bool {
        super::has_place::<N, 32>(text, range, keys)
    }

    /// To be called only where [`Tier::Avx2`](crate::Tier::Avx2) is available, or with `WIDEST`
    /// [`Tier::Avx512`](crate::Tier::Avx512).
    pub(super) fn note_places<const N: usize, const WIDEST: bool>(
        text: &[u8],
        range: Range<usize>,
        keys: &Keys<N>,
        found: &mut Vec<Hit>,
    ) -> bool {
        // SAFETY: a tier is chosen only after its features were found.
        unsafe {
            if WIDEST {
                note_places_avx512(text, range, keys, found)
            } else {
                note_places_avx2(text, range, keys, found)
            }
        }
    }

    /// To be called only where [`Tier::Avx2`](crate::Tier::Avx2) is available, or with `WIDEST`
    /// [`Tier::Avx512`](crate::Tier::Avx512).
    pub(super) fn has_place<const N: usize, const WIDEST: bool>(
        text: &[u8],
        range: Range<usize>,
        keys: &[[u8; 3]; N],
    ) -> bool {
        // SAFETY: a tier is chosen only after its features were found.
        unsafe { if WIDEST { has_place_avx512(text, range, keys) } else { has_place_avx2(text, range, keys) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow, obvious way.
    fn all_places(text: &[u8], range: Range<usize>, keys: &[[u8; 3]]) -> Vec<Hit> {
        let stands = |at: usize, key: &[u8; 3]| [0, 1, 2].iter().all(|&n| text[at + n] | CASE == key[n]);
        let bits = |at| (0..keys.len()).map(|number| u8::from(stands(at, &keys[number])) << number).sum();
        let places = range.clone().filter(|at| at + 3 <= range.end);
        places.map(|place| Hit { place, keys: bits(place) }).filter(|hit| hit.keys != 0).collect()
    }

    #[test]
    fn no_key_is_shown() {
        assert_eq!(format!("{:?}", Keys::new([*b"per", *b"ana"])), "Keys(of 2)");
    }

    proptest! {
        #[test]
        fn all_places_are_found_and_no_others(
            text in prop::collection::vec(prop_oneof![Just(b'a'), Just(b'B'), Just(b'b'), Just(b'\t'), any::<u8>()], 0..200),
            cut: (prop::sample::Index, prop::sample::Index),
            keys: [[u8; 3]; 2],
            is_close: bool,
        ) {
            let keys = if is_close { [*b"aba", *b"bb)"] } else { keys.map(|key| key.map(|byte| byte | CASE)) };
            let (left, right) = (cut.0.index(text.len() + 1), cut.1.index(text.len() + 1));
            let range = left.min(right)..left.max(right);
            let expected = all_places(&text, range.clone(), &keys);
            for tier in Tier::available() {
                let mut found = vec![Hit { place: 7, keys: 1 }];
                let has_lead = find_places(tier, &text, range.clone(), &Keys::new(keys), &mut found);
                let is_lead = |byte: &u8| [0xC2, 0xE2, 0xC4, 0xE4].contains(byte);
                prop_assert_eq!(has_lead, text[range.clone()].iter().any(is_lead));
                prop_assert_eq!(&found, &expected, "{}", tier.name());
                prop_assert_eq!(may_hold(tier, &text, range.clone(), keys), !expected.is_empty());
            }
        }
    }
}
