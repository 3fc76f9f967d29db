//! What may be typed after `cvrs convert`.

use super::{day, level};
use crate::own_profile::ProfileArg;
use clap::ValueEnum;
use cvrs_parse::Date;
use cvrs_report::Level;
use cvrs_rules::Selector;
use std::path::PathBuf;

/// What records are made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetForm {
    /// CVRS text with the columns in their order and lines that end in LF.
    Cvrs,
}

/// What records are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SourceForm {
    /// CVRS text.
    Cvrs,
}

/// `cvrs convert`.
#[derive(Debug, clap::Args)]
pub(crate) struct Convert {
    /// The file to convert: text, gzip, zstd or zip; `-` or none is stdin. It is never changed itself.
    pub(crate) file: Option<PathBuf>,
    /// What to write.
    #[arg(long, value_name = "FORM")]
    pub(crate) to: TargetForm,
    /// What is read [default: told from the content].
    #[arg(long, value_name = "FORM")]
    pub(crate) from: Option<SourceForm>,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Convert records with errors too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Write the header and every record that is not converted, byte for byte.
    #[arg(long, value_name = "PATH")]
    pub(crate) rejects: Option<PathBuf>,
    /// Which rules count, and at what level: recommended, dch, tool, strict, or the path of a TOML profile.
    #[arg(long, value_name = "PROFILE", default_value = "recommended")]
    pub(crate) profile: ProfileArg,
    /// Version of CVRS that is read [default: told from the header].
    #[arg(long, value_name = "VERSION", value_parser = ["1", "2", "2.5", "3"])]
    pub(crate) spec_version: Option<String>,
    /// The day of submission [default: the local date].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) today: Option<Date>,
    /// Count only these rules: codes, clearinghouse ids, or beginnings of either.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) select: Vec<Selector>,
    /// Do not count these rules.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) ignore: Vec<Selector>,
    /// Give rules another level: error, warn, info or off.
    #[arg(long, value_name = "CODE=LEVEL", value_delimiter = ',', value_parser = level)]
    pub(crate) level: Vec<(Selector, Level)>,
    /// Test data: placeholder codes and early dates pass.
    #[arg(long)]
    pub(crate) test: bool,
}
