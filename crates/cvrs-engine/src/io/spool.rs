//! A store for bytes that must wait.

use std::fmt;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::PathBuf;

use super::temporary::unlinked;

/// Bytes that are appended and later copied out in order: in memory up to a bound, beyond it in a temporary file.
///
/// The file has no name and mode 0600, so that nothing is left of it whatever happens. Memory then serves as its
/// write buffer, and small pieces cost no system call each.
///
/// # Examples
/// ```
/// use std::io::Write;
/// let mut spool = cvrs_engine::io::Spool::new(1 << 20, None);
/// spool.write_all(b"held back")?;
/// let mut out = Vec::new();
/// spool.copy_to(&mut out)?;
/// assert_eq!(out, b"held back");
/// # std::io::Result::Ok(())
/// ```
pub struct Spool {
    bound: usize,
    dir: Option<PathBuf>,
    file: Option<File>,
    file_len: u64,
    tail: Vec<u8>,
}

impl Spool {
    /// An empty store that keeps at most `bound` bytes in memory, and the rest in `dir` or, without one, in the
    /// system's folder for temporary files (`TMPDIR`). Costs nothing before the first byte.
    pub fn new(bound: usize, dir: Option<PathBuf>) -> Self {
        Self { bound, dir, file: None, file_len: 0, tail: Vec::new() }
    }

    /// The bytes stored so far.
    pub fn len(&self) -> u64 {
        self.file_len + self.tail.len() as u64
    }

    /// Whether nothing has been stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether part of it lies in a temporary file.
    pub fn is_on_disk(&self) -> bool {
        self.file.is_some()
    }

    /// Writes everything stored to `out`, in order; may be called again, and appending may go on after it.
    ///
    /// # Errors
    /// What `out` or the temporary file reports.
    pub fn copy_to(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.rewind()?;
            let mut buf = vec![0; 128 * 1024];
            let mut left = self.file_len;
            while left > 0 {
                let wanted = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                io::Read::read_exact(file, &mut buf[..wanted])?;
                out.write_all(&buf[..wanted])?;
                left -= wanted as u64;
            }
        }
        out.write_all(&self.tail)
    }

    fn append_to_file(&mut self, buf: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(unlinked(self.dir.as_deref())?);
        }
        let file = self.file.as_mut().expect("made above");
        // The cursor may stand anywhere after `copy_to` or after a write that failed half-way.
        file.seek(io::SeekFrom::Start(self.file_len))?;
        file.write_all(&self.tail)?;
        self.file_len += self.tail.len() as u64;
        self.tail.clear();
        file.write_all(buf)?;
        self.file_len += buf.len() as u64;
        Ok(())
    }
}

impl Write for Spool {
    /// Stores all of `buf`, or fails; an error leaves what was stored before as it was.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let together = self.tail.len().saturating_add(buf.len());
        if together <= self.bound {
            if together > self.tail.capacity() {
                let capacity = together.max(self.tail.capacity() * 2).clamp(1024, self.bound.max(1024));
                self.tail.reserve_exact(capacity - self.tail.len());
            }
            self.tail.extend_from_slice(buf);
        } else if buf.len() >= self.bound {
            self.append_to_file(buf)?;
        } else {
            self.append_to_file(&[])?;
            self.tail.extend_from_slice(buf);
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("len", &self.len())
            .field("is_on_disk", &self.is_on_disk())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_goes_in_comes_out(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..30),
            bound in 0usize..120,
            peek in 0usize..30,
        ) {
            let mut spool = Spool::new(bound, None);
            let mut twin = Vec::new();
            for (i, piece) in pieces.iter().enumerate() {
                spool.write_all(piece).unwrap();
                twin.extend_from_slice(piece);
                prop_assert!(spool.tail.len() <= bound);
                if i == peek {
                    let mut out = Vec::new();
                    spool.copy_to(&mut out).unwrap();
                    prop_assert_eq!(&out, &twin);
                }
            }
            prop_assert_eq!(spool.len(), twin.len() as u64);
            prop_assert_eq!(spool.is_on_disk(), twin.len() > bound);
            let mut out = Vec::new();
            spool.copy_to(&mut out).unwrap();
            prop_assert_eq!(out, twin);
        }
    }

    #[test]
    fn file_leaves_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(4, Some(dir.path().to_path_buf()));
        spool.write_all(b"longer than four").unwrap();
        assert!(spool.is_on_disk());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = spool.file.as_ref().unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn missing_folder_is_an_error_and_loses_nothing() {
        let mut spool = Spool::new(4, Some("/nonexistent/folder".into()));
        spool.write_all(b"abc").unwrap();
        assert!(spool.write_all(b"defgh").is_err());
        let mut out = Vec::new();
        spool.copy_to(&mut out).unwrap();
        assert_eq!(out, b"abc");
    }
}
