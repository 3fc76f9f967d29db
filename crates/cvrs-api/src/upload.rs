//! What comes of an upload.

use crate::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What each store did, by store; only those that the account writes to.
pub type StorageResult = BTreeMap<Store, UploadStorageResult>;

/// The reply to an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UploadStatusResponse {
    /// The transaction, a UUID.
    pub id: String,
    /// All data records of the upload.
    pub total_records: i64,
    /// One string for each invalid cell; may be cut.
    pub validation_errors: Vec<String>,
    /// How many there are, cut or not.
    pub validation_errors_count: i64,
    /// What each store did.
    pub storage_result: StorageResult,
}

/// What one store did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UploadStorageResult {
    /// `SUCCESS`: it is about the call and not about the records.
    pub status: String,
    /// One string for each record that the store refused; may be cut.
    pub processing_errors: Vec<String>,
    /// How many records were applied.
    pub processed_count: i64,
    /// How many were refused, cut or not.
    pub processing_errors_count: i64,
}
