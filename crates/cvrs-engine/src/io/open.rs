//! Opening an input: what it is, and how its text is to be read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ahead::Ahead;
use super::compression::Compression;
use super::decode;
use super::error::{InputCause, InputError};
use super::positional::read_at_most;
use super::raw::Raw;
use super::same_file::FileId;
use super::sniff::NotCvrs;
use super::temporary::unlinked;
use super::units;
use super::zip_member;
use crate::origin::Origin;

/// Bytes asked of a pipe first, to tell what comes through it.
const HEAD_BYTES: usize = 8 * 1024;

/// An input that has been opened and recognised; its text is had from [`Input::body`].
pub struct Input {
    name: String,
    compression: Compression,
    source: Source,
    file_id: Option<FileId>,
    consumed: Arc<AtomicU64>,
    threads: usize,
    origin: Option<Arc<dyn Origin>>,
}

enum Source {
    /// A regular file, or a pipe that was spooled into one: read by place, any number of times.
    File { file: File, len: u64 },
    /// A pipe or device: `head` was taken from it to recognise it.
    Pipe { head: Vec<u8>, rest: Box<dyn Read + Send> },
    /// A pipe that has been handed out.
    Spent,
}

/// The text of an input.
pub enum Body {
    /// A regular file without compression: workers read at their own places, with
    /// [`read_exact_at`](super::read_exact_at) up to `len` bytes. What is appended later is not seen.
    Plain {
        /// The file; its cursor has no meaning.
        file: File,
        /// The length in bytes when the input was opened.
        len: u64,
    },
    /// Anything else, decompressed ahead: to be read from beginning to end by one reader, in large pieces.
    ///
    /// Hand an error of this reader to [`InputError::from_stream`].
    Stream(Box<dyn Read + Send>),
}

impl Input {
    /// How many bytes tell what kind of text it is.
    pub const FIRST_BYTES: usize = 4096;

