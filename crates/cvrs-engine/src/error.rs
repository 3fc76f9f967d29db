//! What can go wrong that is not the data's fault.

/// A failure of a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text could not be read to its end.
    #[error("cannot read: {0}")]
    Read(#[source] std::io::Error),
    /// A line is longer than [`MAX_LINE_BYTES`](crate::MAX_LINE_BYTES).
    #[error("the line at byte {byte} is longer than 64 MiB, which no record is; look for missing line ends")]
    LineTooLong {
        /// Offset of the line in the text.
        byte: u64,
    },
    /// No name in the first line is a column of CVRS.
    #[error("FMT_003: File is not a CVRS: no name in its first line is a column; send the file with its header line")]
    NotCvrs,
    /// The input cannot be opened, read or taken for CVRS.
    #[cfg(feature = "io")]
    #[error(transparent)]
    Input(#[from] crate::io::InputError),
    /// An output cannot be made or written.
    #[cfg(feature = "io")]
    #[error(transparent)]
    Output(#[from] crate::io::OutputError),
    /// What was found could not be written.
    #[error("cannot write {what}: {error}")]
    Write {
        /// What was being written.
        what: &'static str,
        /// Why it failed.
        #[source]
        error: std::io::Error,
    },
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A worker ended in a panic, which is a defect of this program.
    #[error("a worker failed; please report this")]
    WorkerPanicked,
    /// The records read are not the clean and the rejected together, which is a defect of this program.
    #[error("records are missing from the count: {0}; please report this")]
    NotConserved(String),
}

/// The result of a run or a part of it.
pub type Result<T> = std::result::Result<T, Error>;
