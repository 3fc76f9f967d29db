//! Paths, as the reference writes them.

/// Generate a token.
pub const TOKEN_GEN: &str = "/v0/token/gen";
/// Refresh a token.
pub const TOKEN_REFRESH: &str = "/v0/token/refresh";
/// Create, update or delete records of a CVRS file.
pub const UPLOAD_CVRS: &str = "/v0/upload/cvrs/batch";
/// Create, update or delete records of an HL7 batch.
pub const UPLOAD_HL7: &str = "/v0/upload/hl7/batch";
/// Create, update or delete records of HL7 messages in JSON.
pub const UPLOAD_HL7_JSON: &str = "/v0/upload/hl7/json";
/// Prefix of an upload as it was received; its id follows.
pub const UPLOAD_FILE: &str = "/v0/upload/file/";
/// Submit a job.
pub const JOBS: &str = "/v0/async/cvrs/jobs";
/// Export stored or raw records.
pub const EXPORT: &str = "/v0/export";
/// Exports to the data lake.
pub const IZDL_HISTORY: &str = "/v0/izdlexport/history";

/// The path of a job's state.
pub fn job(id: &str) -> String {
    format!("{JOBS}/{id}")
}

/// The path of an upload as it was received.
pub fn upload_file(id: &str) -> String {
    format!("{UPLOAD_FILE}{id}")
}
