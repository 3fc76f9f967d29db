//! What was made of some cells lately, so that the same cells need no second making.
//!
//! One place for each hash, taken by whoever comes last: memory is bounded whatever the file, and nothing shows but time.

use crate::mix::mix;
use std::fmt;

/// Things made of texts, by text.
pub(super) struct Recent<T> {
    /// Their number is a power of two.
    slots: Vec<Option<(Vec<u8>, T)>>,
}

/// Shows no text: it may be a person's.
impl<T> fmt::Debug for Recent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recent({} slots)", self.slots.len())
    }
}

impl<T> Recent<T> {
    /// Room for so many things, a power of two.
    pub(super) fn new(n_slots: usize) -> Self {
        debug_assert!(n_slots.is_power_of_two(), "the hash is cut to a number of bits");
        Self { slots: std::iter::repeat_with(|| None).take(n_slots).collect() }
    }

    /// What was made of a text, and whether that was done before.
    #[inline]
    pub(super) fn get(&mut self, text: &[u8], make: impl FnOnce() -> T) -> (&T, bool) {
        let at = mix(text) as usize & (self.slots.len() - 1);
        let slot = &mut self.slots[at];
        let is_known = slot.as_ref().is_some_and(|(known, _)| known == text);
        if !is_known {
            *slot = None;
        }
        let (_, made) = slot.get_or_insert_with(|| (text.to_vec(), make()));
        (made, is_known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_always_what_was_made_of_that_text() {
        let mut recent = Recent::new(4);
        let mut n_known = 0;
        for n in [1, 1, 2, 3, 1, 2, 40, 41, 42, 43, 44, 45, 45, 1, 2, 3] {
            let text = n.to_string();
            let (made, is_known) = recent.get(text.as_bytes(), || n);
            assert_eq!(*made, n);
            n_known += u32::from(is_known);
        }
        assert!((2..16).contains(&n_known), "{n_known}");
    }
}
