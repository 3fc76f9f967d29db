//! Where converted records go.

use crate::fault::Result;
use crate::outputs::Place;
use cvrs_engine::io::{AtomicFile, OutputError};
use cvrs_engine::{Checked, Sinks, Target};
use std::io::Write;
use std::path::Path;

/// Takes what the workers made, in the order of the text.
pub(super) trait Output: Send {
    /// What the workers make of a chunk.
    type Product;

    /// Begins, or begins anew after [`Output::restart`]; `header` is the input's header line as it stands.
    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()>;

    /// Takes the next product.
    fn put(&mut self, product: &mut Self::Product) -> cvrs_engine::Result<()>;

    /// Whether all that was put can be taken back.
    fn can_restart(&self) -> bool;

    /// Takes all of it back.
    fn restart(&mut self) -> cvrs_engine::Result<()>;

    /// Ends a run of which all records are accounted for, and makes files appear under their names.
    fn finish(self, checked: &Checked) -> Result<()>;
}

/// An output and the rejects.
pub(super) struct Outs<O> {
    pub(super) output: O,
    pub(super) rejects: Option<AtomicFile>,
}

impl<O> Outs<O> {
    fn reject(&mut self, bytes: &[u8]) -> cvrs_engine::Result<()> {
        let Some(file) = self.rejects.as_mut().filter(|_| !bytes.is_empty()) else { return Ok(()) };
        file.write_all(bytes).map_err(|error| OutputError::from_write(file.name(), error).into())
    }
}

impl<O: Output> Sinks for Outs<O> {
    fn header(&mut self, line: &[u8]) -> cvrs_engine::Result<()> {
        self.output.begin(line)?;
        self.reject(line)
    }

    fn findings(&mut self, _: usize, _: &[u8], _: &[u32]) -> cvrs_engine::Result<()> {
        Ok(())
    }

    fn clean(&mut self, _: &[u8]) -> cvrs_engine::Result<()> {
        Ok(())
    }

    fn rejects(&mut self, lines: &[u8]) -> cvrs_engine::Result<()> {
        self.reject(lines)
    }

    fn can_restart(&self) -> bool {
        self.output.can_restart() && self.rejects.as_ref().is_none_or(AtomicFile::can_restart)
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.output.restart()?;
        self.rejects.as_mut().map_or(Ok(()), |file| Ok(file.restart()?))
    }
}

impl<O: Output> Target<O::Product> for Outs<O> {
    fn sinks(&mut self) -> &mut dyn Sinks {
        self
    }

    fn product(&mut self, product: &mut O::Product) -> cvrs_engine::Result<()> {
        self.output.put(product)
    }
}

/// Text on stdout or in a file.
pub(super) struct TextOutput {
    place: Place,
    /// Stands before the first record.
    start: Vec<u8>,
}

impl TextOutput {
    /// A text at that path, or on stdout, which begins with `start`.
    pub(super) fn new(path: Option<&Path>, start: Vec<u8>) -> Result<Self> {
        let place = path.map_or_else(|| Ok(Place::stdout()), Place::file)?;
        Ok(Self { place, start })
    }

    /// Ends with `end`.
    pub(super) fn finish_with(mut self, end: &[u8]) -> Result<()> {
        if !end.is_empty() {
            self.place.write(end)?;
        }
        self.place.commit()
    }
}

impl Output for TextOutput {
    type Product = Vec<u8>;

    fn begin(&mut self, _: &[u8]) -> cvrs_engine::Result<()> {
        if self.start.is_empty() { Ok(()) } else { self.place.put(&self.start) }
    }

    fn put(&mut self, product: &mut Vec<u8>) -> cvrs_engine::Result<()> {
        if product.is_empty() { Ok(()) } else { self.place.put(product) }
    }

    fn can_restart(&self) -> bool {
        self.place.can_restart()
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.place.restart()
    }

    fn finish(self, _: &Checked) -> Result<()> {
        self.finish_with(b"")
    }
}
