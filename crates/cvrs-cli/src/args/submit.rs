//! What may be typed after `cvrs submit`, `cvrs job`, `cvrs export` and `cvrs history`.

use super::{Judging, OperationName, day};
use clap::{Subcommand, ValueEnum};
use cvrs_api::ExportFormat;
use std::path::PathBuf;

/// How the clearinghouse is reached, and who calls.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connect {
    /// The clearinghouse: the base of its URLs.
    #[arg(long, value_name = "BASE", env = "CVRS_URL", hide_env_values = true)]
    pub(crate) url: Option<String>,
    /// The account.
    #[arg(long, value_name = "ID", env = "CVRS_CLIENT_ID", hide_env_values = true)]
    pub(crate) client_id: Option<String>,
    /// A file that holds the account's secret [default: the environment's CVRS_CLIENT_SECRET].
    #[arg(long, value_name = "FILE", conflicts_with = "secret_stdin")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Read the account's secret from stdin.
    #[arg(long)]
    pub(crate) secret_stdin: bool,
    /// Another account that this one works for.
    #[arg(long, value_name = "ID")]
    pub(crate) on_behalf_of: Option<String>,
    /// The client's certificate with its chain: PEM, or PKCS#12 (.pfx, .p12) with its key.
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// The key of that certificate, PEM; it may be encrypted.
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// A file that holds the password of the key or the PKCS#12 file [default: the environment's CVRS_CERT_PASSWORD].
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) cert_password_file: Option<PathBuf>,
    /// Trust servers with a certificate of these authorities, PEM, instead of the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// How long one reply, and a job that stands still, is waited for, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
    /// How often a call is made again after a failure that may pass.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) retries: u32,
}

/// How parts are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// As texts, each answered when it is stored.
    Sync,
    /// As zips, each answered with a job.
    Async,
    /// As jobs, unless it is one part of up to 10,000 records.
    #[default]
    Auto,
}

/// The form of a receipt on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReceiptFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// `cvrs submit`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one a switch of the command line")]
pub(crate) struct Submit {
    /// Files to submit: text, gzip, zstd or zip; `-` is stdin.
    #[arg(required_unless_present = "watch", conflicts_with = "watch")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) connect: Connect,
    /// What the records are sent for.
    #[arg(long, value_name = "WHAT", default_value = "create")]
    pub(crate) operation: OperationName,
    /// How parts are sent.
    #[arg(long, value_name = "MODE", default_value = "auto")]
    pub(crate) mode: ModeName,
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// Where records that are held back go, byte for byte; their findings stand beside as PATH.jsonl
    /// [default: FILE.rejects.txt].
    #[arg(long, value_name = "PATH", conflicts_with = "watch")]
    pub(crate) rejects: Option<PathBuf>,
    /// Send nothing unless every record is clean.
    #[arg(long)]
    pub(crate) abort_on_rejects: bool,
    /// Records of a part.
    #[arg(long, value_name = "N", default_value_t = 199_999, value_parser = clap::value_parser!(u64).range(1..=200_000))]
    pub(crate) max_records: u64,
    /// Bytes of a part as it is sent: of the zip, or of the text.
    #[arg(long, value_name = "N", default_value_t = 149_999_999, value_parser = clap::value_parser!(u64).range(1..=149_999_999))]
    pub(crate) max_bytes: u64,
    /// Where is noted what was sent, so that nothing is sent twice [default: cvrs/ledger under the user's state folder].
    #[arg(long, value_name = "PATH")]
    pub(crate) ledger: Option<PathBuf>,
    /// Send what the ledger knows as sent once more.
    #[arg(long, conflicts_with = "watch")]
    pub(crate) resend: bool,
    /// Wait for jobs to end; this is the default.
    #[arg(long, overrides_with = "no_wait")]
    pub(crate) wait: bool,
    /// Do not wait for jobs; the same command goes on from there.
    #[arg(long, overrides_with = "wait", conflicts_with = "watch")]
    pub(crate) no_wait: bool,
    /// Do everything but the sending.
    #[arg(long, conflicts_with_all = ["watch", "resend"])]
    pub(crate) dry_run: bool,
    /// After a sync upload whose list of errors was cut: send halves to find the records.
    #[arg(long)]
    pub(crate) bisect: bool,
    /// Take up each file that appears in this folder, and move it to `done` or `failed` in it.
    #[arg(long, value_name = "DIR")]
    pub(crate) watch: Option<PathBuf>,
    /// Write the receipt as JSON; of several files, one line each.
    #[arg(long, value_name = "PATH", conflicts_with = "watch")]
    pub(crate) receipt: Option<PathBuf>,
    /// Form of the receipt on stdout.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReceiptFormat,
    /// Leave record ids out of receipts and findings.
    #[arg(long)]
    pub(crate) no_ids: bool,
}

/// `cvrs job`.
#[derive(Debug, clap::Args)]
pub(crate) struct Job {
    #[command(subcommand)]
    pub(crate) action: JobAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobAction {
    /// Print what the clearinghouse says of a job now.
    Status(AskJob),
    /// Wait for a job to end, and print what the clearinghouse says of it then.
    Wait(AskJob),
}

#[derive(Debug, clap::Args)]
pub(crate) struct AskJob {
    /// The job.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// `cvrs export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The first day of upload, in UTC.
    #[arg(long, value_name = "DATE", value_parser = calendar_day)]
    pub(crate) start: String,
    /// The last day of upload, in UTC.
    #[arg(long, value_name = "DATE", value_parser = calendar_day)]
    pub(crate) end: String,
    /// HL7_RAW, CVRS_RAW, CVRS_PROCESSED_REDACTED or CVRS_PROCESSED_NON_REDACTED.
    #[arg(long, value_name = "F", value_parser = export_format)]
    pub(crate) format: ExportFormat,
    /// Write to a file instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

/// `cvrs history`.
#[derive(Debug, clap::Args)]
pub(crate) struct History {
    /// The first day, in UTC.
    #[arg(long, value_name = "DATE", value_parser = calendar_day)]
    pub(crate) start: Option<String>,
    /// The day after the last one, in UTC.
    #[arg(long, value_name = "DATE", value_parser = calendar_day)]
    pub(crate) end: Option<String>,
    /// The jurisdiction.
    #[arg(long, value_name = "J")]
    pub(crate) site_key: Option<String>,
    #[command(flatten)]
    pub(crate) connect: Connect,
}

fn calendar_day(text: &str) -> Result<String, String> {
    day(&text.replace('/', "-")).map(|_| text.replace('/', "-"))
}

fn export_format(text: &str) -> Result<ExportFormat, String> {
    let upper = text.to_ascii_uppercase();
    ExportFormat::ALL.into_iter().find(|format| format.name() == upper).ok_or_else(|| {
        let names: Vec<&str> = ExportFormat::ALL.iter().map(|format| format.name()).collect();
        format!("expected {}", names.join(", "))
    })
}
