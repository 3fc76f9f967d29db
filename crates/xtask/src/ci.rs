//! Everything that a change must pass, in the order in which it fails soonest.

use crate::output::root;
use anyhow::{Result, bail};
use std::{
    process::Command,
    time::{Duration, Instant},
};

const STEPS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ("ports", &["xtask", "ports"]),
    ("generated files", &["xtask", "generate", "--check"]),
    ("tests", &["test", "--workspace", "--no-fail-fast"]),
    ("documentation", &["doc", "--workspace", "--no-deps", "--document-private-items"]),
];

pub(crate) fn run() -> Result<()> {
    let root = root()?;
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (name, words) in STEPS {
        println!("--- {name}: cargo {}", words.join(" "));
        let start = Instant::now();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(*words).current_dir(&root);
        if *name == "documentation" {
            cargo.env("RUSTDOCFLAGS", "-D warnings");
        }
        let done = cargo.status()?;
        if !done.success() {
            bail!("{name} failed: cargo {}", words.join(" "));
        }
        times.push((name, start.elapsed()));
    }
    for (name, time) in times {
        println!("{name}: {} s", time.as_secs());
    }
    Ok(())
}
