//! Commands that tell what the rule book, the field table and the code sets say.

use crate::own_profile::ProfileArg;
use std::path::PathBuf;

/// A table for people or for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TableFormat {
    /// For people.
    #[default]
    Text,
    /// For programs, on one line.
    Json,
}

/// `cvrs rules`.
#[derive(Debug, clap::Args)]
pub(crate) struct Rules {
    /// Only the rules that count in this profile, with their levels there [default: all rules, all profiles].
    ///
    /// One of recommended, dch, tool, strict, or the path of a TOML profile.
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileArg>,
    /// Form of the list.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: TableFormat,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `cvrs explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// A code such as DATA007, a clearinghouse id such as DCH017, or a rule's name such as not-in-value-set.
    pub(crate) code: String,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `cvrs fields`.
#[derive(Debug, clap::Args)]
pub(crate) struct Fields {
    /// A column such as recip_dob [default: all of them].
    pub(crate) name: Option<String>,
    /// Form of the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: TableFormat,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `cvrs codes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Codes {
    /// The folder of imported lists [default: cvrs/codes under the user's data folder].
    #[arg(long, global = true, value_name = "DIR", env = "CVRS_CODES", hide_env_values = true)]
    pub(crate) dir: Option<PathBuf>,
    /// Form of the answer.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: TableFormat,
    /// Write to a file instead of stdout.
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) action: Option<CodesAction>,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum CodesAction {
    /// Look a code up, in any legal spelling, with what belongs to it.
    Show(ShowCode),
    /// Take in lists as CDC publishes them; every command uses them from then on.
    Import(ImportCodes),
}

/// `cvrs codes show`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShowCode {
    /// The set: cvx, mvx, ndc, county, state, zip, or a value set such as admin_type.
    pub(crate) set: String,
    /// The code: 208, PFR, 59267-1000-1, 13121 or `Fulton, GA`, GA or Georgia, 30301.
    pub(crate) code: String,
}

/// `cvrs codes import`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportCodes {
    /// CDC's text downloads: cvx, mvx, VG, TRADENAME, NDC unit of sale, unit of use and linker, told by their content;
    /// `-` is stdin.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
}
