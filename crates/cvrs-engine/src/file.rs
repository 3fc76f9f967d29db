//! A run over an input: a file, plain or compressed, or stdin.

use crate::chunk::ReadAt;
use crate::error::{Error, Result};
use crate::io::{Body, Input, InputError, read_exact_at, sniff_text};
use crate::run::{Checked, Control, Request, Sinks, run};
use crate::text::Text;
use std::fs::File;

impl ReadAt for File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
        read_exact_at(self, buffer, offset)
    }
}

/// Checks an input. If the rules ask what all records together show, it is read twice; an input that cannot be read
/// twice is copied to an unlinked temporary file first.
///
/// # Errors
/// [`Error::Input`] where the input cannot be read or is no CVRS text, else as [`Error`] names them.
pub fn check_input(input: Input, request: &Request<'_>, control: &Control, sinks: &mut dyn Sinks) -> Result<Checked> {
    let name = input.name().to_owned();
    let mut input = if request.book.needs_survey() { input.rewindable(None)? } else { input };
    let mut open = || {
        Ok(match input.body()? {
            Body::Plain { file, len } => Text::Positional { file: Box::new(file), len },
            Body::Stream(reader) => Text::Stream(reader),
        })
    };
    let judge =
        |head: &[u8], is_whole: bool| Ok(sniff_text(head, is_whole).map_err(|cause| InputError::new(&name, cause))?);
    run(&mut open, &judge, request, control, sinks).map_err(|error| match error {
        Error::Read(error) => Error::Input(InputError::from_stream(&name, error)),
        other => other,
    })
}
