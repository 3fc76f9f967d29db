//! What is known of a job.

use crate::StorageResult;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum JobState {
    /// In the queue.
    Queued,
    /// Moved to processing.
    #[serde(rename = "DE-QUEUED")]
    DeQueued,
    /// Its records are being validated.
    Validating,
    /// Its valid records are being stored.
    Processing,
    /// Done.
    Completed,
}

impl JobState {
    /// All states, in the order in which a job passes them.
    pub const ALL: [Self; 5] = [Self::Queued, Self::DeQueued, Self::Validating, Self::Processing, Self::Completed];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::DeQueued => "DE-QUEUED",
            Self::Validating => "VALIDATING",
            Self::Processing => "PROCESSING",
            Self::Completed => "COMPLETED",
        }
    }

    /// The state with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The reply to a submission and to each question after it.
///
/// What is not known yet is -1, empty or null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobStatus {
    /// The job, a UUID.
    pub id: String,
    /// Where it stands.
    pub status: JobState,
    /// All data records of the upload, or -1.
    pub total_records: i64,
    /// One string for each invalid cell; may be cut.
    pub validation_errors: Vec<String>,
    /// How many there are, cut or not, or -1.
    pub validation_errors_count: i64,
    /// What each store did, or null.
    pub storage_result: Option<StorageResult>,
}

impl JobStatus {
    /// What is known of a job that has just been submitted.
    pub const fn queued(id: String) -> Self {
        Self {
            id,
            status: JobState::Queued,
            total_records: -1,
            validation_errors: Vec::new(),
            validation_errors_count: -1,
            storage_result: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reply_is_the_one_of_the_reference() {
        let wire = serde_json::to_string(&JobStatus::queued("i".into())).unwrap();
        let expected = concat!(
            r#"{"id":"i","status":"QUEUED","totalRecords":-1,"validationErrors":[],"#,
            r#""validationErrorsCount":-1,"storageResult":null}"#
        );
        assert_eq!(wire, expected);
    }

    #[test]
    fn states_have_their_names_on_the_wire() {
        for state in JobState::ALL {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
            assert_eq!(JobState::from_name(state.name()), Some(state));
        }
    }
}
