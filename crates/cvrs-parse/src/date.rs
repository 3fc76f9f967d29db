//! Dates of CVRS: a day or a month, never a guess.

use core::cmp::Ordering;

/// How much of a date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// `YYYY-MM`.
    Month,
    /// `YYYY-MM-DD`.
    Day,
}

/// A real calendar date (proleptic Gregorian, years 0001 to 9999) as `YYYY-MM-DD` or `YYYY-MM`.
///
/// Held as the number `YYYYMMDD` with day 0 for a month. `Debug` shows the precision only, since a date may be a
/// person's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date(u32);

impl core::fmt::Debug for Date {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Date({:?})", self.precision())
    }
}

impl Date {
    /// A day, if it exists.
    pub const fn from_ymd(year: u32, month: u32, day: u32) -> Option<Self> {
        if year == 0 || year > 9999 || month == 0 || month > 12 || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        Some(Self(year * 10_000 + month * 100 + day))
    }

    /// Reads exactly `YYYY-MM-DD` or `YYYY-MM`; anything else, blanks included, is `None`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        match *text {
            [y1, y2, y3, y4, b'-', m1, m2] => {
                let (year, month) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?);
                (year > 0 && (1..=12).contains(&month)).then_some(Self(year * 10_000 + month * 100))
            }
            [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] => {
                Self::from_ymd(number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?)
            }
            _ => None,
        }
    }

    /// Whether the day is known.
    pub const fn precision(self) -> Precision {
        if self.0.is_multiple_of(100) { Precision::Month } else { Precision::Day }
    }

    /// The year, 1 to 9999.
    pub const fn year(self) -> u32 {
        self.0 / 10_000
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u32 {
        self.0 / 100 % 100
    }

    /// The day, 1 to 31, if known.
    pub const fn day(self) -> Option<u32> {
        match self.0 % 100 {
            0 => None,
            day => Some(day),
        }
    }

    /// `YYYYMMDD`, with 00 for an unknown day. Cheap to compare where both days are known.
    pub const fn as_number(self) -> u32 {
        self.0
    }

    /// The date that [`Date::as_number`] gave; `None` for 0. Any other number gives a date that may not exist.
    pub const fn from_number(number: u32) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// Compares at the coarser precision of the two: a month equals every day in it (rule book E-26).
    pub const fn compare_coarse(self, other: Self) -> Ordering {
        let (mut left, mut right) = (self.0, other.0);
        if left.is_multiple_of(100) || right.is_multiple_of(100) {
            left /= 100;
            right /= 100;
        }
        if left < right {
            Ordering::Less
        } else if left > right {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// The last day of the month for a month, itself for a day.
    #[must_use]
    pub const fn last_day(self) -> Self {
        match self.precision() {
            Precision::Day => self,
            Precision::Month => Self(self.0 + days_in_month(self.year(), self.month())),
        }
    }

    /// The next day; a month stays what it is, and so does the last day that there is.
    #[must_use]
    pub const fn day_after(self) -> Self {
        let (year, month, day) = (self.year(), self.month(), self.0 % 100);
        match (day, month) {
            (0, _) => self,
            _ if day < days_in_month(year, month) => Self(self.0 + 1),
            (_, 12) if year == 9999 => self,
            (_, 12) => Self((year + 1) * 10_000 + 101),
            _ => Self(year * 10_000 + (month + 1) * 100 + 1),
        }
    }

    /// The same day a month earlier, or that month's last; saturates at January of year 1.
    #[must_use]
    pub const fn month_before(self) -> Self {
        let (year, month) = match (self.year(), self.month()) {
            (1, 1) => (1, 1),
            (year, 1) => (year - 1, 12),
            (year, month) => (year, month - 1),
        };
        let last = days_in_month(year, month);
        let day = if self.0 % 100 > last { last } else { self.0 % 100 };
        Self(year * 10_000 + month * 100 + day)
    }

    /// The same day `years` earlier (29 February becomes 28 February); saturates at year 1.
    #[must_use]
    pub const fn years_before(self, years: u32) -> Self {
        let year = if self.year() > years { self.year() - years } else { 1 };
        let last = days_in_month(year, self.month());
        let day = if self.0 % 100 > last { last } else { self.0 % 100 };
        Self(year * 10_000 + self.month() * 100 + day)
    }
}

const fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_shapes_are_dates() {
        for good in ["2020-12-15", "1968-05", "2020-02-29", "0001-01-01", "9999-12-31"] {
            assert!(Date::parse(good.as_bytes()).is_some(), "{good}");
        }
        for bad in [
            "",
            "2020",
            "2020-13",
            "2020-00",
            "2020-02-30",
            "2021-02-29",
            "20201215",
            "2020-1-5",
            " 2020-12",
            "2020-12 ",
            "0000-01-01",
            "12020-12-15",
            "2020/12/15",
            "2020-12-00",
            "2020-12-1a",
            "２０２０-12",
        ] {
            assert!(Date::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_month_equals_its_days() {
        let date = |text: &str| Date::parse(text.as_bytes()).expect("a date");
        assert_eq!(date("2020-10").compare_coarse(date("2020-10-04")), Ordering::Equal);
        assert_eq!(date("2020-10-04").compare_coarse(date("2020-10")), Ordering::Equal);
        assert_eq!(date("2020-11").compare_coarse(date("2020-10-31")), Ordering::Greater);
        assert_eq!(date("2020-10-03").compare_coarse(date("2020-10-04")), Ordering::Less);
    }

    #[test]
    fn a_day_follows_the_calendar() {
        for (day, next) in [
            ("2021-01-29", "2021-01-30"),
            ("2020-02-28", "2020-02-29"),
            ("2021-02-28", "2021-03-01"),
            ("2020-12-31", "2021-01-01"),
            ("2020-12", "2020-12"),
            ("9999-12-31", "9999-12-31"),
        ] {
            assert_eq!(Date::parse(day.as_bytes()).map(Date::day_after), Date::parse(next.as_bytes()), "{day}");
        }
    }

    #[test]
    fn a_month_ends_on_its_last_day() {
        assert_eq!(Date::parse(b"2020-02").map(Date::last_day), Date::from_ymd(2020, 2, 29));
        assert_eq!(Date::from_ymd(2020, 2, 29).map(|day| day.years_before(1)), Date::from_ymd(2019, 2, 28));
    }
}
