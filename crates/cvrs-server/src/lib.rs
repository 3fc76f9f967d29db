//! The Data Clearinghouse as a local server: real refusals, real storage, real jobs.
//!
//! ```no_run
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! use cvrs_server::{Config, Server, router};
//!
//! let server = Server::open(Config::new("data", "clients.toml"))?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! axum::serve(listener, router(server)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The contract is that of the REST guide of 2021-22 ([`cvrs_api`] has its types). Uploads are validated by the engine
//! in profile `dch`, stored in one transaction, and answered in the clearinghouse's own words.
//!
//! ```text
//! route ─► token ─► intake (limits, zip rules) ─► check (engine) ─► batch ─► store ─► reply (cut)
//!                          └► job (queue) ──────────┘
//! ```
//!
//! What it does not do: feed the data lake, or know who its users are beyond a file of clients. No log, error or metric
//! holds a value of a record.
//!
//! Feature `postgres` (default): the store in a PostgreSQL database.

mod account;
mod audit;
mod batch;
mod check;
mod clock;
mod config;
mod export;
mod fault;
mod folder;
mod intake;
mod job;
mod listen;
mod metrics;
mod openapi;
mod page;
mod refusal;
mod reply;
mod route;
mod server;
mod store;
mod token;
mod upload;

pub use account::{
    Account, AccountError, ClientEntry, Modes, add_client, clients_of, hash_secret, new_secret, revoke_client,
};
pub use clock::{Clock, SystemClock};
pub use config::Config;
pub use fault::{BadFault, Fault, FaultRate, Faults};
pub use intake::Limits;
pub use job::Retry;
pub use listen::{Tls, TlsError, serve};
pub use openapi::openapi;
pub use refusal::Refusal;
pub use route::router;
pub use server::{Server, StartError};
pub use store::StoreError;

/// Runs what blocks away from the threads that serve.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> refusal::Result<T> + Send + 'static,
) -> refusal::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Refusal::internal(&error)))
}
