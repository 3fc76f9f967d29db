//! What may be typed after `cvrs convert`.

mod columns;
mod fhir;
mod hl7;

pub(crate) use columns::{Columns, CompressionName};
pub(crate) use fhir::{BundleName, Fhir};
pub(crate) use hl7::{DialectName, Hl7, InfoSourceName};

use super::{Judging, OperationName};
use clap::ValueEnum;
use std::path::PathBuf;

/// What records are made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TargetForm {
    /// CVRS text with the columns in their order and lines that end in LF.
    Cvrs,
    /// HL7 v2.5.1, one VXU_V04 message a record.
    Hl7,
    /// FHIR R4: Immunizations, and the Patients, Locations and Organizations that they refer to.
    Fhir,
    /// Columns as text and what is derived from them, in Parquet.
    Parquet,
    /// The same columns in Arrow's own format: a file, or with a name in .arrows and on stdout a stream.
    Arrow,
}

/// What records are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SourceForm {
    /// CVRS text.
    Cvrs,
    /// HL7 v2, messages or batches of any sender.
    Hl7,
    /// Columns of CVRS as text, in Parquet.
    Parquet,
    /// Columns of CVRS as text in Arrow's own format, a file or a stream.
    Arrow,
    /// CVRS columns as comma-separated text; never told from the content.
    Csv,
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
    /// Version of CVRS that is written [default: the one that is read; 3 from HL7].
    #[arg(long, value_name = "VERSION", value_parser = ["1", "2", "2.5", "3"])]
    pub(crate) cvrs_version: Option<String>,
    /// From version 1: what is written for its codes of admin_type; columns from, to, and if wanted admin_name and
    /// vtrcks_prov_pin.
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_type_map: Option<PathBuf>,
    /// From version 1: take the likely codes for HD (19) and CP (1), which are written as UNK otherwise.
    #[arg(long)]
    pub(crate) accept_proposed: bool,
    /// From version 1: write event id and value of vax_prov_suffix there, which later versions have no column for.
    #[arg(long, value_name = "FILE")]
    pub(crate) keep_dropped: Option<PathBuf>,
    /// From HL7 and from version 1: list what was changed, chosen or left out on the way, without values of a person.
    #[arg(long, value_name = "PATH")]
    pub(crate) log: Option<PathBuf>,
    /// Write to a file instead of stdout; FHIR resources go to a folder.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Convert records with errors too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Write the header and every record that is not converted, byte for byte.
    #[arg(long, value_name = "PATH")]
    pub(crate) rejects: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// What the records ask the clearinghouse to do; HL7 says it in RXA-21.
    #[arg(long, value_name = "WHAT", default_value = "create")]
    pub(crate) operation: OperationName,
    #[command(flatten)]
    pub(crate) hl7: Hl7,
    #[command(flatten)]
    pub(crate) fhir: Fhir,
    #[command(flatten)]
    pub(crate) columns: Columns,
}
