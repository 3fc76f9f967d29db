//! Who did what, one JSON object a line; never a value of a record, a secret or a token.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The audit log.
#[derive(Debug)]
pub(crate) struct Audit(Mutex<File>);

/// A line of it.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Deed<'a> {
    pub(crate) time: String,
    pub(crate) client: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acts_as: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jurisdiction: Option<&'a str>,
    pub(crate) action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) status: u16,
}

impl Audit {
    /// Appends to a file of mode 0600.
    #[expect(clippy::disallowed_methods, reason = "the log is a file")]
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(|file| Self(Mutex::new(file)))
    }

    /// Appends a line.
    pub(crate) fn tell(&self, deed: &Deed<'_>) {
        let mut line = serde_json::to_vec(deed).unwrap_or_default();
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(&line) {
            tracing::error!(cause = %error, "the audit log cannot be written");
        }
    }
}
