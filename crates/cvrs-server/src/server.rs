//! A server: accounts, tokens, store, queue, and what watches over them.

use crate::account::{AccountError, Accounts};
use crate::audit::Audit;
use crate::config::Config;
use crate::folder::Folder;
use crate::job::Queue;
use crate::metrics::Metrics;
use crate::store::{SqliteStore, Store, StoreError};
use crate::token::{Limiter, Tokens};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The file of clients.
    #[error(transparent)]
    Accounts(#[from] AccountError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder.
    #[error("cannot use the folder {path}: {error}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// An option that this build does not know.
    #[error("{0}")]
    Unsupported(String),
}

/// A clearinghouse. It serves through [`router`](crate::router), and finishes the jobs that it finds.
#[derive(Debug)]
pub struct Server {
    pub(crate) config: Config,
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Tokens,
    pub(crate) limiter: Limiter,
    /// Argon2 takes 19 MiB and a core each time.
    pub(crate) hashing: Semaphore,
    /// Whose turn it is to be checked and stored, in order of arrival, among short uploads.
    pub(crate) turns: Semaphore,
    pub(crate) store: Box<dyn Store>,
    pub(crate) folder: Arc<Folder>,
    pub(crate) queue: Queue,
    pub(crate) metrics: Metrics,
    pub(crate) audit: Audit,
}

/// So many short uploads are worked on at once: enough to share a commit.
const TURNS: usize = 32;

impl Server {
    /// Opens everything, and goes on with the jobs that an earlier server left.
    ///
    /// # Errors
    /// As [`StartError`] names them.
    pub fn open(config: Config) -> Result<Arc<Self>, StartError> {
        let folder_error = |error| StartError::Folder { path: config.data.display().to_string(), error };
        let accounts = Accounts::open(&config.clients)?;
        let folder = Folder::open(&config.data).map_err(folder_error)?;
        let store = open_store(&config, &folder)?;
        let tokens = Tokens::open(&folder.join("token.key")).map_err(folder_error)?;
        let audit = Audit::open(&folder.join("audit.jsonl")).map_err(folder_error)?;
        folder
            .sweep(&mut |id| {
                let known = store.find(id).map_err(std::io::Error::other)?;
                Ok(known.is_some_and(|known| known.upload.keeps_raw || known.state != cvrs_api::JobState::Completed))
            })
            .map_err(folder_error)?;
        folder
            .sweep_replies(&mut |id, state| {
                let known = store.find(id).map_err(std::io::Error::other)?;
                Ok(known.is_some_and(|known| known.state.name() == state))
            })
            .map_err(folder_error)?;
        let server = Arc::new(Self {
            accounts,
            tokens,
            limiter: Limiter::default(),
            hashing: Semaphore::new(2),
            turns: Semaphore::new(TURNS),
            store,
            folder: Arc::new(folder),
            queue: Queue::default(),
            metrics: Metrics::default(),
            audit,
            config,
        });
        for jurisdiction in server.store.waiting()? {
            server.run_jobs(&jurisdiction);
        }
        Ok(server)
    }

    /// The time in seconds.
    pub(crate) fn now(&self) -> i64 {
        self.config.clock.millis().div_euclid(1000)
    }

    /// Waits until no job runs; those in the queue are left to the next server.
    pub fn stop(&self) {
        self.queue.stop();
    }
}

fn open_store(config: &Config, folder: &Folder) -> Result<Box<dyn Store>, StartError> {
    match &config.database_url {
        None => Ok(Box::new(SqliteStore::open(&folder.join("cvrs.db"))?)),
        #[cfg(feature = "postgres")]
        Some(url) => Ok(Box::new(crate::store::PostgresStore::open(url)?)),
        #[cfg(not(feature = "postgres"))]
        Some(_) => Err(StartError::Unsupported(
            "this build has no PostgreSQL store; build it with the feature postgres".into(),
        )),
    }
}
