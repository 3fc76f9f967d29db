//! Findings about CVRS records, and the shapes in which they are told.
//!
//! A [`Finding`] says what a rule found; an [`Entry`] adds where it was found and for which record; one module a
//! format turns entries into bytes: [`clearinghouse`] strings and JSON, [`jsonl`], [`tsv`]. [`Summary`] counts, and
//! [`text`] is the report for people made from it.
//!
//! ```
//! use cvrs_report::{Entry, Finding, Level, Message, clearinghouse};
//! use cvrs_spec::Field;
//!
//! let finding = Finding {
//!     code: "DATA007",
//!     dch: Some("DCH017"),
//!     level: Level::Error,
//!     field: Some(Field::RecipSex),
//!     related: None,
//!     message: Message::text("must be one of [F, M, U]"),
//! };
//! let entry = Entry { line: 3, vax_event_id: b"A2", recip_id: b"B2", ..Entry::new(&finding) };
//! let mut out = Vec::new();
//! clearinghouse::write_string(&mut out, &entry);
//! assert_eq!(out, b"line#3: vaxEventId=A2 recipId=B2 field=recip_sex message=must be one of [F, M, U]");
//! ```
//!
//! The crate knows no rule, and nothing in it prints a cell's value unless an entry carries one.

pub mod clearinghouse;
mod escape;
mod finding;
pub mod jsonl;
mod summary;
pub mod text;
pub mod tsv;

pub use escape::{push_json, push_number, push_printable};
pub use finding::{Entry, Finding, Level, Message};
pub use summary::{Advice, CellCount, Summary};
