//! `cvrs submit` and the other commands of the client, the real program against the real server and its faults.
#![cfg(all(feature = "serve", feature = "submit", unix))]
#![expect(clippy::disallowed_methods, reason = "the command keeps files, and tests look at them")]

mod client;
mod credentials;
mod curl;
mod faults;
mod kill;
mod ledger;
mod paths;
mod scripted;
#[expect(dead_code, reason = "shared with the tests of the server, which need more of it")]
#[path = "../clearinghouse/serving.rs"]
mod serving;
mod throughput;
mod tls;
mod watch;