    /// Opens what a user named on the command line: `-` is standard input, all else a path.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn from_argument(argument: &Path) -> Result<Self, InputError> {
        if argument.as_os_str() == "-" { Self::stdin() } else { Self::open(argument) }
    }

    /// Opens the file, FIFO or device `path`, and recognises its compression by content.
    ///
    /// A regular file costs three system calls. One of length 0, as under `/proc`, is read like a pipe.
    ///
    /// # Errors
    /// A missing or unreadable file, a folder, and an input without a byte ([`NotCvrs::Empty`]).
    pub fn open(path: &Path) -> Result<Self, InputError> {
        let name = path.to_string_lossy().into_owned();
        match File::open(path).and_then(|file| Ok((file.metadata()?, file))) {
            Ok((metadata, file)) => Self::recognise(name, file, &metadata, false),
            // Windows refuses to open a folder, with another reason.
            Err(_) if path.is_dir() => Err(InputError::new(&name, InputCause::IsDirectory)),
            Err(error) => Err(InputError::new(&name, error)),
        }
    }

    /// Opens standard input, under the name `-`.
    ///
    /// If it is a regular file at its beginning, it is read like one. The standard library's own buffer of
    /// standard input is bypassed: nothing else may have read from that.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn stdin() -> Result<Self, InputError> {
        let name = || "-".to_owned();
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            let file = io::stdin().as_fd().try_clone_to_owned().map(File::from);
            match file.and_then(|file| Ok((file.metadata()?, file))) {
                Ok((metadata, file)) => Self::recognise(name(), file, &metadata, true),
                Err(error) => Err(InputError::new("-", error)),
            }
        }
        #[cfg(not(unix))]
        Self::from_reader(name(), Box::new(io::stdin()))
    }

    /// Takes a file that is open already, whether or not it has a name; it is read from its beginning, by place.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn from_file(name: String, file: File) -> Result<Self, InputError> {
        match file.metadata() {
            Ok(metadata) => Self::recognise(name, file, &metadata, false),
            Err(error) => Err(InputError::new(&name, error)),
        }
    }

    /// Takes any reader as an input that can be read once, such as bytes that are in memory already.
    ///
    /// # Errors
    /// What the reader reports, and an input without a byte.
    pub fn from_reader(name: String, mut rest: Box<dyn Read + Send>) -> Result<Self, InputError> {
        let mut head = vec![0; HEAD_BYTES];
        let mut filled = 0;
        while filled < Compression::MAGIC_BYTES {
            match rest.read(&mut head[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(InputError::new(&name, error)),
            }
        }
        if filled == 0 {
            return Err(InputError::new(&name, NotCvrs::Empty));
        }
        head.truncate(filled);
        let compression = Compression::of(&head);
        let source = Source::Pipe { head, rest };
        Ok(Self { name, compression, source, file_id: None, consumed: Arc::default(), threads: 1, origin: None })
    }

    /// Takes a file of this program's own, all of it, as a text that is not packed.
    pub(super) fn of_written(name: String, file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        let source = Source::File { file, len };
        Ok(Self {
            name,
            compression: Compression::None,
            source,
            file_id: None,
            consumed: Arc::default(),
            threads: 1,
            origin: None,
        })
    }

    fn recognise(
        name: String,
        mut file: File,
        metadata: &std::fs::Metadata,
        shared_cursor: bool,
    ) -> Result<Self, InputError> {
        if metadata.is_dir() {
            return Err(InputError::new(&name, InputCause::IsDirectory));
        }
        let file_id = FileId::of_open_file(&file, metadata);
        let len = metadata.len();
        // Of a file inherited from the shell, another program may have read the beginning.
        let by_place =
            metadata.is_file() && len > 0 && (!shared_cursor || file.stream_position().is_ok_and(|at| at == 0));
        if by_place {
            let mut head = [0; Compression::MAGIC_BYTES];
            let filled = read_at_most(&file, &mut head, 0).map_err(|error| InputError::new(&name, error))?;
            if filled > 0 {
                let compression = Compression::of(&head[..filled]);
                let source = Source::File { file, len };
                return Ok(Self {
                    name,
                    compression,
                    source,
                    file_id,
                    consumed: Arc::default(),
                    threads: 1,
                    origin: None,
                });
            }
        }
        let mut input = Self::from_reader(name, Box::new(file))?;
        input.file_id = file_id;
        Ok(input)
    }

    /// The name as given, `-` for standard input; bytes that are not UTF-8 as U+FFFD.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the text is packed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The length in bytes as stored, compressed or not, where it is known before reading.
    pub fn stored_len(&self) -> Option<u64> {
        match &self.source {
            Source::File { len, .. } => Some(*len),
            Source::Pipe { .. } | Source::Spent => None,
        }
    }

    /// Counts the stored bytes that the latest [`Body::Stream`] has taken, against [`Input::stored_len`].
    ///
    /// For [`Body::Plain`] nothing is counted here: whoever reads may add what he has read. Each call of
    /// [`Input::body`] sets it back to 0.
    pub fn consumed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.consumed)
    }

    /// Which file this is, to keep an output from overwriting it; `None` for what has no identity.
    pub fn file_id(&self) -> Option<&FileId> {
        self.file_id.as_ref()
    }

    /// Whether [`Input::body`] may be called more than once.
    pub fn is_rewindable(&self) -> bool {
        matches!(self.source, Source::File { .. })
    }

    /// Lets up to so many threads decompress, where a file has parts that can be told without unpacking them: zstd in
    /// several frames, and gzip as `bgzip` writes it. One thread does so ahead of the reader in any case.
    pub fn set_threads(&mut self, threads: usize) {
        self.threads = threads;
    }

    /// Makes sure that [`Input::body`] may be called more than once.
    ///
    /// A regular file is one already. A pipe is copied as it comes, compressed or not, into a temporary file without
    /// a name, of mode 0600, in `spool_dir` or else the system's folder for such (`TMPDIR`); this reads it to its end.
    ///
    /// # Errors
    /// [`InputCause::Spool`] if the temporary file cannot be written, and what reading the pipe reports.
    pub fn rewindable(mut self, spool_dir: Option<&Path>) -> Result<Self, InputError> {
        self.spool(spool_dir)?;
        Ok(self)
    }

    /// The same, as a text that was made from another one: findings tell the lines of that.
    #[must_use]
    pub fn with_origin(mut self, origin: Arc<dyn Origin>) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Where the lines come from, if the text was made from another one.
    pub(crate) fn origin(&self) -> Option<Arc<dyn Origin>> {
        self.origin.clone()
    }

    /// The first bytes of the text, at least [`FIRST_BYTES`](Self::FIRST_BYTES) where it has so many; the text is still
    /// read from its beginning afterwards.
    ///
    /// Costs a read of so many bytes; packed pipes are copied first, as by [`Input::rewindable`].
    ///
    /// # Errors
    /// As [`Input::body`] and its reader.
    pub fn first_bytes(&mut self) -> Result<Vec<u8>, InputError> {
        if self.compression != Compression::None {
            self.spool(None)?;
        }
        let name = self.name.clone();
        let cause = |error: io::Error| InputError::new(&name, error);
        let mut first = vec![0; Self::FIRST_BYTES];
        let filled = match &mut self.source {
            Source::Pipe { head, rest } => {
                while head.len() < Self::FIRST_BYTES {
                    let start = head.len();
                    head.resize(Self::FIRST_BYTES, 0);
                    let read = rest.read(&mut head[start..]);
                    head.truncate(start + read.as_ref().map_or(0, |&n| n));
                    match read {
                        Ok(0) => break,
                        Ok(_) => {}
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(cause(error)),
                    }
                }
                return Ok(head[..head.len().min(Self::FIRST_BYTES)].to_vec());
            }
            Source::File { file, .. } if self.compression == Compression::None => {
                read_at_most(file, &mut first, 0).map_err(cause)?
            }
            Source::File { .. } | Source::Spent => match self.body()? {
                Body::Plain { file, .. } => read_at_most(&file, &mut first, 0).map_err(cause)?,
                Body::Stream(reader) => {
                    let mut text = Vec::new();
                    let read = reader.take(Self::FIRST_BYTES as u64).read_to_end(&mut text);
                    read.map_err(|error| InputError::from_stream(&name, error))?;
                    return Ok(text);
                }
            },
        };
        first.truncate(filled);
        Ok(first)
    }

    /// The same input once more, to be read by somebody else.
    ///
    /// # Errors
    /// An input that is not [rewindable](Self::is_rewindable), and what the system reports.
    pub fn again(&self) -> Result<Self, InputError> {
        let Source::File { file, len } = &self.source else {
            return Err(InputError::new(&self.name, InputCause::AlreadyRead));
        };
        let file = file.try_clone().map_err(|error| InputError::new(&self.name, error))?;
        Ok(Self {
            name: self.name.clone(),
            compression: self.compression,
            source: Source::File { file, len: *len },
            file_id: self.file_id.clone(),
            consumed: Arc::default(),
            threads: self.threads,
            origin: self.origin.clone(),
        })
    }

    fn spool(&mut self, dir: Option<&Path>) -> Result<(), InputError> {
        if self.is_rewindable() {
            return Ok(());
        }
        let copied = self.take_raw().and_then(|raw| copy_to_unnamed(raw, dir));
        let (file, len) = copied.map_err(|cause| InputError::new(&self.name, cause))?;
        self.source = Source::File { file, len };
        Ok(())
    }

    /// The text from its beginning.
    ///
    /// May be called again if the input [is rewindable](Self::is_rewindable), and the bodies do not disturb each
    /// other. A zip that comes through a pipe is spooled first, as by [`Input::rewindable`].
    ///
    /// # Errors
    /// A zip that does not hold exactly one text file, an input that was handed out before, and what the system
    /// reports. A body that is damaged further on says so when it is read.
    pub fn body(&mut self) -> Result<Body, InputError> {
        if self.compression == Compression::Zip {
            self.spool(None)?;
        }
        self.consumed.store(0, Ordering::Relaxed);
        self.text().map_err(|cause| InputError::new(&self.name, cause))
    }

    fn text(&mut self) -> Result<Body, InputCause> {
        if let Source::File { file, len } = &self.source {
            let (compression, consumed) = (self.compression, self.consumed());
            return Ok(match compression {
                Compression::None => Body::Plain { file: file.try_clone()?, len: *len },
                Compression::Zip => Body::Stream(ahead(zip_member::open(file, *len, consumed)?)?),
                Compression::Gzip | Compression::Zstd => {
                    Body::Stream(units::open(file, compression, self.threads, &consumed)?)
                }
            });
        }
        let raw = self.take_raw()?;
        Ok(Body::Stream(match self.compression {
            Compression::Gzip => ahead(decode::gzip(raw))?,
            Compression::Zstd => ahead(decode::zstd(raw)?)?,
            Compression::None | Compression::Zip => Box::new(raw),
        }))
    }

    fn take_raw(&mut self) -> Result<Raw, InputCause> {
        if let Source::File { file, .. } = &self.source {
            return Ok(Raw::positional(file.try_clone()?, 0, u64::MAX, self.consumed()));
        }
        match std::mem::replace(&mut self.source, Source::Spent) {
            Source::Pipe { head, rest } => Ok(Raw::sequential(head, rest, self.consumed())),
            Source::File { .. } | Source::Spent => Err(InputCause::AlreadyRead),
        }
    }
}

/// The same, read ahead by a thread of its own.
fn ahead(inner: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    Ok(Box::new(Ahead::new(inner, units::AHEAD)?))
}

/// Copies all of `raw` into a temporary file without a name, and returns that and its length.
fn copy_to_unnamed(mut raw: Raw, dir: Option<&Path>) -> Result<(File, u64), InputCause> {
    let mut file = unlinked(dir).map_err(InputCause::Spool)?;
    let mut buf = vec![0; decode::BUFFER_BYTES];
    let mut len = 0;
    loop {
        let n = raw.read(&mut buf)?;
        if n == 0 {
            return Ok((file, len));
        }
        file.write_all(&buf[..n]).map_err(InputCause::Spool)?;
        len += n as u64;
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("name", &self.name)
            .field("compression", &self.compression)
            .field("stored_len", &self.stored_len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain { len, .. } => f.debug_struct("Plain").field("len", len).finish_non_exhaustive(),
            Self::Stream(_) => f.debug_tuple("Stream").finish_non_exhaustive(),
        }
    }
}
