//! Names looked for in other cells, ignoring case.

use cvrs_parse::{Tier, may_hold};
use std::ops::Range;

/// What may be looked for, and three of its bytes, folded, by which it is ruled out in most texts.
#[derive(Clone, Copy)]
pub(super) struct Needle<'a> {
    text: &'a [u8],
    is_ascii: bool,
    /// Wherever the needle stands in some case, these stand in some case, byte for byte, or there is a [`has_sign`].
    key: Option<[u8; 3]>,
    /// Whether the key has a K or an I.
    fits_sign: bool,
}

/// Case is one bit of an ASCII letter. Other characters fall together too, which only makes a further look necessary.
pub(super) const CASE: u8 = 0x20;

/// The one character beyond ASCII whose lower case is all ASCII: the Kelvin sign, as UTF-8.
const KELVIN: &[u8] = "\u{212A}".as_bytes();

/// Whether there may be a character beyond ASCII of whose lower case ASCII is a part: the Kelvin sign, which is a plain k
/// then, and the capital I with a dot, which begins with a plain i.
#[cold]
fn has_sign(hay: &[u8]) -> bool {
    hay.windows(2).any(|pair| pair == &KELVIN[..2] || pair == "\u{130}".as_bytes())
}

const fn is_k_or_i(byte: u8) -> bool {
    matches!(byte | CASE, b'k' | b'i')
}

/// Three bytes by which a needle is looked for. In an ASCII needle those around its first blank, if there is one: streets
/// begin with a number, as ids do, and no id has a blank. In another one any three of ASCII but K and I.
#[inline]
fn key(text: &[u8], is_ascii: bool) -> Option<[u8; 3]> {
    let found = if is_ascii {
        let at = text[1..text.len() - 1].iter().position(|&byte| byte == b' ').unwrap_or(0);
        text[at..].first_chunk::<3>()
    } else {
        let mut windows = text.windows(3).filter_map(|window| window.first_chunk::<3>());
        windows.find(|window| window.iter().all(|&byte| byte.is_ascii() && !is_k_or_i(byte)))
    };
    found.map(|bytes| bytes.map(|byte| byte | CASE))
}

impl<'a> Needle<'a> {
    /// Takes a value without the blanks around it, if it has three characters or more.
    #[inline]
    pub(super) fn new(value: &'a [u8]) -> Option<Self> {
        let text = value.trim_ascii();
        if text.len() < 3 {
            return None;
        }
        let is_ascii = text.is_ascii();
        let is_long = is_ascii || text.len() >= 12 || cvrs_parse::char_count(text) >= 3;
        is_long.then(|| {
            let key = key(text, is_ascii);
            Self { text, is_ascii, key, fits_sign: key.is_some_and(|key| key.into_iter().any(is_k_or_i)) }
        })
    }

    /// Whether it may stand in a part of a text, or in some bytes after it; `false` is certain.
    #[inline]
    pub(super) fn may_be_in(&self, tier: Tier, text: &[u8], hay: Range<usize>) -> bool {
        self.key.is_some_and(|key| may_hold(tier, text, hay.clone(), [key])) || self.may_be_hidden_in(&text[hay])
    }

    /// The same of two, either of them.
    #[inline]
    pub(super) fn may_either_be_in(needles: [&Self; 2], tier: Tier, text: &[u8], hay: Range<usize>) -> bool {
        if let [Some(one), Some(other)] = needles.map(|needle| needle.key) {
            return may_hold(tier, text, hay.clone(), [one, other])
                || needles.iter().any(|needle| needle.may_be_hidden_in(&text[hay.clone()]));
        }
        needles.iter().any(|needle| needle.may_be_in(tier, text, hay.clone()))
    }

    /// Whether it may stand there without its key.
    #[inline]
    fn may_be_hidden_in(&self, hay: &[u8]) -> bool {
        match self.key {
            Some(_) => self.fits_sign && !hay.is_ascii() && has_sign(hay),
            None => !hay.is_ascii() || self.text.windows(KELVIN.len()).any(|part| part == KELVIN),
        }
    }

    /// Whether it stands in `hay`, ignoring case.
    pub(super) fn is_in(&self, hay: &[u8]) -> bool {
        self.find(hay, |_, _| true)
    }

    /// Whether it stands in `hay` as a word or some words: where it begins or ends with a letter or digit, none stands
    /// beside it.
    pub(super) fn is_word_in(&self, hay: &[u8]) -> bool {
        self.find(hay, |before, after| {
            let is_part = |own: Option<char>, other: Option<char>| {
                own.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
            };
            let text = String::from_utf8_lossy(self.text);
            !is_part(text.chars().next(), before) && !is_part(text.chars().next_back(), after)
        })
    }

    fn find(&self, hay: &[u8], is_right: impl Fn(Option<char>, Option<char>) -> bool) -> bool {
        if !self.may_be_in(Tier::Portable, hay, 0..hay.len()) {
            return false;
        }
        if self.is_ascii && hay.is_ascii() {
            let character = |at: usize| hay.get(at).map(|&byte| char::from(byte));
            let mut parts = hay.windows(self.text.len()).enumerate();
            return parts.any(|(at, part)| {
                part.eq_ignore_ascii_case(self.text)
                    && is_right(at.checked_sub(1).and_then(character), character(at + part.len()))
            });
        }
        let fold = |text: &[u8]| String::from_utf8_lossy(text).to_lowercase();
        let (hay, needle) = (fold(hay), fold(self.text));
        hay.match_indices(&needle).any(|(at, found)| {
            let (before, after) = (hay[..at].chars().next_back(), hay[at + found.len()..].chars().next());
            is_right(before, after)
        })
    }
}

