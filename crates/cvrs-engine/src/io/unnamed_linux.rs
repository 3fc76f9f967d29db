//! A file that has no name until it is complete (`O_TMPFILE`): if the program dies, nothing is left.

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

/// The file and the folder it is to appear in. The folder is held open, so that moving it or changing the working
/// directory makes no difference.
#[derive(Debug)]
pub(super) struct Unnamed {
    pub(super) file: File,
    folder: OwnedFd,
    link: String,
}

impl Unnamed {
    /// A new file of mode 0600 in `folder`, or `None` where the file system or a missing `/proc` does not allow it.
    pub(super) fn create(folder: &Path) -> io::Result<Option<Self>> {
        let folder = rustix::fs::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&folder, ".", flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => File::from(fd),
            // How kernels and file systems without O_TMPFILE answer.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // To be named it is linked from here; better to know now than when all is written.
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        if fs::symlink_metadata(&link).is_err() {
            return Ok(None);
        }
        Ok(Some(Self { file, folder, link }))
    }

    /// Gives the file its name in one step, in place of any file that had it.
    pub(super) fn publish(self, name: &OsStr) -> io::Result<()> {
        match self.link_as(name) {
            Err(Errno::EXIST) => {}
            result => return Ok(result?),
        }
        // linkat does not replace; rename does, and needs a name to begin with.
        let random = RandomState::new();
        for attempt in 0..64u8 {
            let mut hasher = random.build_hasher();
            hasher.write_u8(attempt);
            let temporary = OsString::from(format!(".cvrs-{:016x}.tmp", hasher.finish()));
            match self.link_as(&temporary) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    let renamed = rustix::fs::renameat(&self.folder, &temporary, &self.folder, name);
                    if renamed.is_err() {
                        let _ = rustix::fs::unlinkat(&self.folder, &temporary, AtFlags::empty());
                    }
                    return Ok(renamed?);
                }
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn link_as(&self, name: &OsStr) -> Result<(), Errno> {
        rustix::fs::linkat(CWD, &self.link, &self.folder, name, AtFlags::SYMLINK_FOLLOW)
    }
}
