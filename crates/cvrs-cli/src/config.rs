//! `cvrs.toml`: words that are typed every time, kept in a file.
//!
//! A key is an option without its dashes; a table holds the options of one subcommand. What the file says stands
//! before what is typed, so what is typed counts. The file is the one that `--config` names, else `cvrs.toml` in the
//! working folder or one above it, else the one in the user's configuration folder; `--isolated` reads none.

use crate::fault::{Fault, Result};
use cvrs_rules::nearest;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

const NAME: &str = "cvrs.toml";

/// Options that a file cannot set: they are about the file itself, or about one input.
const NOT_IN_FILE: [&str; 8] = ["config", "isolated", "help", "version", "output", "clean", "rejects", "id"];

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
    let words = words(&table, &name, definition).map_err(fault)?;
    let (before, after) = typed.split_at(at + 1);
    Ok(before.iter().cloned().chain(words.into_iter().map(OsString::from)).chain(after.iter().cloned()).collect())
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
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".config"));
    let user = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
    above.chain(user.map(|folder| folder.join("cvrs").join(NAME))).find(|path| path.is_file())
}

/// The words that the file stands for, for one subcommand.
fn words(table: &Table, name: &str, definition: &clap::Command) -> std::result::Result<Vec<String>, String> {
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
                    push(&mut own, key, value)?;
                }
            }
        } else {
            check(key, common.iter().chain(&commands).copied())?;
            push(&mut words, key, value)?;
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

fn check<'a>(key: &str, known: impl Iterator<Item = &'a str> + Clone) -> std::result::Result<(), String> {
    if known.clone().any(|known| known == key) {
        return Ok(());
    }
    let meant = nearest(key, known).map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    Err(format!("unknown key {key}{meant}"))
}

fn push(words: &mut Vec<String>, key: &str, value: &Value) -> std::result::Result<(), String> {
    match value {
        Value::Boolean(true) => words.push(format!("--{key}")),
        Value::Boolean(false) => {}
        Value::String(text) => words.push(format!("--{key}={text}")),
        Value::Integer(number) => words.push(format!("--{key}={number}")),
        Value::Float(number) => words.push(format!("--{key}={number}")),
        Value::Array(values) => {
            for value in values {
                match value {
                    Value::Array(_) | Value::Table(_) => return Err(format!("{key} must be a list of texts")),
                    value => push(words, key, value)?,
                }
            }
        }
        Value::Table(_) | Value::Datetime(_) => {
            return Err(format!("{key} must be a text, a number, true or false, or a list"));
        }
    }
    Ok(())
}
