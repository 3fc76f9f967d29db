//! What files of columns want to know.

use clap::ValueEnum;
use cvrs_transform::columns::{Compression, Options};

/// How batches of an Arrow file are packed, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompressionName {
    None,
    Lz4,
    Zstd,
}

impl CompressionName {
    pub(crate) const fn compression(self) -> Compression {
        match self {
            Self::None => Compression::None,
            Self::Lz4 => Compression::Lz4,
            Self::Zstd => Compression::Zstd,
        }
    }
}

/// Options of `--to parquet` and `--to arrow`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Parquet and Arrow")]
pub(crate) struct Columns {
    /// Leave out what is derived: dates as dates, the dose as a number, answers as booleans, the drug code of 11 digits.
    #[arg(long)]
    pub(crate) no_typed: bool,
    /// Write codes as plain text instead of dictionaries.
    #[arg(long)]
    pub(crate) no_dictionary: bool,
    /// Add the columns source_file, source_line and source_record.
    #[arg(long)]
    pub(crate) with_source: bool,
    /// How the batches of an Arrow file are packed [default: lz4]; Parquet has Zstandard always.
    #[arg(long, value_name = "HOW")]
    pub(crate) compression: Option<CompressionName>,
}

impl Columns {
    pub(crate) const fn options(&self) -> Options {
        Options { typed: !self.no_typed, dictionary: !self.no_dictionary, source: self.with_source }
    }

    /// The options that were given, by name.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let given = [
            ("--no-typed", self.no_typed),
            ("--no-dictionary", self.no_dictionary),
            ("--with-source", self.with_source),
            ("--compression", self.compression.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }
}
