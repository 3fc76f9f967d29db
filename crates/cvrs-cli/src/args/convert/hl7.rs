//! What HL7 wants to know.

use clap::ValueEnum;
use cvrs_transform::hl7;
use std::path::PathBuf;

/// A dialect by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectName {
    /// The implementation guide 1.5: for immunization systems, archives and outside validators.
    Ig,
    /// What CDC's own tool writes: the workbook's order of names, codes without displays, nothing invented.
    Cdc,
}

impl DialectName {
    pub(crate) const fn dialect(self) -> hl7::Dialect {
        match self {
            Self::Ig => hl7::Dialect::Ig,
            Self::Cdc => hl7::Dialect::Cdc,
        }
    }
}

/// What is said of where a dose is known from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum InfoSourceName {
    /// 00 where lot number and maker are known, else 01.
    #[default]
    Auto,
    /// New record.
    #[value(name = "00")]
    New,
    /// Historical.
    #[value(name = "01")]
    Historical,
}

impl InfoSourceName {
    pub(crate) const fn source(self) -> hl7::InfoSource {
        match self {
            Self::Auto => hl7::InfoSource::Auto,
            Self::New => hl7::InfoSource::New,
            Self::Historical => hl7::InfoSource::Historical,
        }
    }
}

/// Options of `--to hl7` and `--from hl7`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "HL7")]
pub(crate) struct Hl7 {
    /// Which way to say CVRS in HL7 [default: ig]; for reading, whose order of names.
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<DialectName>,
    /// The submitting entity's three letters: the authority of ids and the sending facility [default: those of the
    /// file's name].
    #[arg(long, value_name = "AAA", value_parser = entity)]
    pub(crate) entity: Option<String>,
    /// Date and time of the messages, RFC 3339 or as HL7 writes it, with seconds and offset [default: now].
    #[arg(long, value_name = "TIME")]
    pub(crate) timestamp: Option<String>,
    /// What RXA-9 says of where a dose is known from, since CVRS does not tell.
    #[arg(long, value_name = "SOURCE", default_value = "auto")]
    pub(crate) info_source: InfoSourceName,
    /// Say in a last OBX whose vaccine new doses were: a code of HL7 table 0064, V00 to V08.
    #[arg(long, value_name = "CODE")]
    pub(crate) eligibility: Option<hl7::Eligibility>,
    /// Write messages without the segments of a batch around them.
    #[arg(long)]
    pub(crate) no_batch: bool,
    /// MSH-3.
    #[arg(long, value_name = "NAME", default_value = "CVRS", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) sending_application: String,
    /// MSH-4 [default: the entity].
    #[arg(long, value_name = "NAME")]
    pub(crate) sending_facility: Option<String>,
    /// MSH-5.
    #[arg(long, value_name = "NAME", default_value = "DCH")]
    pub(crate) receiving_application: String,
    /// MSH-6.
    #[arg(long, value_name = "NAME", default_value = "CDC")]
    pub(crate) receiving_facility: String,
    /// From HL7: write rows that ask for deletion (RXA-21 = D) there; without it they are left out and counted.
    #[arg(long, value_name = "PATH")]
    pub(crate) deletes: Option<PathBuf>,
    /// From HL7: give events without an id one made from their record.
    #[arg(long)]
    pub(crate) make_event_ids: bool,
    /// From HL7: fill required codes that are empty with the one for unknown, and a missing CVX from its NDC.
    #[arg(long)]
    pub(crate) defaults: bool,
}

fn entity(text: &str) -> Result<String, String> {
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_code { Ok(text.to_ascii_uppercase()) } else { Err("expected three letters".to_owned()) }
}
