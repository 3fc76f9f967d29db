//! Where records, uploads and jobs are kept.
//!
//! Both back ends keep the same promises, and the same tests hold them to it: what [`Writer::commit`] returned from
//! survives a kill at any moment, and what it did not return from leaves no trace. The rows of an upload, its line in
//! the log and, for a job, its end are one transaction.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;

#[cfg(feature = "postgres")]
pub(crate) use postgres::PostgresStore;
pub(crate) use sqlite::SqliteStore;

use crate::batch::Batch;
use crate::intake::{Kind, Media};
use crate::reply::Stored;
use cvrs_api::{JobState, Store as Name};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A failure of the store itself; no value of a record is in it.
#[derive(Debug, thiserror::Error)]
#[error("store: {what}: {cause}")]
pub struct StoreError {
    what: &'static str,
    cause: String,
}

impl StoreError {
    pub(crate) fn new(what: &'static str, cause: impl std::fmt::Display) -> Self {
        Self { what, cause: cause.to_string() }
    }
}

/// The result of a call of a store.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// What an upload asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// POST.
    Create,
    /// PUT.
    Update,
    /// DELETE.
    Delete,
}

impl Operation {
    /// All, with their names in the log.
    pub(crate) const ALL: [Self; 3] = [Self::Create, Self::Update, Self::Delete];

    /// The name in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// What is said of a record that the store refuses.
    pub(crate) const fn refusal(self) -> &'static str {
        match self {
            Self::Create => "Record already exists",
            Self::Update | Self::Delete => "Record does not exist",
        }
    }
}

/// How an upload ended, as the portal calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not yet.
    Open,
    /// Done.
    Completed,
    /// Too many records; not processed.
    MaxRows,
    /// It could not be read.
    FailedToLoad,
    /// It failed later.
    Error,
}

impl Status {
    const ALL: [Self; 5] = [Self::Open, Self::Completed, Self::MaxRows, Self::FailedToLoad, Self::Error];

    /// The portal's word.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Completed => "COMPLETED",
            Self::MaxRows => "MAX ROWS",
            Self::FailedToLoad => "FAILED TO LOAD",
            Self::Error => "ERROR",
        }
    }

    fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.name() == name).unwrap_or(Self::Error)
    }
}

/// What is known of an upload when it has been received.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) id: Uuid,
    pub(crate) client: String,
    pub(crate) jurisdiction: String,
    pub(crate) operation: Operation,
    pub(crate) is_job: bool,
    pub(crate) media: Media,
    /// What the body holds.
    pub(crate) kind: Kind,
    pub(crate) bytes: u64,
    /// Milliseconds since 1970.
    pub(crate) received: i64,
    /// The day that exports go by, `YYYY-MM-DD`.
    pub(crate) day: String,
    /// Whether the body is kept for good.
    pub(crate) keeps_raw: bool,
    /// The stores that it is for.
    pub(crate) stores: Vec<Name>,
    /// Whether its records are looked at.
    pub(crate) validates: bool,
}

/// How often a rule spoke about a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RuleCount {
    pub(crate) rule: String,
    pub(crate) field: String,
    pub(crate) count: u64,
}

/// What came of an upload.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) total: u64,
    pub(crate) rejected: u64,
    pub(crate) processed: u64,
    pub(crate) refused: u64,
    pub(crate) rules: Vec<RuleCount>,
    /// The reply's bytes; none if it is so long that it is kept beside the store.
    pub(crate) reply: Vec<u8>,
    /// The body as it was received, if it is to be kept and is small.
    pub(crate) body: Option<Vec<u8>>,
    /// Milliseconds since 1970.
    pub(crate) ended: i64,
}

/// A line of the log.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) upload: Upload,
    pub(crate) state: JobState,
    pub(crate) status: Status,
    pub(crate) total: Option<u64>,
    pub(crate) rejected: u64,
    pub(crate) processed: u64,
    pub(crate) refused: u64,
    pub(crate) rules: Vec<RuleCount>,
    pub(crate) reply: Vec<u8>,
    /// When each state was reached, by its name.
    pub(crate) times: Vec<(String, i64)>,
}

/// Days of upload, both inclusive, `YYYY-MM-DD`.
#[derive(Clone, Debug)]
pub(crate) struct Days {
    pub(crate) first: String,
    pub(crate) last: String,
}

/// What takes rows of an export; `false` stops it.
pub(crate) type RowSink<'a> = &'a mut dyn FnMut(&[u8]) -> bool;

/// A place for records, uploads and jobs. All calls block.
pub(crate) trait Store: Send + Sync + std::fmt::Debug {
    /// Begins the one transaction of an upload. Another one waits meanwhile.
    fn writer(&self, upload: &Upload) -> Result<Box<dyn Writer + '_>>;
    /// Puts a job into the queue.
    fn submit(&self, job: &Upload, reply: &[u8]) -> Result<()>;
    /// Tells where a job stands, durably.
    fn advance(&self, id: Uuid, state: JobState, reply: &[u8], now: i64) -> Result<()>;
    /// The oldest job of a jurisdiction that is not completed.
    fn next_job(&self, jurisdiction: &str) -> Result<Option<Logged>>;
    /// Jurisdictions with jobs that are not completed.
    fn waiting(&self) -> Result<Vec<String>>;
    /// An upload or a job.
    fn find(&self, id: Uuid) -> Result<Option<Logged>>;
    /// The newest uploads and jobs, newest first.
    fn newest(&self, limit: u32) -> Result<Vec<Logged>>;
    /// Completed uploads of a jurisdiction of which the body is kept, in order of arrival.
    fn raw(&self, jurisdiction: &str, days: &Days) -> Result<Vec<Upload>>;
    /// The body of an upload as it was received, if it is kept here.
    fn body(&self, id: Uuid) -> Result<Option<Vec<u8>>>;
    /// The rows of a jurisdiction whose last write was on these days, in order of writing.
    fn export(&self, store: Name, jurisdiction: &str, days: &Days, sink: RowSink<'_>) -> Result<()>;
    /// How many records a store holds.
    fn n_records(&self, store: Name) -> Result<u64>;
}

/// The one transaction of an upload; dropped before its commit, it leaves no trace.
pub(crate) trait Writer {
    /// Applies records, in the order of the file.
    fn apply(&mut self, batch: &Batch, stored: &mut [Stored]) -> Result<()>;
    /// Applies what had to wait for all records to be known.
    fn settle(&mut self, stored: &mut [Stored]) -> Result<()>;
    /// Makes it last, with the upload's end.
    fn commit(self: Box<Self>, end: &End) -> Result<()>;
}

/// What makes two records of a store the same: the jurisdiction and the id of the event, exactly as sent.
pub(crate) const fn key<'a>(jurisdiction: &'a str, vax_event_id: &'a [u8]) -> (&'a str, &'a [u8]) {
    (jurisdiction, vax_event_id)
}
