//! States as the tool knows them: their codes, the first two digits of their counties, their ZIP codes.
//!
//! Origin: the state table that CDC's command-line validator 2.1.0 (2021-01-29) carries, a work of the US government.
//! Its ranges are rough and partly wrong; the rule book's own stand in the code sets.

/// Two letters, two FIPS digits, and ranges of ZIP prefixes, commas between; sorted by letters.
type State = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
static STATES: [State; 59] = [
    ("AK", "02", "995-999"),
    ("AL", "01", "35-36"),
    ("AR", "05", "716-729"),
    ("AS", "60", "96799"),
    ("AZ", "04", "85-86"),
    ("CA", "06", "900-961"),
    ("CO", "08", "80-81"),
    ("CT", "09", "06"),
    ("DC", "11", "200-205"),
    ("DE", "10", "197-199"),
    ("FL", "12", "32-34"),
    ("FM", "64", ""),
    ("GA", "13", "30-31,398-399"),
    ("GU", "66", "969"),
    ("HI", "15", "967-968"),
    ("IA", "19", "50-52"),
    ("ID", "16", "832-838"),
    ("IL", "17", "60-62"),
    ("IN", "18", "46-47"),
    ("KS", "20", "66-67"),
    ("KY", "21", "40-42"),
    ("LA", "22", "700-714"),
    ("MA", "25", "010-027,055"),
    ("MD", "24", "206-219"),
    ("ME", "23", "039-049"),
    ("MH", "68", "969"),
    ("MI", "26", "48-49"),
    ("MN", "27", "550-567"),
    ("MO", "29", "63-65"),
    ("MP", "69", "96950,96951,96952"),
    ("MS", "28", "386-397"),
    ("MT", "30", "59"),
    ("NC", "37", "27-28"),
    ("ND", "38", "58"),
    ("NE", "31", "68-69"),
    ("NH", "33", "030-038"),
    ("NJ", "34", "07-08"),
    ("NM", "35", "870-884"),
    ("NV", "32", "889-898"),
    ("NY", "36", "10-14,05,063"),
    ("OH", "39", "43-45"),
    ("OK", "40", "73-74"),
    ("OR", "41", "97"),
    ("PA", "42", "150-196"),
    ("PR", "72", "006-009"),
    ("PW", "70", "96939,96940"),
    ("RI", "44", "028-029"),
    ("SC", "45", "29"),
    ("SD", "46", "57"),
    ("TN", "47", "370-385"),
    ("TX", "48", "73-88"),
    ("UT", "49", "84"),
    ("VA", "51", "201,205,220-246"),
    ("VI", "78", "008"),
    ("VT", "50", "05"),
    ("WA", "53", "980-994"),
    ("WI", "55", "53-54"),
    ("WV", "54", "247-268"),
    ("WY", "56", "820-834"),
];

/// The state of two letters in any case; AA, AE, AP and UM are not known.
pub(super) fn find(value: &[u8]) -> Option<&'static State> {
    let letters: [u8; 2] = value.try_into().ok()?;
    let letters = letters.map(|letter| letter.to_ascii_uppercase());
    STATES.binary_search_by(|state| state.0.as_bytes().cmp(&letters[..])).ok().map(|index| &STATES[index])
}

/// Whether a county begins like the state's; of an unknown state it cannot be told, so it does.
pub(super) fn is_county_in_state(county: &[u8], state: &[u8]) -> bool {
    find(state).is_none_or(|(_, fips, _)| county.starts_with(fips.as_bytes()))
}

/// Whether a ZIP code is in a state's ranges, compared as text: not if the state is unknown or has none.
///
/// An entry without a hyphen is a range whose upper end is empty, and every ZIP code begins with nothing: such a
/// state's ZIP codes are never wrong.
pub(super) fn is_zip_in_state(zip: &[u8], state: &[u8]) -> bool {
    let Some((_, _, ranges)) = find(state).filter(|(_, _, ranges)| !ranges.is_empty()) else { return false };
    ranges.split(',').any(|range| {
        let (low, high) = range.split_once('-').unwrap_or((range, ""));
        let (low, high) = (low.as_bytes(), high.as_bytes());
        zip.starts_with(low) || zip.starts_with(high) || (zip > low && zip < high)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_sorted_and_fifty_nine() {
        assert!(STATES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for unknown in ["AA", "AE", "AP", "UM", "XX", "G", "GAA", " GA", ""] {
            assert!(find(unknown.as_bytes()).is_none(), "{unknown}");
        }
        assert_eq!(find(b"ga").map(|state| state.1), Some("13"));
    }

    #[test]
    fn ranges_are_compared_as_text() {
        for (zip, state) in [("48504", "MI"), ("49999-1234", "mi"), ("30301", "GA"), ("39901", "GA"), ("90001", "CA")] {
            assert!(is_zip_in_state(zip.as_bytes(), state.as_bytes()), "{zip} {state}");
        }
        for (zip, state) in [("30301", "MI"), ("1529", "MI"), ("48504", "GA"), ("96941", "FM"), ("30301", "XX")] {
            assert!(!is_zip_in_state(zip.as_bytes(), state.as_bytes()), "{zip} {state}");
        }
    }

    #[test]
    fn a_single_prefix_lets_every_zip_code_pass() {
        let lax: Vec<&str> =
            STATES.iter().filter(|state| is_zip_in_state(b"99999", state.0.as_bytes())).map(|state| state.0).collect();
        let single = [
            "AK", "AS", "CT", "GU", "MA", "MH", "MP", "MT", "ND", "NY", "OR", "PW", "SC", "SD", "UT", "VA", "VI", "VT",
        ];
        // Alaska's own range ends there.
        assert_eq!(lax, single);
    }
}
