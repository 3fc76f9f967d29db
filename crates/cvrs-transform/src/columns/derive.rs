//! Derived values: null where the source cannot be read as what it should be.

use cvrs_codes::{CodeSets, Ndc11};
use cvrs_parse::{Date, Precision};

/// Days since 1970-01-01 of a date; a month counts as its first day.
pub(crate) fn days(date: Date) -> i32 {
    // Howard Hinnant's days_from_civil: years begin in March, so that the leap day ends them.
    let (year, month, day) =
        (date.year().cast_signed(), date.month().cast_signed(), date.day().unwrap_or(1).cast_signed());
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The word for how much of a date is known.
pub(crate) const fn precision(date: Date) -> &'static [u8] {
    match date.precision() {
        Precision::Day => b"day",
        Precision::Month => b"month",
    }
}

/// The number of a dose, 1 to 6.
pub(crate) const fn dose(cell: &[u8]) -> Option<u8> {
    match *cell {
        [digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// YES and NO as an answer.
pub(crate) fn answer(cell: &[u8]) -> Option<bool> {
    if cell.eq_ignore_ascii_case(b"YES") {
        Some(true)
    } else if cell.eq_ignore_ascii_case(b"NO") {
        Some(false)
    } else {
        None
    }
}

/// Whether a cell of `vax_refusal` says that this is a refusal: a refusal goes before every other event.
pub(crate) fn is_refusal(cell: &[u8]) -> bool {
    answer(cell) == Some(true)
}

/// The drug code of eleven digits that a cell surely stands for.
pub(crate) fn ndc11(codes: &CodeSets, ndc: &[u8], cvx: &[u8]) -> Option<[u8; 13]> {
    if ndc.is_empty() {
        return None;
    }
    Ndc11::parse(ndc).or_else(|| codes.resolve_bare_ndc(ndc, cvx)).map(Ndc11::hyphenated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_one_by_one_from_1970() {
        let mut date = Date::from_ymd(1, 1, 1).expect("a day");
        assert_eq!(days(Date::from_ymd(1970, 1, 1).expect("a day")), 0);
        let mut expected = days(date);
        while date.year() < 2101 {
            date = date.day_after();
            expected += 1;
            assert_eq!(days(date), expected);
        }
        assert_eq!(days(Date::parse(b"1970-02").expect("a month")), 31);
    }

    #[test]
    fn a_drug_code_is_told_only_when_it_is_certain() {
        let codes = CodeSets::builtin();
        let told = |ndc: &str, cvx: &str| {
            ndc11(codes, ndc.as_bytes(), cvx.as_bytes()).map(|code| String::from_utf8(code.to_vec()).expect("ASCII"))
        };
        for spelling in ["80777-0273-10", "80777-273-10", "80777027310", "80777-*273-10", "8077727310"] {
            assert_eq!(told(spelling, "207").as_deref(), Some("80777-0273-10"), "{spelling}");
        }
        assert_eq!(told("5063200101", "206").as_deref(), Some("50632-0001-01"));
        for uncertain in ["", "5063200101", "1234567890", "807770273101", "Moderna"] {
            assert_eq!(told(uncertain, ""), None, "{uncertain}");
        }
    }
}
