//! A keyed hash of ids, exact or ignoring ASCII case.

use std::hash::{BuildHasher, Hasher as _, RandomState};
use std::ops::Range;

/// Hashes ids with keys drawn once a process, so that nobody can prepare ids that fall together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hasher {
    keys: [u64; 4],
    /// Those of [brief](Hasher::brief) hashes.
    brief: [u64; 8],
}

/// Cells of so many bytes at most have a brief hash of their own.
const BRIEF: usize = 48;

/// For each length, what of the words of a [`BRIEF`] text is a cell of that length.
static MASKS: [[u64; BRIEF / 8]; BRIEF + 1] = {
    let mut masks = [[0; BRIEF / 8]; BRIEF + 1];
    let mut length = 0;
    while length <= BRIEF {
        let mut at = 0;
        while at < length {
            masks[length][at / 8] |= 0xFF << (8 * (at % 8));
            at += 1;
        }
        length += 1;
    }
    masks
};

impl Hasher {
    /// Draws new keys.
    pub(crate) fn new() -> Self {
        let random = RandomState::new();
        let key = |number: u64| {
            let mut hasher = random.build_hasher();
            hasher.write_u64(number);
            hasher.finish() | 1
        };
        Self { keys: [0, 1, 2, 3].map(key), brief: [4, 5, 6, 7, 8, 9, 10, 11].map(key) }
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

    /// A hash of a cell of `text`, for which hardly a step depends on how long it is, if it is not longer than most ids.
    ///
    /// With `FOLD`, cells that are equal but for the case of ASCII letters have one hash, and so may cells that differ in
    /// some other characters: only whoever looks again may take them for equal.
    #[inline(always)]
    pub(crate) fn brief<const FOLD: bool>(&self, text: &[u8], cell: Range<usize>) -> u64 {
        let length = cell.len();
        let Some(mask) = MASKS.get(length) else { return self.long::<FOLD>(&text[cell]) };
        if !FOLD && length <= 16 {
            return with_window(text, cell, |window: &[u8; 16]| self.masked_short(window, mask, length));
        }
        with_window(text, cell, |window: &[u8; BRIEF]| self.masked::<FOLD>(window, mask, length))
    }

    #[inline(always)]
    fn masked<const FOLD: bool>(&self, window: &[u8; BRIEF], mask: &[u64; BRIEF / 8], length: usize) -> u64 {
        let [k0, k1, k2, k3, k4, k5, k6, k7] = self.brief;
        let word = |at: usize| {
            let word = u64::from_le_bytes(window.as_chunks::<8>().0[at]);
            (if FOLD { word | CASE } else { word }) & mask[at]
        };
        let sum = fold(word(0) ^ k0, word(1) ^ k1)
            .wrapping_add(fold(word(2) ^ k2, word(3) ^ k3))
            .wrapping_add(fold(word(4) ^ k4, word(5) ^ k5));
        fold(sum ^ k6, k7 ^ length as u64)
    }

    #[inline(always)]
    fn masked_short(&self, window: &[u8; 16], mask: &[u64; BRIEF / 8], length: usize) -> u64 {
        let [k0, k1, .., k6, k7] = self.brief;
        let [left, right] = [0, 1].map(|at| u64::from_le_bytes(window.as_chunks::<8>().0[at]) & mask[at]);
        fold(fold(left ^ k0, right ^ k1) ^ k6, k7 ^ length as u64)
    }

    #[cold]
    fn long<const FOLD: bool>(&self, cell: &[u8]) -> u64 {
        if FOLD { self.folded(cell).0.0 } else { self.whole(cell).0 }
    }

    /// 32 bits of a person: the birth date's bytes, and those of the sex with ASCII letters in lower case.
    #[inline]
    pub(crate) fn person(&self, dob: &[u8], sex: &[u8]) -> u32 {
        let [k0, k1, k2, k3] = self.keys;
        let mut mixed = k2 ^ dob.len() as u64 ^ (sex.len() as u64) << 32;
        each_sixteen(dob, |[left, right]| mixed = fold(mixed ^ left, k3 ^ right));
        each_sixteen(sex, |[left, right]| mixed = fold(mixed ^ to_lower(left), k3 ^ to_lower(right)));
        fold(mixed ^ k1, k0) as u32
    }

    /// Other 32 bits of a person told by two cells of `text`. As exact: two persons with one hash are not looked at again.
    #[inline(always)]
    pub(crate) fn brief_person(&self, text: &[u8], dob: Range<usize>, sex: Range<usize>) -> u32 {
        let lengths = (dob.len(), sex.len());
        if lengths.0 > 16 || lengths.1 > 8 {
            return self.long_person(&text[dob], &text[sex]);
        }
        let [k0, k1, k2, k3, _, _, k6, k7] = self.brief;
        let (dob_mask, sex_mask) = (&MASKS[lengths.0], MASKS[lengths.1][0]);
        let day = with_window(text, dob, |window: &[u8; 16]| {
            let [left, right] = [0, 1].map(|at| u64::from_le_bytes(window.as_chunks::<8>().0[at]) & dob_mask[at]);
            fold(left ^ k0, right ^ k1)
        });
        let sex = with_window(text, sex, |window: &[u8; 8]| to_lower(u64::from_le_bytes(*window)) & sex_mask);
        let sex = fold(sex ^ k2, k3 ^ (lengths.0 << 8 | lengths.1) as u64);
        fold(day.wrapping_add(sex) ^ k6, k7) as u32
    }

    #[cold]
    fn long_person(&self, dob: &[u8], sex: &[u8]) -> u32 {
        self.person(dob, sex)
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

/// What upper and lower case ASCII letters differ in, eight times.
const CASE: u64 = u64::from_ne_bytes([0x20; 8]);

/// Hands over what stands from a cell's start on; zeros stand behind the text's end.
#[inline(always)]
fn with_window<T, const N: usize>(text: &[u8], cell: Range<usize>, act: impl Fn(&[u8; N]) -> T) -> T {
    if let Some(window) = text.get(cell.start..).and_then(<[u8]>::first_chunk::<N>) {
        return act(window);
    }
    act(&padded(&text[cell]))
}

#[cold]
#[inline(never)]
fn padded<const N: usize>(cell: &[u8]) -> [u8; N] {
    let mut window = [0; N];
    window[..cell.len()].copy_from_slice(cell);
    window
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

    proptest! {
        #[test]
        fn brief_hashes_are_those_of_cells_wherever_they_stand(
            cell in "[A-Za-z0-9-]{0,60}", other in "[A-Za-z0-9-]{0,60}", before in "[a-z]{0,9}", after in "[a-z]{0,60}",
        ) {
            let hasher = Hasher::new();
            let text = format!("{before}{cell}{after}");
            let at = before.len()..before.len() + cell.len();
            let (own, others) = (cell.as_bytes(), other.as_bytes());
            let whole = hasher.brief::<false>(text.as_bytes(), at.clone());
            prop_assert_eq!(whole, hasher.brief::<false>(own, 0..own.len()));
            prop_assert_eq!(whole == hasher.brief::<false>(others, 0..others.len()), cell == other);
            let folded = hasher.brief::<true>(text.as_bytes(), at.clone());
            prop_assert_eq!(folded, hasher.brief::<true>(cell.to_ascii_uppercase().as_bytes(), 0..own.len()));
            let is_same = cell.eq_ignore_ascii_case(&other);
            prop_assert_eq!(folded == hasher.brief::<true>(others, 0..others.len()), is_same);
            let person = hasher.brief_person(text.as_bytes(), at.clone(), at);
            let upper = cell.to_ascii_uppercase();
            let both = format!("{cell}{upper}");
            let same = hasher.brief_person(both.as_bytes(), 0..own.len(), own.len()..both.len());
            prop_assert_eq!(person, same);
            let mixed = format!("{cell}{other}");
            let another = hasher.brief_person(mixed.as_bytes(), 0..own.len(), own.len()..mixed.len());
            prop_assert_eq!(person == another, is_same);
        }

        #[test]
        fn persons_differ_in_birth_date_or_sex_but_not_in_its_case(
            dob in "[0-9-]{0,40}", other_dob in "[0-9-]{0,40}", sex in "[MFUmfu-]{0,20}", other_sex in "[MFUmfu-]{0,20}",
        ) {
            let hasher = Hasher::new();
            let brief = |dob: &[u8], sex: &[u8]| {
                let text = [dob, sex].concat();
                hasher.brief_person(&text, 0..dob.len(), dob.len()..text.len())
            };
            let whole = |dob: &[u8], sex: &[u8]| hasher.person(dob, sex);
            for hash in [&whole as &dyn Fn(&[u8], &[u8]) -> u32, &brief] {
                let [one, same, another] = [(&dob, &sex), (&dob, &sex.to_ascii_uppercase()), (&other_dob, &other_sex)]
                    .map(|(dob, sex)| hash(dob.as_bytes(), sex.as_bytes()));
                prop_assert_eq!(one, same);
                prop_assert_eq!(one == another, dob == other_dob && sex.eq_ignore_ascii_case(&other_sex));
            }
        }
    }

    #[test]
    fn only_letters_of_a_sex_are_the_same_in_either_case() {
        let hasher = Hasher::new();
        let hash = |sex: u8| hasher.brief_person(&[sex], 0..0, 0..1);
        let hashes: Vec<u32> = (0..=u8::MAX).map(hash).collect();
        for one in 0..=u8::MAX {
            for other in 0..=u8::MAX {
                let is_same = hashes[usize::from(one)] == hashes[usize::from(other)];
                assert_eq!(is_same, one.eq_ignore_ascii_case(&other), "{one:#04X} and {other:#04X}");
            }
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
