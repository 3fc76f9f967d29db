//! The `cvrs` command.
//!
//! `args` says what may be typed; one file of `command` a subcommand does it; `fault` says how a run can end.

mod args;
mod command;
mod fault;
mod interrupt;
mod outputs;
mod progress;
mod terminal;

use args::{Args, Command};
use clap::Parser;
use fault::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version go to stdout and are no mistake; clap knows which is which.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let common = &args.common;
    common.color.apply();
    let ended = match &args.command {
        Command::Validate(validate) => command::validate::run(validate, common),
        Command::Generate(generate) => command::generate::run(generate, common),
        Command::Completions { shell } => command::shell::completions(*shell),
        Command::Man => command::shell::man(),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(fault) if fault.is_closed_pipe() => Exit::Done.into(),
        Err(fault) => {
            terminal::error(&fault.message);
            fault.exit.into()
        }
    }
}
