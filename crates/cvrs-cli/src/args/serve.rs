//! `cvrs serve` and `cvrs client`.

use super::day;
use clap::{Subcommand, ValueEnum};
use cvrs_parse::Date;
use cvrs_server::FaultRate;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The form of the server's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line of text an event.
    #[default]
    Text,
    /// One JSON object an event.
    Json,
    /// No log.
    Off,
}

/// `cvrs serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The address and port to listen at; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The folder for the store, uploads as received and the key of the tokens; made if missing, 0700.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The file of clients (TOML, one table an account), which `cvrs client` writes; read again when it changes.
    #[arg(long, value_name = "FILE", required_unless_present = "demo")]
    pub(crate) clients: Option<PathBuf>,
    /// Make what is missing for a first try: the client `demo` with every scope and store, its secret in
    /// DIR/demo-client.secret; and print the three lines that a first upload needs.
    #[arg(long)]
    pub(crate) demo: bool,
    /// Keep records in this PostgreSQL database instead of a file in DIR.
    #[arg(long, value_name = "URL", env = "CVRS_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// The server's certificate with its chain, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of that certificate, PEM without a password.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Ask clients for a certificate of this authority, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) client_ca: Option<PathBuf>,
    /// A fault to rehearse and how often, 0 to 1, repeatable: unavailable, slow, cut, expired-token, job-error.
    #[arg(long, value_name = "NAME=RATE")]
    pub(crate) fault: Vec<FaultRate>,
    /// Same seed and same calls, same faults [default: random].
    #[arg(long, value_name = "SEED")]
    pub(crate) fault_seed: Option<u64>,
    /// Characters of a reply beyond which its lists are cut; 0: never.
    #[arg(long, value_name = "N", default_value_t = cvrs_api::limit::REPLY_BUDGET)]
    pub(crate) reply_budget: usize,
    /// The status that answers the submission of a job.
    #[arg(long, value_name = "STATUS", default_value = "202", value_parser = ["200", "202"])]
    pub(crate) async_status: String,
    /// Validate the rows of a DELETE in full instead of their ids alone.
    #[arg(long)]
    pub(crate) full_delete_validation: bool,
    /// The day of submission [default: today in UTC].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) today: Option<Date>,
    /// A body of that many bytes or more is refused.
    #[arg(long, value_name = "N", default_value_t = cvrs_api::limit::MAX_BODY_BYTES)]
    pub(crate) max_body: u64,
    /// The longest text that a compressed body may hold, in bytes.
    #[arg(long, value_name = "N", default_value_t = 1_000_000_000)]
    pub(crate) max_text: u64,
    /// How many times its size a compressed body may unpack to, once the text is longer than 16 MB.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) max_ratio: u64,
    /// The longest time for a body, in seconds.
    #[arg(long, value_name = "N", default_value_t = 600)]
    pub(crate) body_timeout: u64,
    /// Show the status page at / [default: only where the address is this machine's own loopback].
    #[arg(long, overrides_with = "no_status_page")]
    pub(crate) status_page: bool,
    /// Do not show the status page.
    #[arg(long)]
    pub(crate) no_status_page: bool,
    /// Form of the log on stderr.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// `cvrs client`.
#[derive(Debug, clap::Args)]
pub(crate) struct Client {
    #[command(subcommand)]
    pub(crate) action: ClientAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClientAction {
    /// Add an account to a file of clients, and print its secret: this once.
    Add(AddClient),
    /// List the accounts of a file of clients.
    List(ListClients),
    /// Take an account out of a file of clients.
    Revoke(RevokeClient),
}

#[derive(Debug, clap::Args)]
pub(crate) struct AddClient {
    /// The file of clients; made if missing, 0600.
    #[arg(long, value_name = "FILE")]
    pub(crate) clients: PathBuf,
    /// The account's id.
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// The jurisdiction whose data it sends.
    #[arg(long, value_name = "J")]
    pub(crate) jurisdiction: String,
    /// What it may ask for, repeatable: UPLOAD, UPDATE, DELETE, EXPORT_REDACTED, EXPORT_NON_REDACTED,
    /// EXPORT_SUMMARIZATION.
    #[arg(long, value_name = "SCOPE", required = true, num_args = 1.., value_delimiter = ',')]
    pub(crate) scope: Vec<cvrs_api::Scope>,
    /// Write the redacted store [default with none of these four: all three write options].
    #[arg(long)]
    pub(crate) write_redacted: bool,
    /// Write the non-redacted store.
    #[arg(long)]
    pub(crate) write_non_redacted: bool,
    /// Keep uploads as received.
    #[arg(long)]
    pub(crate) write_object_storage: bool,
    /// Validate and store nothing.
    #[arg(long, conflicts_with_all = ["write_redacted", "write_non_redacted", "write_object_storage"])]
    pub(crate) validate_only: bool,
    /// An account that it may work for, repeatable.
    #[arg(long, value_name = "ID")]
    pub(crate) may_act_for: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListClients {
    /// The file of clients.
    #[arg(long, value_name = "FILE")]
    pub(crate) clients: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RevokeClient {
    /// The file of clients.
    #[arg(long, value_name = "FILE")]
    pub(crate) clients: PathBuf,
    /// The account's id.
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
}
