//! Names looked for in other cells, ignoring case.

/// What may be looked for: the first three bytes, folded, and the whole.
#[derive(Clone, Copy)]
pub(super) struct Needle<'a> {
    text: &'a [u8],
    key: [u8; 3],
}

/// Case is one bit of an ASCII letter. Other characters fall together too, which only makes a further look necessary.
const CASE: u8 = 0x20;

impl<'a> Needle<'a> {
    /// Takes a value without the blanks around it, if it has three characters or more.
    #[inline]
    pub(super) fn new(value: &'a [u8]) -> Option<Self> {
        let text = value.trim_ascii();
        let &[a, b, c, ..] = text else { return None };
        let is_long = text.len() >= 12 || text.is_ascii() || cvrs_parse::char_count(text) >= 3;
        is_long.then_some(Self { text, key: [a | CASE, b | CASE, c | CASE] })
    }

    /// Whether it may stand in `hay`; `false` is certain if it is ASCII.
    ///
    /// Without a branch in the loop, so that the compiler compares many bytes at a time.
    #[inline]
    pub(super) fn may_be_in(&self, hay: &[u8]) -> bool {
        if hay.len() < self.text.len() {
            return false;
        }
        let starts = hay.len() - 2;
        let (first, second, third) = (&hay[..starts], &hay[1..=starts], &hay[2..]);
        let [a, b, c] = self.key;
        let mut hits = 0u8;
        for at in 0..starts {
            let is_hit = (first[at] | CASE == a) & (second[at] | CASE == b) & (third[at] | CASE == c);
            hits |= u8::from(is_hit);
        }
        hits != 0
    }

    /// Whether it is ASCII, for which [`Needle::may_be_in`] is enough to rule it out.
    #[inline]
    pub(super) fn is_ascii(&self) -> bool {
        self.text.is_ascii()
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
        if self.is_ascii() && !self.may_be_in(hay) {
            return false;
        }
        if self.is_ascii() && hay.is_ascii() {
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
pub(super) fn is_same_text(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (one.trim_ascii(), other.trim_ascii());
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
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
    fn streets_are_the_same_but_for_case_and_blanks() {
        assert!(is_same_text(b" 12 Main St", b"12 MAIN ST "));
        assert!(is_same_text("Calle Ñ".as_bytes(), "CALLE ñ".as_bytes()));
        assert!(!is_same_text(b"12 Main St", b"12 Main St Apt 4"));
    }
}
