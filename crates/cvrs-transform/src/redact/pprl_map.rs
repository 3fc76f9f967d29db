//! Linkage ids by recipient: what a linkage tool made of the `recip_id`s, outside of here and with a secret.
//!
//! The text is kept as it was read; a hash table of 32-bit numbers finds its entries. Memory: the text, 24 bytes an entry
//! and 8 to 16 for the table.

use cvrs_parse::BOM;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::ops::Range;

/// The most characters of a `pprl_id`.
const MAX_CHARACTERS: usize = 100;

/// A map of two columns, `recip_id` and `pprl_id`. `Debug` shows how many entries it has.
pub struct PprlMap {
    text: Vec<u8>,
    entries: Vec<Entry>,
    /// Numbers of entries, from 1; 0 is a free place. Its length is a power of two.
    places: Vec<u32>,
    hasher: RandomState,
}

#[derive(Clone, Copy)]
struct Entry {
    recip_id: (usize, u32),
    /// Where it starts, seen from the `recip_id`, which it may precede.
    pprl_id: (i32, u32),
}

/// Why a map cannot be used, and on which line. No value is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {cause}")]
pub struct MapError {
    /// 1-based line of the map.
    pub line: u64,
    /// What is wrong there.
    pub cause: MapCause,
}

/// What can be wrong in a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapCause {
    /// A map is a table of two columns.
    #[error("expected two cells, recip_id and pprl_id, with a tab or a comma between")]
    NotTwoCells,
    /// Quotes would be taken for a part of the id.
    #[error("a cell in quotes; write the map without quotes")]
    Quoted,
    /// A linkage id is one word.
    #[error("pprl_id holds a blank or a control character")]
    BlankInside,
    /// Longer than the column may be.
    #[error("pprl_id is longer than 100 characters")]
    TooLong,
    /// One person has one linkage id.
    #[error("the same recip_id has another pprl_id further up")]
    Ambiguous,
    /// More than can be counted.
    #[error("more than 4294967294 entries, or a line of more than 2 GiB")]
    TooLarge,
}

impl fmt::Debug for PprlMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PprlMap({} entries)", self.entries.len())
    }
}

impl PprlMap {
    /// Reads a map: a line an entry, `recip_id` and `pprl_id` with a tab between, or a comma where the first line has no
    /// tab. A first line with the two names says their order. Blank lines count for nothing; an empty `pprl_id` is no
    /// entry. Ids are taken as they stand and compared exactly.
    ///
    /// # Errors
    /// The first line that is no entry, and the first `recip_id` with two different ids.
    pub fn parse(text: Vec<u8>) -> Result<Self, MapError> {
        let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
        let first = lines(&text, start).next().unwrap_or(0..0);
        let separator = if text[first.clone()].contains(&b'\t') { b'\t' } else { b',' };
        let names = [&b"recip_id"[..], b"pprl_id"];
        let cells: Vec<&[u8]> = text[first].split(|&byte| byte == separator).map(<[u8]>::trim_ascii).collect();
        let is_header = |names: [&[u8]; 2]| {
            cells.len() == 2 && cells.iter().zip(names).all(|(cell, name)| cell.eq_ignore_ascii_case(name))
        };
        let is_turned = is_header([names[1], names[0]]);
        let n_header_lines = usize::from(is_turned || is_header(names));
        let mut map = Self { text: Vec::new(), entries: Vec::new(), places: vec![0; 16], hasher: RandomState::new() };
        for (number, line) in lines(&text, start).enumerate().skip(n_header_lines) {
            map.add(&text, line, separator, is_turned).map_err(|cause| MapError { line: number as u64 + 1, cause })?;
        }
        map.text = text;
        Ok(map)
    }

    fn add(&mut self, text: &[u8], line: Range<usize>, separator: u8, is_turned: bool) -> Result<(), MapCause> {
        if line.is_empty() {
            return Ok(());
        }
        let bytes = &text[line.clone()];
        let at = bytes.iter().position(|&byte| byte == separator).ok_or(MapCause::NotTwoCells)?;
        let (first, second) = (line.start..line.start + at, line.start + at + 1..line.end);
        if text[second.clone()].contains(&separator) {
            return Err(MapCause::NotTwoCells);
        }
        let (recip_id, pprl_id) = if is_turned { (second, first) } else { (first, second) };
        if [&recip_id, &pprl_id].iter().any(|cell| text[(*cell).clone()].starts_with(b"\"")) {
            return Err(MapCause::Quoted);
        }
        let value = &text[pprl_id.clone()];
        if value.is_empty() || recip_id.is_empty() {
            return Ok(());
        }
        if value.iter().any(|&byte| byte <= b' ' || byte == 0x7F) {
            return Err(MapCause::BlankInside);
        }
        if cvrs_parse::char_count(value) > MAX_CHARACTERS {
            return Err(MapCause::TooLong);
        }
        let length = |range: &Range<usize>| u32::try_from(range.len()).map_err(|_| MapCause::TooLarge);
        let from = pprl_id.start.checked_signed_diff(recip_id.start).ok_or(MapCause::TooLarge)?;
        let entry = Entry {
            recip_id: (recip_id.start, length(&recip_id)?),
            pprl_id: (i32::try_from(from).map_err(|_| MapCause::TooLarge)?, length(&pprl_id)?),
        };
        if self.entries.len() * 2 >= self.places.len() {
            self.grow(text);
        }
        let place = self.place(text, &text[recip_id]);
        if let Some(known) = self.places[place].checked_sub(1) {
            return if self.entries[known as usize].pprl_id(text) == value { Ok(()) } else { Err(MapCause::Ambiguous) };
        }
        self.entries.push(entry);
        self.places[place] =
            u32::try_from(self.entries.len()).ok().filter(|&number| number < u32::MAX).ok_or(MapCause::TooLarge)?;
        Ok(())
    }

