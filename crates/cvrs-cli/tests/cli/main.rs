//! The command as users meet it: what they type, what comes out, and how it ends.
#![expect(clippy::disallowed_methods, reason = "the command reads and writes files")]

mod formats;
mod generate;
mod inputs;
mod interrupt;
mod options;
mod outputs;
mod privacy;
mod readme;
mod sandbox;
