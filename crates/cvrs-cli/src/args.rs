//! What may be typed: one structure a subcommand. Help, man page and completions come from here.

mod book;
mod convert;
mod fix;
mod judging;
mod redact;
#[cfg(feature = "serve")]
mod serve;
mod split;
#[cfg(feature = "submit")]
mod submit;

pub(crate) use book::{Codes, CodesAction, Explain, Fields, ImportCodes, Rules, ShowCode, TableFormat};
pub(crate) use convert::{
    BundleName, CompressionName, Convert, DialectName, Hl7, InfoSourceName, SourceForm, TargetForm,
};
pub(crate) use fix::Fix;
pub(crate) use judging::Judging;
pub(crate) use redact::{FindingsFormat, ModelName, Redact};
#[cfg(feature = "serve")]
pub(crate) use serve::{AddClient, Client, ClientAction, ListClients, LogFormat, RevokeClient, Serve};
pub(crate) use split::Split;
#[cfg(feature = "submit")]
pub(crate) use submit::{AskJob, Connect, Export, History, Job, JobAction, ModeName, ReceiptFormat, Submit};

use crate::stored_codes;
use crate::terminal::Color;
use clap::{Parser, Subcommand, ValueEnum};
use cvrs_parse::Date;
use cvrs_report::Level;
use cvrs_rules::Selector;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Validates and transforms CVRS files: COVID-19 vaccination records for the CDC Data Clearinghouse.
#[derive(Debug, Parser)]
#[command(name = "cvrs", version = version(), max_term_width = 100, args_override_self = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The program's version with those of what it goes by.
fn version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let (book, codes) = (cvrs_rules::RULE_BOOK_VERSION, stored_codes::version());
        format!("{} (rule book {book}, code sets {codes})", env!("CARGO_PKG_VERSION"))
    });
    &TEXT
}

/// Options of every subcommand.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Say only what went wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say how long it took and how fast it was.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colours; the environment's NO_COLOR counts as never.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Draw no progress line (one is drawn on a terminal only).
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// How many threads work [default: all cores].
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Read options from this file [default: cvrs.toml here, above, or in the user's configuration folder].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Read no configuration file.
    #[arg(long, global = true)]
    pub(crate) isolated: bool,
}

/// What `cvrs redact` does not do belongs where it is asked for.
const REDACT_ABOUT: &str =
    "Write a redacted copy of a file, in model D or P: names, streets and cities become the word \
Redacted, also where they were empty, and ext_type says the model.

The result still holds birth date, sex, county, ZIP code, race and a stable id: it is the redaction of the \
specification, not anonymity. The options marked so go further than the specification. What still tells who the \
recipient is, such as a home address among the administration columns, is told row by row and never mended unasked. A \
row with another number of cells than the header cannot be redacted and is not written.

What is told (--report): L01 the administration street is the recipient's; L02 first and last name, or the street, stand \
in an id, a lot number or the name of a place; L03 an id contains the birth date; L04 an id contains the last name; L05 \
(info) any other value of the six columns, of three characters or more, stands anywhere else, as the city mostly does; \
XR011 mixed models; XR024 redacted in part; XR001 and R03 a row that is not written, since its cells cannot be told \
apart or the map lacks it; R04 to R06 a cell that stays although an option asks for its change.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check files and report what is wrong, what it means and what to do.
    #[command(alias = "check")]
    Validate(Box<Validate>),
    /// Write a synthetic file: invented people, any size, with planted faults if wanted.
    Generate(Generate),
    /// List the rules with their levels.
    Rules(Rules),
    /// Say all that is to be said of a rule: what, why, what to do, examples, source.
    Explain(Explain),
    /// List the columns, or say all of one: requirement, format, codes, HL7 place, rules.
    Fields(Fields),
    /// List the code sets, look a code up, or take in newer lists from CDC.
    Codes(Codes),
    /// Write a mended copy of a file: safe fixes by themselves, guesses only with consent.
    Fix(Box<Fix>),
    /// Write records in another form, clean ones only unless told otherwise.
    Convert(Box<Convert>),
    /// Send the clean records of files to the clearinghouse, in parts within its limits, each of them once.
    #[cfg(feature = "submit")]
    Submit(Box<Submit>),
    /// Ask for a job of the clearinghouse, or wait for it.
    #[cfg(feature = "submit")]
    Job(Box<Job>),
    /// Get records back from the clearinghouse.
    #[cfg(feature = "submit")]
    Export(Box<Export>),
    /// List what the clearinghouse exported to the data lake.
    #[cfg(feature = "submit")]
    History(Box<History>),
    /// Write a redacted copy of a file, in model D or P: names, streets and cities become the word Redacted.
    #[command(long_about = REDACT_ABOUT)]
    Redact(Box<Redact>),
    /// Cut a file into files within the clearinghouse's limit, each with the header, every row as it stands.
    Split(Split),
    /// Be the clearinghouse, on this machine: real refusals, real storage, real jobs.
    #[cfg(feature = "serve")]
    Serve(Box<Serve>),
    /// Add, list and revoke the accounts of a clearinghouse on this machine.
    #[cfg(feature = "serve")]
    Client(Box<Client>),
    /// Print a script that completes commands and options in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OperationName {
    #[default]
    Create,
    Update,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatName {
    /// A summary and a table, for people.
    Text,
    /// The clearinghouse's own reply, on one line.
    Json,
    /// One finding a line.
    Jsonl,
    /// Tab-separated findings under a header.
    Tsv,
}

