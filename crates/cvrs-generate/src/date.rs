//! Calendar days (proleptic Gregorian) and the way CVRS writes them.

use std::fmt;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, as printed.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

impl Date {
    /// A day; whether it exists is not checked here, see [`Date::exists`].
    pub const fn new(year: u16, month: u8, day: u8) -> Self {
        Self { year, month, day }
    }

    /// Whether the calendar has that day.
    pub const fn exists(self) -> bool {
        matches!(self.month, 1..=12) && self.day >= 1 && self.day <= Self::month_length(self.year, self.month)
    }

    /// How many days a month has.
    const fn month_length(year: u16, month: u8) -> u8 {
        match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Days since 1970-01-01 (Hinnant, `days_from_civil`).
    pub(crate) const fn to_days(self) -> i32 {
        let year = self.year as i32 - (self.month <= 2) as i32;
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((self.month as i32 + 9) % 12) + 2) / 5 + self.day as i32 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The inverse of [`Date::to_days`].
    #[expect(clippy::cast_sign_loss, reason = "month and day are never negative, years of files neither")]
    pub(crate) const fn from_days(days: i32) -> Self {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + (month <= 2) as i32;
        Self { year: year as u16, month: month as u8, day: day as u8 }
    }

    /// The day that many days later, or earlier.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self::from_days(self.to_days() + days)
    }

    /// How many days later the other day is; zero if it is earlier.
    pub(crate) fn days_until(self, later: Self) -> usize {
        usize::try_from(later.to_days() - self.to_days()).unwrap_or(0)
    }

    /// This day and all that follow.
    pub(crate) fn following(self) -> impl Iterator<Item = Self> {
        (self.to_days()..).map(Self::from_days)
    }

    /// Reads `YYYY-MM-DD`, or `YYYY-MM` as the first of the month.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let number = |digits: &[u8]| {
            digits
                .iter()
                .try_fold(0_u16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0')))
        };
        let (year, month, day) = match text {
            [y @ .., b'-', m1, m2, b'-', d1, d2] if y.len() == 4 => (y, [*m1, *m2], [*d1, *d2]),
            [y @ .., b'-', m1, m2] if y.len() == 4 => (y, [*m1, *m2], *b"01"),
            _ => return None,
        };
        let date = Self { year: number(year)?, month: number(&month)? as u8, day: number(&day)? as u8 };
        date.exists().then_some(date)
    }

    /// The ten characters of `YYYY-MM-DD`.
    #[inline]
    pub(crate) const fn iso(self) -> [u8; 10] {
        const fn digit(n: u16) -> u8 {
            b'0' + (n % 10) as u8
        }
        let (y, m, d) = (self.year, self.month as u16, self.day as u16);
        [
            digit(y / 1000),
            digit(y / 100),
            digit(y / 10),
            digit(y),
            b'-',
            digit(m / 10),
            digit(m),
            b'-',
            digit(d / 10),
            digit(d),
        ]
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        assert_eq!(Date::new(1970, 1, 1).to_days(), 0);
        assert_eq!(Date::new(2000, 3, 1).to_days(), 11_017);
        for days in -40_000..40_000 {
            let date = Date::from_days(days);
            assert!(date.exists());
            assert_eq!(date.to_days(), days);
            assert_eq!(Date::parse(&date.iso()), Some(date));
            assert_eq!(date.to_string().as_bytes(), date.iso());
        }
    }

    #[test]
    fn only_real_days_are_read() {
        assert_eq!(Date::parse(b"2020-02-29"), Some(Date::new(2020, 2, 29)));
        assert_eq!(Date::parse(b"1968-05"), Some(Date::new(1968, 5, 1)));
        for text in ["2021-02-29", "2021-13-01", "2021-1-01", "05/27/1968", "", "12021-03-01"] {
            assert_eq!(Date::parse(text.as_bytes()), None, "{text}");
        }
    }
}
