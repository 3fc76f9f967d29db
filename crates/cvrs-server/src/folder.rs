//! The server's folder: the store, uploads as they were received, and the key of its tokens.
//!
//! ```text
//! DIR/cvrs.db        the embedded store         DIR/incoming/   bodies that are still arriving, or may be kept
//! DIR/raw/<id>       uploads as received        DIR/token.key   signs tokens
//! DIR/audit.jsonl    who did what             DIR/replies/    replies of jobs that are too long for the store
//! ```
#![expect(clippy::disallowed_methods, reason = "this module keeps files")]

use cvrs_api::JobState;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use uuid::Uuid;

/// A folder that one server uses.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held locked while the server lives.
    _lock: File,
}

impl Folder {
    /// Makes what is missing, locks it, and removes what a killed server left half-received.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        for folder in [path.to_owned(), path.join("raw"), path.join("incoming"), path.join("replies")] {
            private_folder(&folder)?;
        }
        let lock = File::options().create(true).truncate(false).write(true).open(path.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::other("another server uses this folder"),
            fs::TryLockError::Error(error) => error,
        })?;
        for entry in fs::read_dir(path.join("incoming"))? {
            fs::remove_file(entry?.path())?;
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// A path in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file of mode 0600 that may be kept.
    pub(crate) fn incoming(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.path.join("incoming"))
    }

    /// A new file of mode 0600 without a name.
    pub(crate) fn unnamed(&self) -> io::Result<File> {
        tempfile::tempfile_in(self.path.join("incoming"))
    }

    fn raw_path(&self, id: Uuid) -> PathBuf {
        self.path.join("raw").join(id.to_string())
    }

    /// Keeps a received file under an upload's id; when this returns it survives a crash.
    pub(crate) fn keep(&self, file: NamedTempFile, id: Uuid) -> io::Result<()> {
        file.as_file().sync_data()?;
        file.persist(self.raw_path(id)).map_err(|error| error.error)?;
        File::open(self.path.join("raw"))?.sync_all()
    }

    fn reply_path(&self, id: Uuid, state: JobState) -> PathBuf {
        self.path.join("replies").join(format!("{id}.{state}"))
    }

    /// Keeps a long reply of a job for one of its states; when this returns it survives a crash.
    pub(crate) fn keep_reply(&self, file: NamedTempFile, id: Uuid, state: JobState) -> io::Result<()> {
        file.as_file().sync_data()?;
        file.persist(self.reply_path(id, state)).map_err(|error| error.error)?;
        File::open(self.path.join("replies"))?.sync_all()
    }

    /// The long reply of a job in a state.
    pub(crate) fn reply(&self, id: Uuid, state: JobState) -> io::Result<File> {
        File::open(self.reply_path(id, state))
    }

    /// Forgets the long reply of a job in a state, if there is one.
    pub(crate) fn discard_reply(&self, id: Uuid, state: JobState) -> io::Result<()> {
        match fs::remove_file(self.reply_path(id, state)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes long replies of states that jobs do not stand in: a crash came before or after.
    pub(crate) fn sweep_replies(&self, is_state: &mut dyn FnMut(Uuid, &str) -> io::Result<bool>) -> io::Result<()> {
        for entry in fs::read_dir(self.path.join("replies"))? {
            let entry = entry?;
            let name = entry.file_name();
            let named = name.to_str().and_then(|name| name.split_once('.'));
            if let Some((id, state)) = named
                && let Ok(id) = Uuid::parse_str(id)
                && !is_state(id, state)?
            {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// The file of an upload.
    pub(crate) fn raw(&self, id: Uuid) -> io::Result<File> {
        File::open(self.raw_path(id))
    }

    /// Forgets the file of an upload, if there is one.
    pub(crate) fn discard(&self, id: Uuid) -> io::Result<()> {
        match fs::remove_file(self.raw_path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes files of uploads that the store does not know or does not keep: a crash came between the two.
    pub(crate) fn sweep(&self, is_kept: &mut dyn FnMut(Uuid) -> io::Result<bool>) -> io::Result<()> {
        for entry in fs::read_dir(self.path.join("raw"))? {
            let entry = entry?;
            let id = entry.file_name().to_str().and_then(|name| Uuid::parse_str(name).ok());
            if let Some(id) = id
                && !is_kept(id)?
            {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Makes a folder that only its owner may enter.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
