//! Is there anything to mend in a row? Asked of every row, so it must be cheap; most rows are good.
//!
//! The answer errs on one side: a row that passes is one that no fix of the plan changes; one that does not may still
//! come out as it was. A property test holds the first against the repair itself.

use crate::fixes::case::{CODED, REDACTED_WORD, SIX};
use crate::fixes::record::{RACE_COLUMNS, UNKNOWABLE};
use crate::plan::Plan;
use cvrs_codes::{CvxCode, NdcSpelling, parse_ndc};
use cvrs_parse::{Date, Header, Record};
use cvrs_spec::{Event, Field, Kind, SetId};

/// What a value of a column must be like to need nothing.
enum Shape {
    Any,
    Redacted,
    /// One of these codes, as up to eight bytes each.
    Codes(Vec<u64>),
    Date,
    Zip {
        is_zero_mended: bool,
    },
    County,
    Cvx,
    Ndc {
        is_mended: bool,
    },
    Mvx,
}

struct Column {
    shape: Shape,
    /// Whether an empty cell may be filled.
    is_filled: bool,
    /// Whether a value may be emptied.
    is_emptied: bool,
    known: Known,
}

/// Values of up to 16 bytes that were found good before: a file holds few codes, each again and again.
#[derive(Default)]
struct Known {
    slots: [[u64; 2]; 16],
}

impl Known {
    /// Where the value would stand, and its bytes as numbers; `None` if it is too long.
    fn place(value: &[u8]) -> Option<(usize, [u64; 2])> {
        let words = match value.len() {
            // No code ends in NUL, so that lengths need not be told apart.
            0..=8 => [word(value), 0],
            9..=16 => [word(&value[..8]), word(&value[8..])],
            _ => return None,
        };
        let mixed = (words[0] ^ words[1].rotate_left(23)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Some(((mixed >> 60) as usize, words))
    }

    /// Whether the value is right, which `is_right` is asked only of values not asked for lately.
    fn or_ask(&mut self, value: &[u8], is_right: impl FnOnce(&[u8]) -> bool) -> bool {
        let Some((slot, words)) = Self::place(value) else { return is_right(value) };
        if self.slots[slot] == words {
            return true;
        }
        let is_right = is_right(value);
        if is_right {
            self.slots[slot] = words;
        }
        is_right
    }
}

/// One to eight bytes as a number, by two loads that may overlap.
fn word(bytes: &[u8]) -> u64 {
    let four = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |four| u32::from_le_bytes(*four));
    match bytes {
        [] => 0,
        [one] => u64::from(*one),
        [one, two] => u64::from(*one) | u64::from(*two) << 8,
        [one, two, three] => u64::from(*one) | u64::from(*two) << 8 | u64::from(*three) << 16,
        _ => {
            let end = bytes.len().min(8) - 4;
            u64::from(four(0)) | u64::from(four(end)) << (8 * end)
        }
    }
}

pub(crate) struct Quick {
    columns: Vec<Column>,
    races: Vec<usize>,
    is_refusal_mended: bool,
    is_redaction_mended: bool,
}

/// Up to eight bytes as a number; longer ones as none that a code has.
fn key(value: &[u8]) -> u64 {
    let mut bytes = [0xFF; 8];
    match bytes.get_mut(..value.len()) {
        Some(start) => start.copy_from_slice(value),
        None => return u64::MAX,
    }
    u64::from_le_bytes(bytes)
}

impl Quick {
    pub(crate) fn new(plan: &Plan, header: &Header) -> Self {
        let column = |field: &Option<Field>| match *field {
            Some(field) => Column::new(plan, header, field),
            None => Column { shape: Shape::Any, is_filled: false, is_emptied: false, known: Known::default() },
        };
        Self {
            columns: header.columns().iter().map(column).collect(),
            races: RACE_COLUMNS.iter().filter_map(|&field| header.position(field)).collect(),
            is_refusal_mended: plan.is_consented("F31"),
            is_redaction_mended: plan.is_consented("F39"),
        }
    }

    /// Whether no fix changes the row, which has a cell for each column and is settled as to its characters.
    pub(crate) fn is_plain(&mut self, record: &Record<'_>) -> bool {
        for (number, column) in self.columns.iter_mut().enumerate() {
            let value = record.cell(number);
            let (Some(first), Some(last)) = (value.first(), value.last()) else {
                if column.is_filled {
                    return false;
                }
                continue;
            };
            // A blank or a quote.
            if matches!(first, b' ' | b'"') || *last == b' ' || column.is_emptied || !column.fits(value) {
                return false;
            }
        }
        let mut is_over = false;
        for (at, &column) in self.races.iter().enumerate() {
            let value = record.cell(column);
            if value.is_empty() {
                is_over = true;
            } else if is_over || self.races[..at].iter().any(|&other| record.cell(other) == value) {
                return false;
            }
        }
        !(self.is_refusal_mended && record.event() == Event::Refusal
            || self.is_redaction_mended
                && matches!(record.get(Field::ExtType), b"D" | b"P")
                && SIX.iter().any(|&field| record.get(field) != REDACTED_WORD.as_bytes()))
    }
}

