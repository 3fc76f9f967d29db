//! Synthetic CVRS files of any size, with faults planted on request and each of them recorded.
//!
//! ```
//! use cvrs_generate::{Options, generate};
//!
//! let options = Options { records: 1000, error_rate: 0.05, ..Options::default() };
//! let (mut file, mut truth) = (Vec::new(), Vec::new());
//! let totals = generate(&options, &mut file, Some(&mut truth))?;
//! assert_eq!(totals.records, 1000);
//! assert_eq!(totals.bytes, file.len() as u64);
//! assert!(totals.faults > 0);
//! # Ok::<(), cvrs_generate::Error>(())
//! ```
//!
//! Good records raise no finding of any level in the `recommended` profile; only a file of [several
//! models](Models::Mix) has one, which the truth lists. The truth is complete: its lines are all the findings of
//! level error and warn about records. Findings about the file as a whole, such as too many records, are not in it.
//!
//! For tests of rules there is one [good row](Row::good), a list of [faults](Fault::all) to plant into it, and a list
//! of [faults of whole files](FileFault).
//!
//! What it does not do: version 1, updates and deletes, files that are compressed. People, lots and providers are
//! invented; counties, ZIP prefixes and products are real and belong together.
//!
//! The bytes are a function of the options alone, not of the number of threads. They may change with the version of
//! this crate.

mod block;
mod date;
mod fault;
mod faults;
mod file;
mod ids;
mod people;
mod places;
mod products;
mod rng;
mod row;
mod tables;
mod write;

use std::io;
use std::str::FromStr;

pub use date::Date;
pub use fault::{Context, Expected, Fault, Level};
pub use file::{FileFault, file, header};
pub use row::Row;
pub use write::{TRUTH_HEADER, generate};

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How many data rows the file has.
    pub records: u64,
    /// Where all choices come from. The same options give the same bytes.
    pub seed: u64,
    /// The share of records with a planted fault, 0 to 1.
    pub error_rate: f64,
    /// The model or models of the records.
    pub models: Models,
    /// How lines end.
    pub line_end: LineEnd,
    /// The day of submission; administration dates lie in the year up to it. At least 2020-12-14.
    pub today: Date,
    /// How many threads make records; 0 for as many as the machine has cores.
    pub threads: usize,
}

impl Default for Options {
    /// A thousand good records of model D, line feeds, seed 0, submitted on 2022-12-31.
    fn default() -> Self {
        Self {
            records: 1000,
            seed: 0,
            error_rate: 0.0,
            models: Models::D,
            line_end: LineEnd::Lf,
            today: Date::new(2022, 12, 31),
            threads: 0,
        }
    }
}

/// Which models the records of a file follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Models {
    /// All of model D.
    D,
    /// All of model I.
    I,
    /// All of model P.
    P,
    /// Each record of any model, which is itself a finding (XR011).
    Mix,
}

impl FromStr for Models {
    type Err = Error;

    /// Reads `D`, `I`, `P` or `mix` in any case.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.to_ascii_lowercase().as_str() {
            "d" => Ok(Self::D),
            "i" => Ok(Self::I),
            "p" => Ok(Self::P),
            "mix" => Ok(Self::Mix),
            _ => Err(Error::Models(text.to_owned())),
        }
    }
}

/// How lines end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineEnd {
    /// A line feed.
    #[default]
    Lf,
    /// A carriage return and a line feed.
    CrLf,
}

impl LineEnd {
    /// The bytes of the line end.
    pub const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// What was generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Data rows.
    pub records: u64,
    /// Bytes of the file, its header included.
    pub bytes: u64,
    /// Records with a planted fault.
    pub faults: u64,
    /// Lines of the truth below its header.
    pub findings: u64,
}

/// Why nothing, or not all, was generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The error rate is not a share.
    #[error("error rate is {0}, expected 0 to 1")]
    ErrorRate(f64),
    /// The day is before the first doses, after the year 9000 or not in the calendar.
    #[error("day of submission is {0}, expected a day of the calendar from 2020-12-14 to 9000-12-31")]
    Today(Date),
    /// More records than there are ids.
    #[error("{0} records, expected at most 274877906944")]
    Records(u64),
    /// No such choice of models.
    #[error("extract type is {0:?}, expected D, I, P or mix")]
    Models(String),
    /// The file or the truth could not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}
