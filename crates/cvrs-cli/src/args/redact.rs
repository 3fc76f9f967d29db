//! What may be typed after `cvrs redact`.

use super::FailOn;
use std::path::PathBuf;

/// The model that rows are brought to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelName {
    D,
    P,
}

/// How findings are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FindingsFormat {
    Jsonl,
    Tsv,
}

/// `cvrs redact`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one a switch of the command line")]
pub(crate) struct Redact {
    /// The file to redact: text, gzip, zstd or zip; `-` or none is stdin. It is never changed itself.
    pub(crate) file: Option<PathBuf>,
    /// The model of the result: D or P [default: P with --pprl-map, else D].
    #[arg(long, value_name = "D|P", value_parser = model)]
    pub(crate) to: Option<ModelName>,
    /// The linkage ids of model P: two columns, recip_id and pprl_id. Rows without an entry are not written.
    #[arg(long, value_name = "FILE")]
    pub(crate) pprl_map: Option<PathBuf>,
    /// Cut birth dates to their month (outside the specification).
    #[arg(long)]
    pub(crate) dob_month: bool,
    /// Cut the recipient's ZIP code to five digits (outside the specification).
    #[arg(long)]
    pub(crate) zip5: bool,
    /// Put 32 hex digits of HMAC-SHA256 in place of recip_id, with all bytes of this file as the key (outside the
    /// specification). Doses link as long as the key is the same.
    #[arg(long, value_name = "FILE")]
    pub(crate) pseudonym_key: Option<PathBuf>,
    /// Empty the administration street and street 2 where the street is the recipient's (outside the specification).
    #[arg(long = "redact-home-admin")]
    pub(crate) home_admin: bool,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write the header and every row that cannot be redacted there, as it stands.
    #[arg(long, value_name = "PATH")]
    pub(crate) rejects: Option<PathBuf>,
    /// List every change: file, line, record, field, rule, before, after.
    #[arg(long, value_name = "PATH")]
    pub(crate) log: Option<PathBuf>,
    /// List every finding, such as a name in another column: jsonl or tsv. Holds neither values nor ids.
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report)]
    pub(crate) report: Vec<(FindingsFormat, PathBuf)>,
    /// Show the recipient's values in the log, not their lengths.
    #[arg(long)]
    pub(crate) show_values: bool,
    /// From which level on findings make the exit code 1; a row that is not written is an error.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(crate) fail_on: FailOn,
}

fn model(text: &str) -> Result<ModelName, String> {
    match text {
        "D" | "d" => Ok(ModelName::D),
        "P" | "p" => Ok(ModelName::P),
        "I" | "i" => Err("what redaction has taken out cannot be put back; expected D or P".to_owned()),
        _ => Err("expected D or P".to_owned()),
    }
}

fn report(text: &str) -> Result<(FindingsFormat, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("expected FORMAT=PATH")?;
    let format = match format {
        "jsonl" => FindingsFormat::Jsonl,
        "tsv" => FindingsFormat::Tsv,
        _ => return Err("expected jsonl or tsv before the equals sign".to_owned()),
    };
    if path.is_empty() {
        return Err("expected a path after the equals sign".to_owned());
    }
    Ok((format, PathBuf::from(path)))
}
