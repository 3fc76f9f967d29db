//! What a refusal looks like.

use serde::{Deserialize, Serialize};

/// The body of every reply that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorBody {
    /// When it was refused, RFC 3339 in UTC.
    pub timestamp: String,
    /// The HTTP status.
    pub status: u16,
    /// The status in words.
    pub error: String,
    /// What is wrong, and what to do.
    pub message: String,
    /// The path that was asked for.
    pub path: String,
}
