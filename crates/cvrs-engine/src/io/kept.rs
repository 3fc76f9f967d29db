//! A text that is written once and read afterwards.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::open::Input;
use super::temporary::unlinked;

/// A text in a temporary file that has no name and mode 0600, so that nothing is left of it whatever happens.
///
/// Writes are not buffered: hand over large slices.
#[derive(Debug)]
pub struct Kept(File);

impl Kept {
    /// An empty text in `dir` or, without one, in the system's folder for temporary files (`TMPDIR`).
    ///
    /// # Errors
    /// What the system reports.
    pub fn new(dir: Option<&Path>) -> io::Result<Self> {
        unlinked(dir).map(Self)
    }

    /// The text as an input of that name, from its beginning.
    ///
    /// # Errors
    /// What the system reports.
    pub fn into_input(self, name: &str) -> io::Result<Input> {
        Input::of_written(name.to_owned(), self.0)
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
