//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time; tests have clocks of their own.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Milliseconds since 1970 in UTC.
    fn millis(&self) -> i64;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "a server has a clock")]
    fn millis(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
    }
}

/// A moment as RFC 3339 in UTC, to the millisecond.
pub(crate) fn rfc3339(millis: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The day of a moment in UTC, `YYYY-MM-DD`.
pub(crate) fn day(millis: i64) -> String {
    chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default().format("%Y-%m-%d").to_string()
}

/// A day of the calendar, `YYYY-MM-DD`.
pub(crate) fn day_text(date: cvrs_parse::Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day().unwrap_or(1))
}
