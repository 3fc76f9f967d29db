//! Temporary files without a name.

use std::fs::File;
use std::io;
use std::path::Path;

/// A file of mode 0600 that has no name, in `dir` or else in the system's folder for such (`TMPDIR`).
pub(super) fn unlinked(dir: Option<&Path>) -> io::Result<File> {
    let file = match dir {
        Some(dir) => tempfile::tempfile_in(dir),
        None => tempfile::tempfile(),
    }?;
    // Where the file is made without a name at all, the crate leaves the mode to the umask; `/proc` shows it to others.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
