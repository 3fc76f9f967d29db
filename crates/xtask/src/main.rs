//! Developer tasks: `generate` writes the committed files that are derived from the declarations,
//! `generate --check` tells whether they are current, `ci` runs everything that a change must pass.

mod ci;
mod output;
mod spec;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["generate"] => generate(output::Mode::Write),
        ["generate", "--check"] => generate(output::Mode::Check),
        ["ci"] => ci::run(),
        _ => bail!("usage: cargo xtask generate [--check] | ci"),
    }
}

fn generate(mode: output::Mode) -> Result<()> {
    let mut outputs = output::Outputs::new(mode)?;
    spec::generate(&mut outputs)?;
    outputs.finish()
}
