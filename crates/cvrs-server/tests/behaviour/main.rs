//! The server as clients meet it, without a socket.
#![expect(clippy::disallowed_methods, reason = "a server keeps files, and tests look at them")]

mod exports;
mod hl7;
mod jobs;
mod site;
mod tls;
mod tokens;
mod uploads;
