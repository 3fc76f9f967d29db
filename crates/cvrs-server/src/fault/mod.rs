//! Faults on purpose, so that a client can be rehearsed.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What can go wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 503 to any call.
    Unavailable,
    /// The reply takes some seconds longer.
    Slow,
    /// The connection breaks before or after storing.
    Cut,
    /// A good token is called expired.
    ExpiredToken,
    /// A job ends with a descriptive entry, and nothing of it is stored.
    JobError,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 5] = [Self::Unavailable, Self::Slow, Self::Cut, Self::ExpiredToken, Self::JobError];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Slow => "slow",
            Self::Cut => "cut",
            Self::ExpiredToken => "expired-token",
            Self::JobError => "job-error",
        }
    }
}

/// A fault and how often it happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultRate {
    /// The fault.
    pub fault: Fault,
    /// From 0, never, to 1, always.
    pub rate: f64,
}

/// Not `NAME=RATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFault(String);

impl fmt::Display for BadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadFault {}

impl FromStr for FaultRate {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        let (name, rate) = text.split_once('=').ok_or_else(|| BadFault("expected NAME=RATE".into()))?;
        let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
            BadFault(format!("no such fault; there are {}", names.join(", ")))
        })?;
        let rate = rate.parse::<f64>().ok().filter(|rate| (0.0..=1.0).contains(rate));
        let rate = rate.ok_or_else(|| BadFault("expected a rate from 0 to 1".into()))?;
        Ok(Self { fault, rate })
    }
}

/// Which faults happen how often. Same seed and same order of calls, same faults.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rates: [f64; Fault::ALL.len()],
    state: Arc<AtomicU64>,
}

impl Faults {
    /// Faults at these rates; of one named twice the last counts.
    pub fn new(rates: &[FaultRate], seed: u64) -> Self {
        let mut faults = Self { rates: [0.0; Fault::ALL.len()], state: Arc::new(AtomicU64::new(seed)) };
        for rate in rates {
            faults.rates[rate.fault as usize] = rate.rate;
        }
        faults
    }

    /// A number from 0 up to 1 (SplitMix64).
    pub(crate) fn draw(&self) -> f64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut number = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^= number >> 31;
        (number >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether it happens now.
    pub(crate) fn happens(&self, fault: Fault) -> bool {
        let rate = self.rates[fault as usize];
        rate > 0.0 && self.draw() < rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_happen_about_as_often_as_asked_and_again_the_same() {
        let rate = "cut=0.25".parse::<FaultRate>().unwrap();
        let happened = |seed| {
            let faults = Faults::new(&[rate], seed);
            (0..4000).map(|_| faults.happens(Fault::Cut)).collect::<Vec<bool>>()
        };
        let first = happened(7);
        let n_cut = first.iter().filter(|&&cut| cut).count();
        assert!((900..1100).contains(&n_cut), "{n_cut}");
        assert_eq!(first, happened(7));
        assert_ne!(first, happened(8));
        assert!(!Faults::default().happens(Fault::Cut));
    }

    #[test]
    fn rates_beyond_0_and_1_and_other_names_are_refused() {
        for bad in ["cut", "cut=", "cut=1.1", "cut=-0.1", "cut=NaN", "fire=0.5"] {
            assert!(bad.parse::<FaultRate>().is_err(), "{bad}");
        }
        assert_eq!("job-error=1".parse(), Ok(FaultRate { fault: Fault::JobError, rate: 1.0 }));
    }
}
