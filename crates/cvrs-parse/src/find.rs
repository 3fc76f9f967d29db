//! Three bytes looked for in a part of a text, ignoring case: what rules a longer word out in most texts.

use crate::Tier;
use core::ops::Range;

/// Case is one bit of an ASCII letter. Some other characters fall together too.
const CASE: u8 = 0x20;

/// Whether any of some keys may stand in a part of a text, or in some bytes after it; `false` is certain.
///
/// A key is three bytes in lower case, that is with the bit 0x20 set. They are compared with that bit set in the text too,
/// so letters are found in either case and some other characters stand for each other. Cost: some twenty instructions for
/// every 32 bytes with AVX2, twice as many without; what is left at the end is not looked at by itself where text follows.
///
/// # Panics
/// If the range is not within the text.
#[inline]
pub fn may_hold<const N: usize>(tier: Tier, text: &[u8], range: Range<usize>, keys: [[u8; 3]; N]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if tier >= Tier::Avx2 {
        return wide::may_hold(text, range, keys);
    }
    let _ = tier;
    holds::<N, 16>(text, range, keys)
}

/// The same, so many places at a time.
#[inline(always)]
fn holds<const N: usize, const LANES: usize>(text: &[u8], range: Range<usize>, keys: [[u8; 3]; N]) -> bool {
    let n_places = range.len().saturating_sub(2);
    let end = (range.start + n_places.next_multiple_of(LANES) + 2).min(text.len()).max(range.end);
    let mut hay = &text[range.start..end];
    let mut hits = [0u8; LANES];
    // Without a branch in the inner loop, so that the compiler compares all lanes at once.
    while let (Some(first), Some(second), Some(third)) =
        (hay.first_chunk::<LANES>(), hay.get(1..).and_then(<[u8]>::first_chunk::<LANES>), third::<LANES>(hay))
    {
        for lane in 0..LANES {
            let (x, y, z) = (first[lane] | CASE, second[lane] | CASE, third[lane] | CASE);
            for [a, b, c] in keys {
                hits[lane] |= u8::from((x == a) & (y == b) & (z == c));
            }
        }
        hay = &hay[LANES..];
    }
    let is_key = |part: &[u8]| keys.iter().any(|key| part.iter().zip(key).all(|(byte, key)| byte | CASE == *key));
    hits != [0; LANES] || hay.windows(3).any(is_key)
}

/// The bytes from the third on.
#[inline(always)]
fn third<const LANES: usize>(hay: &[u8]) -> Option<&[u8; LANES]> {
    hay.get(2..).and_then(<[u8]>::first_chunk)
}

#[cfg(target_arch = "x86_64")]
mod wide {
    #![expect(unsafe_code, reason = "a call of code for a feature that was found")]

    use super::Range;

    #[target_feature(enable = "avx2")]
    fn avx2<const N: usize>(text: &[u8], range: Range<usize>, keys: [[u8; 3]; N]) -> bool {
        super::holds::<N, 32>(text, range, keys)
    }

    /// To be called only where [`Tier::Avx2`](crate::Tier::Avx2) is available.
    pub(super) fn may_hold<const N: usize>(text: &[u8], range: Range<usize>, keys: [[u8; 3]; N]) -> bool {
        // SAFETY: a tier is chosen only after its features were found.
        unsafe { avx2(text, range, keys) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow, obvious way.
    fn stands(hay: &[u8], keys: &[[u8; 3]]) -> bool {
        hay.windows(3).any(|part| keys.iter().any(|key| [0, 1, 2].iter().all(|&at| part[at] | CASE == key[at])))
    }

    proptest! {
        #[test]
        fn what_stands_there_is_found_and_nothing_elsewhere_is_told(
            text in prop::collection::vec(prop_oneof![Just(b'a'), Just(b'B'), Just(b'b'), Just(b'\t'), any::<u8>()], 0..200),
            cut: (prop::sample::Index, prop::sample::Index),
            keys: [[u8; 3]; 2],
            is_close: bool,
        ) {
            let keys = if is_close { [*b"aba", *b"bb)"] } else { keys.map(|key| key.map(|byte| byte | CASE)) };
            let (left, right) = (cut.0.index(text.len() + 1), cut.1.index(text.len() + 1));
            let range = left.min(right)..left.max(right);
            for tier in Tier::available() {
                let found = may_hold(tier, &text, range.clone(), keys);
                prop_assert!(found || !stands(&text[range.clone()], &keys), "{}", tier.name());
                let end = text.len().min(range.end + 32);
                prop_assert!(!found || stands(&text[range.start..end], &keys), "{}", tier.name());
                prop_assert_eq!(may_hold(tier, &text, range.start..text.len(), keys), stands(&text[range.start..], &keys));
            }
        }
    }
}
