//! Writes `docs/cli.md`, the reference of the command line, from the definition that the program itself goes by.

use crate::markdown::MARK;
use crate::output::Outputs;
use anyhow::Result;
use clap::{Arg, ArgAction, Command};
use std::fmt::Write as _;

pub(crate) fn generate(outputs: &mut Outputs) -> Result<()> {
    let mut command = cvrs_cli::definition().disable_help_flag(true).disable_help_subcommand(true);
    // Puts the common options into every subcommand, as parsing would.
    command.build();
    let mut text = format!("{MARK}\n# The command line\n\n");
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    _ = writeln!(text, "{}\n", sentence(&about));
    text.push_str("| command | does |\n| --- | --- |\n");
    for sub in shown(&command) {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        _ = writeln!(text, "| [`cvrs {0}`](#cvrs-{0}) | {1} |", sub.get_name(), cell(&about));
    }
    text.push_str("\n## Options of every command\n\n");
    let common: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    push_options(&mut text, &common);
    text.push_str("| `-h`, `--help` | Print help; `-h` in short. |\n");
    text.push_str(EXIT_CODES);
    for sub in shown(&command) {
        push_command(&mut text, sub, &format!("cvrs {}", sub.get_name()), &common, 2);
    }
    outputs.text("docs/cli.md", &text)
}

/// The exit codes are those of `fault.rs`, which has no words for documents.
const EXIT_CODES: &str = "
## Exit codes

| code | meaning |
| --- | --- |
| 0 | done; nothing at or above `--fail-on` |
| 1 | done; findings at or above `--fail-on` |
| 2 | wrong usage or configuration |
| 3 | a file cannot be read or written, or is no CVRS file |
| 4 | network or service failure |
| 5 | credentials refused |
| 6 | submitted, and some records were held back or refused |
| 130 | interrupted |
";

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn push_command(text: &mut String, command: &Command, name: &str, common: &[&Arg], depth: usize) {
    _ = writeln!(text, "\n{} {name}\n", "#".repeat(depth));
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    _ = writeln!(text, "{}\n", sentence(&about));
    let aliases: Vec<String> = command.get_all_aliases().map(|alias| format!("`{alias}`")).collect();
    if !aliases.is_empty() {
        _ = writeln!(text, "Also called {}.\n", aliases.join(", "));
    }
    let usage = command.clone().render_usage().to_string();
    let usage: Vec<&str> = usage.trim_start_matches("Usage:").lines().map(str::trim).collect();
    _ = writeln!(text, "```text\n{}\n```", usage.join("\n"));
    let is_own = |arg: &&Arg| {
        !arg.is_hide_set()
            && !matches!(
                arg.get_action(),
                ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
            )
            && !common.iter().any(|other| other.get_id() == arg.get_id())
    };
    let (places, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(is_own).partition(|arg| arg.is_positional());
    if !places.is_empty() {
        text.push_str("\n| argument | meaning |\n| --- | --- |\n");
        for arg in places {
            let names = arg.get_value_names().unwrap_or_default();
            let name = names.first().map_or(arg.get_id().as_str(), |name| name.as_str());
            let range = arg.get_num_args().is_some_and(|range| range.max_values() > 1);
            let dots = if range { "..." } else { "" };
            _ = writeln!(text, "| `{name}{dots}` | {} |", meaning(arg));
        }
    }
    if !options.is_empty() {
        text.push('\n');
        push_options(text, &options);
    }
    for sub in shown(command) {
        push_command(text, sub, &format!("{name} {}", sub.get_name()), common, depth + 1);
    }
}

fn push_options(text: &mut String, options: &[&Arg]) {
    text.push_str("| option | meaning |\n| --- | --- |\n");
    for arg in options {
        let value = if arg.get_action().takes_values() {
            let names = arg.get_value_names().unwrap_or_default();
            let names: Vec<&str> = names.iter().map(clap::builder::Str::as_str).collect();
            format!(" {}", names.join(" "))
        } else {
            String::new()
        };
        let short = arg.get_short().map(|short| format!("-{short}"));
        let long = arg.get_long().map(|long| format!("--{long}{value}"));
        let names: Vec<String> =
            short.into_iter().chain(long).map(|name| format!("`{}`", name.replace('|', "\\|"))).collect();
        _ = writeln!(text, "| {} | {} |", names.join(", "), meaning(arg));
    }
}

/// The help of an argument, with its values and its default.
fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut text = cell(&help);
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({})", value.get_name(), decapitalised(&cell(&help.to_string()))),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() {
        _ = write!(text, " Values: {}.", values.join(", "));
    }
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if arg.get_action().takes_values() && !defaults.is_empty() {
        _ = write!(text, " Default: {}.", defaults.join(", "));
    }
    if let Some(variable) = arg.get_env() {
        _ = write!(text, " Environment: `{}`.", variable.to_string_lossy());
    }
    text
}

/// Text for a cell of a table: one line, a full stop, no bar, nothing that looks like a tag.
fn cell(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    sentence(&text).replace('|', "\\|").replace('<', "&lt;")
}

fn sentence(text: &str) -> String {
    if text.is_empty() || text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// For use inside a sentence; names in capitals stay as they are.
fn decapitalised(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().to_string() + &text[first.len_utf8()..]
        }
        _ => text.to_owned(),
    }
}
