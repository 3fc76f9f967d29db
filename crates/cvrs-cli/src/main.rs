//! The `cvrs` command; all of it is in the library beside this file, where `cargo xtask generate` finds it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    cvrs_cli::run()
}
