//! The values of the six columns, looked for in the row as it is written, ignoring case.

use super::leaks::SIX;
use super::plan::{Row, WORD};
use cvrs_parse::{Hit, Keys, Tier, find_places};
use std::ops::Range;

/// How many columns are redacted.
const N_SIX: usize = SIX.len();

/// Case is one bit of an ASCII letter, and of most of those of Latin-1 in UTF-8. Other characters fall together too, which
/// only makes a further look necessary.
pub(super) const CASE: u8 = 0x20;

/// The one character beyond ASCII whose lower case is all ASCII: the Kelvin sign, as UTF-8.
const KELVIN: &[u8] = "\u{212A}".as_bytes();

/// The capital I with a dot, whose lower case begins with a plain i.
const DOTTED_I: &[u8] = "\u{130}".as_bytes();

/// The values of a row that have three characters or more and are not the word.
///
/// Each has a key of three bytes by which it is found: wherever the value stands in some case, its key stands there in some
/// case, byte for byte, unless there is a [sign](has_sign).
pub(super) struct Values<'a> {
    texts: [&'a [u8]; N_SIX],
    keys: Keys<N_SIX>,
    /// Where in the value its key is.
    key_at: [usize; N_SIX],
    /// The columns that have one, and those whose value has no key, as bits.
    all: u8,
    keyless: u8,
}

/// A row as it is written, in a text that may hold anything before and after it.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) text: &'a [u8],
    /// Where it begins and ends.
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many bytes at its end are those of the row as it was.
    pub(super) n_kept: usize,
}

/// A place where a value stands.
pub(super) struct Place<'a> {
    /// Which of the six.
    pub(super) value: usize,
    /// Offset of the cell's column.
    pub(super) column: usize,
    /// The value in the row or cell.
    text: &'a [u8],
    part: Range<usize>,
}

impl Place<'_> {
    /// Whether it stands there as a word or some words: where it begins or ends with a letter or digit, none stands beside
    /// it.
    #[inline]
    pub(super) fn is_word(&self) -> bool {
        let (before, rest) = self.text.split_at(self.part.start);
        let (part, after) = rest.split_at(self.part.len());
        let is_joined = |left: &[u8], right: &[u8]| {
            let is_part = |found: Option<char>| found.is_some_and(char::is_alphanumeric);
            is_part(last_char(left)) && is_part(first_char(right))
        };
        !is_joined(before, part) && !is_joined(part, after)
    }
}

impl<'a> Values<'a> {
    pub(super) const NONE: Self =
        Self { texts: [&[]; N_SIX], keys: Keys::NONE, key_at: [0; N_SIX], all: 0, keyless: 0 };

    /// Adds what stands in a part of a text, which is one of the six columns and not the word.
    #[inline]
    pub(super) fn add(&mut self, number: usize, text: &'a [u8], cell: Range<usize>) {
        let Range { start, end } = cell;
        let cell = &text[start..end];
        let Some(&[one, two, three]) = text.get(start..).and_then(<[u8]>::first_chunk) else {
            return self.add_odd(number, cell);
        };
        // Whether a cell is empty cannot be foretold, so nothing branches on it.
        let is_long = cell.len() >= 3;
        let last = text[end.saturating_sub(1)];
        let is_odd = !(one | two | three).is_ascii() | one.is_ascii_digit() | (one <= b' ') | (last <= b' ');
        if is_long & is_odd {
            return self.add_odd(number, cell);
        }
        self.texts[number] = cell;
        self.keys.put(number, [one, two, three], is_long);
        self.all |= u8::from(is_long) << number;
    }

    /// Adds what begins with a digit, has blanks around it or is not ASCII.
    fn add_odd(&mut self, number: usize, cell: &'a [u8]) {
        let text = cell.trim_ascii();
        let Some(&first) = text.first_chunk::<3>().filter(|_| !text.eq_ignore_ascii_case(WORD)) else { return };
        // Streets begin with a number, as ids do; what stands in their middle is rare.
        let middle = if first[0].is_ascii_digit() { text.len() / 2 - 1 } else { 0 };
        let key = text[middle..].first_chunk().copied().unwrap_or(first);
        if key.is_ascii() {
            self.put(number, text, middle, Some(key));
        } else if cvrs_parse::char_count(text) >= 3 {
            let found = steady_key(text);
            self.keyless |= u8::from(found.is_none()) << number;
            let place = found.map_or(0, |(place, _)| place);
            self.put(number, text, place, found.map(|(_, key)| key));
        }
    }

    fn put(&mut self, number: usize, text: &'a [u8], key_at: usize, key: Option<[u8; 3]>) {
        self.texts[number] = text;
        self.keys.put(number, key.unwrap_or_default(), key.is_some());
        self.key_at[number] = key_at;
        self.all |= 1 << number;
    }

    /// Whether there is one that is looked for in one of some columns, which are told as bits.
    #[inline]
    pub(super) fn have(&self, columns: u8) -> bool {
        self.all & columns != 0
    }

