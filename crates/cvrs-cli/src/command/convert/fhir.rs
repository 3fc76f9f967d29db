//! `--to fhir`: a folder of NDJSON files, or Bundles.

mod bundle;
mod folder;

use super::name::{entity, timestamp};
use super::{Conversion, Result};
use crate::args::{BundleName, OperationName};
use crate::fault::{Exit, Fault};
use crate::stored_codes;
use crate::terminal;
use cvrs_engine::RecordPlace;
use cvrs_engine::io::Input;
use cvrs_parse::{Header, Record};
use cvrs_report::Finding;
use cvrs_transform::fhir::{Converter, Form, Method, Options, REPEATED_ID, Resources, Seen, Worker};

pub(super) fn run(conversion: &Conversion<'_>, input: Input) -> Result<Exit> {
    let args = &conversion.args.fhir;
    let is_delete = matches!(conversion.args.operation, OperationName::Delete);
    if is_delete && args.bundle != Some(BundleName::Transaction) {
        return Err(Fault::usage("only a transaction deletes: give --bundle transaction with --operation delete"));
    }
    if args.gzip && args.bundle.is_some() {
        return Err(Fault::usage("--gzip packs NDJSON files, and a Bundle is none"));
    }
    let form = match args.bundle {
        None => Form::Lines,
        Some(kind) => Form::Entries {
            method: match kind {
                BundleName::Collection => Method::None,
                BundleName::Transaction if is_delete => Method::Delete,
                BundleName::Transaction => Method::Put,
            },
            parts: args.max_resources.is_some(),
        },
    };
    let usual = Options::new(&entity(conversion)?);
    let options = Options {
        system_base: args.system_base.clone().unwrap_or_else(|| usual.system_base.clone()),
        county_names: args.county_names,
        observations: args.observations,
        form,
        ..usual
    };
    let converter = ToResources(Converter::new(options, stored_codes::current()?));
    let timestamp = timestamp(conversion)?;
    match args.bundle {
        Some(kind) => {
            // What is now stands in a Bundle only where it is asked for.
            let timestamp = conversion.args.hl7.timestamp.is_some().then_some(timestamp);
            conversion.drive(input, &converter, bundle::BundleOutput::new(conversion, kind, timestamp)?)
        }
        None => conversion.drive(input, &converter, folder::FolderOutput::new(conversion, timestamp)?),
    }
}

/// Makes resources of records.
struct ToResources(Converter<'static>);

impl cvrs_engine::Convert for ToResources {
    type Worker = Worker<'static>;
    type Product = Resources;

    fn worker(&self, _: &Header) -> Worker<'static> {
        self.0.worker()
    }

    fn begin(&self, worker: &mut Worker<'static>, resources: &mut Resources) {
        self.0.begin(worker, resources);
    }

    fn record(
        &self,
        worker: &mut Worker<'static>,
        record: &Record<'_>,
        place: &RecordPlace,
        resources: &mut Resources,
        findings: &mut Vec<Finding>,
    ) {
        if place.repeats_id {
            return findings.push(REPEATED_ID);
        }
        self.0.record(worker, record, resources, findings);
    }
}

/// Says which recipients are described in more than one way.
fn tell_differing(name: &str, seen: &Seen) {
    if seen.n_differing() == 0 {
        return;
    }
    let columns: Vec<String> = seen.differing().iter().map(|(column, n)| format!("{column} {n}")).collect();
    let records = if seen.n_differing() == 1 { "record describes" } else { "records describe" };
    terminal::note(&format!(
        "{name}: {} {records} a recipient otherwise than the first record with that recip_id, which went out: {}",
        seen.n_differing(),
        columns.join(", ")
    ));
}
