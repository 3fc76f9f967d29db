//! What keeps the engine fit for machines without an operating system, and for other processors than this one.

use anyhow::{Result, bail};
use std::{path::Path, process::Command};

/// What checks bytes in memory and reads profiles: without features it needs no system.
const CRATES: [&str; 7] =
    ["cvrs-spec", "cvrs-parse", "cvrs-report", "cvrs-codes", "cvrs-rules", "cvrs-profile", "cvrs-engine"];

/// Targets that are looked at where rustup has them.
const TARGETS: [&str; 2] = ["wasm32-unknown-unknown", "aarch64-unknown-linux-gnu"];

/// Lints the crates without features, for this machine and for each other target that is there.
pub(crate) fn run() -> Result<()> {
    let root = crate::output::root()?;
    lint(&root, &[])?;
    for target in TARGETS {
        if has_library(target)? {
            lint(&root, &["--target", target])?;
        } else {
            println!("{target} was left out: no library for it is installed (rustup target add {target})");
        }
    }
    // The tests of the two crates that have code for this processor need nothing of the target but its library.
    if has_library("aarch64-unknown-linux-gnu")? {
        let words =
            ["clippy", "--target", "aarch64-unknown-linux-gnu", "-p", "cvrs-parse", "-p", "cvrs-rules", "--tests"];
        cargo(&root, &words)?;
    }
    Ok(())
}

/// The words that choose the crates.
fn chosen() -> Vec<&'static str> {
    CRATES.into_iter().flat_map(|name| ["-p", name]).chain(["--no-default-features"]).collect()
}

fn lint(root: &Path, more: &[&str]) -> Result<()> {
    cargo(root, &[&["clippy"][..], &chosen(), more].concat())
}

fn cargo(root: &Path, words: &[&str]) -> Result<()> {
    println!("cargo {} -- -D warnings", words.join(" "));
    let done = Command::new(env!("CARGO")).args(words).args(["--", "-D", "warnings"]).current_dir(root).status()?;
    if done.success() { Ok(()) } else { bail!("failed: cargo {}", words.join(" ")) }
}

/// Whether the compiler has a standard library for the target.
fn has_library(target: &str) -> Result<bool> {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output()?;
    Ok(output.status.success() && Path::new(String::from_utf8(output.stdout)?.trim()).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The crates of others that the engine may stand on in a browser: none asks for files, clocks, threads or chance.
    const OTHERS: [&str; 15] = [
        "memchr",
        "proc-macro2",
        "quote",
        "serde_core",
        "serde_spanned",
        "simdutf8",
        "syn",
        "thiserror",
        "thiserror-impl",
        "toml",
        "toml_datetime",
        "toml_parser",
        "toml_writer",
        "unicode-ident",
        "winnow",
    ];

    #[test]
    fn the_engine_without_features_stands_on_nothing_that_needs_a_system() {
        let words = ["tree", "--locked", "--edges", "normal", "--prefix", "none", "--target", "wasm32-unknown-unknown"];
        let root = crate::output::root().unwrap();
        let output = Command::new(env!("CARGO")).args(words).args(chosen()).current_dir(root).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        let mut names: Vec<&str> = lines.lines().filter_map(|line| line.split(' ').next()).collect();
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        let mut allowed = [&CRATES[..], &OTHERS[..]].concat();
        allowed.sort_unstable();
        assert_eq!(names, allowed);
    }
}
