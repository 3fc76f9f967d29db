//! What a server is started with.

use crate::clock::{Clock, SystemClock};
use crate::fault::Faults;
use crate::intake::Limits;
use crate::job::Retry;
use cvrs_parse::Date;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that can be said about a server. `Debug` shows no password.
#[derive(Clone)]
pub struct Config {
    /// The folder for the store, kept uploads and the key of the tokens.
    pub data: PathBuf,
    /// The file of clients.
    pub clients: PathBuf,
    /// A PostgreSQL database instead of the embedded store; may hold a password.
    pub database_url: Option<String>,
    /// Limits on bodies.
    pub limits: Limits,
    /// Characters of a reply beyond which its lists are cut; 0: never.
    pub reply_budget: usize,
    /// Whether a submission is answered with 200 instead of 202.
    pub async_ok: bool,
    /// Whether the rows of a DELETE are validated in full.
    pub full_deletes: bool,
    /// Whether `/` shows uploads, jobs and errors by rule without a token.
    pub status_page: bool,
    /// The day of submission [default: today in UTC].
    pub today: Option<Date>,
    /// How many threads check an upload.
    pub threads: usize,
    /// How long a job that fails on the server's side is tried again.
    pub retry: Retry,
    /// Faults to be rehearsed.
    pub faults: Faults,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("data", &self.data).field("clients", &self.clients).finish_non_exhaustive()
    }
}

impl Config {
    /// The defaults for a folder and a file of clients.
    pub fn new(data: impl Into<PathBuf>, clients: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            clients: clients.into(),
            database_url: None,
            limits: Limits::default(),
            reply_budget: cvrs_api::limit::REPLY_BUDGET,
            async_ok: false,
            full_deletes: false,
            status_page: false,
            today: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            retry: Retry::default(),
            faults: Faults::default(),
            clock: Arc::new(SystemClock),
        }
    }
}
