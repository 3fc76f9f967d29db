//! Outputs that appear complete or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::open::Input;
use super::output_error::{OutputCause, OutputError};
use super::same_file::target_of;
use super::unnamed::Unnamed;

/// A file, mode 0600, that takes its name when it is [committed](Self::commit); dropped before, nothing remains.
///
/// What stood under the name stays until then. A symbolic link is kept, and what it points at is replaced. A device,
/// FIFO or terminal is written to as it is. Writes are not buffered: hand over large slices. Nothing is forced to disk.
///
/// On Linux the file has no name while it is written, so that not even a killed program leaves one. Elsewhere, and
/// on file systems without `O_TMPFILE`, it is a hidden temporary file beside the target.
#[derive(Debug)]
pub struct AtomicFile {
    name: String,
    place: Place,
    failed: bool,
}

/// The device that keeps nothing.
const NOWHERE: &str = "/dev/null";

#[derive(Debug)]
enum Place {
    Unnamed { file: Unnamed, name: OsString },
    Named { file: NamedTempFile, target: PathBuf },
    Direct(File),
}

impl AtomicFile {
    /// Prepares the output `path`: whatever can be refused is refused now, before any work.
    ///
    /// # Errors
    /// A folder of that name, a missing folder around it, and files or folders that may not be written.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let name = path.to_string_lossy().into_owned();
        match Place::prepare(path) {
            Ok(place) => Ok(Self { name, place, failed: false }),
            Err(error) => Err(OutputError::new(&name, error)),
        }
    }

    /// The name as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether bytes go straight to a device, FIFO or terminal, so that nothing can be taken back.
    pub fn is_direct(&self) -> bool {
        matches!(self.place, Place::Direct(_))
    }

    /// Whether what is written can be taken back: in a file, and where nothing is kept anyway.
    pub fn can_restart(&self) -> bool {
        !self.is_direct() || self.name == NOWHERE
    }

    /// Forgets what has been written so far, [if it can be](Self::can_restart).
    ///
    /// # Errors
    /// What the system reports, and that it is a device.
    pub fn restart(&mut self) -> Result<(), OutputError> {
        let restarted = match &mut self.place {
            Place::Direct(_) if self.name == NOWHERE => Ok(()),
            Place::Direct(_) => Err(io::ErrorKind::Unsupported.into()),
            place => place.file().set_len(0).and_then(|()| place.file().rewind()),
        };
        restarted.map_err(|error| OutputError::new(&self.name, error))
    }

    /// What has been written so far, to be read again under that name; `None` where it went straight to a device.
    ///
    /// # Errors
    /// What the system reports.
    pub fn written(&mut self, name: &str) -> Result<Option<Input>, OutputError> {
        if self.is_direct() {
            return Ok(None);
        }
        let read = self.place.file().try_clone().and_then(|file| Input::of_written(name.to_owned(), file));
        read.map(Some).map_err(|error| OutputError::new(&self.name, error))
    }

    /// Gives the file its name, in one step.
    ///
    /// # Errors
    /// [`OutputCause::Incomplete`] if a write failed before, and what the system reports; nothing remains then.
    pub fn commit(self) -> Result<(), OutputError> {
        if self.failed {
            return Err(OutputError::new(&self.name, OutputCause::Incomplete));
        }
        let result = match self.place {
            Place::Direct(_) => Ok(()),
            Place::Unnamed { file, name } => file.publish(&name),
            Place::Named { file, target } => file.persist(target).map(drop).map_err(|error| error.error),
        };
        result.map_err(|error| OutputError::new(&self.name, error))
    }
}

impl Place {
    fn prepare(path: &Path) -> io::Result<Self> {
        if path.as_os_str().is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "empty name"));
        }
        if let Some(file) = inherited(path)? {
            return Ok(Self::Direct(file));
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(metadata) => {
                // A file that may not be written is not replaced either, though its folder would allow it.
                let file = OpenOptions::new().write(true).open(path)?;
                if !metadata.is_file() {
                    return Ok(Self::Direct(file));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Self::beside(target_of(path)?)
    }

    /// A temporary file in the folder of `target`, which has neither links nor `.` in it.
    fn beside(target: PathBuf) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        if let Some(file) = Unnamed::create(folder)? {
            return Ok(Self::Unnamed { file, name: name.to_os_string() });
        }
        Self::named(target)
    }

    fn named(target: PathBuf) -> io::Result<Self> {
        let folder = target.parent().unwrap_or(Path::new("."));
        // Mode 0600 is what this crate gives to temporary files.
        let file = tempfile::Builder::new().prefix(".cvrs-").suffix(".tmp").tempfile_in(folder)?;
        Ok(Self::Named { file, target })
    }

    fn file(&mut self) -> &mut File {
        match self {
            Self::Unnamed { file, .. } => &mut file.file,
            Self::Named { file, .. } => file.as_file_mut(),
            Self::Direct(file) => file,
        }
    }
}

/// Names of what the program was started with, `-` for its stdout. Behind them may be a regular file that others write as well
/// (`>> log`): it is written on at its end, never replaced.
#[cfg(unix)]
fn inherited(path: &Path) -> io::Result<Option<File>> {
    use std::os::fd::AsFd;
    if path == "-" || path == "/dev/stdout" {
        return Ok(Some(io::stdout().as_fd().try_clone_to_owned()?.into()));
    }
    if path == "/dev/stderr" {
        return Ok(Some(io::stderr().as_fd().try_clone_to_owned()?.into()));
    }
    if path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd") {
        return match OpenOptions::new().append(true).open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) => Err(error),
        };
    }
    Ok(None)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the twin on Unix can fail")]
