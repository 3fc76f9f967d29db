//! What FHIR wants to know.

use clap::ValueEnum;
use std::num::NonZeroU64;

/// What kind of Bundle, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BundleName {
    /// Resources and nothing more.
    Collection,
    /// Each resource with the request to write it, so that a server can be given the file.
    Transaction,
}

/// Options of `--to fhir`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "FHIR")]
pub(crate) struct Fhir {
    /// Write a Bundle to a file or to stdout instead of a folder of NDJSON files.
    #[arg(long, value_name = "KIND")]
    pub(crate) bundle: Option<BundleName>,
    /// Begin another file after so many resources.
    #[arg(long, value_name = "N")]
    pub(crate) max_resources: Option<NonZeroU64>,
    /// Pack the NDJSON files.
    #[arg(long)]
    pub(crate) gzip: bool,
    /// Write the answers on series, special risk and serology as Observations too.
    #[arg(long)]
    pub(crate) observations: bool,
    /// Write counties by name, the code beside it.
    #[arg(long)]
    pub(crate) county_names: bool,
    /// What the systems of identifiers begin with; parts follow after colons, or after slashes if it ends in one
    /// [default: urn:cvrs].
    #[arg(long, value_name = "URI", value_parser = base)]
    pub(crate) system_base: Option<String>,
}

impl Fhir {
    /// The options that were given, by name.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let given = [
            ("--bundle", self.bundle.is_some()),
            ("--max-resources", self.max_resources.is_some()),
            ("--gzip", self.gzip),
            ("--observations", self.observations),
            ("--county-names", self.county_names),
            ("--system-base", self.system_base.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }
}

fn base(text: &str) -> Result<String, String> {
    let scheme = text.split_once(':').map_or("", |(scheme, rest)| if rest.is_empty() { "" } else { scheme });
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_uri = is_scheme && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    if is_uri {
        Ok(text.to_owned())
    } else {
        Err("expected a URI such as urn:cvrs or https://example.org/ids/".to_owned())
    }
}
