//! A folder of files that appears complete or not at all.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::output_error::{OutputCause, OutputError};
use super::same_file::target_of;

/// A folder, mode 0700, that takes its name when it is [committed](Self::commit); dropped before, nothing remains.
///
/// Until then it is a hidden folder beside its place. A folder that stands there is replaced if it is empty or holds
/// nothing but what an earlier run has written; anything else in it is left alone, and refused at once.
#[derive(Debug)]
pub struct AtomicFolder {
    name: String,
    target: PathBuf,
    folder: TempDir,
    is_ours: fn(&str) -> bool,
}

impl AtomicFolder {
    /// Prepares the folder `path`: whatever can be refused is refused now. `is_ours` tells by its name whether a file may
    /// be replaced.
    ///
    /// # Errors
    /// A file of that name, a folder that holds other things, a missing folder around it, and folders that may not be
    /// written.
    pub fn create(path: &Path, is_ours: fn(&str) -> bool) -> Result<Self, OutputError> {
        let name = path.to_string_lossy().into_owned();
        match prepare(path, is_ours) {
            Ok((target, folder)) => Ok(Self { name, target, folder, is_ours }),
            Err(cause) => Err(OutputError::new(&name, cause)),
        }
    }

    /// The name as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A new file in it, mode 0600. Writes are not buffered.
    ///
    /// # Errors
    /// What the system reports.
    pub fn file(&self, name: &str) -> Result<File, OutputError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.folder.path().join(name));
        file.map_err(|error| OutputError::new(&format!("{}/{name}", self.name), error))
    }

    /// Removes all files that were made in it.
    ///
    /// # Errors
    /// What the system reports.
    pub fn restart(&mut self) -> Result<(), OutputError> {
        let emptied = fs::read_dir(self.folder.path())
            .and_then(|mut entries| entries.try_for_each(|entry| fs::remove_file(entry?.path())));
        emptied.map_err(|error| OutputError::new(&self.name, error))
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// What the system reports, and a folder that has been filled by others meanwhile; nothing is changed then.
    pub fn commit(self) -> Result<(), OutputError> {
        let Self { name, target, folder, is_ours } = self;
        publish(&target, folder, is_ours).map_err(|cause| OutputError::new(&name, cause))
    }
}

fn prepare(path: &Path, is_ours: fn(&str) -> bool) -> Result<(PathBuf, TempDir), OutputCause> {
    if path.as_os_str().is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "empty name").into());
    }
    // A name that ends in a separator is that of a folder, which is what is wanted here.
    let bare: PathBuf = path.components().collect();
    let target = if bare.file_name().is_some() { target_of(&bare)? } else { fs::canonicalize(&bare)? };
    may_replace(&target, is_ours)?;
    let parent = target.parent().ok_or(OutputCause::NotEmpty)?;
    let folder = hidden(parent, ".tmp")?;
    Ok((target, folder))
}

/// A hidden folder of mode 0700.
fn hidden(parent: &Path, suffix: &str) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cvrs-").suffix(suffix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}

/// Whether there is a folder that may be replaced; an error if there is anything else.
fn may_replace(target: &Path, is_ours: fn(&str) -> bool) -> Result<bool, OutputCause> {
    match fs::metadata(target) {
        Ok(metadata) if !metadata.is_dir() => return Err(OutputCause::NotAFolder),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        if !entry.file_type()?.is_file() || !entry.file_name().to_str().is_some_and(is_ours) {
            return Err(OutputCause::NotEmpty);
        }
    }
    Ok(true)
}

fn publish(target: &Path, folder: TempDir, is_ours: fn(&str) -> bool) -> Result<(), OutputCause> {
    if may_replace(target, is_ours)? {
        let parent = target.parent().ok_or(OutputCause::NotEmpty)?;
        // The old folder goes where it is removed, whichever of the two ends there.
        let aside = hidden(parent, ".old")?;
        let old = aside.path().join("old");
        fs::rename(target, &old)?;
        if let Err(error) = fs::rename(folder.path(), target) {
            fs::rename(&old, target)?;
            return Err(error.into());
        }
    } else {
        fs::rename(folder.path(), target)?;
    }
    // What has its name now is no longer temporary.
    let _ = folder.keep();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn is_ours(name: &str) -> bool {
        name.ends_with(".ndjson")
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn fill(folder: &AtomicFolder, name: &str, text: &str) {
        folder.file(name).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn folder_appears_on_commit_and_replaces_its_own_kind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        for (text, spelt) in [("first", "out"), ("second", "out/"), ("third", "./out")] {
            let mut folder = AtomicFolder::create(&dir.path().join(spelt), is_ours).unwrap();
            fill(&folder, "left.ndjson", "of an attempt that began anew");
            folder.restart().unwrap();
            fill(&folder, "a.ndjson", text);
            assert_eq!(path.exists(), text != "first", "nothing changes before the commit");
            folder.commit().unwrap();
            assert_eq!(fs::read_to_string(path.join("a.ndjson")).unwrap(), text);
            assert_eq!(names(&path), ["a.ndjson"]);
            assert_eq!(names(dir.path()), ["out"]);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
                assert_eq!((mode(&path), mode(&path.join("a.ndjson"))), (0o700, 0o600));
            }
        }
    }

    #[test]
    fn dropped_folder_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = AtomicFolder::create(&dir.path().join("out"), is_ours).unwrap();
        fill(&folder, "a.ndjson", "x");
        drop(folder);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn what_is_not_ours_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "x").unwrap();
        fs::create_dir(at("full")).unwrap();
        fs::write(at("full/other.txt"), "x").unwrap();
        fs::create_dir(at("deep")).unwrap();
        fs::create_dir(at("deep/a.ndjson")).unwrap();
        let cause = |path: &Path| AtomicFolder::create(path, is_ours).unwrap_err();
        assert!(matches!(cause(&at("file")).cause(), OutputCause::NotAFolder));
        assert!(matches!(cause(&at("full")).cause(), OutputCause::NotEmpty));
        assert!(matches!(cause(&at("deep")).cause(), OutputCause::NotEmpty));
        assert!(matches!(cause(&at("missing/out")).cause(), OutputCause::NoFolder));
        // Filled after it was found empty.
        let folder = AtomicFolder::create(&at("late"), is_ours).unwrap();
        fs::create_dir(at("late")).unwrap();
        fs::write(at("late/other.txt"), "x").unwrap();
        assert!(matches!(folder.commit().unwrap_err().cause(), OutputCause::NotEmpty));
        assert_eq!(names(&at("late")), ["other.txt"]);
        assert_eq!(names(dir.path()), ["deep", "file", "full", "late"]);
    }
}
