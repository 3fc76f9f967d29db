//! The one text file of a zip archive.
//!
//! The archive crate reads the directory; the member itself is read here, by place, because a reader of that crate
//! borrows the archive and so cannot be handed on.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::compression::Compression;
use super::decode::{BUFFER_BYTES, Faithful};
use super::error::InputCause;
use super::positional::Cursor;
use super::raw::Raw;
use super::sniff::NotCvrs;

/// Finds the member of the archive `file`, of `len` bytes, and a reader that decompresses and verifies it.
///
/// The rules are those of the clearinghouse: exactly one file, no folder, nothing of `__MACOSX` or `.DS_Store`.
pub(super) fn open(file: &File, len: u64, consumed: Arc<AtomicU64>) -> Result<Box<dyn Read + Send>, InputCause> {
    let source = BufReader::new(Cursor { file, len, at: 0 });
    let mut archive = ZipArchive::new(source).map_err(|error| archive_fault(error, file, len))?;
    let names: Vec<&[u8]> = archive.file_names_raw().collect();
    judge_names(&names)?;
    if archive.has_duplicate_names() {
        return Err(InputCause::ZipMembers);
    }
    let corrupt = || InputCause::Corrupt(Compression::Zip);
    let member = archive.by_index_data(0).map_err(|_| corrupt())?;
    if !member.is_file() {
        return Err(InputCause::ZipFolder);
    }
    if member.encrypted() {
        return Err(InputCause::ZipEncrypted);
    }
    let method = member.compression();
    let (crc, size, packed) = (member.crc32(), member.size(), member.compressed_size());
    let start = match archive.by_index_raw(0) {
        Ok(member) => member.data_start().ok_or_else(corrupt)?,
        Err(error) => return Err(archive_fault(error, file, len)),
    };
    let end = start.checked_add(packed).filter(|&end| end <= len).ok_or_else(corrupt)?;
    let raw = Raw::positional(file.try_clone()?, start, end, consumed);
    let check =
        |inner| Faithful::new(Verified { inner, crc: Crc::new(), wanted_crc: crc, left: size }, Compression::Zip);
    match method {
        CompressionMethod::Stored => Ok(Box::new(check(Packing::Stored(raw)))),
        CompressionMethod::Deflated => {
            let source = BufReader::with_capacity(BUFFER_BYTES, raw);
            Ok(Box::new(check(Packing::Deflated(DeflateDecoder::new(source)))))
        }
        other => Err(InputCause::ZipMethod(method_name(other).into())),
    }
}

/// The number is what the archive says; the names are those of APPNOTE 4.4.5 that are met in practice.
fn method_name(method: CompressionMethod) -> String {
    let text = format!("{method:?}");
    let number: String = text.chars().filter(char::is_ascii_digit).collect();
    match number.as_str() {
        "9" => "Deflate64 (which Windows uses for large files)".into(),
        "12" => "bzip2".into(),
        "14" => "LZMA".into(),
        "93" => "zstd".into(),
        "95" => "xz".into(),
        "" => text,
        number => format!("number {number}"),
    }
}

fn judge_names(names: &[&[u8]]) -> Result<(), InputCause> {
    let any = |test: &dyn Fn(&[u8]) -> bool| names.iter().any(|name| test(name));
    let is_extra = |name: &[u8]| {
        name.split(|&byte| byte == b'/')
            .any(|part| part == b"__MACOSX" || part == b".DS_Store" || part.starts_with(b"._"))
    };
    let has_folder = |name: &[u8]| name.contains(&b'/') || name.contains(&b'\\');
    if any(&|name| name == b"[Content_Types].xml")
        || any(&|name| name == b"mimetype") && any(&|name| name == b"content.xml")
    {
        Err(NotCvrs::Spreadsheet.into())
    } else if names.is_empty() {
        Err(InputCause::ZipEmpty)
    } else if any(&is_extra) {
        Err(InputCause::ZipExtras)
    } else if any(&has_folder) {
        Err(InputCause::ZipFolder)
    } else if names.len() > 1 {
        Err(InputCause::ZipMembers)
    } else {
        Ok(())
    }
}

/// An archive without its end was cut; with it, it is damaged or beyond us.
fn archive_fault(error: ZipError, file: &File, len: u64) -> InputCause {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => error.into(),
        ZipError::UnsupportedArchive(_) => InputCause::ZipSplit,
        _ => match has_end_record(file, len) {
            Ok(true) => InputCause::Corrupt(Compression::Zip),
            Ok(false) => InputCause::CutShort(Compression::Zip),
            Err(error) => error.into(),
        },
    }
}

/// Whether the end record (22 bytes and a comment of up to 65,535) is there.
fn has_end_record(file: &File, len: u64) -> io::Result<bool> {
    let mut cursor = Cursor { file, len, at: 0 };
    cursor.seek(SeekFrom::Start(len.saturating_sub(22 + 65_535)))?;
    let mut tail = Vec::new();
    cursor.read_to_end(&mut tail)?;
    Ok(memchr::memmem::find(&tail, b"PK\x05\x06").is_some())
}

enum Packing {
    Stored(Raw),
    Deflated(DeflateDecoder<BufReader<Raw>>),
}

/// Checks size and checksum against the directory.
struct Verified {
    inner: Packing,
    crc: Crc,
    wanted_crc: u32,
    left: u64,
}

impl Read for Verified {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let n = match &mut self.inner {
            Packing::Stored(raw) => raw.read(buf)?,
            Packing::Deflated(decoder) => decoder.read(buf)?,
        };
        self.crc.update(&buf[..n]);
        let left = self.left.checked_sub(n as u64);
        let ended_well = n > 0 || (self.left == 0 && self.crc.sum() == self.wanted_crc);
        match left {
            Some(left) if ended_well => self.left = left,
            _ => return Err(InputCause::Corrupt(Compression::Zip).into()),
        }
        Ok(n)
    }
}
