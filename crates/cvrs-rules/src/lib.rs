//! The CVRS rule book: every rule declared once, with its message, reason, remedy, source and examples.
//!
//! Two ways lead to an answer, and tests prove them equal. The [`Book`] explains: it runs the rules on a record in
//! their order and says what is wrong. The [`Screen`] decides: compiled from the field table, the profile and the
//! header, it tells for a record whether the book has anything to say at all, many times faster.
//!
//! ```
//! use cvrs_parse::{Date, Header, Index};
//! use cvrs_rules::{Book, Options, Profile, Seen};
//!
//! let today = Date::parse(b"2021-01-29").expect("a date");
//! let book = Book::new(&Options::new(Profile::Dch, today));
//! let text = b"vax_event_id\trecip_sex\nA1\tX\n";
//! let (header, body) = Header::split_off(text);
//! let (mut index, mut scratch, mut findings) = (Index::default(), Vec::new(), Vec::new());
//! index.build(body);
//! let line = index.lines(body).next().expect("one line");
//! let record = index.record(body, &header, line, &mut scratch);
//! book.explain(&record, &Seen::default(), &mut findings);
//! assert!(findings.iter().any(|finding| finding.dch == Some("DCH017")));
//! ```
//!
//! The crate does no I/O and has no clock: today is an argument.

mod book;
mod cell;
mod codes;
mod dch;
pub mod example;
pub mod guide;
mod header;
mod many;
mod mends;
mod name_pattern;
mod nearest;
mod pattern;
mod profile;
mod registry;
mod rule;
mod rules;
mod screen;
mod select;
mod tool;

pub use book::{Book, Context, Duplicate, Earlier, Explained, Hits, Seen};
pub use cell::Cell;
pub use codes::Codes;
pub use dch::{Ask, DCH, Dch};
pub use mends::{Consent, MENDS, Mend};
pub use name_pattern::{NamePattern, NamePatternError};
pub use nearest::{did_you_mean, nearest};
pub use pattern::{Patterns, day_of_name};
pub use profile::{Jurisdiction, Operation, Options, Profile};
pub use registry::{RULES, rule};
pub use rule::{Check, Example, Hit, Layer, Levels, Rule, Scope, Stage};
pub use rules::file::MAX_RECORDS;
pub use screen::{Memory, Screen, Screened, Stopped, Suspicion};
pub use select::{RESERVED, Selector, UnknownCode};

/// The version of the rule book: it changes whenever a rule finds more, less or other than before.
pub const RULE_BOOK_VERSION: &str = "2026-11";

/// The version of the built-in code sets.
pub fn code_set_version() -> &'static str {
    cvrs_codes::CodeSets::builtin().version()
}
