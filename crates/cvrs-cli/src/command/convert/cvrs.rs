//! `--to cvrs`: the columns in their order, lower-case names, lines that end in LF, in the version asked for.

use super::output::{Output, TextOutput};
use super::{Conversion, Reading, Result};
use crate::fault::{Exit, Fault};
use crate::outputs::Place;
use cvrs_engine::io::Input;
use cvrs_engine::{Checked, Error, Origin, RecordPlace};
use cvrs_parse::{Header, Record};
use cvrs_report::Finding;
use cvrs_spec::Version;
use cvrs_transform::{AdminTypes, Upgrade, UpgradeOptions, Upgraded};

pub(super) fn run(conversion: &Conversion<'_>, mut input: Input) -> Result<Exit> {
    let args = conversion.args;
    let admin_types = match &args.admin_type_map {
        None => AdminTypes::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| Fault::file(format!("--admin-type-map {}: {error}", path.display())))?;
            let fault = |error| Fault::usage(format!("--admin-type-map {}: {error}", path.display()));
            AdminTypes::parse(&text).map_err(fault)?
        }
    };
    let wanted = args.cvrs_version.as_deref();
    let wanted = wanted.and_then(|name| Version::ALL.into_iter().find(|version| version.name() == name));
    if wanted == Some(Version::V1) {
        let first = input.first_bytes()?;
        let header = first.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
        let header = Header::parse(header, conversion.told_version());
        // What is no CVRS at all is told as such.
        if header.version() != Version::V1 && header.n_bound() > 0 {
            return Err(Fault::usage("--cvrs-version 1: there is no way back to version 1"));
        }
    }
    let log = args.log.as_deref().filter(|_| !matches!(conversion.reading, Reading::Hl7(_)));
    let place = |path: Option<&std::path::Path>| path.map(Place::file).transpose();
    let rows = ToRows {
        options: UpgradeOptions {
            admin_types,
            takes_proposals: args.accept_proposed,
            log: log.map(|_| conversion.name.clone()),
        },
        wanted,
        lines: conversion.lines(),
    };
    let output = RowOutput {
        text: TextOutput::new(args.output.as_deref(), Vec::new())?,
        dropped: place(args.keep_dropped.as_deref())?,
        log: place(log)?,
        told: conversion.told_version(),
        rows: &rows,
    };
    conversion.drive(input, &&rows, output)
}

/// Makes rows of a version, or of the one that they were read by.
struct ToRows<'r> {
    options: UpgradeOptions,
    wanted: Option<Version>,
    /// Where the lines come from, if the text was made of another one.
    lines: Option<&'r dyn Origin>,
}

impl ToRows<'_> {
    fn upgrade(&self, header: &Header) -> Option<Upgrade<'_>> {
        Upgrade::new(header, self.wanted, &self.options)
    }
}

impl<'t> cvrs_engine::Convert for &'t ToRows<'_> {
    type Worker = Option<Upgrade<'t>>;
    type Product = Upgraded;

    fn worker(&self, header: &Header) -> Self::Worker {
        self.upgrade(header)
    }

    fn begin(&self, _: &mut Self::Worker, product: &mut Upgraded) {
        product.clear();
    }

    fn record(
        &self,
        upgrade: &mut Self::Worker,
        record: &Record<'_>,
        place: &RecordPlace,
        product: &mut Upgraded,
        findings: &mut Vec<Finding>,
    ) {
        // Where there is no way, the run has ended with the header.
        let Some(upgrade) = upgrade else { return };
        let line = match self.lines.filter(|_| self.options.log.is_some()) {
            Some(lines) => lines.line(place.line),
            None => place.line,
        };
        upgrade.push(record, (line, place.record), product, findings);
    }
}

/// Rows under the header line of their version.
struct RowOutput<'t, 'r> {
    text: TextOutput,
    dropped: Option<Place>,
    log: Option<Place>,
    /// The version that the input is read by, if told.
    told: Option<Version>,
    rows: &'t ToRows<'r>,
}

impl Output for RowOutput<'_, '_> {
    type Product = Upgraded;

    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()> {
        let header = Header::parse(header, self.told);
        let upgrade = self.rows.upgrade(&header).ok_or(Error::NotCvrs)?;
        for (place, line) in [(&mut self.dropped, Upgraded::DROPPED_HEADER), (&mut self.log, Upgraded::LOG_HEADER)] {
            place.as_mut().map_or(Ok(()), |place| place.put(line.as_bytes()))?;
        }
        self.text.put(&mut upgrade.header_line())
    }

    fn put(&mut self, product: &mut Upgraded) -> cvrs_engine::Result<()> {
        for (place, lines) in [(&mut self.dropped, &product.dropped), (&mut self.log, &product.log)] {
            if let Some(place) = place.as_mut().filter(|_| !lines.is_empty()) {
                place.put(lines)?;
            }
        }
        self.text.put(&mut product.rows)
    }

    fn can_restart(&self) -> bool {
        let besides = [&self.dropped, &self.log].into_iter().flatten();
        self.text.can_restart() && besides.into_iter().all(Place::can_restart)
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        [&mut self.dropped, &mut self.log].into_iter().flatten().try_for_each(Place::restart)?;
        self.text.restart()
    }

    fn finish(self, checked: &Checked) -> Result<()> {
        self.text.finish(checked)?;
        [self.dropped, self.log].into_iter().flatten().try_for_each(Place::commit)
    }
}
