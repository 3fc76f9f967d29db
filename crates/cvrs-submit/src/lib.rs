//! A client of the COVID-19 Data Clearinghouse: clean records in parts within its limits, a ledger, receipts.
//!
//! ```no_run
//! use cvrs_submit::{Connection, Credentials, Secret, Settings, Tokens, job_status};
//! use std::time::Duration;
//!
//! # fn main() -> cvrs_submit::Result<()> {
//! let connection = Connection::new(&Settings {
//!     url: "https://clearinghouse.example".into(),
//!     identity: None,
//!     authorities: None,
//!     timeout: Duration::from_secs(600),
//!     retries: 5,
//!     cancel: Default::default(),
//! })?;
//! let credentials =
//!     Credentials { client_id: "gaa".into(), secret: Secret::new("…".into()), on_behalf_of: None };
//! let mut tokens = Tokens::new(&connection, credentials, &[cvrs_api::Scope::Upload]);
//! println!("{}", job_status(&connection, &mut tokens, "0b8f4b1e-6f0a-4f4e-8a6a-4c6b6a1d2e33")?);
//! # Ok(())
//! # }
//! ```
//!
//! [`cut()`] makes parts of records that the caller has found clean, [`Sender`] sends them and enters each step into a
//! [`Ledger`], [`Receipt`] adds up what came of them. [`export()`] and [`history`] get records and lists back.
//!
//! What it does not do: validate, read arguments, or decide exit codes.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge crate: it keeps a ledger, reads certificates and asks for the time"
)]

mod answer;
mod bisect;
mod body;
mod call;
mod cut;
mod deflate;
mod error;
mod export;
mod identity;
mod ledger;
mod lines;
mod receipt;
mod repeats;
mod secret;
mod submit;
mod token;
mod witness;
mod zip;

pub use answer::{Answer, Item, Standing, StoreAnswer, Tally, tally};
pub use body::Body;
pub use call::{CallError, CallKind, Connection, Settings};
pub use cut::{Cutting, Feed, Limits, Mode, Part, Parts, Stopped, cut};
pub use error::{Error, Result};
pub use export::{ExportError, export, history, job_status};
pub use identity::{Authorities, Identity};
pub use ledger::{InputFacts, Ledger, PartRow, State, Submission, Target};
pub use lines::{Coverage, Lines, Owner};
pub use receipt::{Facts, ListedError, PartReceipt, Receipt, Span, Times, Totals, Versions};
pub use secret::Secret;
pub use submit::{Event, Sender, Sending};
pub use token::{Credentials, Tokens};
pub use witness::Rows;

use cvrs_api::Scope;
use ureq::http::Method;

/// What records are sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// New records.
    Create,
    /// Records that replace those of the same id.
    Update,
    /// Records that are to be deleted.
    Delete,
}

impl Operation {
    /// The name on the command line and in receipts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The scope that it needs.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Create => Scope::Upload,
            Self::Update => Scope::Update,
            Self::Delete => Scope::Delete,
        }
    }

    const fn method(self) -> Method {
        match self {
            Self::Create => Method::POST,
            Self::Update => Method::PUT,
            Self::Delete => Method::DELETE,
        }
    }

    /// The refusal by which a repeat shows that an attempt without a reply had arrived.
    const fn lost_message(self) -> Option<&'static str> {
        match self {
            Self::Create => Some("Record already exists"),
            Self::Update => None,
            Self::Delete => Some("Record does not exist"),
        }
    }
}
