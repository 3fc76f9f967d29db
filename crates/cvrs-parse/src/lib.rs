//! Zero-copy reader for tab-delimited CVRS text.
//!
//! Bytes go in; a [`Header`] bound by name and [`Record`]s that borrow from the buffer come out. Nothing is copied,
//! nothing is decoded and no byte makes it fail: a short row, a NUL or invalid UTF-8 is a fact that a rule may tell.
//!
//! ```
//! use cvrs_parse::{Header, Index};
//! use cvrs_spec::Field;
//!
//! let text = b"VAX_EVENT_ID\trecip_sex\nA1\tF\nA2\tM\n";
//! let (header, body) = Header::split_off(text);
//! let mut index = Index::default();
//! index.build(body);
//! let mut scratch = Vec::new();
//! for line in index.lines(body) {
//!     let record = index.record(body, &header, line, &mut scratch);
//!     assert_eq!(record.get(Field::RecipSex).len(), 1);
//! }
//! assert_eq!(index.n_lines(), 2);
//! ```
//!
//! What it does not do: read files, know a rule, or treat quotes as anything but characters (CVRS has no quoting).
//! A buffer is at most 4 GiB - 1, which the engine's chunks never reach.

mod date;
mod find;
mod header;
mod index;
mod record;
mod text;
mod tier;

pub use date::{Date, Precision};
pub use find::{Hit, Keys, find_places, may_hold};
pub use header::{Header, UnknownName};
pub use index::{Index, Line, Lines};
pub use record::Record;
pub use text::{Lossy, char_count, utf16_count};
pub use tier::Tier;

/// The byte order mark that a UTF-8 file may start with.
pub const BOM: &[u8] = b"\xEF\xBB\xBF";
