//! Getting records back.

use serde::{Deserialize, Serialize};

/// What an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ExportFormat {
    /// HL7 messages as received.
    #[serde(rename = "HL7_RAW", alias = "HL7")]
    Hl7Raw,
    /// CVRS rows as received.
    #[serde(rename = "CVRS_RAW", alias = "CVRS")]
    CvrsRaw,
    /// What the redacted store holds.
    #[serde(rename = "CVRS_PROCESSED_REDACTED")]
    CvrsProcessedRedacted,
    /// What the non-redacted store holds.
    #[serde(rename = "CVRS_PROCESSED_NON_REDACTED")]
    CvrsProcessedNonRedacted,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 4] =
        [Self::Hl7Raw, Self::CvrsRaw, Self::CvrsProcessedRedacted, Self::CvrsProcessedNonRedacted];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hl7Raw => "HL7_RAW",
            Self::CvrsRaw => "CVRS_RAW",
            Self::CvrsProcessedRedacted => "CVRS_PROCESSED_REDACTED",
            Self::CvrsProcessedNonRedacted => "CVRS_PROCESSED_NON_REDACTED",
        }
    }
}

/// The body of an export call: days of upload in UTC, both inclusive, as `yyyy-mm-dd` or `yyyy/mm/dd`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExportRequest {
    /// The first day.
    pub start_date: String,
    /// The last day.
    pub end_date: String,
    /// What is wanted.
    pub format: ExportFormat,
}

/// The reply to an export call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExportReply {
    /// The whole file.
    pub data: String,
}

impl std::fmt::Debug for ExportReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExportReply({} bytes)", self.data.len())
    }
}

/// The body of a call for exports to the data lake: the last day is exclusive here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct HistoryRequest {
    /// The first day, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// The day after the last one, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// The jurisdiction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_key: Option<String>,
}

/// A file that was exported to the data lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExportedFile {
    /// Records in it.
    pub cvrs_record_count: i32,
    /// Its name.
    pub export_filename: String,
    /// When the export was asked for, in UTC.
    pub export_time: String,
    /// Ids of the uploads in it.
    pub file_ids: Vec<String>,
    /// Names of the files in it.
    pub file_names: Vec<String>,
    /// The jurisdiction.
    pub site_key: String,
}

/// Year, month and day of a date written `yyyy-mm-dd` or `yyyy/mm/dd`; whether the month has that day is not asked.
pub fn parse_day(text: &str) -> Option<(u16, u8, u8)> {
    let bytes = text.as_bytes();
    let separator = *bytes.get(4)?;
    if bytes.len() != 10 || !matches!(separator, b'-' | b'/') || bytes[7] != separator {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        let digits = &bytes[range];
        let is_number = digits.iter().all(u8::is_ascii_digit);
        is_number.then(|| digits.iter().fold(0u16, |sum, digit| sum * 10 + u16::from(digit - b'0')))
    };
    Some((number(0..4)?, number(5..7)? as u8, number(8..10)? as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_day_are_read() {
        assert_eq!(parse_day("2021-10-31"), Some((2021, 10, 31)));
        assert_eq!(parse_day("2021/10/31"), Some((2021, 10, 31)));
        for other in ["", "2021-10/31", "20211031", "2021-1-31", "2021-10-31 ", "2o21-10-31", "äää-10-31"] {
            assert_eq!(parse_day(other), None, "{other}");
        }
    }

    #[test]
    fn old_names_of_formats_are_read_and_not_written() {
        for (old, new) in [("HL7", ExportFormat::Hl7Raw), ("CVRS", ExportFormat::CvrsRaw)] {
            assert_eq!(serde_json::from_str::<ExportFormat>(&format!("\"{old}\"")).unwrap(), new);
        }
        for format in ExportFormat::ALL {
            assert_eq!(serde_json::to_string(&format).unwrap(), format!("\"{}\"", format.name()));
        }
    }
}
