//! How long a job that fails on the server's side is tried again.

use std::time::Duration;

/// Pauses that double, and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often a job is tried before it ends with an entry that says so.
    pub attempts: u32,
    /// The pause after the first failure; each further one is twice as long.
    pub pause: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Default for Retry {
    /// Seven attempts in about a minute.
    fn default() -> Self {
        Self { attempts: 7, pause: Duration::from_secs(1), longest: Duration::from_secs(30) }
    }
}

impl Retry {
    /// The pause after so many failures in a row.
    pub(crate) fn pause_after(&self, failures: u32) -> Duration {
        let factor = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.pause.saturating_mul(factor).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retry = Retry { attempts: 9, pause: Duration::from_millis(3), longest: Duration::from_millis(20) };
        let pauses: Vec<u128> = (1..=5).map(|failures| retry.pause_after(failures).as_millis()).collect();
        assert_eq!(pauses, [3, 6, 12, 20, 20]);
        assert_eq!(retry.pause_after(u32::MAX), retry.longest);
        let default = Retry::default();
        let whole: Duration = (1..default.attempts).map(|failures| default.pause_after(failures)).sum();
        assert!((Duration::from_secs(30)..Duration::from_mins(2)).contains(&whole), "{whole:?}");
    }
}
