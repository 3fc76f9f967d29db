//! Validation of CVRS text of any size, in parallel and in bounded memory.
//!
//! The caller hands in bytes and gets findings; nothing here reads a clock or, without the feature `io`, a file:
//!
//! ```
//! use cvrs_engine::Validator;
//! use cvrs_parse::Date;
//! use cvrs_rules::{Options, Profile};
//!
//! let today = Date::parse(b"2021-01-29").expect("a date");
//! let validator = Validator::new(&Options::new(Profile::Dch, today));
//! let report = validator.check(b"vax_event_id\trecip_id\trecip_sex\nA1\tB1\tX\n").expect("a CVRS text");
//! let sex = report.findings.iter().find(|found| found.finding.dch == Some("DCH017")).expect("X is no sex");
//! assert_eq!((sex.line, sex.message.as_str()), (2, "must be one of [F, M, U]"));
//! assert_eq!((report.summary.records, report.summary.rejected), (1, 1));
//! ```
//!
//! ```text
//! bytes → chunk → index → screen ─┬─ clean ───────────────────────┐
//!                                 └─ explain → findings → render ─┴─ ordered commit → sinks
//! ```
//!
//! Features: `parallel` (rayon; without it one thread works), `io` (files, decompression, outputs that appear whole or
//! not at all). Limits: a line of at most 64 MiB; ids are compared ignoring ASCII case only.
#![cfg_attr(not(feature = "io"), expect(dead_code, reason = "the pipeline is driven by inputs"))]
#![cfg_attr(
    not(feature = "io"),
    expect(clippy::unused_self, reason = "what cannot go to disk is asked as if it could")
)]

mod chunk;
mod convert;
mod error;
mod figures;
#[cfg(feature = "io")]
mod file;
#[cfg(feature = "io")]
pub mod io;
mod origin;
mod pipeline;
mod range;
#[cfg(feature = "io")]
mod rewrite;
mod run;
mod survey;
mod text;
mod validator;
mod work;

pub use chunk::{MAX_LINE_BYTES, ReadAt};
pub use convert::{Convert, RecordPlace, Target};
pub use error::{Error, Result};
pub use figures::Figures;
#[cfg(feature = "io")]
pub use file::{check_input, convert_input, survey_input};
pub use origin::Origin;
pub use range::{Place, RangeReport, Ranges};
#[cfg(feature = "io")]
pub use rewrite::{Position, Rewrite, rewrite_input};
pub use run::{Checked, Control, Request, Sinks, Tuning};
pub use survey::{Facts, RangeSurvey, Survey};
pub use validator::{Found, Report, Validator};
pub use work::{Counts, Format, Show};

/// The README's library example, as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
