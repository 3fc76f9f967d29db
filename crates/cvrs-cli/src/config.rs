//! `cvrs.toml`: words that are typed every time, kept in a file.
//!
//! A key is an option without its dashes; a table holds the options of one subcommand. What the file says stands
//! before what is typed, so what is typed counts, and lists are added to. The file is the one that `--config` names, else `cvrs.toml` in the
//! working folder or one above it, else the one in the user's configuration folder; `--isolated` reads none.

use crate::fault::{Fault, Result};
use cvrs_rules::{Profile, nearest};
use serde_json::json;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

const NAME: &str = "cvrs.toml";

/// Options that a file cannot set: they are about the file itself or about one input, or must be asked for each time
/// (values of persons, guesses, a day).
const NOT_IN_FILE: [&str; 20] = [
    "config",
    "isolated",
    "help",
    "version",
    "output",
    "clean",
    "rejects",
    "report",
    "log",
    "truth",
    "id",
    "today",
    "records",
    "show-values",
    "fix",
    "unsafe-fixes",
    "receipt",
    "resend",
    "dry-run",
    "secret-stdin",
];

/// Options whose values are paths, seen from the file that names them.
const IS_PATH: [&str; 14] = [
    "ca",
    "cert",
    "cert-password-file",
    "client-ca",
    "clients",
    "data",
    "key",
    "ledger",
    "pprl-map",
    "pseudonym-key",
    "secret-file",
    "tls-cert",
    "tls-key",
    "watch",
];

/// Options of which the one typed silences the other in the file.
const OPPOSED: [(&str, &str, &str); 2] = [("quiet", "verbose", "-v"), ("verbose", "quiet", "-q")];

