//! Why an output cannot be written.

use std::io;

use super::error::Shown;

/// An output that cannot be made or written; always exit status 3. One line: name, cause, remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", Shown(name))]
pub struct OutputError {
    name: Box<str>,
    cause: Box<OutputCause>,
}

impl OutputError {
    /// Joins a name, as the user gave it, with a cause.
    pub fn new(name: &str, cause: impl Into<OutputCause>) -> Self {
        Self { name: name.into(), cause: Box::new(cause.into()) }
    }

    /// Turns what writing to an [`AtomicFile`](super::AtomicFile) returned back into the error it stands for; an
    /// error of another origin is given `name`.
    pub fn from_write(name: &str, error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) => Self::new(name, error),
        }
    }

    /// The name of the output as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is wrong, without the name.
    pub fn cause(&self) -> &OutputCause {
        &self.cause
    }
}

/// What is wrong with an output, and what to do about it; the name is left to [`OutputError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputCause {
    /// The name is that of a folder.
    #[error("this is a folder; name a file in it")]
    IsDirectory,
    /// The name is that of a file, and a folder is to be made.
    #[error("this is a file, and a folder is to be written; name another place")]
    NotAFolder,
    /// The folder holds what this program has not written.
    #[error("the folder holds other files; name a new or an empty one")]
    NotEmpty,
    /// The folder to write in is not there.
    #[error("its folder does not exist; make the folder first")]
    NoFolder,
    /// There is such a file, and it is not to be replaced.
    #[error("there is such a file already; move it away, or write to another folder")]
    Exists,
    /// The system does not let this user write the file or in its folder.
    #[error("permission denied; choose a file and folder that this user may write")]
    PermissionDenied,
    /// The disk, or the user's share of it, is full.
    #[error("no space left; free some, or write to another disk")]
    NoSpace,
    /// A write failed before, and the file would be incomplete.
    #[error("not written, because a write failed before; see the first error")]
    Incomplete,
    /// Whoever reads the pipe has gone.
    #[error("the reader has closed the pipe; the output is incomplete")]
    ClosedPipe,
    /// The system failed to write it.
    #[error("cannot be written: {0}; check the disk or the connection, or write elsewhere")]
    Io(io::Error),
}

impl From<io::Error> for OutputCause {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::IsADirectory => Self::IsDirectory,
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoFolder,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace,
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Io(error),
        }
    }
}
