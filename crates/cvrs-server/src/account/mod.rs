//! Accounts: who may do what, for which jurisdiction, and where their data go.

mod file;
mod secret;
mod watch;

pub use file::{ClientEntry, add_client, clients_of, revoke_client};
pub(crate) use secret::Verifier;
pub use secret::{hash_secret, new_secret};
pub(crate) use watch::Accounts;

use cvrs_api::{Scopes, Store};
use std::fmt;

/// Why a file of clients cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {cause}")]
pub struct AccountError {
    path: String,
    cause: String,
    is_unreadable: bool,
}

impl AccountError {
    pub(crate) fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self { path: path.display().to_string(), cause: error.to_string(), is_unreadable: true }
    }

    pub(crate) fn invalid(path: &std::path::Path, cause: impl Into<String>) -> Self {
        Self { path: path.display().to_string(), cause: cause.into(), is_unreadable: false }
    }

    /// Whether the file could not be read or written, rather than not be understood.
    pub const fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }
}

/// What is done with the uploads of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// Store redacted records.
    pub redacted: bool,
    /// Store complete records.
    pub non_redacted: bool,
    /// Keep the upload as it was received.
    pub object_storage: bool,
    /// Validate and return errors only; nothing is stored, whatever the other flags say.
    pub validate_only: bool,
}

impl Modes {
    /// The stores that are written, in the order of replies.
    pub fn stores(self) -> Vec<Store> {
        let is_on = |store: &Store| match store {
            Store::NonRedacted => self.non_redacted,
            Store::Redacted => self.redacted,
        };
        Store::ALL.into_iter().filter(|store| !self.validate_only && is_on(store)).collect()
    }

    /// Whether uploads are kept as they came.
    pub const fn keeps_raw(self) -> bool {
        self.object_storage && !self.validate_only
    }

    /// Whether records are looked at at all: an account that only keeps files has them kept unread.
    pub const fn validates(self) -> bool {
        self.validate_only || self.redacted || self.non_redacted
    }
}

/// One account. `Debug` shows no secret.
#[derive(Clone)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// The jurisdiction whose data it sends.
    pub jurisdiction: String,
    /// What may be bound to its tokens.
    pub scopes: Scopes,
    /// What is done with its uploads.
    pub modes: Modes,
    /// Accounts that it may work for.
    pub may_act_for: Vec<String>,
    pub(crate) verifier: Verifier,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("jurisdiction", &self.jurisdiction)
            .field("scopes", &self.scopes)
            .field("modes", &self.modes)
            .finish_non_exhaustive()
    }
}