    /// Tells every place where a value stands in the row that is written in place of this one.
    #[inline]
    pub(super) fn find(
        &self,
        tier: Tier,
        row: Row<'_>,
        written: Written<'_>,
        (hits, guess): (&mut Vec<Hit>, &mut usize),
        tell: &mut impl FnMut(Place<'_>),
    ) {
        let Written { text, start: row_start, end: row_end, .. } = written;
        let whole = row_start..row_end;
        if self.all == 0 {
            return;
        }
        let has_lead = find_places(tier, text, whole.clone(), &self.keys, hits);
        if has_lead || self.keyless != 0 {
            self.find_hidden(&text[whole.clone()], tell);
        }
        for &Hit { place, keys: mut rest } in &*hits {
            while rest != 0 {
                let at = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                let value = &self.texts[at];
                let start = place.wrapping_sub(self.key_at[at]);
                let found = whole.contains(&start).then(|| text[start..row_end].get(..value.len())).flatten();
                let is_here = found.is_some_and(|found| found == *value || found.eq_ignore_ascii_case(value));
                if is_here {
                    let column = written.column_of(row, place, *guess);
                    let part = start - row_start..start - row_start + value.len();
                    tell(Place { value: at, column, text: &text[whole.clone()], part });
                    *guess = column;
                } else if !value.is_ascii() {
                    let column = written.column_of(row, place, *guess);
                    let cell = text[whole.clone()].split(|&byte| byte == b'\t').nth(column).unwrap_or_default();
                    self.find_folded(1 << at, column, cell, tell);
                }
            }
        }
    }

    /// Tells the places of values that may stand in a row without their keys.
    #[cold]
    fn find_hidden(&self, row: &[u8], tell: &mut impl FnMut(Place<'_>)) {
        let values = if has_sign(row) { u8::MAX } else { self.keyless };
        if values != 0 {
            for (column, cell) in row.split(|&byte| byte == b'\t').enumerate() {
                self.find_folded(values, column, cell, tell);
            }
        }
    }

    /// Tells the places of some values in a cell as lower case has them.
    #[cold]
    fn find_folded(&self, values: u8, column: usize, cell: &[u8], tell: &mut impl FnMut(Place<'_>)) {
        let fold = |text: &[u8]| String::from_utf8_lossy(text).to_lowercase();
        let cell = fold(cell);
        for (value, text) in self.texts.iter().enumerate().filter(|(at, _)| values & self.all & 1 << at != 0) {
            for (start, found) in cell.match_indices(&fold(text)) {
                let part = start..start + found.len();
                tell(Place { value, column, text: cell.as_bytes(), part });
            }
        }
    }
}

impl Written<'_> {
    /// In which column a place is. A guess is tried first, since rows are alike.
    #[inline]
    fn column_of(&self, row: Row<'_>, place: usize, guess: usize) -> usize {
        let (to_end, ends) = (self.end - place, &row.bounds[1..]);
        let Some(&end) = ends.last().filter(|_| to_end <= self.n_kept) else {
            return self.text[self.start..place].split(|&byte| byte == b'\t').count() - 1;
        };
        let place = (end as usize - to_end) as u32;
        if let Some(&[before, after]) = row.bounds.get(guess..guess + 2)
            && (before < place && place < after)
        {
            return guess;
        }
        ends.partition_point(|&end| end <= place)
    }
}

/// The first three bytes that are the same in any case but for the bit of case, and where they are: of ASCII, and of
/// Latin-1 but what has another case outside of it (å, ß and ÿ).
fn steady_key(text: &[u8]) -> Option<(usize, [u8; 3])> {
    const LATIN_1: u8 = 0xC3;
    let is_steady_end = |byte: u8| !matches!(byte | CASE, 0xA5 | 0xBF);
    let is_steady = |at: usize| match text[at] {
        byte if byte.is_ascii() => true,
        LATIN_1 => text.get(at + 1).copied().is_some_and(is_steady_end),
        byte => at > 0 && text[at - 1] == LATIN_1 && is_steady_end(byte),
    };
    let mut windows = text.windows(3).enumerate();
    let (place, key) = windows.find(|(place, _)| (*place..place + 3).all(is_steady))?;
    Some((place, *key.first_chunk()?))
}

/// Whether there may be a character beyond ASCII of whose lower case ASCII is a part: the Kelvin sign, which is a plain k
/// then, and the capital I with a dot, which begins with a plain i.
fn has_sign(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == &KELVIN[..2] || pair == DOTTED_I)
}

fn first_char(text: &[u8]) -> Option<char> {
    match text.first() {
        Some(&byte) if byte.is_ascii() => Some(char::from(byte)),
        _ => String::from_utf8_lossy(&text[..text.len().min(4)]).chars().next(),
    }
}

fn last_char(text: &[u8]) -> Option<char> {
    match text.last() {
        Some(&byte) if byte.is_ascii() => Some(char::from(byte)),
        _ => {
            let start = text.len().saturating_sub(4);
            let start = (start..text.len()).find(|&at| text[at] & 0xC0 != 0x80).unwrap_or(start);
            String::from_utf8_lossy(&text[start..]).chars().next_back()
        }
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
    use super::super::plan::Plan;
    use super::super::{Options, Target};
    use super::*;
    use cvrs_parse::Header;

    /// Where a last name stands in a name of a place: as a word, or within one.
    fn places(value: &str, hay: &str) -> Vec<bool> {
        let header = Header::parse(b"recip_last_name\tadmin_name\n", None);
        let plan = Plan::new(&header, &Options::new(Target::D)).expect("two columns");
        let text = format!("{value}\t{hay}");
        let tab = value.len() as u32;
        let row = Row { text: text.as_bytes(), bounds: &[u32::MAX, tab, text.len() as u32] };
        let mut all = Vec::new();
        for tier in Tier::available() {
            // What is looked at is the row as it is written, with the next one behind it.
            let written = format!("before\nRedacted\t{hay}\n{value}\tAna\tPerez\tKim\n");
            let end = "before\nRedacted\t".len() + hay.len();
            let mut found = Vec::new();
            let written = Written { text: written.as_bytes(), start: 7, end, n_kept: hay.len() };
            plan.six(row).values.find(tier, row, written, (&mut Vec::new(), &mut 0), &mut |place| {
                if place.column == 1 {
                    found.push(place.is_word());
                }
            });
            all.push(found);
        }
        all.dedup();
        assert_eq!(all.len(), 1, "the tiers agree");
        all.remove(0)
    }

    fn is_word_in(value: &str, hay: &str) -> bool {
        places(value, hay).contains(&true)
    }

    fn is_in(value: &str, hay: &str) -> bool {
        !places(value, hay).is_empty()
    }

    #[test]
    fn the_six_are_those_that_the_table_redacts() {
        let redacted: Vec<_> = cvrs_spec::Field::all().filter(|field| field.facts().is_redacted).collect();
        let mut six = SIX.to_vec();
        six.sort_by_key(|field| redacted.iter().position(|other| other == field));
        assert_eq!(six, redacted);
    }

    #[test]
    fn values_of_three_characters_or_more_are_looked_for() {
        for short in ["", "Li", " Li ", "Éx", "Redacted", "REDACTED"] {
            assert!(!is_in(short, &format!("x {short} y")), "{short}");
        }
        assert!(is_in("Éxi", "x éXi y"));
    }

    #[test]
    fn words_are_found_whatever_their_case_and_are_told_from_parts_of_words() {
        for (text, hay) in [
            ("Perez", "Home of ANA PEREZ"),
            ("perez", "Perez"),
            ("Pérez", "PÉREZ, Ana"),
            ("Peña", "peÑa"),
            ("De La Cruz", "clinic de la cruz 2"),
            ("12 Main St", "12 MAIN ST."),
            ("#5 Elm", "Lot#5 elm"),
            ("Ana", "GA-ANA_1"),
            ("Smørbrød", "smØrbrØd"),
            ("Øst", "x-øst"),
        ] {
            assert!(is_word_in(text, hay), "{text} in {hay}");
        }
        for (text, hay) in [("Ana", "Anaheim"), ("Ana", "Banana"), ("Ana", "xAna"), ("Ana", "Ana1"), ("Ana", "éAna")] {
            assert!(is_in(text, hay) && !is_word_in(text, hay), "{text} in {hay}");
        }
        for (text, hay) in [("Ana", "Ána"), ("Perez", "Pere"), ("Perez", "Pérez")] {
            assert!(!is_in(text, hay), "{text} in {hay}");
        }
        assert!(is_in("Perez", "X1PEREZ9") && !is_in("Perez", "X1PERE9"));
    }

    #[test]
    fn characters_with_another_case_elsewhere_are_found() {
        for (text, hay) in [
            ("Kim", "Dr \u{212A}im"),
            ("Ari", "Ar\u{130}"),
            ("\u{212A}im", "KIM"),
            ("\u{130}lk", "\u{130}LK"),
            ("Åse", "\u{212B}SE"),
            ("ÿÿÿ", "ŸŸŸ"),
            ("Großmann", "GRO\u{1E9E}MANN"),
        ] {
            assert!(is_word_in(text, hay), "{text} in {hay}");
        }
        assert!(!is_in("Ist", "\u{130}st"), "a dot stands between");
    }

    proptest::proptest! {
        /// Compared with lower case, character by character.
        #[test]
        fn what_stands_there_is_found_and_nothing_else(
            before in "[a-cA-C \u{212A}\u{130}\u{e9}\u{c9}\u{e5}\u{212B}kKiI0-2]{0,40}",
            text in "[a-cA-C\u{212A}\u{130}\u{e9}\u{c9}\u{e5}\u{c5}kKiI0-2][a-cA-C \u{212A}\u{130}\u{e9}\u{c9}\u{ff}kKiI0-2]{1,9}[a-cA-C\u{212A}\u{e9}\u{c9}kKiI0-2]",
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
            proptest::prop_assert_eq!(is_in(&text, &hay), hay.to_lowercase().contains(&text.to_lowercase()));
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
