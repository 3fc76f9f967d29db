//! Dates in other shapes.

use crate::fix::{Cell, Class, Example, Fix, How, Proposal, Stage, any_row};
use cvrs_parse::Date;
use cvrs_spec::Field::{self, *};

const DATES: &[Field] = &[RecipDob, AdminDate, VaxExpiration];

/// A number of so many digits at least and at most.
fn number(text: &[u8], least: usize, most: usize) -> Option<u32> {
    let is_number = (least..=most).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| text.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

fn day(year: u32, month: u32, day: u32) -> Option<String> {
    Date::from_ymd(year, month, day).map(|_| format!("{year:04}-{month:02}-{day:02}"))
}

/// Three numbers with the same separator between, the last one a year of four digits: first, second, year.
fn two_and_year(value: &[u8]) -> Option<[u32; 3]> {
    let separator = *value.iter().find(|byte| !byte.is_ascii_digit())?;
    if !matches!(separator, b'/' | b'-') {
        return None;
    }
    let mut parts = value.split(|&byte| byte == separator);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let numbers = [number(first, 1, 2)?, number(second, 1, 2)?, number(year, 4, 4)?];
    parts.next().is_none().then_some(numbers)
}

fn basic(cell: &Cell<'_>) -> Option<Proposal> {
    let number = number(cell.value, 8, 8)?;
    Proposal::safe(day(number / 10_000, number / 100 % 100, number % 100)?)
}

pub(crate) const BASIC: Fix = Fix {
    id: "F07",
    name: "basic-date",
    class: Class::Safe,
    stage: Stage::Date,
    what: "Puts the hyphens into a date of eight digits.",
    why: "It is the basic form of the same ISO 8601 date.",
    condition: "year, month, day, and a day of the calendar",
    fields: DATES,
    cures: &["DATA001", "DATA009"],
    is_normalisation: false,
    hides_before: false,
    examples: &[
        Example::Safe(&[(AdminDate, "20210115")], &[(AdminDate, "2021-01-15")]),
        Example::Stays(&[(AdminDate, "20210230")]),
        Example::Stays(&[(AdminDate, "01152021")]),
        Example::Stays(&[(LotNumber, "20210115")]),
    ],
    how: How::Cells(any_row, basic),
};

/// Whether a time of day, with or without a zone, and whether it is midnight without one.
fn time_is_zero(time: &[u8]) -> Option<bool> {
    let bare = |text: &[u8]| -> Option<bool> {
        let mut parts = text.split(|&byte| byte == b':');
        let (hour, minute) = (number(parts.next()?, 1, 2)?, number(parts.next()?, 2, 2)?);
        let (second, fraction) = match parts.next() {
            None => (0, 0),
            Some(seconds) => {
                let mut halves = seconds.splitn(2, |&byte| byte == b'.');
                let second = number(halves.next()?, 2, 2)?;
                (second, halves.next().map_or(Some(0), |digits| number(digits, 1, 9))?)
            }
        };
        let is_time = hour < 24 && minute < 60 && second < 61 && parts.next().is_none();
        is_time.then_some(hour + minute + second + fraction == 0)
    };
    if let Some(text) = time.strip_suffix(b"Z") {
        return bare(text).map(|_| false);
    }
    match time.iter().rposition(|&byte| matches!(byte, b'+' | b'-')) {
        Some(at) => {
            let zone: Vec<u8> = time[at + 1..].iter().copied().filter(|&byte| byte != b':').collect();
            number(&zone, 4, 4)?;
            bare(&time[..at]).map(|_| false)
        }
        None => bare(time),
    }
}

fn with_time(cell: &Cell<'_>) -> Option<Proposal> {
    let (date, rest) = cell.value.split_at_checked(10)?;
    let (mark, time) = rest.split_first()?;
    if !matches!(mark, b'T' | b't' | b' ') || Date::parse(date)?.day().is_none() {
        return None;
    }
    Some(Proposal { value: date.to_vec(), is_safe: time_is_zero(time)? })
}

pub(crate) const WITH_TIME: Fix = Fix {
    id: "F08",
    name: "date-with-time",
    class: Class::SafeUnless("any other time than midnight"),
    what: "Drops the time of day after a date.",
    why: "A database writes midnight where only the day is known. Another time, or a zone, may mean another day elsewhere.",
    condition: "the date is a day of the calendar as YYYY-MM-DD",
    cures: &["DATA001"],
    examples: &[
        Example::Safe(&[(AdminDate, "2021-01-15T00:00:00")], &[(AdminDate, "2021-01-15")]),
        Example::Safe(&[(AdminDate, "2021-01-15 00:00")], &[(AdminDate, "2021-01-15")]),
        Example::Safe(&[(AdminDate, "2021-01-15 00:00:00.000")], &[(AdminDate, "2021-01-15")]),
        Example::Consent(&[(AdminDate, "2021-01-15T13:45:10")], &[(AdminDate, "2021-01-15")]),
        Example::Consent(&[(AdminDate, "2021-01-15T00:00:00Z")], &[(AdminDate, "2021-01-15")]),
        Example::Stays(&[(AdminDate, "2021-01-15 noon")]),
        Example::Stays(&[(AdminDate, "2021-02-30T00:00:00")]),
    ],
    how: How::Cells(any_row, with_time),
    ..BASIC
};

pub(crate) const MONTH_FIRST: Fix = Fix {
    id: "F09",
    name: "us-date",
    what: "Turns month, day, year into year, month, day.",
    why: "A day above 12 leaves one reading only.",
    condition: "hyphens or slashes, a year of four digits, a day of 13 or more",
    examples: &[
        Example::Safe(&[(AdminDate, "1/15/2021")], &[(AdminDate, "2021-01-15")]),
        Example::Safe(&[(AdminDate, "01-15-2021")], &[(AdminDate, "2021-01-15")]),
        Example::Stays(&[(AdminDate, "2/30/2021")]),
        Example::Stays(&[(AdminDate, "1/15-2021")]),
        Example::Stays(&[(AdminDate, "1/2/2021")]),
        Example::Stays(&[(AdminDate, "1/15/2031")]),
    ],
    how: How::Cells(any_row, |cell| {
        let [month, second, year] = two_and_year(cell.value)?;
        (second > 12).then(|| Proposal::safe(day(year, month, second)?)).flatten()
    }),
    ..BASIC
};

pub(crate) const MONTH_FIRST_OR_NOT: Fix = Fix {
    id: "F10",
    name: "us-date-or-not",
    class: Class::Consent,
    what: "Turns month, day, year into year, month, day where both could be the month.",
    why: "Month first is US practice; a source that writes the day first would be read wrongly.",
    condition: "as F09, with a day of 12 or less; the log marks it by this number",
    examples: &[
        Example::Consent(&[(AdminDate, "1/2/2021")], &[(AdminDate, "2021-01-02")]),
        Example::Stays(&[(AdminDate, "1/2/21")]),
        Example::Stays(&[(AdminDate, "13/13/2021")]),
    ],
    how: How::Cells(any_row, |cell| {
        let [month, second, year] = two_and_year(cell.value)?;
        (second <= 12).then(|| Proposal::consent(day(year, month, second)?)).flatten()
    }),
    ..BASIC
};

pub(crate) const DAY_FIRST: Fix = Fix {
    id: "F11",
    name: "day-first-date",
    what: "Turns day, month, year into year, month, day.",
    why: "A first number above 12 can be no month.",
    condition: "only if the first number is above 12 and the second is not",
    examples: &[
        Example::Safe(&[(AdminDate, "15/1/2021")], &[(AdminDate, "2021-01-15")]),
        Example::Stays(&[(AdminDate, "15/13/2021")]),
        Example::Stays(&[(AdminDate, "2/1/2021")]),
    ],
    how: How::Cells(any_row, |cell| {
        let [first, month, year] = two_and_year(cell.value)?;
        (first > 12).then(|| Proposal::safe(day(year, month, first)?)).flatten()
    }),
    ..BASIC
};

pub(crate) const TWO_DIGIT_YEAR: Fix = Fix {
    id: "F12",
    name: "two-digit-year",
    class: Class::Never,
    what: "Nothing.",
    why: "Which century is meant cannot be told for a birth date.",
    condition: "a year of two digits",
    cures: &[],
    examples: &[Example::Stays(&[(AdminDate, "1/15/21")]), Example::Stays(&[(RecipDob, "5/27/68")])],
    how: How::Never,
    ..BASIC
};

fn missing_zero(cell: &Cell<'_>) -> Option<Proposal> {
    let mut parts = cell.value.split(|&byte| byte == b'-');
    let (year, month) = (number(parts.next()?, 4, 4)?, number(parts.next()?, 1, 2)?);
    let text = match parts.next() {
        None => {
            let text = format!("{year:04}-{month:02}");
            Date::parse(text.as_bytes())?;
            text
        }
        Some(last) => day(year, month, number(last, 1, 2)?)?,
    };
    let is_new = parts.next().is_none() && text.as_bytes() != cell.value;
    is_new.then(|| Proposal::safe(text)).flatten()
}

pub(crate) const MISSING_ZERO: Fix = Fix {
    id: "F13",
    name: "date-without-zero",
    what: "Fills month and day up to two digits.",
    why: "The numbers stay the same.",
    condition: "hyphens, year first",
    examples: &[
        Example::Safe(&[(RecipDob, "1968-5")], &[(RecipDob, "1968-05")]),
        Example::Safe(&[(AdminDate, "2021-1-5")], &[(AdminDate, "2021-01-05")]),
        Example::Stays(&[(AdminDate, "2021-13-5")]),
        Example::Stays(&[(AdminDate, "2021")]),
    ],
    how: How::Cells(any_row, missing_zero),
    ..BASIC
};