/// The words typed, with those of the configuration put before them.
pub(crate) fn expand(typed: Vec<OsString>, definition: &clap::Command) -> Result<Vec<OsString>> {
    let Some(at) = subcommand_at(&typed, definition) else { return Ok(typed) };
    let is = |word: &OsStr, option: &str| word == option;
    if typed.iter().any(|word| is(word, "--isolated")) {
        return Ok(typed);
    }
    let Some(path) = named(&typed).or_else(found) else { return Ok(typed) };
    let fault = |what: String| Fault::usage(format!("configuration {}: {what}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|error| fault(error.to_string()))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| fault(error.message().replace('\n', " ")))?;
    let name = typed[at].to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut words = words(&table, &name, definition, folder).map_err(fault)?;
    for (kept, option, letter) in OPPOSED {
        if typed.iter().any(|word| word == letter || *word == *format!("--{option}")) {
            words.retain(|word| *word != *format!("--{kept}"));
        }
    }
    let (before, after) = typed.split_at(at + 1);
    Ok(before.iter().cloned().chain(words).chain(after.iter().cloned()).collect())
}

/// Where the subcommand stands among the words.
fn subcommand_at(typed: &[OsString], definition: &clap::Command) -> Option<usize> {
    let is_subcommand = |word: &OsString| {
        let word = word.to_str().unwrap_or_default();
        definition
            .get_subcommands()
            .any(|known| known.get_name() == word || known.get_all_aliases().any(|alias| alias == word))
    };
    typed.iter().skip(1).position(is_subcommand).map(|at| at + 1)
}

/// The file that `--config` names.
fn named(typed: &[OsString]) -> Option<PathBuf> {
    let mut words = typed.iter();
    while let Some(word) = words.next() {
        if word == "--config" {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some(PathBuf::from(path));
        }
    }
    None
}

/// The file of the working folder, of one above it, or of the user.
fn found() -> Option<PathBuf> {
    let working = std::env::current_dir().ok()?;
    let above = working.ancestors().map(|folder| folder.join(NAME));
    above.chain(user_folder().map(|folder| folder.join("cvrs").join(NAME))).find(|path| path.is_file())
}

/// The folder in which the platform wants programs to keep a user's configuration.
fn user_folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if cfg!(windows) {
        return named("APPDATA");
    }
    // A relative path is to be ignored, says the XDG Base Directory Specification.
    let xdg = named("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    xdg.or_else(|| Some(named("HOME")?.join(".config")))
}

/// The words that the file in `folder` stands for, for one subcommand.
fn words(
    table: &Table,
    name: &str,
    definition: &clap::Command,
    folder: &Path,
) -> std::result::Result<Vec<OsString>, String> {
    let commands: Vec<&str> = definition.get_subcommands().map(clap::Command::get_name).collect();
    let common: Vec<&str> = options(definition);
    let mut words = Vec::new();
    let mut own = Vec::new();
    for (key, value) in table {
        if let Some(command) = definition.find_subcommand(key) {
            let table = value.as_table().ok_or_else(|| format!("{key} must be a table"))?;
            let known = options(command);
            for (key, value) in table {
                check(key, known.iter().chain(&common).copied())?;
                if command.get_name() == name || command.get_all_aliases().any(|alias| alias == name) {
                    push(&mut own, key, value, folder)?;
                }
            }
        } else {
            check(key, common.iter().chain(&commands).copied())?;
            push(&mut words, key, value, folder)?;
        }
    }
    words.append(&mut own);
    Ok(words)
}

/// The long names of a command's options.
fn options(command: &clap::Command) -> Vec<&str> {
    let names = command.get_arguments().filter_map(clap::Arg::get_long);
    names.filter(|name| !NOT_IN_FILE.contains(name)).collect()
}

/// The JSON Schema of the file (draft 2020-12), for editors that complete and check TOML.
pub(crate) fn schema(definition: &clap::Command) -> String {
    let mut properties = shapes(definition);
    for command in definition.get_subcommands() {
        let own = shapes(command);
        if !own.is_empty() {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let mut all = shapes(definition);
            all.extend(own);
            let table = json!({
                "description": format!("Options of cvrs {}. {about}", command.get_name()),
                "type": "object",
                "additionalProperties": false,
                "properties": all,
            });
            for name in std::iter::once(command.get_name()).chain(command.get_all_aliases()) {
                properties.insert(name.to_owned(), table.clone());
            }
        }
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of cvrs (cvrs.toml)",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    format!("{schema:#}\n")
}

/// The options of a command that a file can set, by name, with what each may be.
fn shapes(command: &clap::Command) -> serde_json::Map<String, serde_json::Value> {
    let settable =
        command.get_arguments().filter(|arg| arg.get_long().is_some_and(|name| !NOT_IN_FILE.contains(&name)));
    let shape = |arg: &clap::Arg| {
        let values: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        let is_number = arg.get_value_names().is_some_and(|names| names.iter().any(|name| name == "N"));
        let one = match arg.get_action() {
            clap::ArgAction::SetTrue => json!({"type": "boolean"}),
            _ if !values.is_empty() => json!({"enum": values}),
            _ if is_number => json!({"type": ["integer", "string"]}),
            _ => json!({"type": ["string", "number"]}),
        };
        let mut shape = match arg.get_action() {
            clap::ArgAction::Append => json!({"anyOf": [one, {"type": "array", "items": one}]}),
            _ => one,
        };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        shape["description"] = help.into();
        shape
    };
    settable.filter_map(|arg| Some((arg.get_long()?.to_owned(), shape(arg)))).collect()
}

fn check<'a>(key: &str, known: impl Iterator<Item = &'a str> + Clone) -> std::result::Result<(), String> {
    if known.clone().any(|known| known == key) {
        return Ok(());
    }
    let meant = nearest(key, known).map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    Err(format!("unknown key {key}{meant}"))
}

fn push(words: &mut Vec<OsString>, key: &str, value: &Value, folder: &Path) -> std::result::Result<(), String> {
    match value {
        Value::Boolean(true) => words.push(format!("--{key}").into()),
        Value::Boolean(false) => {}
        Value::String(text) if key == "profile" && Profile::from_name(text).is_none() => {
            // A path in a file is seen from that file.
            let mut word = OsString::from("--profile=");
            word.push(folder.join(text));
            words.push(word);
        }
        Value::String(text) if IS_PATH.contains(&key) => {
            let mut word = OsString::from(format!("--{key}="));
            word.push(folder.join(text));
            words.push(word);
        }
        Value::String(text) => words.push(format!("--{key}={text}").into()),
        Value::Integer(number) => words.push(format!("--{key}={number}").into()),
        Value::Float(number) => words.push(format!("--{key}={number}").into()),
        Value::Array(values) => {
            for value in values {
                match value {
                    Value::Array(_) | Value::Table(_) => return Err(format!("{key} must be a list of texts")),
                    value => push(words, key, value, folder)?,
                }
            }
        }
        Value::Table(_) | Value::Datetime(_) => {
            return Err(format!("{key} must be a text, a number, true or false, or a list"));
        }
    }
    Ok(())
}
