//! A fixed hash index from a 64-bit key to a row number: open addressing, linear probing, at most half full.
//!
//! Built once for a set and then only read, so it needs no removal and no growth. A multiplication spreads the keys;
//! they are codes of a published table, not chosen by an adversary.

/// Marks an empty slot; no code packs to it.
const EMPTY: u64 = u64::MAX;

#[derive(Debug, Clone)]
pub(crate) struct KeyIndex {
    slots: Vec<(u64, u32)>,
    shift: u32,
}

impl KeyIndex {
    /// Indexes `keys` by their position; of equal keys the first one is kept.
    pub(crate) fn new(keys: impl ExactSizeIterator<Item = u64>) -> Self {
        let bits = (keys.len().max(4) * 2).next_power_of_two().trailing_zeros();
        let mut index = Self { slots: vec![(EMPTY, 0); 1 << bits], shift: 64 - bits };
        for (at, key) in keys.enumerate() {
            debug_assert_ne!(key, EMPTY, "a code packs into fewer than 64 bits");
            let slot = index.slot(key);
            if index.slots[slot].0 == EMPTY {
                index.slots[slot] = (key, at as u32);
            }
        }
        index
    }

    /// The position of `key`.
    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<usize> {
        let (found, at) = self.slots[self.slot(key)];
        (found == key && key != EMPTY).then_some(at as usize)
    }

    /// The slot that holds `key`, or the empty one where it would go.
    #[inline]
    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize & mask;
        while self.slots[slot].0 != EMPTY && self.slots[slot].0 != key {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::KeyIndex;

    #[test]
    fn finds_every_key_and_no_other() {
        let keys: Vec<u64> = (0..500).map(|n| n * n * 7).collect();
        let index = KeyIndex::new(keys.iter().copied());
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(index.get(*key), Some(at));
            assert_eq!(index.get(key + 1), keys.iter().position(|k| *k == key + 1));
        }
        assert_eq!(index.get(u64::MAX), None);
        assert_eq!(KeyIndex::new(std::iter::empty()).get(0), None);
    }
}
