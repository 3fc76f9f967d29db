//! How often a client may ask for tokens.

use cvrs_api::limit::{TOKEN_CALLS_A_MINUTE, TOKEN_FAILURES_A_MINUTE};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

const MINUTE: i64 = 60_000;

/// Names that are remembered at once: anybody can make names up.
const MAX_NAMES: usize = 10_000;

#[derive(Debug, Default)]
struct Calls {
    /// When each call of the last minute came, and whether it failed.
    recent: VecDeque<i64>,
    failures: VecDeque<i64>,
    locked_until: i64,
}

/// Counts token calls by the client's name, known or not.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<HashMap<String, Calls>>);

fn forget(times: &mut VecDeque<i64>, now: i64) {
    while times.front().is_some_and(|&time| time <= now - MINUTE) {
        times.pop_front();
    }
}

/// Whole seconds until a moment, at least one.
fn seconds(millis: i64) -> u32 {
    u32::try_from((millis + 999) / 1000).unwrap_or(1).max(1)
}

impl Limiter {
    /// Counts a call; `Err` says in how many seconds the client may come again. `now` is in milliseconds.
    pub(crate) fn call(&self, client: &str, now: i64) -> Result<(), u32> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MAX_NAMES && !names.contains_key(client) {
            names.retain(|_, calls| {
                calls.locked_until > now || calls.recent.back().is_some_and(|&last| last > now - MINUTE)
            });
            if names.len() >= MAX_NAMES {
                return Err(60);
            }
        }
        let calls = names.entry(client.to_owned()).or_default();
        if calls.locked_until > now {
            return Err(seconds(calls.locked_until - now));
        }
        forget(&mut calls.recent, now);
        if calls.recent.len() >= TOKEN_CALLS_A_MINUTE as usize {
            return Err(seconds(calls.recent.front().map_or(0, |first| first + MINUTE - now)));
        }
        calls.recent.push_back(now);
        Ok(())
    }

    /// Counts a call that failed.
    pub(crate) fn fail(&self, client: &str, now: i64) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = names.entry(client.to_owned()).or_default();
        forget(&mut calls.failures, now);
        calls.failures.push_back(now);
        if calls.failures.len() >= TOKEN_FAILURES_A_MINUTE as usize {
            calls.failures.clear();
            calls.locked_until = now + MINUTE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_calls_a_minute_and_no_more() {
        let limiter = Limiter::default();
        for call in 0..60 {
            assert_eq!(limiter.call("a", call * 100), Ok(()));
        }
        assert_eq!(limiter.call("a", 6_000), Err(54));
        assert_eq!(limiter.call("b", 6_000), Ok(()));
        assert_eq!(limiter.call("a", 60_000), Ok(()));
        assert_eq!(limiter.call("a", 60_050), Err(1));
    }

    #[test]
    fn ten_failures_lock_for_a_minute() {
        let limiter = Limiter::default();
        for failure in 0..10 {
            assert_eq!(limiter.call("a", failure), Ok(()));
            limiter.fail("a", failure);
        }
        assert_eq!(limiter.call("a", 10), Err(60));
        assert_eq!(limiter.call("a", 60_008), Err(1));
        assert_eq!(limiter.call("a", 60_009), Ok(()));
    }

    #[test]
    fn failures_far_apart_lock_nobody() {
        let limiter = Limiter::default();
        for failure in 0..30 {
            assert_eq!(limiter.call("a", failure * 7_000), Ok(()));
            limiter.fail("a", failure * 7_000);
        }
    }
}
