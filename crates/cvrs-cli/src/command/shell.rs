//! `cvrs completions` and `cvrs man`.

use crate::args::Args;
use crate::fault::{Exit, Fault, Result};
use clap::CommandFactory;
use std::io::Write;

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "cvrs", &mut text);
    print(&text)
}

pub(crate) fn man() -> Result<Exit> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut text).map_err(|error| Fault::stdout(&error))?;
    print(&text)
}

fn print(text: &[u8]) -> Result<Exit> {
    let mut out = std::io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).map_err(|error| Fault::stdout(&error))?;
    Ok(Exit::Done)
}
