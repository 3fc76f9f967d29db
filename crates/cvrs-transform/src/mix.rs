//! A fast hash of short texts. Not proof against those who choose texts to collide, who would only slow down their own file.

const K: u64 = 0x9E37_79B9_7F4A_7C15;

/// Sixty-four bits of a text.
#[inline]
pub(crate) fn mix(text: &[u8]) -> u64 {
    let step = |sum: u64, word: u64| {
        let sum = (sum ^ word).wrapping_mul(K);
        sum ^ (sum >> 29)
    };
    let mut sum = (text.len() as u64).wrapping_mul(K);
    if let Some(last) = text.last_chunk::<8>() {
        // The last word may overlap the one before, so that no word is of another length.
        let (words, _) = text[..text.len() - 1].as_chunks::<8>();
        for word in words {
            sum = step(sum, u64::from_le_bytes(*word));
        }
        sum = step(sum, u64::from_le_bytes(*last));
    } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        sum = step(sum, u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)));
    } else if let [first, .., last] = *text {
        sum = step(sum, u64::from(first) << 16 | u64::from(text[1]) << 8 | u64::from(last));
    } else if let [only] = *text {
        sum = step(sum, u64::from(only));
    }
    sum ^ (sum >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn texts_of_every_length_differ_in_each_of_their_bytes() {
        let mut seen = HashSet::new();
        for len in 0..40 {
            let text = vec![b'a'; len];
            assert!(seen.insert(mix(&text)), "{len}");
            for at in 0..len {
                let mut other = text.clone();
                for byte in [b'b', b'A', 0, 0xFF] {
                    other[at] = byte;
                    assert!(seen.insert(mix(&other)), "{len} {at} {byte}");
                }
            }
        }
    }
}
