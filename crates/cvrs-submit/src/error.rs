//! Why a submission cannot go on.

use crate::call::CallError;

/// A failure; what became of parts until then is in the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A call has failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The ledger cannot be used.
    #[error("{path}: the ledger cannot be used: {cause}")]
    Ledger {
        /// Its name.
        path: String,
        /// Why.
        cause: String,
    },
    /// A temporary file for parts cannot be used.
    #[error("cannot hold a part in a temporary file: {0}; point TMPDIR at a folder with enough space")]
    Temporary(#[source] std::io::Error),
    /// The input cannot be read again.
    #[error("the input cannot be read again: {0}")]
    Again(#[source] std::io::Error),
    /// A record is longer than a part may be.
    #[error("the record at line {line} alone is longer than a part of {limit} bytes may be; raise --max-bytes")]
    TooLong {
        /// Its line.
        line: u64,
        /// The limit.
        limit: u64,
    },
    /// A certificate or a key cannot be used.
    #[error("{path}: {cause}")]
    Identity {
        /// The file.
        path: String,
        /// Why, and nothing of a key.
        cause: String,
    },
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The caller asked to stop.
    #[error("interrupted; what was sent is in the ledger, and the same command goes on from there")]
    Interrupted,
    /// A defect of this program.
    #[error("{0}; please report this")]
    Defect(&'static str),
}

/// The result of a submission or a part of it.
pub type Result<T> = std::result::Result<T, Error>;
