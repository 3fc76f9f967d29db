//! Texts kept side by side, and different texts with their numbers.

use crate::mix::mix;

/// Texts one after another; the empty one is null.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    pub(crate) bytes: Vec<u8>,
    /// Where each text ends.
    pub(crate) ends: Vec<u32>,
}

impl Texts {
    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Room for as much as another one has, and a little more.
    pub(crate) fn with_room_of(other: &Self) -> Self {
        let bytes = Vec::with_capacity(other.bytes.len() + other.bytes.len() / 32);
        Self { bytes, ends: Vec::with_capacity(other.ends.len()) }
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start..self.ends[at] as usize]
    }
}

/// Different texts, numbered in the order in which they first came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    pub(crate) texts: Texts,
    /// Open addressing by hash; its length is a power of two.
    table: Vec<Slot>,
}

/// A place for a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    sign: Sign,
    /// Number + 1; 0 is free.
    number: u32,
}

/// What stands for a text; one of up to sixteen bytes is told by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sign {
    first: u64,
    last: u64,
    len: u32,
}

impl Sign {
    #[inline]
    fn of(text: &[u8]) -> Self {
        let len = text.len() as u32;
        let (first, last) = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            (Some(first), Some(last)) if len <= 16 => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            (Some(_), Some(_)) => (mix(text), 0),
            _ => (short(text), 0),
        };
        // That of eight bytes has them once.
        Self { first, last: if len == 8 { 0 } else { last }, len }
    }

    /// That of the text from `start` to `end` of some bytes, more of which mostly follow.
    #[inline]
    fn within(bytes: &[u8], start: usize, end: usize) -> Self {
        let len = end - start;
        match bytes[start..].first_chunk::<8>() {
            Some(eight) if (1..=8).contains(&len) => {
                let first = u64::from_le_bytes(*eight) & u64::MAX >> (64 - 8 * len);
                Self { first, last: 0, len: len as u32 }
            }
            _ => Self::of(&bytes[start..end]),
        }
    }

    /// Whether there is one text only that has it.
    #[inline]
    const fn is_whole(self) -> bool {
        self.len <= 16
    }

    #[inline]
    fn place(self, mask: usize) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(32) ^ u64::from(self.len)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 32) as usize & mask
    }
}

/// Up to seven bytes, the first one lowest, filled up with zeros.
#[inline]
fn short(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (text.len() - 4));
    }
    text.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

impl Interner {
    /// One without texts.
    pub(crate) const NEW: Self = Self { texts: Texts { bytes: Vec::new(), ends: Vec::new() }, table: Vec::new() };

    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.table.fill(Slot::default());
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.ends.len()
    }

    /// The number of a text, a new one if it is new.
    #[inline]
    pub(crate) fn number(&mut self, text: &[u8]) -> u32 {
        self.number_of(text, Sign::of(text))
    }

    /// The number of the text from `start` to `end` of some bytes, more of which mostly follow.
    #[inline]
    pub(crate) fn number_within(&mut self, bytes: &[u8], start: usize, end: usize) -> u32 {
        self.number_of(&bytes[start..end], Sign::within(bytes, start, end))
    }

    #[inline]
    fn number_of(&mut self, text: &[u8], sign: Sign) -> u32 {
        // Mostly it is known, and stands where it is looked for first.
        match self.table.get(sign.place(self.table.len().wrapping_sub(1))) {
            Some(slot) if slot.sign == sign && slot.number > 0 && sign.is_whole() => slot.number - 1,
            _ => self.find(text, sign),
        }
    }

    #[inline(never)]
    fn find(&mut self, text: &[u8], sign: Sign) -> u32 {
        if (self.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut at = sign.place(mask);
        loop {
            let slot = self.table[at];
            if slot.number == 0 {
                self.texts.push(text);
                let number = self.len() as u32;
                self.table[at] = Slot { sign, number };
                return number - 1;
            }
            if slot.sign == sign && (sign.is_whole() || self.texts.get(slot.number as usize - 1) == text) {
                return slot.number - 1;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let len = (self.table.len() * 2).max(16);
        let old = std::mem::replace(&mut self.table, vec![Slot::default(); len]);
        for slot in old.into_iter().filter(|slot| slot.number > 0) {
            let mut at = slot.sign.place(len - 1);
            while self.table[at].number > 0 {
                at = (at + 1) & (len - 1);
            }
            self.table[at] = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn numbers_are_those_of_a_list(texts in proptest::collection::vec("[ab\\x00]{0,20}", 0..300)) {
            let (mut interner, mut list) = (Interner::default(), Vec::<&str>::new());
            for _ in 0..2 {
                for text in &texts {
                    let expected = list.iter().position(|known| known == text).unwrap_or_else(|| {
                        list.push(text);
                        list.len() - 1
                    });
                    let within = ["\t", text, "\tother"].concat();
                    proptest::prop_assert_eq!(interner.number_within(within.as_bytes(), 1, 1 + text.len()) as usize, expected);
                    proptest::prop_assert_eq!(interner.number_within(text.as_bytes(), 0, text.len()) as usize, expected);
                    proptest::prop_assert_eq!(interner.number(text.as_bytes()) as usize, expected);
                    proptest::prop_assert_eq!(interner.texts.get(expected), text.as_bytes());
                }
                proptest::prop_assert_eq!(interner.len(), list.len());
                list.clear();
                interner.clear();
            }
        }
    }
}
