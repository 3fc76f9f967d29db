//! Files that appear together or not at all, and never in place of another.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::output_error::{OutputCause, OutputError};

/// Several files of one folder, mode 0600, that take their names when they are [committed](Self::commit) together;
/// dropped before, nothing remains. Writes are not buffered: hand over large slices.
///
/// Each is a hidden temporary file in the folder until then. One is open at a time, so there may be any number. A folder
/// that is not there is made, and taken away again if nothing comes of the files. Only a program that is killed outright
/// can leave temporary files behind.
#[derive(Debug)]
pub struct PartFiles {
    folder: PathBuf,
    is_folder_new: bool,
    open: Option<(NamedTempFile, PathBuf)>,
    closed: Vec<(TempPath, PathBuf)>,
    published: Vec<PathBuf>,
    is_done: bool,
}

impl PartFiles {
    /// Prepares files in `folder`, which is made if it is not there; the one around it must be.
    ///
    /// # Errors
    /// What the system reports, and a file of that name.
    pub fn in_folder(folder: &Path) -> Result<Self, OutputError> {
        let is_folder_new = match fs::create_dir(folder) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => false,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(OutputError::new(&shown(folder), OutputCause::NoFolder));
            }
            Err(error) => return Err(OutputError::new(&shown(folder), error)),
        };
        let folder = folder.to_owned();
        let (closed, published) = (Vec::new(), Vec::new());
        Ok(Self { folder, is_folder_new, open: None, closed, published, is_done: false })
    }

    /// Begins the next file, which takes what is written from now on; its path in the folder is returned.
    ///
    /// # Errors
    /// [`OutputCause::Exists`] for a name that is taken, and what the system reports.
    pub fn begin(&mut self, name: &str) -> Result<PathBuf, OutputError> {
        self.close();
        let path = self.folder.join(name);
        if fs::symlink_metadata(&path).is_ok() || self.closed.iter().any(|(_, other)| *other == path) {
            return Err(OutputError::new(&shown(&path), OutputCause::Exists));
        }
        // Mode 0600 is what this crate gives to temporary files.
        let file = tempfile::Builder::new().prefix(".cvrs-").suffix(".tmp").tempfile_in(&self.folder);
        let file = file.map_err(|error| OutputError::new(&shown(&path), error))?;
        self.open = Some((file, path.clone()));
        Ok(path)
    }

    fn close(&mut self) {
        if let Some((file, path)) = self.open.take() {
            self.closed.push((file.into_temp_path(), path));
        }
    }

    /// Gives all files their names. If one of the names has been taken meanwhile, none keeps its own.
    ///
    /// # Errors
    /// [`OutputCause::Exists`] for a name that is taken, and what the system reports.
    pub fn commit(mut self) -> Result<(), OutputError> {
        self.close();
        for (file, path) in std::mem::take(&mut self.closed) {
            file.persist_noclobber(&path).map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => OutputError::new(&shown(&path), OutputCause::Exists),
                _ => OutputError::new(&shown(&path), error.error),
            })?;
            self.published.push(path);
        }
        self.is_done = true;
        Ok(())
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Drop for PartFiles {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        // Temporary files go first, or the folder would not be empty.
        self.open = None;
        self.closed.clear();
        for path in &self.published {
            let _ = fs::remove_file(path);
        }
        if self.is_folder_new {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

impl Write for PartFiles {
    /// Writes to the file begun last; an error is an [`OutputError`] within an [`io::Error`] of the same kind.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let Some((file, path)) = &mut self.open else {
            return Err(io::Error::other("no file has been begun"));
        };
        match file.as_file_mut().write(buf) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                Err(io::Error::new(error.kind(), OutputError::new(&shown(path), error)))
            }
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn written(folder: &Path, texts: &[(&str, &str)]) -> PartFiles {
        let mut parts = PartFiles::in_folder(folder).unwrap();
        for (name, text) in texts {
            assert_eq!(parts.begin(name).unwrap(), folder.join(name));
            parts.write_all(text.as_bytes()).unwrap();
        }
        parts
    }

    #[test]
    fn all_appear_at_once_with_mode_0600() {
        let desk = tempfile::tempdir().unwrap();
        let folder = desk.path().join("new");
        let parts = written(&folder, &[("b", "2"), ("a", "1"), ("c", "")]);
        assert!(names(&folder).iter().all(|name| name.starts_with('.')));
        parts.commit().unwrap();
        assert_eq!(names(&folder), ["a", "b", "c"]);
        assert_eq!(fs::read_to_string(folder.join("b")).unwrap(), "2");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(folder.join("a")).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn dropped_files_leave_nothing_not_even_a_new_folder() {
        let desk = tempfile::tempdir().unwrap();
        let folder = desk.path().join("new");
        drop(written(&folder, &[("a", "1"), ("b", "2")]));
        assert!(names(desk.path()).is_empty());
        drop(written(desk.path(), &[("a", "1")]));
        assert!(names(desk.path()).is_empty());
    }

    #[test]
    fn a_name_that_is_taken_is_refused_and_nothing_of_the_others_stays() {
        let desk = tempfile::tempdir().unwrap();
        fs::write(desk.path().join("b"), "old").unwrap();
        let mut parts = written(desk.path(), &[("a", "1")]);
        for taken in ["b", "a"] {
            assert!(matches!(parts.begin(taken).unwrap_err().cause(), OutputCause::Exists));
        }
        // Taken between the beginning and the end.
        let parts = written(desk.path(), &[("c", "1"), ("d", "2"), ("e", "3")]);
        fs::write(desk.path().join("d"), "another's").unwrap();
        assert!(matches!(parts.commit().unwrap_err().cause(), OutputCause::Exists));
        drop(written(desk.path(), &[]));
        assert_eq!(
            names(desk.path()).into_iter().filter(|name| !name.starts_with('.')).collect::<Vec<_>>(),
            ["b", "d"]
        );
        assert_eq!(fs::read_to_string(desk.path().join("b")).unwrap(), "old");
        assert_eq!(fs::read_to_string(desk.path().join("d")).unwrap(), "another's");
    }

    #[test]
    fn a_folder_that_cannot_be_is_told() {
        let desk = tempfile::tempdir().unwrap();
        fs::write(desk.path().join("file"), "").unwrap();
        for name in ["file", "missing/folder", "file/folder"] {
            let error = PartFiles::in_folder(&desk.path().join(name)).unwrap_err();
            assert!(matches!(error.cause(), OutputCause::NoFolder), "{name}");
        }
    }
}
