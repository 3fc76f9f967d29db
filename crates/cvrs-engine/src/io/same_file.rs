//! Whether two names, or a name and an open file, stand for one file.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// What a file is known by: device and inode where there are such, its resolved path otherwise.
///
/// Two equal ids mean that writing one file destroys the other. Character devices (`/dev/null`, a terminal) have
/// none, since nothing is lost where two writers share one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileId(Id);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Id {
    #[cfg(unix)]
    Inode {
        device: u64,
        inode: u64,
    },
    Path(PathBuf),
}

impl FileId {
    /// The id of what `path` stands for, symbolic links followed; a file that is not there yet is known by the place
    /// it would have. `None` for a character device, and where the place cannot be determined.
    pub fn of(path: &Path) -> Option<Self> {
        match fs::metadata(path) {
            Ok(metadata) => Self::of_existing(path, &metadata),
            Err(_) => target_of(path).ok().map(|path| Self(Id::Path(path))),
        }
    }

    #[cfg(unix)]
    fn of_existing(_path: &Path, metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        if metadata.file_type().is_char_device() {
            return None;
        }
        Some(Self(Id::Inode { device: metadata.dev(), inode: metadata.ino() }))
    }

    // Without inodes in stable Rust, hard links are not seen here.
    #[cfg(not(unix))]
    fn of_existing(path: &Path, _metadata: &Metadata) -> Option<Self> {
        fs::canonicalize(path).ok().map(|path| Self(Id::Path(path)))
    }

    #[cfg(unix)]
    pub(super) fn of_open_file(_file: &File, metadata: &Metadata) -> Option<Self> {
        Self::of_existing(Path::new(""), metadata)
    }

    #[cfg(not(unix))]
    pub(super) fn of_open_file(_file: &File, _metadata: &Metadata) -> Option<Self> {
        None
    }
}

/// Whether `a` and `b` are one file, by whatever names: hard links, symbolic links, `./a`.
///
/// Neither needs to exist: two outputs to be made at one place are the same. Character devices never are.
pub fn same_file(a: &Path, b: &Path) -> bool {
    FileId::of(a).is_some_and(|id| Some(id) == FileId::of(b))
}

/// Where a file written under `path` lies in the end: links followed, even if nothing is there yet.
///
/// # Errors
/// A folder that is not there, a name that is none, and links that go round in circles.
pub(super) fn target_of(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    // As many links as Linux follows.
    for _ in 0..40 {
        let (folder, name) = split(&path).ok_or(io::ErrorKind::IsADirectory)?;
        let folder = fs::canonicalize(folder)?;
        path = folder.join(&name);
        match fs::read_link(&path) {
            Ok(link) => path = folder.join(link),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Folder and name of a file; `None` for what can only be a folder.
fn split(path: &Path) -> Option<(&Path, OsString)> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.last().is_some_and(|&byte| std::path::is_separator(char::from(byte))) {
        return None;
    }
    let name = path.file_name()?.to_os_string();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Some((folder.unwrap_or(Path::new(".")), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_under_several_names_is_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("a"), "x").unwrap();
        fs::write(at("b"), "x").unwrap();
        fs::create_dir(at("d")).unwrap();
        assert!(same_file(&at("a"), &at("./a")));
        assert!(same_file(&at("a"), &at("d/../a")));
        assert!(!same_file(&at("a"), &at("b")));
        assert!(same_file(&at("new"), &at("d/../new")));
        assert!(!same_file(&at("new"), &at("a")));
        assert!(!same_file(&at("new"), &at("newer")));
        assert!(!same_file(&at("nowhere/x"), &at("nowhere/x")), "no place, no file");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_shared() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("a"), "x").unwrap();
        fs::hard_link(at("a"), at("hard")).unwrap();
        std::os::unix::fs::symlink("a", at("soft")).unwrap();
        std::os::unix::fs::symlink("new", at("dangling")).unwrap();
        std::os::unix::fs::symlink("loop", at("loop")).unwrap();
        assert!(same_file(&at("a"), &at("hard")));
        assert!(same_file(&at("a"), &at("soft")));
        assert!(same_file(&at("dangling"), &at("new")));
        assert!(!same_file(&at("loop"), &at("loop")));
        assert!(!same_file(Path::new("/dev/null"), Path::new("/dev/null")));
    }
}
