//! All value sets behind one perfect hash: a multiplication and a comparison tell whether a cell is one of its codes.

use cvrs_spec::SetId;

/// The codes of several groups, up to eight bytes each, in upper case, at the place that their hash names.
///
/// A group's codes are told from another's by its salt; the empty cell is a member of every group, since whether a
/// cell may be empty is a question of length.
#[derive(Clone, Debug)]
pub(crate) struct SetTable {
    multiplier: u64,
    slots: Box<[u64; SLOTS]>,
}

const SLOTS: usize = 1024;

/// A multiplier under which the codes of the specification have no collision, so that the first try succeeds.
const FIRST_MULTIPLIER: u64 = 16_651_523_587_734_428_949;

/// Which codes a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// The whole set.
    Whole(SetId),
    /// The states less UM, which is accepted with a warning.
    StatesButUm,
}

impl Group {
    const ALL: [Self; 13] = [
        Self::Whole(SetId::ExtType),
        Self::Whole(SetId::Sex),
        Self::Whole(SetId::Race),
        Self::Whole(SetId::Ethnicity),
        Self::Whole(SetId::VaxAdminSite),
        Self::Whole(SetId::VaxRoute),
        Self::Whole(SetId::DoseNum),
        Self::Whole(SetId::YesNo),
        Self::Whole(SetId::YesNoUnk),
        Self::Whole(SetId::AdminType),
        Self::Whole(SetId::AdminTypeV1),
        Self::Whole(SetId::VaxProvSuffix),
        Self::StatesButUm,
    ];

    /// What is mixed into a cell's bytes before it is looked up.
    pub(crate) fn salt(self) -> u64 {
        let number = Self::ALL.iter().position(|&group| group == self).unwrap_or(Self::ALL.len()) as u64 + 1;
        // No code has its top byte set, and no two salts differ only below it.
        number << 59 ^ number.wrapping_mul(0x0000_5851_F42D_4C95)
    }

    /// The length of its longest code, in bytes.
    pub(crate) fn longest(self) -> u32 {
        self.codes().map(|code| code.len() as u32).max().unwrap_or_default()
    }

    /// Its codes of one letter, in any case; and what stands where a cell is empty.
    pub(crate) fn letters(self) -> [bool; 256] {
        let mut letters = [false; 256];
        for &end in b"\t\r\n" {
            letters[end as usize] = true;
        }
        for code in self.codes().filter(|code| code.len() == 1) {
            letters[code[0].to_ascii_uppercase() as usize] = true;
            letters[code[0].to_ascii_lowercase() as usize] = true;
        }
        letters
    }

    fn codes(self) -> impl Iterator<Item = &'static [u8]> {
        let (set, left_out) = match self {
            Self::Whole(set) => (set, ""),
            Self::StatesButUm => (SetId::State, "UM"),
        };
        set.codes().iter().map(|code| code.code).filter(move |&code| code != left_out).map(str::as_bytes)
    }
}

impl SetTable {
    /// The table of all groups.
    pub(crate) fn new() -> Self {
        let empty: &[u8] = b"";
        let keys: Vec<u64> = Group::ALL
            .into_iter()
            .flat_map(|group| group.codes().chain([empty]).map(move |code| key(code) ^ group.salt()))
            .collect();
        let mut multiplier = FIRST_MULTIPLIER;
        loop {
            let mut table = Self { multiplier, slots: Box::new([u64::MAX; SLOTS]) };
            let is_perfect = keys.iter().all(|&key| {
                let slot = table.slot(key);
                let is_free = table.slots[slot] == u64::MAX;
                table.slots[slot] = key;
                is_free
            });
            if is_perfect {
                return table;
            }
            multiplier = multiplier.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F) | 1;
        }
    }

    #[inline(always)]
    const fn slot(&self, key: u64) -> usize {
        (key.wrapping_mul(self.multiplier) >> (64 - SLOTS.trailing_zeros())) as usize % SLOTS
    }

    /// Whether a cell's bytes, up to eight as a number in upper case, are a code of the group with that salt.
    #[inline(always)]
    pub(crate) fn contains(&self, upper: u64, salt: u64) -> bool {
        let key = upper ^ salt;
        self.slots[self.slot(key)] == key
    }
}

/// Up to eight bytes as a number, letters in upper case.
pub(crate) fn key(value: &[u8]) -> u64 {
    let mut bytes = [0u8; 8];
    bytes[..value.len()].copy_from_slice(value);
    to_upper(u64::from_le_bytes(bytes))
}

/// Eight bytes in upper case at once.
#[inline(always)]
pub(crate) const fn to_upper(word: u64) -> u64 {
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

    #[test]
    fn the_first_multiplier_is_perfect() {
        assert_eq!(SetTable::new().multiplier, FIRST_MULTIPLIER, "note the new one in FIRST_MULTIPLIER");
    }

    #[test]
    fn tables_hold_their_codes_in_any_case() {
        let table = SetTable::new();
        for group in Group::ALL {
            for code in group.codes() {
                assert!(code.len() <= 8);
                assert!(table.contains(key(code), group.salt()));
                assert!(table.contains(key(&code.to_ascii_lowercase()), group.salt()));
            }
            assert!(table.contains(0, group.salt()));
        }
    }

    proptest! {
        #[test]
        fn tables_agree_with_a_search_of_the_list(
            value in prop::collection::vec(1u8.., 0..=8), at in 0usize..1000, other in 0usize..13
        ) {
            let table = SetTable::new();
            for group in Group::ALL {
                let is_code = |value: &[u8]| value.is_empty() || group.codes().any(|code| code.eq_ignore_ascii_case(value));
                prop_assert_eq!(table.contains(key(&value), group.salt()), is_code(&value));
                // A code with one byte changed, and a code of another group, are the values most like a code.
                let codes: Vec<&[u8]> = Group::ALL[other].codes().collect();
                let mut near = codes[at % codes.len()].to_vec();
                prop_assert_eq!(table.contains(key(&near), group.salt()), is_code(&near));
                let place = at % near.len();
                near[place] ^= 1 << (at % 8);
                prop_assert_eq!(near.contains(&0) || table.contains(key(&near), group.salt()) == is_code(&near), true);
            }
        }

        #[test]
        fn upper_case_is_ascii_upper_case(bytes: [u8; 8]) {
            prop_assert_eq!(to_upper(u64::from_le_bytes(bytes)).to_le_bytes(), bytes.map(|byte| byte.to_ascii_uppercase()));
        }
    }
}
