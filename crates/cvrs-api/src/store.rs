//! The two databases.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A database of the clearinghouse. The order is that of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Store {
    /// Complete records.
    #[serde(rename = "NON_REDACTED_DB")]
    NonRedacted,
    /// Records without what names a person.
    #[serde(rename = "REDACTED_DB")]
    Redacted,
}

impl Store {
    /// Both, in the order of replies.
    pub const ALL: [Self; 2] = [Self::NonRedacted, Self::Redacted];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NonRedacted => "NON_REDACTED_DB",
            Self::Redacted => "REDACTED_DB",
        }
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
