//! What the tests of the workspace share: strategies that make CVRS texts of every kind of disorder, and slow twins
//! that say in the plainest way what the fast code must come to.
//!
//! ```
//! use cvrs_testkit::clearinghouse;
//!
//! let told = clearinghouse::refused(b"vax_event_id\tcvx\nA1\tCOVID\n", "2021-01-29");
//! assert!(told.iter().any(|told| told.id == "DCH042" && told.line == 2 && told.field == "cvx"));
//! ```
//!
//! [`http`] and `postgres` are for tests of servers. [`strategy`] builds on the known-good record of `cvrs-rules`; [`clearinghouse`] and [`lines`] use nothing of the
//! workspace, so that a mistake there cannot hide here. All people are invented.
//!
//! Never a dependency of anything that ships.

pub mod clearinghouse;
pub mod http;
pub mod lines;
#[cfg(unix)]
pub mod postgres;
pub mod strategy;
