//! How a run ends: the exit codes, and failures with their one line.

use cvrs_engine::Error;
use cvrs_engine::io::{InputError, OutputError};
use std::io::ErrorKind;
use std::process::ExitCode;

/// How a run ended; the numbers are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done, nothing at or above `--fail-on`.
    Done,
    /// Done, findings at or above `--fail-on`.
    Findings,
    /// Wrong usage or configuration.
    Usage,
    /// A file cannot be read or written, or is no CVRS file.
    File,
    /// Interrupted.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::File => 3,
            Exit::Interrupted => 130,
        })
    }
}

/// A failure: how the run ends, and the line that says why.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    is_closed_pipe: bool,
}

impl Fault {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), is_closed_pipe: false }
    }

    pub(crate) fn file(message: impl Into<String>) -> Self {
        Self { exit: Exit::File, message: message.into(), is_closed_pipe: false }
    }

    /// A failed write to stdout.
    pub(crate) fn stdout(error: &std::io::Error) -> Self {
        let is_closed_pipe = error.kind() == ErrorKind::BrokenPipe;
        Self { is_closed_pipe, ..Self::file(format!("cannot write to stdout: {error}")) }
    }

    /// Whether the reader of stdout has gone, which ends the program quietly.
    pub(crate) const fn is_closed_pipe(&self) -> bool {
        self.is_closed_pipe
    }

    /// A failure of the engine on an input.
    pub(crate) fn engine(input: &str, error: Error) -> Self {
        match error {
            Error::Input(error) => error.into(),
            Error::Output(error) => error.into(),
            Error::Interrupted => Self {
                exit: Exit::Interrupted,
                message: "interrupted; no file was written".into(),
                is_closed_pipe: false,
            },
            Error::Write { what: "stdout", error } => Self::stdout(&error),
            Error::Write { .. } => Self::file(error.to_string()),
            _ => {
                let mut name = Vec::new();
                cvrs_report::push_printable(&mut name, input.as_bytes());
                Self::file(format!("{}: {error}", String::from_utf8_lossy(&name)))
            }
        }
    }
}

impl From<InputError> for Fault {
    fn from(error: InputError) -> Self {
        Self::file(error.to_string())
    }
}

impl From<OutputError> for Fault {
    fn from(error: OutputError) -> Self {
        Self::file(error.to_string())
    }
}

/// The result of a command or a part of one.
pub(crate) type Result<T> = std::result::Result<T, Fault>;