    /// The place of an id in the table, or the free one where it would stand.
    fn place(&self, text: &[u8], recip_id: &[u8]) -> usize {
        let mask = self.places.len() - 1;
        let mut place = self.hasher.hash_one(recip_id) as usize & mask;
        while let Some(number) = self.places[place].checked_sub(1) {
            if self.entries[number as usize].recip_id(text) == recip_id {
                break;
            }
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self, text: &[u8]) {
        self.places = vec![0; self.places.len() * 2];
        for number in 0..self.entries.len() {
            let place = self.place(text, self.entries[number].recip_id(text));
            self.places[place] = number as u32 + 1;
        }
    }

    /// How many recipients have an id.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody has.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The linkage id of a recipient.
    pub fn get(&self, recip_id: &[u8]) -> Option<&[u8]> {
        let number = self.places[self.place(&self.text, recip_id)].checked_sub(1)?;
        Some(self.entries[number as usize].pprl_id(&self.text))
    }
}

impl Entry {
    fn recip_id(self, text: &[u8]) -> &[u8] {
        let (start, length) = self.recip_id;
        &text[start..start + length as usize]
    }

    fn pprl_id(self, text: &[u8]) -> &[u8] {
        let (from, length) = self.pprl_id;
        let start = self.recip_id.0.saturating_add_signed(from as isize);
        &text[start..start + length as usize]
    }
}

/// Where the lines of a text stand, without their line ends.
fn lines(text: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = start;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        if rest.is_empty() {
            return None;
        }
        let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let content = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
        let line = at..at + content.len();
        at = (at + length + 1).min(text.len());
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn map(text: &str) -> Result<PprlMap, MapError> {
        PprlMap::parse(text.as_bytes().to_vec())
    }

    fn fault(text: &str) -> (u64, MapCause) {
        map(text).map_err(|error| (error.line, error.cause)).expect_err("a fault")
    }

    #[test]
    fn entries_are_found_whatever_the_order_separator_and_line_ends() {
        for text in [
            "R1\tp1\nR2\tp2\n",
            "recip_id\tpprl_id\r\nR1\tp1\r\n\r\nR2\tp2",
            "PPRL_ID,Recip_ID\np1,R1\np2,R2\np2,R2\n,R9\n",
            "\u{FEFF}pprl_id\trecip_id\np1\tR1\np2\tR2\n",
        ] {
            let map = map(text).expect("a map");
            assert_eq!((map.len(), map.is_empty()), (2, false), "{text:?}");
            assert_eq!([map.get(b"R1"), map.get(b"R2")], [Some(&b"p1"[..]), Some(b"p2")], "{text:?}");
            assert_eq!([map.get(b"r1"), map.get(b"R9"), map.get(b"")], [None; 3], "{text:?}");
        }
        assert!(map("").expect("a map").is_empty());
        assert_eq!(format!("{:?}", map("R1\tsecret").expect("a map")), "PprlMap(1 entries)");
    }

    #[test]
    fn what_is_no_map_is_told_by_its_line() {
        assert_eq!(fault("R1\tp1\nR2\n"), (2, MapCause::NotTwoCells));
        assert_eq!(fault("R1\tp1\tx\n"), (1, MapCause::NotTwoCells));
        assert_eq!(fault("\"R1\",\"p1\"\n"), (1, MapCause::Quoted));
        assert_eq!(fault("R1\tp 1\n"), (1, MapCause::BlankInside));
        assert_eq!(fault("recip_id\tpprl_id\nR1\tp1\nR1\tp2\n"), (3, MapCause::Ambiguous));
        assert_eq!(fault(&format!("R1\t{}\n", "é".repeat(101))), (1, MapCause::TooLong));
        assert!(map(&format!("R1\t{}\n", "é".repeat(100))).is_ok());
    }

    proptest! {
        #[test]
        fn a_map_is_what_a_tree_of_its_lines_is(ids in prop::collection::vec((0u32..400, 0u32..9), 0..300)) {
            let mut tree = BTreeMap::new();
            let lines: Vec<String> = ids.iter().map(|(id, value)| {
                let value = *tree.entry(*id).or_insert(*value);
                format!("R{id}\tp{value}")
            }).collect();
            let map = map(&lines.join("\n")).expect("a map");
            prop_assert_eq!(map.len(), tree.len());
            for id in 0..400 {
                let expected = tree.get(&id).map(|value| format!("p{value}").into_bytes());
                prop_assert_eq!(map.get(format!("R{id}").as_bytes()).map(<[u8]>::to_vec), expected);
            }
        }
    }
}
