//! What tells a good record from a bad one, in every command that checks records.

use super::{day, level};
use crate::command::validate::local_day;
use crate::fault::Result;
use crate::own_profile::ProfileArg;
use cvrs_parse::Date;
use cvrs_report::Level;
use cvrs_rules::{Operation, Options, Profile, Selector};
use cvrs_spec::Version;

/// The rules that count, and what they go by.
#[derive(Debug, clap::Args)]
pub(crate) struct Judging {
    /// Which rules count, and at what level: recommended, dch, tool, strict, or the path of a TOML profile.
    #[arg(long, value_name = "PROFILE", default_value = "recommended")]
    pub(crate) profile: ProfileArg,
    /// Version of CVRS that is read [default: told from the header].
    #[arg(long, value_name = "VERSION", value_parser = ["1", "2", "2.5", "3"])]
    spec_version: Option<String>,
    /// The day of submission [default: the local date].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    today: Option<Date>,
    /// Count only these rules: codes, clearinghouse ids, or beginnings of either.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    select: Vec<Selector>,
    /// Do not count these rules.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    ignore: Vec<Selector>,
    /// Give rules another level: error, warn, info or off.
    #[arg(long, value_name = "CODE=LEVEL", value_delimiter = ',', value_parser = level)]
    level: Vec<(Selector, Level)>,
    /// Test data: placeholder codes and early dates pass.
    #[arg(long)]
    pub(crate) test: bool,
}

impl Judging {
    /// The options of the rules for what the records ask the clearinghouse to do.
    pub(crate) fn options(&self, operation: Operation) -> Result<Options> {
        let mut options = Options {
            operation,
            is_test: self.test,
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            levels: self.level.clone(),
            ..Options::new(Profile::Recommended, self.today.unwrap_or_else(local_day))
        };
        self.profile.apply(&mut options)?;
        Ok(options)
    }

    /// The version, if told.
    pub(crate) fn version(&self) -> Option<Version> {
        let name = self.spec_version.as_deref()?;
        Version::ALL.into_iter().find(|version| version.name() == name)
    }
}
