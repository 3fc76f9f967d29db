//! Reading at a place of a file, so that several readers share one handle without disturbing each other.

use std::fs::File;
use std::io;

use super::error::InputCause;

#[cfg(unix)]
fn read_once(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

// Moves the cursor of the handle as well; nothing in this crate relies on the cursor of an input.
#[cfg(windows)]
fn read_once(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset)
}

/// Reads from byte `offset` until `buf` is full or the file ends, and returns the bytes read.
///
/// The cursor of the file is neither used nor, on Unix, moved: threads may call this on one file at
/// the same time. Cost: one system call as a rule.
///
/// # Errors
/// Whatever the system reports; an interrupted call is repeated.
pub fn read_at_most(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match read_once(file, &mut buf[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Fills `buf` from byte `offset`; for ranges within the length that the file had when it was opened.
///
/// # Errors
/// [`InputCause::Changed`], wrapped for [`InputError::from_stream`](super::InputError::from_stream),
/// if the file now ends before; otherwise what the system reports.
pub fn read_exact_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<()> {
    if read_at_most(file, buf, offset)? < buf.len() {
        return Err(InputCause::Changed.into());
    }
    Ok(())
}

/// A cursor of one's own over a shared file, for readers that want [`Read`](io::Read) and [`Seek`](io::Seek).
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    pub(super) file: &'a File,
    pub(super) len: u64,
    pub(super) at: u64,
}

impl io::Read for Cursor<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = read_at_most(self.file, buf, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl io::Seek for Cursor<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let place = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::End(by) => self.len.checked_add_signed(by),
            io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::io::InputError;

    #[test]
    fn short_file_gives_what_it_has_or_says_that_it_changed() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let mut buf = [0; 8];
        assert_eq!(read_at_most(&file, &mut buf, 7).unwrap(), 3);
        assert_eq!(&buf[..3], b"789");
        read_exact_at(&file, &mut buf, 2).unwrap();
        assert_eq!(&buf, b"23456789");
        file.set_len(5).unwrap();
        let error = InputError::from_stream("a.txt", read_exact_at(&file, &mut buf, 2).unwrap_err());
        assert!(matches!(error.cause(), InputCause::Changed), "{error}");
    }
}