impl Column {
    /// Whether a value that is not empty needs nothing.
    fn fits(&mut self, value: &[u8]) -> bool {
        match &self.shape {
            Shape::Any => true,
            Shape::Redacted => {
                value.len() != REDACTED_WORD.len()
                    || value == REDACTED_WORD.as_bytes()
                    || !value.eq_ignore_ascii_case(REDACTED_WORD.as_bytes())
            }
            Shape::Codes(codes) => self.known.or_ask(value, |value| codes.contains(&key(value))),
            Shape::Date => self.known.or_ask(value, |value| Date::parse(value).is_some()),
            Shape::Zip { is_zero_mended } => match value.len() {
                5 => value.iter().all(u8::is_ascii_digit),
                10 => value[5] == b'-' && !(*is_zero_mended && value.ends_with(b"-0000")),
                _ => false,
            },
            Shape::County => value.len() == 5 && value.iter().all(u8::is_ascii_digit),
            Shape::Cvx => match *value {
                [first, ..] if value.len() == 3 => first != b'0' && value.iter().all(u8::is_ascii_digit),
                [_, _] => CvxCode::parse(value).is_some(),
                _ => false,
            },
            Shape::Ndc { is_mended } => {
                let is_right = |value: &[u8]| parse_ndc(value).is_ok_and(|text| text.spelling == NdcSpelling::Eleven);
                !is_mended && self.known.or_ask(value, is_right)
            }
            Shape::Mvx => !value.iter().any(u8::is_ascii_lowercase),
        }
    }

    fn new(plan: &Plan, header: &Header, field: Field) -> Self {
        let is_filled = UNKNOWABLE.contains(&field) && plan.is_consented("F34")
            || field == Field::ExtType && plan.is_consented("F32")
            || matches!(field, Field::Cvx | Field::Mvx) && plan.is_consented("F35");
        let set = field.value_set(header.version());
        let shape = match set {
            _ if SIX.contains(&field) => Shape::Redacted,
            _ if field.facts().kind == Kind::Date => Shape::Date,
            _ if matches!(field, Field::RecipAddressZip | Field::AdminAddressZip) => {
                Shape::Zip { is_zero_mended: plan.is_consented("F16") }
            }
            Some(SetId::County) => Shape::County,
            Some(SetId::Cvx) => Shape::Cvx,
            Some(SetId::Ndc) => Shape::Ndc { is_mended: plan.is_consented("F40") },
            Some(SetId::Mvx) => Shape::Mvx,
            Some(set) if CODED.contains(&field) => {
                let is_moved = |fact: &str| plan.is_consented("F26") && fact == "HL70162";
                let codes = set.codes().iter().filter(|code| !is_moved(code.fact));
                Shape::Codes(codes.map(|code| key(code.code.as_bytes())).collect())
            }
            _ => Shape::Any,
        };
        let is_emptied = field == Field::PprlId && plan.is_consented("F33");
        Self { shape, is_filled, is_emptied, known: Known::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::Example;
    use crate::registry::FIXES;
    use crate::repair::Repair;
    use crate::{Options, Plan};
    use cvrs_parse::Index;
    use cvrs_rules::example::row;
    use cvrs_spec::Version;
    use proptest::prelude::*;

    /// Every cell that stands in an example, as given or as it becomes.
    fn cells() -> Vec<(Field, &'static str)> {
        let of = |example: &Example| match *example {
            Example::Safe(given, gives) | Example::Consent(given, gives) => [given, gives].concat(),
            Example::Stays(given) => given.to_vec(),
            Example::File(..) => Vec::new(),
        };
        FIXES.iter().flat_map(|fix| fix.examples).flat_map(of).collect()
    }

    #[test]
    fn a_word_holds_its_bytes_in_their_order() {
        for length in 0..=8usize {
            let bytes: Vec<u8> = (1..=length as u8).collect();
            let mut eight = [0; 8];
            eight[..length].copy_from_slice(&bytes);
            assert_eq!(word(&bytes), u64::from_le_bytes(eight), "{length}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn a_row_that_passes_is_not_mended(
            cells in prop::collection::vec(prop::sample::select(cells()), 0..4),
            is_refusal: bool,
            unsafe_fixes: bool,
            normalise: bool,
            version in prop::sample::select(&Version::ALL[..]),
        ) {
            let plan = Plan::new(&Options { named: Vec::new(), unsafe_fixes, normalise });
            let header = Header::canonical(version);
            let mut all = cells;
            if is_refusal {
                all.extend_from_slice(cvrs_rules::example::REFUSAL);
            }
            let text = row(version, &all) + "\n";
            let (mut index, mut scratch, mut made) = (Index::default(), Vec::new(), Vec::new());
            index.build(text.as_bytes());
            let line = index.lines(text.as_bytes()).next().expect("one line");
            prop_assume!(line.is_plain() && crate::fixes::text::is_settled(text.trim_end_matches('\n').as_bytes()));
            let record = index.record(text.as_bytes(), &header, line, &mut scratch);
            if Quick::new(&plan, &header).is_plain(&record) {
                let today = Date::parse(b"2021-01-29").expect("a date");
                Repair::new(&plan, today, false, cvrs_codes::CodeSets::builtin(), &header).mend(record.line(), &header, &mut made);
                prop_assert!(made.is_empty(), "{} would have changed it", made[0].fix.id);
            }
        }
    }
}
