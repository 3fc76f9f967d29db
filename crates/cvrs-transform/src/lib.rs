//! CVRS records in other forms, and other forms as CVRS records: one target a module, bytes in and bytes out.
//!
//! ```
//! use cvrs_parse::{Header, Index};
//! use cvrs_transform::Rows;
//!
//! let text = b"RECIP_ID\tvax_event_id\textra\r\nB1\tA1\tx\r\n";
//! let (header, body) = Header::split_off(text);
//! let rows = Rows::new(&header, header.version());
//! let mut out = rows.header_line();
//! let (mut index, mut cells) = (Index::default(), Vec::new());
//! index.build(body);
//! for line in index.lines(body) {
//!     rows.push(&index.record(body, &header, line, &mut cells), &mut out);
//! }
//! assert!(out.starts_with(b"vax_event_id\text_type\tpprl_id\trecip_id\t"));
//! assert!(out.ends_with(format!("\nA1\t\t\tB1{}\n", "\t".repeat(41)).as_bytes()));
//! ```
//!
//! Features, all off by default, so that who needs none pays for none: `arrow` (Parquet too), `fhir`, `hl7`, `redact`.
//!
//! Nothing here checks a record, reads a clock or opens a file: callers choose the records (the engine's `convert_input`
//! hands over those without an error), and write what comes out.
//!
//! Feature `redact`: the redacted models D and P.

#[cfg(feature = "arrow")]
pub mod columns;
mod csv;
#[cfg(feature = "fhir")]
pub mod fhir;
#[cfg(feature = "hl7")]
pub mod hl7;
#[cfg(any(feature = "arrow", feature = "fhir"))]
mod mix;
#[cfg(feature = "redact")]
pub mod redact;
mod rows;
mod upgrade;

pub use self::csv::{CsvReader, CsvRows, OpenQuote};
pub use rows::Rows;
pub use upgrade::{AdminTypes, NoAdminTypes, Upgrade, UpgradeOptions, Upgraded};
