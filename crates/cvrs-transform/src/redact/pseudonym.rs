//! A name for a person that only the holder of a key can make again.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// Hex digits of a pseudonym: the first half of the HMAC, 128 bits.
pub(super) const DIGITS: usize = 32;

/// A key is needed, and an empty one is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is empty")]
pub struct EmptyKey;

/// Makes 32 lower-case hex digits of HMAC-SHA256(key, id). `Debug` does not show the key.
#[derive(Clone)]
pub struct Pseudonym {
    keyed: Hmac<Sha256>,
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonym(…)")
    }
}

impl Pseudonym {
    /// Takes these bytes, all of them, as the key.
    ///
    /// # Errors
    /// If there are none.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn new(key: &[u8]) -> Result<Self, EmptyKey> {
        if key.is_empty() {
            return Err(EmptyKey);
        }
        Ok(Self { keyed: Hmac::new_from_slice(key).expect("HMAC takes a key of any length") })
    }

    /// The pseudonym of an id.
    pub fn of(&self, id: &[u8]) -> [u8; DIGITS] {
        let mut keyed = self.keyed.clone();
        keyed.update(id);
        let code = keyed.finalize().into_bytes();
        let mut digits = [0; DIGITS];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(code) {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        digits
    }

    /// Whether a value has the form of a pseudonym.
    pub(super) fn is_one(value: &[u8]) -> bool {
        value.len() == DIGITS && value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_are_those_of_rfc_4231() {
        // Test cases 1, 2 and 6 of the RFC, HMAC-SHA-256, first half.
        for (key, data, hex) in [
            (&[0x0b; 20][..], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b"),
            (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c7"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f",
            ),
        ] {
            let made = Pseudonym::new(key).expect("a key").of(data);
            assert_eq!(std::str::from_utf8(&made), Ok(hex));
            assert!(Pseudonym::is_one(&made));
        }
        assert!(!Pseudonym::is_one(b"B0344C61D8DB38535CA8AFCEAF0BF12B"));
    }

    #[test]
    fn the_key_is_not_shown_and_not_empty() {
        assert_eq!(Pseudonym::new(b"").map(drop), Err(EmptyKey));
        assert_eq!(format!("{:?}", Pseudonym::new(b"secret").expect("a key")), "Pseudonym(…)");
    }
}
