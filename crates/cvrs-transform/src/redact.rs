//! The redacted models D and P of records, as the specification means them.
//!
//! Six columns become the word `Redacted`, also where they were empty; `ext_type` says the model; `pprl_id` is emptied or
//! comes from a map. Birth date, sex, county, ZIP, race and the ids stay: **this is the specification's redaction, not
//! anonymity**. [`Options`] has stronger measures, which are outside the specification.
//!
//! ```
//! use cvrs_parse::Header;
//! use cvrs_transform::redact::{Before, Block, Options, Redactor, Target};
//!
//! let text = b"vax_event_id\text_type\trecip_last_name\nA1\tI\tPerez\r\n";
//! let (header, body) = Header::split_off(text);
//! let redactor = Redactor::new(&header, Options::new(Target::D)).expect("all names are known");
//! let mut block = Block::default();
//! redactor.redact(&mut redactor.worker(), body, Before::default(), &mut block, &mut |_| {});
//! assert_eq!(block.text, b"A1\tD\tRedacted\r\n");
//! assert_eq!((block.totals.records, block.totals.written()), (1, 1));
//! ```
//!
//! ```text
//! lines → index → row ─┬─ wrong cell count, no entry in the map ─→ rejects, as it stands
//!                      ├─ right already ─────────────────────────→ copied with its neighbours, in one slice
//!                      └─ cells replaced, all between them copied → text
//!                   └→ leaks that redaction does not reach are told, never mended
//! ```
//!
//! Whatever is not a cell to be replaced stays byte for byte: line ends, blank lines, order. What cannot be told apart
//! cannot be redacted, so a row with another number of cells than the header is never written, and a header with an unknown
//! name or one name twice is refused. Redacted twice is redacted once.
//!
//! To whoever changes this: `tests/redact.rs` has a twin that does the same in the plainest way; a value that gets
//! through is the one mistake that must not happen.

mod found;
mod leaks;
mod log;
mod options;
mod out;
mod plan;
mod pprl_map;
mod pseudonym;
mod redactor;
mod rule;
mod totals;
mod value;

pub use found::{Found, Kind};
pub use log::Log;
pub use options::{Options, Refusal, Target};
pub use pprl_map::{MapCause, MapError, PprlMap};
pub use pseudonym::{EmptyKey, Pseudonym};
pub use redactor::{Before, Block, Redactor, Told, Worker};
pub use rule::{Change, RULES, Rule};
pub use totals::{Tally, Totals};
