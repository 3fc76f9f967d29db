//! Files: opening and recognising inputs, writing outputs whole or not at all, and holding back what must wait.
//!
//! ```text
//! path or stdin → Input ─ body() ─┬─ Body::Plain   workers read at their own places
//!                                 └─ Body::Stream  one reader, decompressed ahead by threads of its own
//! first bytes of the text → sniff_text → go on, or the reason why nothing can be checked
//! product → AtomicFile → commit() → the name appears, complete
//! ```
//!
//! No message made here holds anything that stands in a file.
#![expect(clippy::disallowed_methods, reason = "files are the subject of this module")]

mod ahead;
mod compression;
mod decode;
mod error;
mod folder;
mod kept;
#[cfg(target_os = "linux")]
mod mapped;
mod open;
mod output;
mod output_error;
mod parts;
mod positional;
mod raw;
mod same_file;
mod sniff;
mod spool;
mod temporary;
mod units;
#[cfg_attr(target_os = "linux", path = "io/unnamed_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "io/unnamed_other.rs")]
mod unnamed;
mod zip_member;

pub use compression::Compression;
pub use error::{InputCause, InputError};
pub use folder::AtomicFolder;
pub use kept::Kept;
#[cfg(target_os = "linux")]
pub(crate) use mapped::Mapped;
#[cfg(target_os = "linux")]
pub use mapped::map_files;
pub use open::{Body, Input};
pub use output::AtomicFile;
pub use output_error::{OutputCause, OutputError};
pub use parts::PartFiles;
pub use positional::{read_at_most, read_exact_at};
pub use same_file::{FileId, same_file};
pub use sniff::{NotCvrs, SNIFF_BYTES, Separator, sniff_text};
pub use spool::Spool;
