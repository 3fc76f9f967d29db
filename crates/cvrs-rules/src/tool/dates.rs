//! Dates as the tool's date library takes them.
//!
//! It reads a number of any length for the year and then demands that the date, written out again, equals the value.
//! So years of five and more digits pass, and days before October 1582 are of the Julian calendar.

use crate::rules::dates::begins_like_us_date;
use cvrs_parse::Date;
use cvrs_spec::Field;

/// The code and text for a value that is not empty and no date; `admin_date` must be a day.
pub(super) fn wrong(field: Field, value: &[u8]) -> Option<(&'static str, &'static str)> {
    let takes_month = field != Field::AdminDate;
    if is_date(value, takes_month) {
        return None;
    }
    Some(match (begins_like_us_date(value), takes_month) {
        (true, true) => ("DATA009", "{f}{v} contains an incorrectly formatted date, should match yyyy-MM-dd|yyyy-MM"),
        (true, false) => ("DATA009", "{f}{v} contains an incorrectly formatted date, should match yyyy-MM-dd"),
        (false, true) => ("DATA001", "{f}{v} contains an invalid date, should match yyyy-MM-dd|yyyy-MM"),
        (false, false) => ("DATA001", "{f}{v} contains an invalid date, should match yyyy-MM-dd"),
    })
}

fn is_date(value: &[u8], takes_month: bool) -> bool {
    if value.len() == 7 && !takes_month {
        return false;
    }
    match Date::parse(value) {
        Some(date) => !is_in_gap(date),
        None => is_odd_date(value, takes_month),
    }
}

/// The days that were left out when the calendar changed: 1582-10-05 to 1582-10-14.
fn is_in_gap(date: Date) -> bool {
    (15_821_005..=15_821_014).contains(&date.as_number())
}

/// Whether the value is a date with a year of five digits or more, or a leap day of the Julian calendar.
fn is_odd_date(value: &[u8], takes_month: bool) -> bool {
    let Some(dash) = value.iter().position(|&byte| byte == b'-') else { return false };
    let (year, rest) = value.split_at(dash);
    // The library's calendar ends in a year of nine digits.
    if !(4..=8).contains(&year.len()) || !year.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let is_long = year.len() > 4 && year[0] != b'0';
    // The calendar repeats every 400 years: a year in reach stands for the value's.
    let number = year.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let near = [format!("{}", 2000 + number % 400).as_bytes(), rest].concat();
    match rest.len() {
        3 if is_long && takes_month => Date::parse(&near).is_some(),
        6 if is_long => Date::parse(&near).is_some(),
        6 => rest == b"-02-29" && number.is_multiple_of(100) && (1..1582).contains(&number),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(field: Field, value: &str) -> &'static str {
        wrong(field, value.as_bytes()).map_or("", |(code, _)| code)
    }

    #[test]
    fn the_tool_takes_these_for_dates() {
        for date in
            ["2020-10-04", "2020-02-29", "0001-01-01", "12020-10-04", "12000-02-29", "1500-02-29", "292020-12-31"]
        {
            assert_eq!(code(Field::RecipDob, date), "", "{date}");
            assert_eq!(code(Field::AdminDate, date), "", "{date}");
        }
        for month in ["1968-05", "12020-10", "0001-12"] {
            assert_eq!(code(Field::RecipDob, month), "", "{month}");
            assert_eq!(code(Field::VaxExpiration, month), "", "{month}");
            assert_eq!(code(Field::AdminDate, month), "DATA001", "{month}");
        }
    }

    #[test]
    fn the_tool_takes_these_for_none() {
        for other in [
            "2020-1-5",
            "20200101",
            "2020",
            " 2020-01-01",
            "2020-01-01x",
            "2021-02-29",
            "1900-02-29",
            "1968-13",
            "02020-01-01",
            "0000-01-01",
            "1582-10-10",
            "12021-02-29",
            "12020-13",
            "UNK",
            "2020-1",
            "12020-1-1",
            "-2020-01-01",
        ] {
            assert_eq!(code(Field::RecipDob, other), "DATA001", "{other}");
            assert_eq!(code(Field::AdminDate, other), "DATA001", "{other}");
        }
        for us in ["10/4/2020", "1/2/2020", "5", "20", "2020/10/04"] {
            assert_eq!(code(Field::RecipDob, us), "DATA009", "{us}");
        }
    }
}
