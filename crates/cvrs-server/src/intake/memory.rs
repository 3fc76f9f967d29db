//! Small bodies as files that are on no disk.

use crate::folder::Folder;
use std::fs::File;
use std::io::{self, Write as _};

/// A file of these bytes that only this program can open: in memory where the system can do so.
pub(crate) fn file_of(bytes: &[u8], folder: &Folder) -> io::Result<File> {
    let mut file = new_file(folder)?;
    file.write_all(bytes)?;
    Ok(file)
}

#[cfg(target_os = "linux")]
fn new_file(_: &Folder) -> io::Result<File> {
    let file = rustix::fs::memfd_create("cvrs-body", rustix::fs::MemfdFlags::CLOEXEC)?;
    Ok(file.into())
}

#[cfg(not(target_os = "linux"))]
fn new_file(folder: &Folder) -> io::Result<File> {
    folder.unnamed()
}