fn inherited(_path: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

impl Write for AtomicFile {
    /// Writes as the system does; an error is an [`OutputError`] within an [`io::Error`] of the same kind, and makes
    /// a later [`AtomicFile::commit`] fail.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.place.file().write(buf) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.failed = true;
                Err(io::Error::new(error.kind(), OutputError::new(&self.name, error)))
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

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn with_named(path: &Path) -> AtomicFile {
        let place = Place::named(target_of(path).unwrap()).unwrap();
        AtomicFile { name: path.to_string_lossy().into_owned(), place, failed: false }
    }

    fn with_default(path: &Path) -> AtomicFile {
        AtomicFile::create(path).unwrap()
    }

    const WAYS: [fn(&Path) -> AtomicFile; 2] = [with_default, with_named];

    #[test]
    fn file_appears_on_commit_with_mode_0600_and_replaces_what_was_there() {
        for create in WAYS {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("out.txt");
            for text in ["first", "second, longer", "3"] {
                let before = fs::read(&path).ok();
                let mut file = create(&path);
                file.write_all(text.as_bytes()).unwrap();
                assert_eq!(fs::read(&path).ok(), before, "nothing changes before the commit");
                file.commit().unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), text);
                assert_eq!(names(dir.path()), ["out.txt"]);
                #[cfg(unix)]
                {
                    use std::os::unix::fs::PermissionsExt;
                    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
                }
            }
        }
    }

    #[test]
    fn dropped_file_leaves_nothing() {
        for create in WAYS {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("out.txt");
            let mut file = create(&path);
            file.write_all(b"x").unwrap();
            drop(file);
            assert!(names(dir.path()).is_empty());
            fs::write(&path, "old").unwrap();
            drop(create(&path));
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn unfinished_file_has_no_name_on_linux() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(&dir.path().join("out.txt")).unwrap();
        file.write_all(b"x").unwrap();
        // A file system without O_TMPFILE takes the other way, and then there is a name to see.
        if matches!(file.place, Place::Unnamed { .. }) {
            assert!(names(dir.path()).is_empty());
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), "x").unwrap();
        let cause = |path: &Path| AtomicFile::create(path).unwrap_err();
        assert!(matches!(cause(dir.path()).cause(), OutputCause::IsDirectory));
        assert!(matches!(cause(&at("new/")).cause(), OutputCause::IsDirectory));
        assert!(matches!(cause(&at("missing/out.txt")).cause(), OutputCause::NoFolder));
        assert!(matches!(cause(&at("file/out.txt")).cause(), OutputCause::NoFolder));
        assert!(matches!(cause(Path::new("")).cause(), OutputCause::Io(_)));
        let message = cause(&at("missing/out.txt")).to_string();
        assert!(message.ends_with("out.txt: its folder does not exist; make the folder first"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_checked_at_once() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "x").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
        let may_do_anything = fs::write(dir.path().join("probe"), "").is_ok();
        for path in [file, dir.path().join("new")] {
            let result = AtomicFile::create(&path);
            if may_do_anything {
                // The superuser: the system refuses nothing, and neither do we.
                assert!(result.is_ok());
            } else {
                assert!(matches!(result.unwrap_err().cause(), OutputCause::PermissionDenied));
            }
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn link_is_kept_and_its_target_written() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("d")).unwrap();
        std::os::unix::fs::symlink("d/target", at("link")).unwrap();
        for text in ["new", "replaced"] {
            let mut file = AtomicFile::create(&at("link")).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.commit().unwrap();
            assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(at("d/target")).unwrap(), text);
        }
        std::os::unix::fs::symlink("nowhere/x", at("broken")).unwrap();
        assert!(matches!(AtomicFile::create(&at("broken")).unwrap_err().cause(), OutputCause::NoFolder));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_are_written_to_and_a_full_disk_is_told() {
        let mut null = AtomicFile::create(Path::new("/dev/null")).unwrap();
        assert!(null.is_direct());
        null.write_all(b"x").unwrap();
        null.commit().unwrap();
        let mut full = AtomicFile::create(Path::new("/dev/full")).unwrap();
        let error = full.write_all(b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "/dev/full: no space left; free some, or write to another disk");
        let error = OutputError::from_write("other", error);
        assert!(matches!(error.cause(), OutputCause::NoSpace));
        assert_eq!(error.name(), "/dev/full");
        assert!(matches!(full.commit().unwrap_err().cause(), OutputCause::Incomplete));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn inherited_file_is_written_on_and_not_replaced() {
        use std::os::fd::AsRawFd;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        fs::write(&path, "before ").unwrap();
        let held = OpenOptions::new().append(true).open(&path).unwrap();
        let mut file = AtomicFile::create(Path::new(&format!("/dev/fd/{}", held.as_raw_fd()))).unwrap();
        file.write_all(b"after").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before after");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn fifo_is_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read_to_string(path).unwrap()
        });
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"through").unwrap();
        file.commit().unwrap();
        assert_eq!(reader.join().unwrap(), "through");
    }

    #[test]
    fn name_of_the_greatest_length_is_no_obstacle() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n".repeat(255));
        for _ in 0..2 {
            let mut file = AtomicFile::create(&path).unwrap();
            file.write_all(b"x").unwrap();
            file.commit().unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"x");
    }
}
