//! The twin for systems without files that have no name: there are none.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

/// Never made.
#[derive(Debug)]
pub(super) struct Unnamed {
    pub(super) file: File,
    never: Infallible,
}

impl Unnamed {
    #[expect(clippy::unnecessary_wraps, reason = "the twin on Linux can fail")]
    pub(super) fn create(_folder: &Path) -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(super) fn publish(self, _name: &OsStr) -> io::Result<()> {
        match self.never {}
    }
}
