//! Bytes that were found good before.
//!
//! A file says the same few things again and again: some dozen products, some thousand places, some hundred
//! combinations of races. Whether such a combination is good depends on its bytes alone, so a small table of the ones
//! seen last answers nearly every question with one comparison, whatever number of rules stand behind the answer.
//! A table forgets when it must; it never remembers what a pure function of the key has not found good.

use super::vector::{Pair, Quad, Vector};

/// A table of keys: two places a key, the one used last first.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pairs: Box<[Pair; PAIRS]>,
}

const PAIRS: usize = 1 << 12;
const QUADS: usize = 1 << 12;

impl Known {
    /// An empty table. No key is all zeros.
    fn new() -> Self {
        let pairs = vec![Pair::default(); PAIRS].into_boxed_slice();
        Self { pairs: pairs.try_into().expect("so many were made") }
    }

    /// Whether the key was remembered, and not forgotten since.
    #[inline(always)]
    pub(crate) fn has<V: Vector>(&self, key: V::Key) -> bool {
        V::is_among(key, &self.pairs[V::mixed(key) % PAIRS])
    }

    /// Remembers a key.
    #[inline(always)]
    pub(crate) fn remember<V: Vector>(&mut self, key: [u64; 4]) {
        let Pair([newer, older]) = &mut self.pairs[V::mixed(V::from_words(key)) % PAIRS];
        *older = *newer;
        *newer = key;
    }
}

/// A table of short keys: four places a key, the one used last first.
#[derive(Clone, Debug)]
pub(crate) struct KnownShort {
    quads: Box<[Quad; QUADS]>,
}

impl KnownShort {
    /// An empty table. No key is all zeros.
    fn new() -> Self {
        let quads = vec![Quad::default(); QUADS].into_boxed_slice();
        Self { quads: quads.try_into().expect("so many were made") }
    }

    /// Where a key is kept.
    #[inline(always)]
    pub(crate) fn slot<V: Vector>(key: V::Short) -> usize {
        V::short_mixed(key) % QUADS
    }

    /// Fetches what is kept there into the nearest cache; nothing is done with it yet.
    #[inline(always)]
    pub(crate) fn fetch<V: Vector>(&self, slot: usize) {
        V::fetch(&self.quads[slot % QUADS]);
    }

    /// Whether the key, whose slot that is, was remembered, and not forgotten since.
    #[inline(always)]
    pub(crate) fn has_at<V: Vector>(&self, key: V::Short, slot: usize) -> bool {
        V::is_among_four(key, &self.quads[slot % QUADS])
    }

    /// Remembers a key.
    #[inline(always)]
    pub(crate) fn remember<V: Vector>(&mut self, key: [u64; 2]) {
        let Quad(quad) = &mut self.quads[Self::slot::<V>(V::short_from_words(key))];
        quad.copy_within(..3, 1);
        quad[0] = key;
    }
}

/// A worker's memory. It belongs to one screen and must not be shared with another's.
#[derive(Clone, Debug)]
pub struct Memory {
    /// Runs of coded cells, see [`passage`](super::passage).
    pub(crate) passages: Known,
    /// Vaccines with maker, product, dose and whether the series is complete.
    pub(crate) products: Known,
    /// Counties with state and ZIP code.
    pub(crate) places: KnownShort,
}

impl Default for Memory {
    fn default() -> Self {
        Self { passages: Known::new(), products: Known::new(), places: KnownShort::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::vector::Portable;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn only_what_was_remembered_is_known(
            keys in prop::collection::vec(prop::array::uniform4(0u64..3), 1..60),
            asked in prop::array::uniform4(0u64..3),
        ) {
            let mut known = Known::new();
            for &key in keys.iter().filter(|key| **key != [0; 4]) {
                known.remember::<Portable>(key);
                prop_assert!(known.has::<Portable>(key));
            }
            prop_assert!(asked == [0; 4] || !known.has::<Portable>(asked) || keys.contains(&asked));
        }

        #[test]
        fn only_what_was_remembered_is_known_of_short_keys(
            keys in prop::collection::vec(prop::array::uniform2(0u64..9), 1..60),
            asked in prop::array::uniform2(0u64..9),
        ) {
            let mut known = KnownShort::new();
            for &key in keys.iter().filter(|key| **key != [0; 2]) {
                known.remember::<Portable>(key);
                prop_assert!(known.has_at::<Portable>(key, KnownShort::slot::<Portable>(key)));
            }
            let has_asked = known.has_at::<Portable>(asked, KnownShort::slot::<Portable>(asked));
            prop_assert!(asked == [0; 2] || !has_asked || keys.contains(&asked));
        }
    }
}
