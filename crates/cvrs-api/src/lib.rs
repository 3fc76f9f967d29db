//! Wire types and routes of the COVID-19 Data Clearinghouse API, shared by the server and the client.
//!
//! ```
//! use cvrs_api::UploadStatusResponse;
//!
//! let reply: UploadStatusResponse = serde_json::from_str(
//!     r#"{"id":"7d3c2c0e-5a0f-4c1c-9d56-0d6b7f0a1c11","totalRecords":0,"validationErrors":[],
//!         "validationErrorsCount":0,"storageResult":{}}"#,
//! )?;
//! assert_eq!(reply.total_records, 0);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Names, order of fields and what is null are those of the REST guide of 2021-22. Nothing here speaks HTTP, and no
//! `Debug` shows a secret or a token.
//!
//! Feature `schema`: JSON Schemas of the types.

mod error;
mod export;
mod job;
pub mod limit;
pub mod route;
mod scope;
mod store;
mod token;
mod upload;

pub use error::ErrorBody;
pub use export::{ExportFormat, ExportReply, ExportRequest, ExportedFile, HistoryRequest, parse_day};
pub use job::{JobState, JobStatus};
pub use scope::{Scope, Scopes, UnknownScope};
pub use store::Store;
pub use token::{TokenRequest, TokenResponse};
pub use upload::{StorageResult, UploadStatusResponse, UploadStorageResult};

/// The name under which an upload of too many records is known.
pub const MAX_ROWS: &str = "MAX ROWS";