/// Whether two values are equal but for case and the blanks around them.
#[inline]
pub(super) fn is_same_text(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (one.trim_ascii(), other.trim_ascii());
    for (a, b) in one.iter().zip(other) {
        if !a.is_ascii() || !b.is_ascii() {
            return is_same_folded(one, other);
        }
        // Mostly the first bytes differ. No ASCII character has one beyond ASCII as its lower case, wherever it stands.
        if !a.eq_ignore_ascii_case(b) {
            return false;
        }
    }
    one.len() == other.len()
}

#[cold]
fn is_same_folded(one: &[u8], other: &[u8]) -> bool {
    one == other || String::from_utf8_lossy(one).to_lowercase() == String::from_utf8_lossy(other).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needle(text: &str) -> Needle<'_> {
        Needle::new(text.as_bytes()).expect("three characters")
    }

    #[test]
    fn names_of_three_characters_or_more_are_looked_for() {
        for short in ["", "Li", " Li ", "Éx"] {
            assert!(Needle::new(short.as_bytes()).is_none(), "{short}");
        }
        assert!(Needle::new("Éxi".as_bytes()).is_some());
    }

    #[test]
    fn words_are_found_whatever_their_case_and_only_as_words() {
        for (text, hay) in [
            ("Perez", "Home of ANA PEREZ"),
            ("perez", "Perez"),
            ("Pérez", "PÉREZ, Ana"),
            ("De La Cruz", "clinic de la cruz 2"),
            ("12 Main St", "12 MAIN ST."),
            ("#5 Elm", "Lot#5 elm"),
            ("Ana", "GA-ANA_1"),
        ] {
            assert!(needle(text).is_word_in(hay.as_bytes()), "{text} in {hay}");
        }
        for (text, hay) in [
            ("Ana", "Anaheim"),
            ("Ana", "Savanna"),
            ("Ana", "Ána"),
            ("Perez", "Pere"),
            ("Ana", "xAna"),
            ("Ana", "Ana1"),
        ] {
            assert!(!needle(text).is_word_in(hay.as_bytes()), "{text} in {hay}");
        }
        assert!(needle("Perez").is_in(b"X1PEREZ9") && !needle("Perez").is_in(b"X1PERE9"));
    }

    #[test]
    fn characters_with_a_part_in_ascii_are_found() {
        for (text, hay) in
            [("Kim", "Dr \u{212A}im"), ("Ari", "Ar\u{130}"), ("\u{212A}im", "KIM"), ("\u{130}lk", "\u{130}LK")]
        {
            assert!(needle(text).is_word_in(hay.as_bytes()), "{text} in {hay}");
        }
        assert!(!needle("Ist").is_word_in("\u{130}st".as_bytes()), "a dot stands between");
    }

    proptest::proptest! {
        /// What a needle rules out does not hold it: compared with lower case, character by character.
        #[test]
        fn nothing_is_ruled_out_that_stands_there(
            before in "[a-cA-C \u{212A}\u{130}\u{e9}\u{c9}kKiI0-2]{0,40}",
            text in "[a-cA-C\u{212A}\u{130}\u{e9}\u{c9}kKiI0-2][a-cA-C \u{212A}\u{130}\u{e9}\u{c9}kKiI0-2]{1,9}[a-cA-C\u{212A}\u{e9}\u{c9}kKiI0-2]",
            after in "[a-c \u{e9}k]{0,40}",
            is_upper: bool,
            has_it: bool,
        ) {
            let middle = match (has_it, is_upper) {
                (false, _) => String::new(),
                (true, true) => text.to_uppercase(),
                (true, false) => text.to_lowercase(),
            };
            let hay = format!("{before}{middle}{after}");
            let stands_there = hay.to_lowercase().contains(&text.to_lowercase());
            let needle = needle(&text);
            proptest::prop_assert_eq!(needle.is_in(hay.as_bytes()), stands_there);
            let around = format!("{hay}\tand what follows it in the chunk");
            proptest::prop_assert!(!stands_there || needle.may_be_in(Tier::best(), around.as_bytes(), 0..hay.len()));
        }

        #[test]
        fn streets_are_compared_as_lower_case_is(one in "[aA\u{e9}\u{c9}\u{212A}kK \u{3a3}\u{3c3}\u{3c2}]{0,5}", other in "[aA\u{e9}\u{c9}\u{212A}kK \u{3a3}\u{3c3}\u{3c2}]{0,5}") {
            let expected = one.trim_matches(' ').to_lowercase() == other.trim_matches(' ').to_lowercase();
            proptest::prop_assert_eq!(is_same_text(one.as_bytes(), other.as_bytes()), expected);
        }
    }

    #[test]
    fn streets_are_the_same_but_for_case_and_blanks() {
        assert!(is_same_text(b" 12 Main St", b"12 MAIN ST "));
        assert!(is_same_text("Calle Ñ".as_bytes(), "CALLE ñ".as_bytes()));
        assert!(!is_same_text(b"12 Main St", b"12 Main St Apt 4"));
    }
}
