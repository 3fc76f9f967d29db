//! A folder as FHIR Bulk Data Access lays it out: files of one type each, and a manifest.

use super::super::output::Output;
use super::super::{Conversion, Result};
use super::tell_differing;
use crate::fault::Fault;
use cvrs_engine::Checked;
use cvrs_engine::io::{AtomicFolder, OutputError};
use cvrs_transform::fhir::{Resources, Seen, Type};
use flate2::write::GzEncoder;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};

const BUFFER_BYTES: usize = 1 << 18;

pub(super) struct FolderOutput {
    folder: AtomicFolder,
    is_packed: bool,
    /// The most resources of a file.
    most: u64,
    files: BTreeMap<Type, Files>,
    seen: Seen,
    name: String,
    /// The input's own name, without the folders around it.
    file_name: String,
    timestamp: String,
    is_quiet: bool,
}

/// The files of a type.
#[derive(Default)]
struct Files {
    /// Name and number of resources of each.
    written: Vec<(String, u64)>,
    last: Option<NdjsonFile>,
}

enum NdjsonFile {
    Plain(BufWriter<File>),
    Packed(Box<GzEncoder<BufWriter<File>>>),
}

impl NdjsonFile {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(text),
            Self::Packed(file) => file.write_all(text),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Packed(file) => file.finish()?.flush(),
        }
    }
}

/// Whether a file of that name is one that such a folder holds.
fn is_ours(name: &str) -> bool {
    let bare = name.strip_suffix(".gz").unwrap_or(name);
    let of_type = |what: Type| {
        let middle = bare.strip_prefix(what.name()).and_then(|rest| rest.strip_suffix(".ndjson"));
        let is_number = |middle: &str| middle.strip_prefix('.').is_some_and(|number| number.parse::<u32>().is_ok());
        middle.is_some_and(|middle| middle.is_empty() || is_number(middle))
    };
    name == MANIFEST || Type::ALL.into_iter().any(of_type)
}

const MANIFEST: &str = "manifest.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    transaction_time: &'a str,
    request: String,
    requires_access_token: bool,
    output: Vec<Listed<'a>>,
    error: [(); 0],
}

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    url: &'a str,
    count: u64,
}

impl FolderOutput {
    pub(super) fn new(conversion: &Conversion<'_>, timestamp: String) -> Result<Self> {
        let args = conversion.args;
        let Some(path) = args.output.as_deref().filter(|path| path.as_os_str() != "-") else {
            return Err(Fault::usage("name the folder with -o, or ask for one file with --bundle"));
        };
        Ok(Self {
            folder: AtomicFolder::create(path, is_ours)?,
            is_packed: args.fhir.gzip,
            most: args.fhir.max_resources.map_or(u64::MAX, u64::from),
            files: BTreeMap::new(),
            seen: Seen::default(),
            name: conversion.name.clone(),
            file_name: conversion.file_name.unwrap_or("-").to_owned(),
            timestamp,
            is_quiet: conversion.common.quiet,
        })
    }

    /// Each file with its number of resources, as the manifest lists them.
    fn manifest(&self) -> String {
        let files = self.files.iter().flat_map(|(what, files)| files.written.iter().map(|file| (what.name(), file)));
        let manifest = Manifest {
            transaction_time: &self.timestamp,
            request: format!("cvrs convert --to fhir {}", self.file_name),
            requires_access_token: false,
            output: files.map(|(kind, (url, count))| Listed { kind, url, count: *count }).collect(),
            error: [],
        };
        serde_json::to_string(&manifest).map(|text| text + "\n").unwrap_or_default()
    }
}

impl Files {
    /// Writes resources, a line each.
    fn write(
        &mut self,
        folder: &AtomicFolder,
        what: Type,
        is_packed: bool,
        most: u64,
        text: &[u8],
        n: u64,
    ) -> std::result::Result<(), OutputError> {
        let (mut text, mut n) = (text, n);
        while n > 0 {
            let in_last = self.written.last().map_or(most, |(_, count)| *count);
            if self.last.is_none() || in_last == most {
                self.finish()?;
                let number =
                    if self.written.is_empty() { String::new() } else { format!(".{}", self.written.len() + 1) };
                let name = format!("{}{number}.ndjson{}", what.name(), if is_packed { ".gz" } else { "" });
                let file = BufWriter::with_capacity(BUFFER_BYTES, folder.file(&name)?);
                self.last = Some(if is_packed {
                    NdjsonFile::Packed(Box::new(GzEncoder::new(file, flate2::Compression::default())))
                } else {
                    NdjsonFile::Plain(file)
                });
                self.written.push((name, 0));
            }
            let (Some((name, count)), Some(file)) = (self.written.last_mut(), &mut self.last) else { break };
            let fitting = n.min(most - *count);
            let end = if fitting == n {
                text.len()
            } else {
                let lines = text.split_inclusive(|&byte| byte == b'\n');
                lines.take(usize::try_from(fitting).unwrap_or(usize::MAX)).map(<[u8]>::len).sum()
            };
            file.write(&text[..end]).map_err(|error| OutputError::new(name, error))?;
            *count += fitting;
            (text, n) = (&text[end..], n - fitting);
        }
        Ok(())
    }

    fn finish(&mut self) -> std::result::Result<(), OutputError> {
        let name = self.written.last().map_or("", |(name, _)| name);
        self.last.take().map_or(Ok(()), NdjsonFile::finish).map_err(|error| OutputError::new(name, error))
    }
}

impl Output for FolderOutput {
    type Product = Resources;

    fn begin(&mut self, _: &[u8]) -> cvrs_engine::Result<()> {
        Ok(())
    }

    fn put(&mut self, resources: &mut Resources) -> cvrs_engine::Result<()> {
        let Self { folder, is_packed, most, files, seen, .. } = self;
        let written = seen.merge(resources, |what, text, n| {
            files.entry(what).or_default().write(folder, what, *is_packed, *most, text, n)
        });
        Ok(written?)
    }

    fn can_restart(&self) -> bool {
        true
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.files.clear();
        self.seen = Seen::default();
        Ok(self.folder.restart()?)
    }

    fn finish(mut self, checked: &Checked) -> Result<()> {
        let (written, clean) = (self.seen.counts().get(&Type::Immunization).copied(), checked.summary.clean);
        if written.unwrap_or_default() != clean {
            let written = written.unwrap_or_default();
            return Err(Fault::file(format!("{clean} records and {written} Immunizations; please report this")));
        }
        self.files.values_mut().try_for_each(Files::finish)?;
        let mut manifest = self.folder.file(MANIFEST)?;
        let told = manifest.write_all(self.manifest().as_bytes());
        told.map_err(|error| OutputError::new(MANIFEST, error))?;
        drop(manifest);
        self.folder.commit()?;
        if !self.is_quiet {
            tell_differing(&self.name, &self.seen);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_such_a_folder_are_ours() {
        for name in ["manifest.json", "Patient.ndjson", "Immunization.12.ndjson", "Location.2.ndjson.gz"] {
            assert!(is_ours(name), "{name}");
        }
        for name in
            ["patient.ndjson", "Patient.json", "Patients.ndjson", "Patient.a.ndjson", "manifest.json.gz", "notes.txt"]
        {
            assert!(!is_ours(name), "{name}");
        }
    }
}
