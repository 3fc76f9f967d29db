//! Where records go when they are parted: clean ones to the parts, others to a file with their findings beside.

use crate::fault::Result;
use cvrs_engine::io::{AtomicFile, OutputError};
use cvrs_engine::{Error, Sinks};
use cvrs_submit::{Coverage, Feed};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The files of what is held back.
pub(super) struct Rejects {
    pub(super) records: PathBuf,
    /// None where the records go to a device.
    pub(super) findings: Option<PathBuf>,
    files: Option<(AtomicFile, Option<AtomicFile>)>,
    /// Whether they are written though nothing is held back.
    is_wanted: bool,
}

impl Rejects {
    /// The files named, or those beside the input; nothing is written yet.
    pub(super) fn new(named: Option<&Path>, input: &Path) -> Self {
        let beside = |name: &Path, end: &str| PathBuf::from([name.as_os_str(), end.as_ref()].join("".as_ref()));
        let input = if input.as_os_str() == "-" { Path::new("stdin") } else { input };
        let records = named.map_or_else(|| beside(input, ".rejects.txt"), Path::to_owned);
        let is_device = records.metadata().is_ok_and(|facts| !facts.is_file());
        let findings = (!is_device).then(|| beside(&records, ".jsonl"));
        // What an earlier run left under the name must not be taken for this one's.
        let is_wanted = named.is_some() || records.exists();
        Self { records, findings, files: None, is_wanted }
    }

    pub(super) fn open(&mut self) -> Result<()> {
        let records = AtomicFile::create(&self.records)?;
        let findings = self.findings.as_deref().map(AtomicFile::create).transpose()?;
        self.files = Some((records, findings));
        Ok(())
    }

    /// Makes them appear, if anything was held back or they are wanted; whether they did.
    pub(super) fn commit(self, n_rejected: u64) -> Result<bool> {
        let Some((records, findings)) = self.files.filter(|_| n_rejected > 0 || self.is_wanted) else {
            return Ok(false);
        };
        records.commit()?;
        findings.map(AtomicFile::commit).transpose()?;
        Ok(true)
    }
}

/// The engine's sinks of a submission.
pub(super) struct Clean<'a> {
    feed: Option<Feed>,
    rejects: &'a mut Rejects,
    sent: Coverage,
    numbers: Range<u64>,
    held_back: Vec<u64>,
    /// Records that are held back now and belong to parts of earlier runs, under other rules.
    pub(super) n_sent_before: u64,
}

fn put(file: &mut AtomicFile, bytes: &[u8]) -> cvrs_engine::Result<()> {
    file.write_all(bytes).map_err(|error| OutputError::from_write(file.name(), error).into())
}

/// The parts are not taken any more; whoever took them knows why.
fn stopped(_: cvrs_submit::Stopped) -> Error {
    Error::Interrupted
}

impl<'a> Clean<'a> {
    /// Without a feed, clean records go nowhere.
    pub(super) fn new(feed: Option<Feed>, rejects: &'a mut Rejects, sent: Coverage) -> Self {
        let (numbers, held_back) = (0..0, Vec::new());
        Self { feed, rejects, sent, numbers, held_back, n_sent_before: 0 }
    }

    /// The feed, which must be told when all is well.
    pub(super) fn take_feed(&mut self) -> Option<Feed> {
        self.feed.take()
    }
}

impl Sinks for Clean<'_> {
    fn header(&mut self, line: &[u8]) -> cvrs_engine::Result<()> {
        if let Some((records, _)) = &mut self.rejects.files {
            put(records, line)?;
        }
        self.feed.as_mut().map_or(Ok(()), |feed| feed.header(line).map_err(stopped))
    }

    fn lines(&mut self, numbers: Range<u64>, held_back: &[u64]) -> cvrs_engine::Result<()> {
        self.numbers = numbers;
        self.held_back.clear();
        self.held_back.extend_from_slice(held_back);
        if !self.sent.is_empty() {
            self.n_sent_before += held_back.iter().filter(|&&line| self.sent.owner(line).is_some()).count() as u64;
        }
        Ok(())
    }

    fn findings(&mut self, _: usize, bytes: &[u8], ends: &[u32]) -> cvrs_engine::Result<()> {
        let Some((_, Some(findings))) = &mut self.rejects.files else { return Ok(()) };
        let mut start = 0;
        let mut kept = Vec::new();
        for &end in ends {
            let finding = &bytes[start..end as usize];
            start = end as usize;
            // Errors are those of the rejected; what else is told is told of clean records too.
            if has(finding, b"\"level\":\"error\"")
                || line_of(finding).is_some_and(|line| self.held_back.binary_search(&line).is_ok())
            {
                kept.extend_from_slice(finding);
            }
        }
        put(findings, &kept)
    }

    fn clean(&mut self, lines: &[u8]) -> cvrs_engine::Result<()> {
        let Some(feed) = &mut self.feed else { return Ok(()) };
        feed.push(lines, self.numbers.clone(), &self.held_back).map_err(stopped)
    }

    fn rejects(&mut self, lines: &[u8]) -> cvrs_engine::Result<()> {
        match &mut self.rejects.files {
            Some((records, _)) if !lines.is_empty() => put(records, lines),
            _ => Ok(()),
        }
    }
}

fn has(finding: &[u8], key: &[u8]) -> bool {
    finding.windows(key.len()).any(|window| window == key)
}

/// The line in a finding of JSON Lines. Quotes within strings are escaped, so that no string holds the key.
fn line_of(finding: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"line\":";
    let at = finding.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let digits: String =
        finding[at..].iter().take_while(|byte| byte.is_ascii_digit()).map(|&b| char::from(b)).collect();
    digits.parse().ok()
}
