//! Combinations of cells that were found good before.
//!
//! A file holds a few dozen products and some thousand places, each again and again. Whether a combination is good
//! depends on its bytes alone, so a small table of the ones seen last answers nearly every question.

use crate::screen::digits::{MASKS, load};

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

/// Up to eight bytes as a number.
#[inline(always)]
fn word(value: &[u8], most: usize) -> u64 {
    load(value, 0) & MASKS[value.len().min(most)]
}

#[inline(always)]
fn slot(key: &[u64], slots: usize) -> usize {
    let mixed =
        key.iter().fold(0u64, |mixed, &part| (mixed.rotate_left(29) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    (mixed >> 40) as usize % slots
}

impl Memory {
    /// Whether this product (cvx, mvx, ndc, dose number, completeness) is not known to be good.
    #[inline(always)]
    pub(crate) fn is_new_product(&mut self, &[cvx, mvx, ndc, dose, complete]: &[&[u8]; 5]) -> bool {
        self.fits = cvx.len() <= 4 && mvx.len() <= 3 && ndc.len() <= 15 && dose.len() <= 3 && complete.len() <= 4;
        if !self.fits {
            return true;
        }
        let rest = ndc.get(8..).unwrap_or_default();
        // Lengths stand beside the bytes, so that no two combinations have one key.
        self.key = [
            word(cvx, 4) | word(mvx, 3) << 32 | (cvx.len() as u64) << 56 | (mvx.len() as u64) << 60,
            word(ndc, 8),
            word(rest, 7) | (ndc.len() as u64) << 56,
            word(dose, 3)
                | word(complete, 4) << 24
                | (dose.len() as u64) << 56
                | (complete.len() as u64) << 60
                | 1 << 63,
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

    /// Whether this place (county, state, ZIP code) is not known to be good.
    #[inline(always)]
    pub(crate) fn is_new_place(&mut self, &[county, state, zip]: &[&[u8]; 3]) -> bool {
        self.fits = county.len() <= 5 && state.len() <= 2 && zip.len() <= 10;
        if !self.fits {
            return true;
        }
        // Of a ZIP code of nine digits the first five tell the place; its shape has been seen to.
        let zip_word = word(zip, 5);
        self.key[0] = word(county, 5) | word(state, 2) << 40 | (county.len() as u64) << 56 | (state.len() as u64) << 60;
        self.key[1] = zip_word | (zip.len().min(5) as u64) << 40 | 1 << 63;
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
