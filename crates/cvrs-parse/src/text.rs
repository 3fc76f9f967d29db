//! Bytes as text, without ever failing: each maximal invalid part counts as one U+FFFD.

use core::fmt;

/// How many Unicode scalar values the bytes hold.
///
/// Cost: one pass; ASCII needs no decoding.
pub fn char_count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    bytes.utf8_chunks().map(|part| part.valid().chars().count() + usize::from(!part.invalid().is_empty())).sum()
}

/// How many UTF-16 units the bytes hold, which is how the CDC tool measures length.
pub fn utf16_count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    bytes
        .utf8_chunks()
        .map(|part| part.valid().chars().map(char::len_utf16).sum::<usize>() + usize::from(!part.invalid().is_empty()))
        .sum()
}

/// Displays bytes as text with U+FFFD for what is not UTF-8.
#[derive(Clone, Copy)]
pub struct Lossy<'a>(pub &'a [u8]);

impl fmt::Display for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.utf8_chunks() {
            f.write_str(part.valid())?;
            if !part.invalid().is_empty() {
                f.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Lossy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lossy({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_maximal_invalid_part_is_one_character() {
        assert_eq!(char_count(b"A\xE9B"), 3);
        assert_eq!(char_count("José".as_bytes()), 4);
        assert_eq!(char_count(b"\xF0\x9F\x98"), 1);
        assert_eq!(utf16_count("😀".as_bytes()), 2);
        assert_eq!(Lossy(b"A\xE9\xE9B").to_string(), "A\u{FFFD}\u{FFFD}B");
    }

    proptest::proptest! {
        #[test]
        fn counts_agree_with_the_standard_library(bytes: Vec<u8>) {
            let text = String::from_utf8_lossy(&bytes);
            proptest::prop_assert_eq!(char_count(&bytes), text.chars().count());
            proptest::prop_assert_eq!(utf16_count(&bytes), text.encode_utf16().count());
            proptest::prop_assert_eq!(Lossy(&bytes).to_string(), text);
        }
    }
}
