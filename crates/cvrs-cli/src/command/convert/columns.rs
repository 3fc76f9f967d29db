//! `--to parquet` and `--to arrow`: what both have in common.

use super::Conversion;
use crate::fault::{Fault, Result};
use crate::stored_codes;
use cvrs_codes::CodeSets;
use cvrs_engine::io::{Body, Input, InputError};
use cvrs_engine::{Origin, RecordPlace};
use cvrs_parse::{Header, Record};
use cvrs_report::Finding;
use cvrs_transform::columns::{Builder, Dictionaries, Facts, Gatherer, Options, Part, Source};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io::{ErrorKind, IsTerminal, Read};

/// Name and version of this program, which files of columns tell.
pub(super) const TOOL: &str = concat!("cvrs ", env!("CARGO_PKG_VERSION"));

/// Makes columns of records.
pub(super) struct ToColumns<'r> {
    options: Options,
    is_parquet: bool,
    codes: &'static CodeSets,
    /// Where the lines come from, if they are to be told and the text was made of another one.
    lines: Option<&'r dyn Origin>,
}

impl<'r> ToColumns<'r> {
    pub(super) fn new(conversion: &'r Conversion<'_>, plan: &Plan, is_parquet: bool) -> Result<Self> {
        let lines = conversion.lines().filter(|_| plan.options.source);
        Ok(Self { options: plan.options.clone(), is_parquet, codes: stored_codes::current()?, lines })
    }
}

impl cvrs_engine::Convert for ToColumns<'_> {
    type Worker = Builder<'static>;
    type Product = Part;

    fn worker(&self, header: &Header) -> Builder<'static> {
        let make = if self.is_parquet { Builder::for_parquet } else { Builder::new };
        make(header, &self.options, self.codes)
    }

    fn begin(&self, builder: &mut Builder<'static>, part: &mut Part) {
        builder.begin(part);
    }

    fn record(
        &self,
        builder: &mut Builder<'static>,
        record: &Record<'_>,
        place: &RecordPlace,
        part: &mut Part,
        findings: &mut Vec<Finding>,
    ) {
        let line = self.lines.map_or(place.line, |lines| lines.line(place.line));
        builder.push(record, line, place.record, part, findings);
    }

    fn end(&self, builder: &mut Builder<'static>, part: &mut Part) -> cvrs_engine::Result<()> {
        builder.end(part);
        Ok(())
    }
}

/// What a conversion to columns goes by.
pub(super) struct Plan {
    pub(super) options: Options,
    told: Option<cvrs_spec::Version>,
    pub(super) source: Option<Source>,
    pub(super) sha256: Option<String>,
}

impl Plan {
    pub(super) fn new(conversion: &Conversion<'_>) -> Result<Self> {
        let options = conversion.args.columns.options();
        if conversion.args.output.is_none() && std::io::stdout().is_terminal() {
            return Err(Fault::usage("this form is not for a terminal; name a file with -o"));
        }
        let source = options.source.then(|| Source { name: conversion.name.clone() });
        Ok(Self { options, told: conversion.told_version(), source, sha256: None })
    }

    pub(super) fn facts(&self, header: &[u8]) -> Facts {
        let parsed = Header::parse(header, self.told);
        Facts { sha256: self.sha256.clone(), ..Facts::of_header(header, &parsed, TOOL) }
    }

    pub(super) fn gatherer(&self, facts: &Facts, rows: usize, dictionaries: Dictionaries) -> Gatherer {
        Gatherer::new(facts.version, &self.options, self.source.clone(), rows, dictionaries)
    }
}

/// SHA-256 of an input's text in hex, in the reading that it is given.
pub(super) fn sha256(mut input: Input) -> Result<String> {
    let name = input.name().to_owned();
    let mut hash = Sha256::new();
    // What is hashed is in the nearest memory still.
    let mut buffer = vec![0; 128 << 10];
    let read: &mut dyn FnMut(&mut [u8]) -> std::io::Result<usize> = match input.body()? {
        Body::Plain { file, len } => {
            let mut at = 0;
            &mut move |buffer: &mut [u8]| {
                let most = usize::try_from(len - at).unwrap_or(usize::MAX).min(buffer.len());
                let n = cvrs_engine::io::read_at_most(&file, &mut buffer[..most], at)?;
                at += n as u64;
                Ok(n)
            }
        }
        Body::Stream(mut reader) => &mut move |buffer: &mut [u8]| reader.read(buffer),
    };
    loop {
        match read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => hash.update(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(InputError::from_stream(&name, error).into()),
        }
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

/// A failure of a library that writes columns, which is a defect or a value too large for a column.
pub(super) fn unwritable(error: &impl ToString) -> cvrs_engine::Error {
    cvrs_engine::Error::Write { what: "columns", error: std::io::Error::other(error.to_string()) }
}
