//! Accounts of a running server: a file that was changed is read again.

use super::file::accounts_of;
use super::{Account, AccountError, Verifier};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

/// Time, length and, where there is one, number of the file: writers replace it as a whole.
type Stamp = Option<(SystemTime, u64, u64)>;

/// The accounts as the file has them now.
#[derive(Debug)]
pub(crate) struct Accounts {
    path: PathBuf,
    known: RwLock<HashMap<String, Arc<Account>>>,
    seen: Mutex<Stamp>,
    nobody: Verifier,
}

#[expect(clippy::disallowed_methods, reason = "the file's time says whether it changed")]
fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Some((metadata.modified().ok()?, metadata.len(), number))
}

fn by_id(accounts: Vec<Account>) -> HashMap<String, Arc<Account>> {
    accounts.into_iter().map(|account| (account.id.clone(), Arc::new(account))).collect()
}

impl Accounts {
    /// Reads the file.
    pub(crate) fn open(path: &Path) -> Result<Self, AccountError> {
        let stamp = stamp(path);
        let known = RwLock::new(by_id(accounts_of(path)?));
        let nobody = Verifier::from_secret("nobody").map_err(|cause| AccountError::invalid(path, cause))?;
        Ok(Self { path: path.to_owned(), known, seen: Mutex::new(stamp), nobody })
    }

    /// Reads the file again if it has changed, which each call looks for: who was revoked is out at once. One that cannot be used changes nothing but the log.
    fn refresh(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.path);
        if stamp == *seen {
            return;
        }
        *seen = stamp;
        match accounts_of(&self.path) {
            Ok(accounts) => {
                tracing::info!(clients = accounts.len(), "accounts were read again");
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = by_id(accounts);
            }
            Err(error) => {
                tracing::error!(cause = %error, "the changed file of clients cannot be used; the accounts stay as they were");
            }
        }
    }

    /// The account of that id.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Account>> {
        self.refresh();
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The account of that id if the secret is its own; an unknown id takes as long as a wrong secret.
    pub(crate) fn authenticate(&self, id: &str, secret: &str) -> Option<Arc<Account>> {
        let account = self.get(id);
        let verifier = account.as_ref().map_or(&self.nobody, |account| &account.verifier);
        let is_right = verifier.matches(secret);
        account.filter(|_| is_right)
    }
}
