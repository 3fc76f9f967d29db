//! Bundles: entries wait by type, since those that others refer to go first and are all known only at the end.

use super::super::output::Output;
use super::super::{Conversion, Result};
use super::tell_differing;
use crate::args::BundleName;
use crate::fault::Fault;
use crate::outputs::Place;
use cvrs_engine::io::Spool;
use cvrs_engine::{Checked, Error};
use cvrs_transform::fhir::{Resources, Seen, Type};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How much of each type is held in memory; the rest waits in a temporary file.
const WAITING_BYTES: usize = 16 << 20;

/// How much is written at once.
const BLOCK_BYTES: usize = 1 << 18;

pub(super) struct BundleOutput {
    place: Place,
    path: Option<PathBuf>,
    /// All up to the first entry.
    start: String,
    most: Option<u64>,
    waiting: BTreeMap<Type, Spool>,
    seen: Seen,
    name: String,
    is_quiet: bool,
}

impl BundleOutput {
    pub(super) fn new(conversion: &Conversion<'_>, kind: BundleName, timestamp: Option<String>) -> Result<Self> {
        let args = conversion.args;
        let path = args.output.clone().filter(|path| path.as_os_str() != "-");
        let most = args.fhir.max_resources.map(u64::from);
        if most.is_some() && path.is_none() {
            return Err(Fault::usage("several Bundles need a name: give -o FILE with --max-resources"));
        }
        let kind = match kind {
            BundleName::Collection => "collection",
            BundleName::Transaction => "transaction",
        };
        let timestamp = timestamp.map_or(String::new(), |time| format!(",\"timestamp\":\"{time}\""));
        Ok(Self {
            place: path.as_deref().map_or_else(|| Ok(Place::stdout()), Place::file)?,
            path,
            start: format!("{{\"resourceType\":\"Bundle\",\"type\":\"{kind}\"{timestamp}"),
            most,
            waiting: BTreeMap::new(),
            seen: Seen::default(),
            name: conversion.name.clone(),
            is_quiet: conversion.common.quiet,
        })
    }
}

fn waiting_fault(error: io::Error) -> Error {
    Error::Write { what: "a temporary file for the entries", error }
}

impl Output for BundleOutput {
    type Product = Resources;

    fn begin(&mut self, _: &[u8]) -> cvrs_engine::Result<()> {
        Ok(())
    }

    fn put(&mut self, resources: &mut Resources) -> cvrs_engine::Result<()> {
        let waiting = &mut self.waiting;
        self.seen.merge(resources, |what, text, _| {
            let spool = waiting.entry(what).or_insert_with(|| Spool::new(WAITING_BYTES, None));
            spool.write_all(text).map_err(waiting_fault)
        })
    }

    fn can_restart(&self) -> bool {
        true
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.waiting.clear();
        self.seen = Seen::default();
        Ok(())
    }

    fn finish(self, checked: &Checked) -> Result<()> {
        let Self { place, path, start, most, waiting, seen, name, is_quiet } = self;
        let (written, clean) =
            (seen.counts().get(&Type::Immunization).copied().unwrap_or_default(), checked.summary.clean);
        if written != clean {
            return Err(Fault::file(format!("{clean} records and {written} Immunizations; please report this")));
        }
        let total: u64 = seen.counts().values().sum();
        let mut bundles = Bundles {
            start,
            path,
            // A name within a Bundle leads nowhere from another one.
            relative: most.is_some_and(|most| total > most),
            chooses: most.is_some(),
            most: most.unwrap_or(u64::MAX),
            done: Vec::new(),
            place,
            n_entries: 0,
            line: Vec::new(),
            block: Vec::new(),
            failure: None,
        };
        bundles.begin();
        for (_, mut entries) in waiting {
            if let Err(error) = entries.copy_to(&mut bundles) {
                return Err(bundles.failure.take().unwrap_or_else(|| Fault::engine("", waiting_fault(error))));
            }
        }
        bundles.commit()?;
        if !is_quiet {
            tell_differing(&name, &seen);
        }
        Ok(())
    }
}

/// Takes entries, a line each, and makes Bundles of them.
struct Bundles {
    start: String,
    path: Option<PathBuf>,
    /// Whether references are relative.
    relative: bool,
    /// Whether references stand in both forms.
    chooses: bool,
    most: u64,
    done: Vec<Place>,
    place: Place,
    n_entries: u64,
    /// A line whose end has not come yet.
    line: Vec<u8>,
    block: Vec<u8>,
    failure: Option<Fault>,
}

impl Bundles {
    fn begin(&mut self) {
        self.block.extend_from_slice(self.start.as_bytes());
    }

    fn end(&mut self) -> Result<()> {
        // FHIR knows no empty list.
        self.block.extend_from_slice(if self.n_entries > 0 { b"\n]}\n" } else { b"}\n" });
        self.put()
    }

    fn put(&mut self) -> Result<()> {
        self.place.write(&self.block)?;
        self.block.clear();
        Ok(())
    }

    fn entry(&mut self, entry: &[u8]) -> Result<()> {
        if self.n_entries == self.most {
            self.end()?;
            let next = self.path.as_deref().map_or_else(PathBuf::new, |path| numbered(path, self.done.len() + 2));
            let full = std::mem::replace(&mut self.place, Place::file(&next)?);
            self.done.push(full);
            self.n_entries = 0;
            self.begin();
        }
        self.block.extend_from_slice(if self.n_entries == 0 { b",\"entry\":[\n" } else { b",\n" });
        self.n_entries += 1;
        if self.chooses {
            Resources::choose(entry, self.relative, &mut self.block);
        } else {
            self.block.extend_from_slice(entry);
        }
        if self.block.len() >= BLOCK_BYTES { self.put() } else { Ok(()) }
    }

    fn commit(mut self) -> Result<()> {
        self.end()?;
        self.done.into_iter().chain([self.place]).try_for_each(Place::commit)
    }
}

impl Write for Bundles {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let written = match line.strip_suffix(b"\n") {
                None => {
                    self.line.extend_from_slice(line);
                    Ok(())
                }
                Some(end) if self.line.is_empty() => self.entry(end),
                Some(end) => {
                    let mut line = std::mem::take(&mut self.line);
                    line.extend_from_slice(end);
                    let written = self.entry(&line);
                    line.clear();
                    self.line = line;
                    written
                }
            };
            if let Err(fault) = written {
                self.failure = Some(fault);
                return Err(io::Error::other("the Bundle cannot be written"));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The name of the file of that number: `a.json`, `a.2.json`, ….
fn numbered(path: &Path, number: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}.{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}.{number}"),
    };
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_before_the_extension() {
        assert_eq!(numbered(Path::new("d/a.json"), 2), Path::new("d/a.2.json"));
        assert_eq!(numbered(Path::new("a"), 3), Path::new("a.3"));
    }
}
