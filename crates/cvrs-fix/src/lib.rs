//! Repairs of CVRS text: each fix declared once, with its class, its reason and examples that run as tests.
//!
//! A fix is *safe* if the meaning cannot change, and runs by itself; one that needs *consent* is likely right and yet
//! a guess, and runs only when it is asked for. No fix is applied that would make its row break a rule which it kept
//! before. Bytes go in, bytes and [`Change`]s come out:
//!
//! ```
//! use cvrs_fix::{Fixer, Options, Plan, Reading};
//! use cvrs_parse::Date;
//!
//! let plan = Plan::new(&Options::default());
//! let today = Date::parse(b"2021-01-29").expect("a date");
//! let text = b"VAX_EVENT_ID\trecip_sex\r\nA1\tFemale\r\n";
//! let (mut out, mut changed) = (Vec::new(), Vec::new());
//! let mut fixer = Fixer::new(&plan, today).with_reading(Reading::default());
//! fixer.feed(text, true, &mut out, &mut |change| changed.push((change.line, change.fix.id))).expect("memory");
//! assert_eq!(out, b"vax_event_id\trecip_sex\nA1\tF\n");
//! assert_eq!(changed, [(1, "F01"), (1, "F02"), (2, "F27")]);
//! ```
//!
//! ```text
//! line → nothing to fix? ─ yes ─→ copied with its neighbours, in one slice
//!             └─ no ─→ draft → fix after fix, until none has anything to do → guard → row, changes
//! ```
//!
//! The crate does no I/O of its own and has no clock. It decides nothing about a file's errors: whoever wants to know
//! what is left checks the text that comes out.

mod change;
mod diff;
mod draft;
mod encoding;
mod fix;
mod fixer;
mod fixes;
mod guard;
mod header;
mod log;
mod page;
mod plan;
mod quick;
mod registry;
mod repair;

pub use change::{Change, Shown};
pub use diff::Diff;
pub use encoding::{Encoding, Reading, Scan, decode_windows_1252};
pub use fix::{Class, Example, Fix, Stage};
pub use fixer::{Fixer, Tell, Totals};
pub use log::Log;
pub use page::page;
pub use plan::{Options, Plan};
pub use registry::{FIXES, UnknownFix, find};
