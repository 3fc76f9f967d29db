//! Combinations of cells that were found good before.
//!
//! A file holds a few dozen products and some thousand places, each again and again. Whether a combination is good
//! depends on its bytes alone, so a small table of the ones seen last answers nearly every question.

use crate::screen::digits::MASKS;

const PRODUCTS: usize = 512;
const PLACES: usize = 2048;

/// A worker's memory of good products and places. It belongs to one screen and must not be shared with another's.
#[derive(Clone, Debug)]
pub struct Memory {
    products: Vec<[u64; 4]>,
    places: Vec<[u64; 2]>,
    /// Where the combination asked for last would stand, so that remembering it costs nothing.
    key: [u64; 4],
    slot: usize,
    fits: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self { products: vec![[0; 4]; PRODUCTS], places: vec![[0; 2]; PLACES], key: [0; 4], slot: 0, fits: false }
    }
}

#[inline(always)]
fn slot(key: &[u64], slots: usize) -> usize {
    let mixed =
        key.iter().fold(0u64, |mixed, &part| (mixed.rotate_left(29) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    (mixed >> 40) as usize % slots
}

/// A cell as the screen holds it: up to eight bytes as a number, and its length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    pub(crate) bytes: u64,
    pub(crate) length: u32,
}

/// The codes of a product and its dose, as the screen holds them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProductWords {
    pub(crate) cvx: Word,
    pub(crate) mvx: Word,
    pub(crate) ndc: Word,
    /// What of the NDC follows its first eight bytes.
    pub(crate) ndc_rest: u64,
    pub(crate) dose: Word,
    pub(crate) complete: Word,
}

impl Memory {
    /// Whether this product is not known to be good.
    #[inline(always)]
    pub(crate) fn is_new_product(&mut self, words: &ProductWords) -> bool {
        let ProductWords { cvx, mvx, ndc, ndc_rest, dose, complete } = *words;
        self.fits =
            (cvx.length <= 4) & (mvx.length <= 3) & (ndc.length <= 15) & (dose.length <= 3) & (complete.length <= 4);
        if !self.fits {
            return true;
        }
        let at = |length: u32, shift: u32| u64::from(length) << shift;
        // Lengths stand beside the bytes, so that no two combinations have one key.
        self.key = [
            cvx.bytes | mvx.bytes << 32 | at(cvx.length, 56) | at(mvx.length, 60),
            ndc.bytes,
            ndc_rest | at(ndc.length, 56),
            dose.bytes | complete.bytes << 24 | at(dose.length, 56) | at(complete.length, 60) | 1 << 63,
        ];
        self.slot = slot(&self.key, PRODUCTS);
        self.products[self.slot] != self.key
    }

    /// Remembers the product that was asked for last.
    pub(crate) fn remember_product(&mut self) {
        if self.fits {
            self.products[self.slot] = self.key;
        }
    }

    /// Whether this place is not known to be good. Of a ZIP code of nine digits the first five tell the place; its
    /// shape has been seen to.
    #[inline(always)]
    pub(crate) fn is_new_place(&mut self, county: Word, state: Word, zip: Word) -> bool {
        self.fits = (county.length <= 5) & (state.length <= 2) & (zip.length <= 10);
        if !self.fits {
            return true;
        }
        let at = |length: u32, shift: u32| u64::from(length) << shift;
        let zip_length = zip.length.min(5);
        self.key[0] = county.bytes | state.bytes << 40 | at(county.length, 56) | at(state.length, 60);
        self.key[1] = zip.bytes & MASKS[zip_length as usize] | at(zip_length, 40) | 1 << 63;
        self.slot = slot(&self.key[..2], PLACES);
        self.places[self.slot] != self.key[..2]
    }

    /// Remembers the place that was asked for last.
    pub(crate) fn remember_place(&mut self) {
        if self.fits {
            self.places[self.slot] = [self.key[0], self.key[1]];
        }
    }
}
