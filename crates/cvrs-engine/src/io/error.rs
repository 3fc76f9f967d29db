//! Why an input cannot be read.

use std::fmt;
use std::io;

use super::compression::Compression;
use super::sniff::NotCvrs;

/// An input that cannot be read, or that is no CVRS text; always exit status 3.
///
/// The message is one line: name, cause, remedy. Control characters of the name appear as `\xNN`.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", Shown(name))]
pub struct InputError {
    name: Box<str>,
    cause: Box<InputCause>,
}

impl InputError {
    /// Joins a name, as the user gave it, with a cause.
    pub fn new(name: &str, cause: impl Into<InputCause>) -> Self {
        Self { name: name.into(), cause: Box::new(cause.into()) }
    }

    /// Turns what reading a [`Body`](super::Body) returned back into the error it stands for.
    ///
    /// A stream fails through [`Read`](io::Read), so that a file found cut or damaged in its
    /// middle travels inside an [`io::Error`].
    pub fn from_stream(name: &str, error: io::Error) -> Self {
        Self::new(name, InputCause::from(error))
    }

    /// The name of the input as the user gave it, `-` for standard input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is wrong, without the name.
    pub fn cause(&self) -> &InputCause {
        &self.cause
    }
}

/// What is wrong with an input, and what to do about it; the name is left to [`InputError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputCause {
    /// There is nothing under the name.
    #[error("no such file; check the name and the folder")]
    NotFound,
    /// The system does not let this user read it.
    #[error("permission denied; make the file readable for this user")]
    PermissionDenied,
    /// The name is that of a folder.
    #[error("this is a folder; name the files in it")]
    IsDirectory,
    /// The system failed to read it.
    #[error("cannot be read: {0}; check the disk or the connection and try again")]
    Io(io::Error),
    /// The file has become shorter since it was opened.
    #[error("the file changed while it was read; wait until it is fully written and try again")]
    Changed,
    /// A pipe was asked for its bytes a second time; [`Input::rewindable`](super::Input::rewindable) was not called.
    #[error("this input can be read only once; save it to a file and name the file")]
    AlreadyRead,
    /// A temporary file for an input that comes through a pipe could not be made or written.
    #[error("cannot hold the input in a temporary file: {0}; point TMPDIR at a folder with enough space")]
    Spool(io::Error),
    /// It can be read, and is something else than CVRS text.
    #[error(transparent)]
    NotCvrs(#[from] NotCvrs),
    /// Compressed data end before they are complete.
    #[error("the {0} data end early; copy or download the file again")]
    CutShort(Compression),
    /// Compressed data contradict themselves or their checksum.
    #[error("the {0} data are damaged (bad checksum or structure); copy or download the file again")]
    Corrupt(Compression),
    /// A file of columns cannot be read, or not as CVRS.
    #[error("{0}")]
    Columns(Box<str>),
    /// Something else follows the compressed data.
    #[error("the {0} data are followed by something else; compress the file again")]
    TrailingData(Compression),
    /// A zstd frame that takes more than 128 MiB to decompress.
    #[error("the zstd data need a window of more than 128 MiB; compress again without --ultra and --long above 27")]
    WindowTooLarge,
    /// A zstd frame made with a dictionary.
    #[error("the zstd data need a dictionary; compress again without one")]
    NeedsDictionary,
    /// A zip archive without a file in it.
    #[error("the zip holds no file; zip the CVRS text file again")]
    ZipEmpty,
    /// A zip archive of several files.
    #[error("the zip holds more than one file; zip each CVRS text file by itself")]
    ZipMembers,
    /// A zip archive with a folder, or a link, where a file belongs.
    #[error("the zip holds a folder; zip the text file alone, for example with zip -j")]
    ZipFolder,
    /// A zip archive with what the Finder adds.
    #[error(
        "the zip holds extra entries of macOS (__MACOSX, .DS_Store); zip the text file alone, for example with zip -X -j"
    )]
    ZipExtras,
    /// The member is protected by a password.
    #[error("the zip is encrypted; zip the text file without a password")]
    ZipEncrypted,
    /// The member is compressed in a way that is not read here.
    #[error("the zip uses the compression method {0}; zip again with Deflate, or use gzip or zstd")]
    ZipMethod(Box<str>),
    /// A zip archive in several volumes.
    #[error("the zip is split into several volumes; zip the text file into one")]
    ZipSplit,
}

impl From<io::Error> for InputCause {
    /// Takes out the cause that one of our readers put in, or judges by the kind.
    fn from(error: io::Error) -> Self {
        let error = match error.downcast::<InputCause>() {
            Ok(cause) => return cause,
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::IsADirectory => Self::IsDirectory,
            _ => Self::Io(error),
        }
    }
}

impl From<InputCause> for io::Error {
    /// For readers: wraps the cause so that [`InputError::from_stream`] finds it again.
    fn from(cause: InputCause) -> Self {
        let kind = match &cause {
            InputCause::NotFound => io::ErrorKind::NotFound,
            InputCause::PermissionDenied => io::ErrorKind::PermissionDenied,
            InputCause::IsDirectory => io::ErrorKind::IsADirectory,
            InputCause::Io(error) | InputCause::Spool(error) => error.kind(),
            InputCause::CutShort(_) => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, cause)
    }
}

/// Shows a name on one line.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c.is_control() {
                write!(f, "\\x{:02X}", u32::from(c))?;
            } else {
                fmt::Write::write_char(f, c)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_one_line_with_name_cause_and_remedy() {
        let error = InputError::new("a\nb\u{1b}[31m.txt", InputCause::NotFound);
        assert_eq!(error.to_string(), "a\\x0Ab\\x1B[31m.txt: no such file; check the name and the folder");
    }

    #[test]
    fn cause_survives_the_way_through_a_reader() {
        let through: io::Error = InputCause::CutShort(Compression::Gzip).into();
        let error = InputError::from_stream("a.gz", through);
        assert!(matches!(error.cause(), InputCause::CutShort(Compression::Gzip)));
    }

    #[test]
    fn error_stays_small() {
        assert!(size_of::<InputError>() <= 3 * size_of::<usize>());
    }

    #[test]
    fn messages_are_lower_case_without_final_stop_and_name_a_remedy() {
        let causes = [
            InputCause::NotFound,
            InputCause::PermissionDenied,
            InputCause::IsDirectory,
            InputCause::Changed,
            InputCause::AlreadyRead,
            InputCause::CutShort(Compression::Zip),
            InputCause::Corrupt(Compression::Zstd),
            InputCause::TrailingData(Compression::Gzip),
            InputCause::WindowTooLarge,
            InputCause::NeedsDictionary,
            InputCause::ZipEmpty,
            InputCause::ZipMembers,
            InputCause::ZipFolder,
            InputCause::ZipExtras,
            InputCause::ZipEncrypted,
            InputCause::ZipMethod("Deflate64".into()),
            InputCause::ZipSplit,
        ];
        for cause in causes {
            let text = cause.to_string();
            assert!(text.starts_with(|c: char| c.is_lowercase()), "{text}");
            assert!(!text.ends_with('.') && !text.contains('\n') && text.contains("; "), "{text}");
        }
    }
}
