//! What the screen asks of vectors: thirty-two bytes at a time, in a tier's own instructions.
//!
//! [`Portable`] is the meaning; the others must give the same answers, which tests hold them to.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

/// Beyond the end of a cell, so many bytes of the text must be readable.
pub(crate) const ROOM: usize = 32;

/// A text, and up to where a cell may start that vectors read.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    bytes: &'a [u8],
    /// What will be looked at after it, if known.
    upcoming: &'a [u8],
    n_starts: usize,
}

impl<'a> Text<'a> {
    pub(crate) const fn new(bytes: &'a [u8], upcoming: &'a [u8]) -> Self {
        Self { bytes, upcoming, n_starts: (bytes.len() + 1).saturating_sub(ROOM) }
    }

    #[inline(always)]
    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What will be looked at after it, if known.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "asked by the tiers that can fetch"))]
    #[inline(always)]
    pub(crate) const fn upcoming(self) -> &'a [u8] {
        self.upcoming
    }

    /// Whether there is room for vectors behind that place.
    #[inline(always)]
    pub(crate) const fn has_room(self, at: usize) -> bool {
        at < self.n_starts
    }
}

/// Two keys that share a place of a table.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(crate) struct Pair(pub(crate) [[u64; 4]; 2]);

/// Four short keys that share a place of a table.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(crate) struct Quad(pub(crate) [[u64; 2]; 4]);

/// A date as a number that orders as dates do: the year in the upper half, month and day as `MMDD` in the lower.
pub(crate) const fn packed(year: u32, month: u32, day: u32) -> u64 {
    (year as u64) << 32 | (month * 100 + day) as u64
}

/// The tests that are worth instructions of their own.
pub(crate) trait Vector: Copy {
    /// Thirty-two bytes.
    type Key: Copy;

    /// `length` bytes of the text from `start` on, at most 32, zeros after them, and `tag` (nothing but a top byte)
    /// laid over. There must be [`ROOM`] bytes from `start` on.
    fn key(text: Text<'_>, start: usize, length: u32, tag: &[u64; 4]) -> Self::Key;

    /// A key from its words, the first bytes in the first.
    fn from_words(words: [u64; 4]) -> Self::Key;

    /// The words of a key.
    fn words(key: Self::Key) -> [u64; 4];

    /// A number whose lower bits name a key's place in a table. Each tier mixes in its own way: a place that another
    /// tier would choose is a place where nothing is found, which costs time and nothing else.
    fn mixed(key: Self::Key) -> usize;

    /// The key with its last eight bytes replaced.
    fn with_last(key: Self::Key, word: u64) -> Self::Key;

    /// Whether the key has these words.
    fn is_equal(key: Self::Key, words: &[u64; 4]) -> bool;

    /// Whether the key is one of two.
    fn is_among(key: Self::Key, pair: &Pair) -> bool;

    /// Sixteen bytes.
    type Short: Copy;

    /// As [`Vector::key`], at most fifteen bytes.
    fn short(text: Text<'_>, start: usize, length: u32, tag: &[u64; 2]) -> Self::Short;

    /// A short key from its words, the first bytes in the first.
    fn short_from_words(words: [u64; 2]) -> Self::Short;

    /// The words of a short key.
    fn short_words(key: Self::Short) -> [u64; 2];

    /// As [`Vector::mixed`].
    fn short_mixed(key: Self::Short) -> usize;

    /// Whether the key is one of four.
    fn is_among_four(key: Self::Short, quad: &Quad) -> bool;

    /// Fetches a place of a table into the nearest cache, where the machine can be told to; nothing depends on it.
    #[inline(always)]
    fn fetch(_: &Quad) {}

    /// Fetches the bytes of what comes next that are as far in it as `at` is in this text, some five hundred, into the
    /// second-nearest cache, where the machine can be told to; nothing depends on it.
    #[inline(always)]
    fn fetch_upcoming(_: Text<'_>, _at: u32) {}

    /// Whether a blank is among `length` bytes of the text from `start` on. There must be [`ROOM`] bytes from there on.
    fn has_blank(text: Text<'_>, start: usize, length: u32) -> bool;

    /// Three dates as [`packed`] numbers, if each is a day or a month and none is of a 29 February, of the year 0 or
    /// no date at all. A month stands for its first day, in the third for its 28th; the third may be empty and is then
    /// later than all. `None` means that it takes a closer look. There must be [`ROOM`] bytes from each start on.
    fn dates(text: Text<'_>, starts: [usize; 3], lengths: [u32; 3]) -> Option<[u64; 3]>;
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "x86_64")]
    use cvrs_parse::Tier;
    use proptest::prelude::*;

    /// What a tier answers to everything that is asked of it.
    #[derive(Debug, PartialEq)]
    struct Answers {
        key: [u64; 4],
        with_last: [u64; 4],
        equal: [bool; 2],
        among: [bool; 3],
        short: [u64; 2],
        among_four: Vec<bool>,
        blanks: Vec<bool>,
        dates: Option<[u64; 3]>,
    }

    fn ask<V: Vector>(text: Text<'_>, start: usize, length: u32, tag: u8, dates: ([usize; 3], [u32; 3])) -> Answers {
        let key = V::key(text, start, length, &[0, 0, 0, u64::from(tag) << 56]);
        let words = V::words(key);
        assert_eq!(V::mixed(key), V::mixed(V::from_words(words)));
        let mut near = words;
        near[start % 4] ^= 1 << (length % 64);
        let again = V::words(V::from_words(words));
        assert_eq!(words, again);
        let pairs = [Pair([words, near]), Pair([near, words]), Pair([near, near])];
        let short = V::short(text, start, length % 16, &[0, u64::from(tag) << 56]);
        let short_words = V::short_words(short);
        assert_eq!(V::short_words(V::short_from_words(short_words)), short_words);
        let mut short_near = short_words;
        short_near[start % 2] ^= 1 << (length % 64);
        let quad_of = |at: usize| {
            let mut quad = Quad([short_near; 4]);
            if at < 4 {
                quad.0[at] = short_words;
            }
            quad
        };
        Answers {
            short: short_words,
            among_four: (0..5).map(|at| V::is_among_four(short, &quad_of(at))).collect(),
            blanks: (0..=text.bytes().len() - start).map(|length| V::has_blank(text, start, length as u32)).collect(),
            key: words,
            with_last: V::words(V::with_last(key, 7)),
            equal: [V::is_equal(key, &words), V::is_equal(key, &near)],
            among: pairs.map(|pair| V::is_among(key, &pair)),
            dates: V::dates(text, dates.0, dates.1),
        }
    }

    fn date() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]",
            1 => "[0-9]{4}-(02-(28|29|30)|(04|01|12)-(30|31)|00-10|13-10|11-00)",
            1 => "[0-9:/-]{10}", 1 => "0000-01-01", 1 => "[0-9]{4}-[0-9]{2}", 1 => "", 1 => "[ -~]{10}",
        ]
    }

