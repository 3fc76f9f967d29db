//! A calendar day as the code sets need it: ordered, four bytes, no time zone.

use std::fmt;

/// A calendar day, ordered by time.
///
/// Years run from 1000 to 9999; month and day are checked against the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

impl Day {
    /// The day of a year, a month (1–12) and a day of the month, if the calendar has it.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year < 1000 || year > 9999 || month == 0 || month > 12 || day == 0 {
            return None;
        }
        let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
        let length = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if day > length {
            return None;
        }
        Some(Self(year as u32 * 10_000 + month as u32 * 100 + day as u32))
    }

    /// The year, 1000–9999.
    pub const fn year(self) -> u16 {
        (self.0 / 10_000) as u16
    }

    /// The month, 1–12.
    pub const fn month(self) -> u8 {
        (self.0 / 100 % 100) as u8
    }

    /// The day of the month, 1–31.
    pub const fn day(self) -> u8 {
        (self.0 % 100) as u8
    }

    /// Reads `YYYY-MM-DD`.
    #[inline]
    pub fn parse(text: &str) -> Option<Self> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
        let digits = [y1, y2, y3, y4, m1, m2, d1, d2].map(|byte| byte.wrapping_sub(b'0'));
        if digits.iter().any(|digit| *digit > 9) {
            return None;
        }
        let [y1, y2, y3, y4, m1, m2, d1, d2] = digits;
        let year = u16::from(y1) * 1000 + u16::from(y2) * 100 + u16::from(y3) * 10 + u16::from(y4);
        Self::new(year, m1 * 10 + m2, d1 * 10 + d2)
    }

    /// Reads the spellings of the CDC downloads: `YYYY-MM-DD`, `YYYY/MM/DD`, `YYYYMMDD` and `M/D/YYYY`, each with or
    /// without a time of day after a blank.
    pub(crate) fn parse_cdc(text: &str) -> Option<Self> {
        let text = text.split(' ').next()?;
        let bytes = text.as_bytes();
        if bytes.len() == 8 && bytes.iter().all(u8::is_ascii_digit) {
            return Self::from_parts(&bytes[..4], &bytes[4..6], &bytes[6..]);
        }
        let mut parts = text.split(['-', '/']);
        let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        if a.len() == 4 {
            Self::from_parts(a.as_bytes(), b.as_bytes(), c.as_bytes())
        } else if c.len() == 4 && text.contains('/') {
            Self::from_parts(c.as_bytes(), a.as_bytes(), b.as_bytes())
        } else {
            None
        }
    }

    fn from_parts(year: &[u8], month: &[u8], day: &[u8]) -> Option<Self> {
        let number = |digits: &[u8]| {
            if digits.is_empty() || digits.len() > 4 {
                return None;
            }
            digits.iter().try_fold(0u16, |n, b| b.is_ascii_digit().then(|| n * 10 + u16::from(b - b'0')))
        };
        let small = |digits: &[u8]| number(digits).and_then(|n| u8::try_from(n).ok());
        Self::new(number(year)?, small(month)?, small(day)?)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn reads_the_cdc_spellings() {
        let expected = Day::new(2020, 6, 2);
        for text in ["2020-06-02", "2020/06/02", "20200602", "6/2/2020", "2020-06-02 00:00:00"] {
            assert_eq!(Day::parse_cdc(text), expected, "{text}");
        }
        for text in ["", "2020-13-01", "2021-02-29", "2020-06", "6-2-2020", "20200602x", "1/2/3/4"] {
            assert_eq!(Day::parse_cdc(text), None, "{text}");
        }
    }

    #[test]
    fn prints_what_it_reads() {
        for text in ["2024-02-29", "1970-11-04"] {
            assert_eq!(Day::parse(text).map(|day| day.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Day::parse("2024/02/29"), None);
    }
}
