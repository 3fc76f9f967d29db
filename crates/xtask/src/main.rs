//! Developer tasks: `generate` writes the committed files that are derived from the declarations,
//! `generate --check` tells whether they are current, `ports` lints what must also run on other machines, `ci` runs
//! everything that a change must pass.
#![expect(clippy::disallowed_methods, reason = "it writes generated files")]

mod book;
mod ci;
mod markdown;
mod output;
mod ports;
mod reference;
mod spec;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate"] => generate(output::Mode::Write),
        ["generate", "--check"] => generate(output::Mode::Check),
        ["ports"] => ports::run(),
        ["ci"] => ci::run(),
        _ => bail!("usage: cargo xtask generate [--check] | ports | ci"),
    }
}

fn generate(mode: output::Mode) -> Result<()> {
    let mut outputs = output::Outputs::new(mode)?;
    spec::generate(&mut outputs)?;
    if outputs.has_written() {
        // The documents come from the declarations compiled into this program, which have just changed.
        outputs.finish()?;
        return again();
    }
    book::generate(&mut outputs)?;
    reference::generate(&mut outputs)?;
    outputs.text("docs/fixes.md", &cvrs_fix::page())?;
    outputs.text("docs/schema/profile.json", &cvrs_profile::schema())?;
    outputs.text("docs/schema/config.json", &cvrs_cli::config_schema())?;
    outputs.finish()
}

/// Builds this program anew and lets it go on.
fn again() -> Result<()> {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    let done =
        cargo.args(["run", "--quiet", "--package", "xtask", "--", "generate"]).current_dir(output::root()?).status()?;
    if done.success() { Ok(()) } else { bail!("the generated code does not lead to documents") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn generated_files_are_current() {
        super::generate(super::output::Mode::Check).unwrap();
    }
}
