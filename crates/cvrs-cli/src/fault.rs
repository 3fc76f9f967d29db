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
    /// Submitted, and some records were held back or refused.
    #[cfg(feature = "submit")]
    HeldBack,
    /// Wrong usage or configuration.
    Usage,
    /// The network or the service failed.
    #[cfg(feature = "submit")]
    Service,
    /// The credentials were refused.
    #[cfg(feature = "submit")]
    Credentials,
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
            #[cfg(feature = "submit")]
            Exit::Service => 4,
            #[cfg(feature = "submit")]
            Exit::Credentials => 5,
            #[cfg(feature = "submit")]
            Exit::HeldBack => 6,
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

    /// A failure with an exit code of its own.
    #[cfg(feature = "submit")]
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), is_closed_pipe: false }
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

#[cfg(feature = "submit")]
impl From<cvrs_submit::Error> for Fault {
    fn from(error: cvrs_submit::Error) -> Self {
        use cvrs_submit::{CallKind, Error};
        let exit = match &error {
            Error::Call(error) if error.kind == CallKind::Credentials => Exit::Credentials,
            Error::Call(_) => Exit::Service,
            Error::Settings(_) => Exit::Usage,
            Error::Interrupted => Exit::Interrupted,
            _ => Exit::File,
        };
        Self { exit, message: error.to_string(), is_closed_pipe: false }
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
