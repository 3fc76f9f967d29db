//! The `cvrs` command.
//!
//! [`run`] is all of the command, [`definition`] what may be typed, [`config_schema`] what may stand in `cvrs.toml`. There
//! is nothing else here for other programs; they use the crates that this one uses.
//!
//! `args` says what may be typed; one file of `command` a subcommand does it; `fault` says how a run can end.
#![expect(clippy::disallowed_methods, reason = "the command reads the environment, and files that are named to it")]

mod args;
mod command;
mod config;
mod csv_input;
mod fault;
mod hl7_input;
mod interrupt;
mod outputs;
mod own_profile;
mod page;
mod progress;
mod stored_codes;
mod terminal;
mod whole_text;

use args::{Args, Command};
use clap::{CommandFactory, Parser};
use fault::Exit;
use std::process::ExitCode;

/// The definition of what may be typed, from which help, manual page and reference come.
pub fn definition() -> clap::Command {
    Args::command()
}

/// The JSON Schema of `cvrs.toml`.
pub fn config_schema() -> String {
    config::schema(&definition())
}

/// Runs the command that was typed, to its exit code.
pub fn run() -> ExitCode {
    let words = match config::expand(std::env::args_os().collect(), &definition()) {
        Ok(words) => words,
        Err(fault) => {
            terminal::error(&fault.message);
            return fault.exit.into();
        }
    };
    let args = match Args::try_parse_from(words) {
        Ok(args) => args,
        Err(error) => {
            // Help and version go to stdout and are no mistake; clap knows which is which.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let common = &args.common;
    common.color.apply();
    #[cfg(target_os = "linux")]
    cvrs_engine::io::map_files();
    let ended = match &args.command {
        Command::Validate(validate) => command::validate::run(validate, common),
        Command::Fix(fix) => command::fix::run(fix, common),
        Command::Convert(convert) => command::convert::run(convert, common),
        Command::Redact(redact) => command::redact::run(redact, common),
        Command::Split(split) => command::split::run(split, common),
        Command::Generate(generate) => command::generate::run(generate, common),
        Command::Rules(rules) => command::rules::run(rules, common),
        Command::Explain(explain) => command::explain::run(explain, common),
        Command::Fields(fields) => command::fields::run(fields, common),
        Command::Codes(codes) => command::codes::run(codes, common),
        #[cfg(feature = "submit")]
        Command::Submit(submit) => command::submit::run(submit, common),
        #[cfg(feature = "submit")]
        Command::Job(job) => command::job::run(job, common),
        #[cfg(feature = "submit")]
        Command::Export(export) => command::export::run(export, common),
        #[cfg(feature = "submit")]
        Command::History(history) => command::history::run(history, common),
        #[cfg(feature = "serve")]
        Command::Serve(serve) => command::serve::run(serve, common),
        #[cfg(feature = "serve")]
        Command::Client(client) => command::client::run(client, common),
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