    proptest! {
        #[test]
        fn tiers_agree_with_the_portable_one(
            noise in prop::collection::vec(any::<u8>(), 64..200),
            start in 0usize..32, length in 0u32..=40, tag: u8,
            dates in prop::array::uniform3(date()),
        ) {
            let mut text = noise;
            let (mut starts, mut lengths) = ([0; 3], [0; 3]);
            for (at, date) in dates.iter().enumerate() {
                (starts[at], lengths[at]) = (text.len(), date.len() as u32);
                text.extend(date.as_bytes());
                text.push(b'\t');
            }
            text.extend([b'x'; ROOM]);
            let portable = ask::<Portable>(Text::new(&text, &[]), start, length, tag, (starts, lengths));
            prop_assert_eq!(portable.among, [true, true, false]);
            prop_assert_eq!(portable.equal, [true, false]);
            prop_assert_eq!(portable.with_last[3], 7);
            let has_blank: Vec<bool> = (start..=text.len()).map(|end| text[start..end].contains(&b' ')).collect();
            prop_assert_eq!(&portable.blanks, &has_blank);
            prop_assert_eq!(&portable.among_four, &[true, true, true, true, false]);
            prop_assert_eq!(portable.short[0], ask::<Portable>(Text::new(&text, &[]), start, length % 16, tag, (starts, lengths)).key[0]);
            let mut bytes = text[start..start + length.min(32) as usize].to_vec();
            bytes.resize(32, 0);
            bytes[31] |= tag;
            let naive: Vec<u64> = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
            prop_assert_eq!(&portable.key[..], &naive[..]);
            #[cfg(target_arch = "x86_64")]
            {
                if Tier::Avx2.is_available() {
                    prop_assert_eq!(&ask::<Avx2>(Text::new(&text, &[]), start, length, tag, (starts, lengths)), &portable);
                }
                if Tier::Avx512.is_available() {
                    prop_assert_eq!(&ask::<Avx512>(Text::new(&text, &[]), start, length, tag, (starts, lengths)), &portable);
                }
            }
        }
    }
}
