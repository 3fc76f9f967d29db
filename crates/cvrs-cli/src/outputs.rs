//! Where the product of `cvrs validate` goes: reports, clean records, rejects.

use crate::fault::{Fault, Result};
use cvrs_engine::io::{AtomicFile, Input, OutputError, Spool};
use cvrs_engine::{Error, Format, Sinks};
use cvrs_report::clearinghouse;
use std::io::Write;
use std::path::Path;

/// How many bytes of a list are held in memory before they go to a temporary file.
const LIST_BYTES: usize = 8 << 20;

/// A place for a report: stdout or a file that appears when it is complete.
pub(crate) enum Place {
    Stdout(std::io::Stdout),
    File(Box<AtomicFile>),
}

impl Place {
    pub(crate) fn stdout() -> Self {
        Self::Stdout(std::io::stdout())
    }

    pub(crate) fn file(path: &Path) -> Result<Self> {
        Ok(Self::File(Box::new(AtomicFile::create(path)?)))
    }

    /// Writes all of it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.put(bytes).map_err(|error| Fault::engine("", error))
    }

    /// The same, for what the engine writes to.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> cvrs_engine::Result<()> {
        match self {
            Self::Stdout(out) => {
                let mut out = out.lock();
                out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Error::Write { what: "stdout", error })
            }
            Self::File(file) => {
                file.write_all(bytes).map_err(|error| OutputError::from_write(file.name(), error).into())
            }
        }
    }

    /// Whether what is written can be taken back.
    pub(crate) fn can_restart(&self) -> bool {
        matches!(self, Self::File(file) if file.can_restart())
    }

    /// Takes back what was written, if it can be.
    pub(crate) fn restart(&mut self) -> cvrs_engine::Result<()> {
        match self {
            Self::File(file) => Ok(file.restart()?),
            Self::Stdout(_) => Ok(()),
        }
    }

    /// Whether what is written can be read again.
    pub(crate) fn is_readable(&self) -> bool {
        matches!(self, Self::File(file) if !file.is_direct())
    }

    /// What has been written, as an input of that name.
    pub(crate) fn written(&mut self, name: &str) -> Result<Input> {
        match self {
            Self::File(file) => file.written(name)?.ok_or_else(|| Fault::file("a device cannot be read again")),
            Self::Stdout(_) => Err(Fault::file("stdout cannot be read again")),
        }
    }

    /// Makes a file appear under its name.
    pub(crate) fn commit(self) -> Result<()> {
        match self {
            Self::Stdout(_) => Ok(()),
            Self::File(file) => Ok(file.commit()?),
        }
    }
}

/// A report that is written while the text is checked.
pub(crate) struct Report {
    pub(crate) format: Format,
    pub(crate) place: Place,
    /// How many findings are listed at most.
    limit: u64,
    listed: u64,
    /// What stands before the findings.
    start: Vec<u8>,
    /// The list of a JSON reply, held back because the number of records stands before it.
    list: Option<Spool>,
}

impl Report {
    /// A report that begins with `start`.
    pub(crate) fn new(format: Format, mut place: Place, start: Vec<u8>, limit: u64) -> Result<Self> {
        if !start.is_empty() {
            place.write(&start)?;
        }
        Ok(Self { format, place, limit, listed: 0, start, list: None })
    }

    /// Prepares for the next input. The limit counts for each.
    pub(crate) fn begin(&mut self) {
        self.listed = 0;
        self.list = (self.format == Format::Json).then(|| Spool::new(LIST_BYTES, None));
    }

    /// Whether the findings can be taken back: where they are held back, and in a file.
    fn can_restart(&self) -> bool {
        self.list.is_some() || self.place.can_restart()
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.listed = 0;
        if let Some(list) = &mut self.list {
            *list = Spool::new(LIST_BYTES, None);
        } else if let Place::File(file) = &mut self.place {
            file.restart()?;
            file.write_all(&self.start).map_err(|error| OutputError::from_write(file.name(), error))?;
        }
        Ok(())
    }

    fn findings(&mut self, bytes: &[u8], ends: &[u32]) -> cvrs_engine::Result<()> {
        let room = self.limit.saturating_sub(self.listed).min(ends.len() as u64) as usize;
        let Some(&end) = ends[..room].last() else { return Ok(()) };
        let bytes = &bytes[..end as usize];
        let is_first = self.listed == 0;
        self.listed += room as u64;
        match &mut self.list {
            // Each string has a comma before it.
            Some(list) => list
                .write_all(&bytes[usize::from(is_first)..])
                .map_err(|error| Error::Write { what: "a temporary file for the list", error }),
            None => self.place.put(bytes),
        }
    }

    /// Writes the reply that holds the list, if it is one.
    pub(crate) fn end(&mut self, id: &str, records: u64, errors: u64) -> Result<()> {
        let Some(mut list) = self.list.take() else { return Ok(()) };
        let mut start = Vec::new();
        clearinghouse::write_reply_start(&mut start, id, records);
        self.place.write(&start)?;
        let copied = match &mut self.place {
            Place::Stdout(out) => list.copy_to(&mut out.lock()).map_err(|error| Fault::stdout(&error)),
            Place::File(file) => {
                let name = file.name().to_string();
                list.copy_to(file.as_mut()).map_err(|error| OutputError::from_write(&name, error).into())
            }
        };
        copied?;
        let mut end = Vec::new();
        clearinghouse::write_reply_end(&mut end, errors);
        end.push(b'\n');
        self.place.write(&end)
    }
}

/// All outputs of a run.
#[derive(Default)]
pub(crate) struct Outputs {
    pub(crate) reports: Vec<Report>,
    pub(crate) clean: Option<AtomicFile>,
    pub(crate) rejects: Option<AtomicFile>,
    /// Whether several inputs write to it, so that one of them cannot take back what the others wrote.
    pub(crate) is_shared: bool,
}

fn put(file: Option<&mut AtomicFile>, bytes: &[u8]) -> cvrs_engine::Result<()> {
    let Some(file) = file.filter(|_| !bytes.is_empty()) else { return Ok(()) };
    file.write_all(bytes).map_err(|error| OutputError::from_write(file.name(), error).into())
}

impl Sinks for Outputs {
    fn header(&mut self, line: &[u8]) -> cvrs_engine::Result<()> {
        put(self.clean.as_mut(), line)?;
        put(self.rejects.as_mut(), line)
    }

    fn findings(&mut self, report: usize, bytes: &[u8], ends: &[u32]) -> cvrs_engine::Result<()> {
        self.reports[report].findings(bytes, ends)
    }

    fn clean(&mut self, lines: &[u8]) -> cvrs_engine::Result<()> {
        put(self.clean.as_mut(), lines)
    }

    fn rejects(&mut self, lines: &[u8]) -> cvrs_engine::Result<()> {
        put(self.rejects.as_mut(), lines)
    }

    fn can_restart(&self) -> bool {
        let files = self.clean.iter().chain(&self.rejects);
        !self.is_shared
            && self.reports.iter().all(Report::can_restart)
            && files.into_iter().all(AtomicFile::can_restart)
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        for report in &mut self.reports {
            report.restart()?;
        }
        for file in self.clean.iter_mut().chain(&mut self.rejects) {
            file.restart()?;
        }
        Ok(())
    }
}
