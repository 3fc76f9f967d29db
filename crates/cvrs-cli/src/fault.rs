//! How a run ends: the exit codes, and failures with their one line.

use cvrs_engine::Error;
use cvrs_engine::io::{InputError, OutputCause, OutputError};
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

/// What would have to be otherwise for a failure not to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// What was asked for, and of which file: nothing else would help.
    Input,
    /// Settings, rights, or room on a disk: it would be the same with any file.
    #[cfg(feature = "submit")]
    Place,
    /// Nothing on this side: the service failed at this, and may not do so again.
    #[cfg(feature = "submit")]
    Again,
    /// Nothing on this side: the service cannot be reached or is busy.
    #[cfg(feature = "submit")]
    Time,
}

/// A failure: how the run ends, and the line that says why.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    #[cfg_attr(not(feature = "submit"), expect(dead_code, reason = "asked for by those who submit file after file"))]
    pub(crate) remedy: Remedy,
    is_closed_pipe: bool,
}

impl Fault {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), remedy: Remedy::Input, is_closed_pipe: false }
    }

    pub(crate) fn file(message: impl Into<String>) -> Self {
        Self { exit: Exit::File, message: message.into(), remedy: Remedy::Input, is_closed_pipe: false }
    }

    /// A failure with an exit code of its own.
    #[cfg(feature = "submit")]
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), remedy: Remedy::Input, is_closed_pipe: false }
    }

    /// The same, with what would help.
    #[cfg(feature = "submit")]
    pub(crate) fn with_remedy(self, remedy: Remedy) -> Self {
        Self { remedy, ..self }
    }

    /// The same, told of a file.
    #[cfg(feature = "submit")]
    pub(crate) fn of(self, name: &str) -> Self {
        Self { message: format!("{name}: {}", self.message), ..self }
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
                remedy: Remedy::Input,
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
        let remedy = match &error {
            Error::Call(error) => match (error.kind, error.status) {
                (CallKind::Credentials, _) | (_, Some(300..=399 | 404 | 405)) => Remedy::Place,
                (CallKind::Network, _) | (_, None | Some(429 | 502..=504)) => Remedy::Time,
                (_, Some(500..)) => Remedy::Again,
                _ => Remedy::Input,
            },
            Error::TooLong { .. } | Error::Defect(_) => Remedy::Input,
            _ => Remedy::Place,
        };
        Self { exit, message: error.to_string(), remedy, is_closed_pipe: false }
    }
}

impl From<InputError> for Fault {
    fn from(error: InputError) -> Self {
        Self::file(error.to_string())
    }
}

impl From<OutputError> for Fault {
    fn from(error: OutputError) -> Self {
        // Whoever has named a pipe wants to know.
        let is_closed_pipe = error.name() == "-" && matches!(error.cause(), OutputCause::ClosedPipe);
        let fault = Self { is_closed_pipe, ..Self::file(error.to_string()) };
        #[cfg(feature = "submit")]
        return fault.with_remedy(Remedy::Place);
        #[cfg(not(feature = "submit"))]
        fault
    }
}

/// The result of a command or a part of one.
pub(crate) type Result<T> = std::result::Result<T, Fault>;
