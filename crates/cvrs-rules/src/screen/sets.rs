//! A small value set behind a perfect hash: one multiplication, one comparison.

use cvrs_spec::SetId;

/// The codes of one value set, up to eight bytes each, in upper case, at the place that their hash names.
#[derive(Clone, Debug)]
pub(crate) struct SetTable {
    multiplier: u64,
    keys: [u64; SLOTS],
}

const SLOTS: usize = 256;

impl SetTable {
    /// The table of a value set of the specification.
    pub(crate) fn new(set: SetId) -> Self {
        Self::of(set.codes().iter().map(|code| code.code.as_bytes()))
    }

    /// The table of a value set less one code.
    pub(crate) fn without(set: SetId, left_out: &[u8]) -> Self {
        Self::of(set.codes().iter().map(|code| code.code.as_bytes()).filter(|&code| code != left_out))
    }

    fn of<'a>(codes: impl Iterator<Item = &'a [u8]>) -> Self {
        let keys: Vec<u64> = codes.map(key).collect();
        // Any odd multiplier scatters 60 keys over 256 places without a collision with a fair chance; try until one does.
        let mut multiplier = 0x9E37_79B9_7F4A_7C15u64;
        loop {
            let mut table = Self { multiplier, keys: [0; SLOTS] };
            let is_perfect = keys.iter().all(|&key| {
                let slot = table.slot(key);
                let is_free = table.keys[slot] == 0;
                table.keys[slot] = key;
                is_free
            });
            if is_perfect {
                return table;
            }
            multiplier = multiplier.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F) | 1;
        }
    }

    const fn slot(&self, key: u64) -> usize {
        (key.wrapping_mul(self.multiplier) >> (64 - SLOTS.trailing_zeros())) as usize
    }

    /// Whether the value is a code of the set, whatever its case.
    pub(crate) fn contains(&self, value: &[u8]) -> bool {
        if value.len() > 8 {
            return false;
        }
        let key = key(value);
        key != 0 && self.keys[self.slot(key)] == key
    }
}

/// Up to eight bytes as a number, letters in upper case.
fn key(value: &[u8]) -> u64 {
    let mut bytes = [0u8; 8];
    bytes[..value.len()].copy_from_slice(value);
    to_upper(u64::from_le_bytes(bytes))
}

/// Eight bytes in upper case at once.
const fn to_upper(word: u64) -> u64 {
    const fn splat(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let low = word & splat(0x7F);
    let above_z = low + splat(0x7F - b'z');
    let from_a = low + splat(0x80 - b'a');
    let is_lower = (above_z ^ from_a) & !word & splat(0x80);
    word ^ (is_lower >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SETS: [SetId; 13] = [
        SetId::ExtType,
        SetId::Sex,
        SetId::Race,
        SetId::Ethnicity,
        SetId::VaxAdminSite,
        SetId::VaxRoute,
        SetId::DoseNum,
        SetId::YesNo,
        SetId::YesNoUnk,
        SetId::AdminType,
        SetId::AdminTypeV1,
        SetId::VaxProvSuffix,
        SetId::State,
    ];

    #[test]
    fn tables_hold_their_codes_in_any_case() {
        for set in SETS {
            let table = SetTable::new(set);
            for code in set.codes() {
                assert!(table.contains(code.code.as_bytes()) && table.contains(code.code.to_lowercase().as_bytes()));
            }
            assert!(!table.contains(b"") && !table.contains(b"\0"));
        }
    }

    proptest! {
        #[test]
        fn tables_agree_with_a_search_of_the_list(value in prop::collection::vec(any::<u8>(), 0..10), at in 0usize..1000) {
            for set in SETS {
                let table = SetTable::new(set);
                prop_assert_eq!(table.contains(&value), set.find(&value).is_some());
                // A code with one byte changed is the value most like a code.
                let code = set.codes()[at % set.codes().len()].code.as_bytes();
                let mut near = code.to_vec();
                let place = at % near.len();
                near[place] ^= 1 << (at % 8);
                prop_assert_eq!(table.contains(&near), set.find(&near).is_some());
            }
        }

        #[test]
        fn upper_case_is_ascii_upper_case(bytes: [u8; 8]) {
            prop_assert_eq!(to_upper(u64::from_le_bytes(bytes)).to_le_bytes(), bytes.map(|byte| byte.to_ascii_uppercase()));
        }
    }
}
