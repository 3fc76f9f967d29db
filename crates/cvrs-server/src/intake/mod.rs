//! Bodies: received to disk within limits, unpacked within limits, judged before anything is done with them.

mod hl7;
mod lines;
mod memory;
mod receive;
mod text;
mod unpack;

pub(crate) use hl7::{Kind, messages};
pub(crate) use memory::file_of;
pub(crate) use receive::receive;
pub(crate) use text::{LineLimits, TextReader, count_records, judge_head, judge_header, open_received, open_text};

use crate::folder::Folder;
use std::fs::File;
use std::io::{self, Write as _};
use tempfile::NamedTempFile;
use uuid::Uuid;

/// What an upload's body says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// `text/plain`.
    Text,
    /// `application/zip`.
    Zip,
}

impl Media {
    /// The name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text/plain",
            Self::Zip => "application/zip",
        }
    }

    /// The media type of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Text, Self::Zip].into_iter().find(|media| media.name().eq_ignore_ascii_case(name))
    }

    /// What a store notes of a body of that type and kind.
    pub(crate) const fn noted(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (_, Kind::Cvrs) => self.name(),
            (Self::Text, Kind::Hl7) => "text/plain; hl7",
            (Self::Zip, Kind::Hl7) => "application/zip; hl7",
            (Self::Text, Kind::Hl7Json) => "text/plain; hl7-json",
            (Self::Zip, Kind::Hl7Json) => "application/zip; hl7-json",
        }
    }

    /// What a store's note means.
    pub(crate) fn from_note(note: &str) -> (Self, Kind) {
        let (name, kind) = note.split_once("; ").unwrap_or((note, ""));
        let kind = match kind {
            "hl7" => Kind::Hl7,
            "hl7-json" => Kind::Hl7Json,
            _ => Kind::Cvrs,
        };
        (Self::from_name(name).unwrap_or(Self::Text), kind)
    }
}

/// Limits on bodies.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A body of that many bytes or more is refused.
    pub body_bytes: u64,
    /// The text of a compressed body may have at most that many bytes.
    pub text_bytes: u64,
    /// The text may be at most that many times as long as its compressed form, once it is longer than 16 MB.
    pub ratio: u64,
    /// The longest pause in a body, in seconds.
    pub pause_seconds: u64,
    /// The longest time for a body, in seconds.
    pub body_seconds: u64,
    /// The longest header of a request, in bytes.
    pub header_bytes: usize,
    /// The longest time for a header, in seconds.
    pub header_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: cvrs_api::limit::MAX_BODY_BYTES,
            text_bytes: 1_000_000_000,
            ratio: 200,
            pause_seconds: 30,
            body_seconds: 600,
            header_bytes: 32 * 1024,
            header_seconds: 15,
        }
    }
}

/// How a body can be kept.
#[derive(Debug)]
enum Keeping {
    /// Not at all.
    Not,
    /// As a file, under another name.
    Named(NamedTempFile),
    /// Within the store, as it is small.
    Stored,
}

/// A body in a file without a name, or with one of mode 0600 if it may be kept; a small one is in memory.
#[derive(Debug)]
pub(crate) struct Body {
    file: File,
    keeping: Keeping,
    pub(crate) bytes: u64,
    pub(crate) media: Media,
    pub(crate) kind: Kind,
}

impl Body {
    /// The file, to be read by place.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Keeps it under an id; what a store has to keep instead.
    pub(crate) fn keep(self, folder: &Folder, id: Uuid) -> io::Result<Option<Vec<u8>>> {
        match self.keeping {
            Keeping::Not => Ok(None),
            Keeping::Named(named) => folder.keep(named, id).map(|()| None),
            Keeping::Stored => read_whole(&self.file, self.bytes).map(Some),
        }
    }

    /// Keeps it under an id in a file of its own.
    pub(crate) fn keep_as_file(self, folder: &Folder, id: Uuid) -> io::Result<()> {
        let bytes = self.bytes;
        match self.keeping {
            Keeping::Not => Ok(()),
            Keeping::Named(named) => folder.keep(named, id),
            Keeping::Stored => {
                let mut named = folder.incoming()?;
                named.write_all(&read_whole(&self.file, bytes)?)?;
                folder.keep(named, id)
            }
        }
    }

    /// Whether it begins as a zip does.
    pub(crate) fn starts_like_zip(&self) -> io::Result<bool> {
        let mut head = [0; 4];
        let read = cvrs_engine::io::read_at_most(&self.file, &mut head, 0)?;
        Ok(read == 4 && (head == *b"PK\x03\x04" || head == *b"PK\x05\x06"))
    }
}

/// The bytes of a small file.
fn read_whole(file: &File, bytes: u64) -> io::Result<Vec<u8>> {
    let mut whole = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
    let read = cvrs_engine::io::read_at_most(file, &mut whole, 0)?;
    if read == whole.len() { Ok(whole) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