/// What a further report may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportName {
    Findings(FormatName),
    /// Figures about the file's quality, as JSON.
    Stats,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    #[default]
    Error,
    Warn,
    Never,
}

/// `cvrs validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// Files to check: CVRS text or HL7, plain, gzip, zstd or zip; `-` or none is stdin.
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// What the file asks the clearinghouse to do.
    #[arg(long, value_name = "WHAT", default_value = "create")]
    pub(crate) operation: OperationName,
    /// Form of the report on stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: FormatName,
    /// Write the report to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A further report in the same pass, repeatable: text, json, jsonl, tsv, or stats for figures as JSON.
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report)]
    pub(crate) report: Vec<(ReportName, PathBuf)>,
    /// Add figures about the file's quality to the text report.
    #[arg(long)]
    pub(crate) stats: bool,
    /// Write the header and every record without an error, byte for byte.
    #[arg(long, value_name = "PATH")]
    pub(crate) clean: Option<PathBuf>,
    /// Write the header and every record with an error, byte for byte.
    #[arg(long, value_name = "PATH")]
    pub(crate) rejects: Option<PathBuf>,
    /// How many findings are listed: in text lines for each rule and column [default: 10], else findings in all
    /// [default: all]; counts stay exact.
    #[arg(long, value_name = "N|all", value_parser = limit)]
    pub(crate) limit: Option<u64>,
    /// From which level on findings make the exit code 1.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(crate) fail_on: FailOn,
    /// For HL7: whose order of names; `cdc` for output of CDC's own tool [default: ig].
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<DialectName>,
    /// Show cell values in reports: birth dates, names and all.
    #[arg(long)]
    pub(crate) show_values: bool,
    /// Leave record ids out of reports.
    #[arg(long)]
    pub(crate) no_ids: bool,
    /// The id of the reply in format json [default: random].
    #[arg(long, value_name = "UUID")]
    pub(crate) id: Option<uuid::Uuid>,
}

/// `cvrs generate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Generate {
    /// How many records.
    #[arg(long, value_name = "N")]
    pub(crate) records: u64,
    /// Same seed and options, same bytes.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Share of records with a planted fault, 0 to 1.
    #[arg(long, value_name = "R", default_value_t = 0.0)]
    pub(crate) error_rate: f64,
    /// Model of the records: D, I, P or mix.
    #[arg(long, value_name = "MODEL", default_value = "D")]
    pub(crate) ext_type: String,
    /// End lines with CR and LF.
    #[arg(long)]
    pub(crate) crlf: bool,
    /// The last day of the records; a fixed default keeps the bytes the same from day to day.
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2022-12-31")]
    pub(crate) today: String,
    /// List each planted fault in a file: line, record, field, code, clearinghouse id, level.
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

fn day(text: &str) -> Result<Date, String> {
    let is_day = |date: &Date| date.day().is_some();
    Date::parse(text.as_bytes()).filter(is_day).ok_or_else(|| "expected a day as YYYY-MM-DD".to_owned())
}

fn limit(text: &str) -> Result<u64, String> {
    match text {
        "all" => Ok(u64::MAX),
        number => number.parse().map_err(|_| "expected a number or `all`".to_owned()),
    }
}

fn report(text: &str) -> Result<(ReportName, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("expected FORMAT=PATH")?;
    if path.is_empty() {
        return Err("expected a path after the equals sign".to_owned());
    }
    let name = match format {
        "stats" => ReportName::Stats,
        format => ReportName::Findings(
            FormatName::from_str(format, true).map_err(|_| "expected text, json, jsonl, tsv or stats".to_owned())?,
        ),
    };
    Ok((name, PathBuf::from(path)))
}

fn level(text: &str) -> Result<(Selector, Level), String> {
    let (code, level) = text.split_once('=').ok_or("expected CODE=LEVEL")?;
    let selector = code.parse::<Selector>().map_err(|error| error.to_string())?;
    Ok((selector, Level::from_name(level).ok_or("expected error, warn, info or off")?))
}
