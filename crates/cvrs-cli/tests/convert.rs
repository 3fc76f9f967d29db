//! `cvrs convert` from the outside: what is converted, what is rejected, exit codes, and what is never told.
#![expect(clippy::disallowed_methods, reason = "tests of the command read and write files")]

mod conversion;
