//! What may be typed after `cvrs fix`.

use super::Judging;
use std::path::PathBuf;

/// `cvrs fix`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one a switch of the command line")]
pub(crate) struct Fix {
    /// The file to mend: text, gzip, zstd or zip; `-` or none is stdin. It is never changed itself.
    pub(crate) file: Option<PathBuf>,
    /// Apply these fixes too, which need consent: numbers or names, such as F10 or county-name.
    #[arg(long = "fix", value_name = "RULE", value_delimiter = ',', value_parser = named)]
    pub(crate) named: Vec<&'static cvrs_fix::Fix>,
    /// Apply all fixes that need consent.
    #[arg(long)]
    pub(crate) unsafe_fixes: bool,
    /// Leave drug codes of ten digits as they are (F22), since both forms are legal.
    #[arg(long)]
    pub(crate) no_normalise: bool,
    /// Write what would change, cell by cell, instead of the file.
    #[arg(long, conflicts_with = "rejects")]
    pub(crate) diff: bool,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write the header and every record that still has an error there instead.
    #[arg(long, value_name = "PATH")]
    pub(crate) rejects: Option<PathBuf>,
    /// List every change: file, line, record, field, rule, before, after.
    #[arg(long, value_name = "PATH")]
    pub(crate) log: Option<PathBuf>,
    /// Show the recipient's values in log and diff, not their lengths.
    #[arg(long)]
    pub(crate) show_values: bool,
    /// Show no record ids in log and diff.
    #[arg(long)]
    pub(crate) no_ids: bool,
    #[command(flatten)]
    pub(crate) judging: Judging,
}

fn named(text: &str) -> Result<&'static cvrs_fix::Fix, String> {
    cvrs_fix::find(text).map_err(|error| error.to_string())
}
