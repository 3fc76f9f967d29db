//! Counts for Prometheus, in its text format.

use crate::check::Checked;
use crate::reply::Stored;
use crate::store::Upload;
use cvrs_api::Store;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// Upper ends of the classes of a request's time, in seconds.
const CLASSES: [f64; 9] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Default)]
struct Times {
    classes: [u64; CLASSES.len()],
    count: u64,
    seconds: f64,
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(&'static str, String, u16), u64>,
    times: BTreeMap<&'static str, Times>,
    uploads: BTreeMap<(&'static str, bool), u64>,
    bytes: u64,
    records: u64,
    rejected: u64,
    errors: u64,
    processed: BTreeMap<Store, u64>,
    refused: BTreeMap<Store, u64>,
    faults: BTreeMap<&'static str, u64>,
}

/// What a server counts.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Counts>);

impl Metrics {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request by its route, which is one of a fixed list.
    pub(crate) fn requested(&self, route: &'static str, method: &str, status: u16, seconds: f64) {
        let mut counts = self.counts();
        *counts.requests.entry((route, method.to_owned(), status)).or_default() += 1;
        let times = counts.times.entry(route).or_default();
        for (class, end) in times.classes.iter_mut().zip(CLASSES) {
            *class += u64::from(seconds <= end);
        }
        times.count += 1;
        times.seconds += seconds;
    }

    /// Counts an upload or a job that has ended.
    pub(crate) fn uploaded(&self, upload: &Upload, checked: &Checked, stored: &[Stored]) {
        let mut counts = self.counts();
        *counts.uploads.entry((upload.operation.name(), upload.is_job)).or_default() += 1;
        counts.bytes += upload.bytes;
        counts.records += checked.total;
        counts.rejected += checked.rejected;
        counts.errors += checked.errors.count();
        for stored in stored {
            *counts.processed.entry(stored.store).or_default() += stored.processed;
            *counts.refused.entry(stored.store).or_default() += stored.errors.count();
        }
    }

    /// Counts a fault on purpose.
    pub(crate) fn faulted(&self, fault: &'static str) {
        *self.counts().faults.entry(fault).or_default() += 1;
    }

    /// All of it as text. `waiting`: jobs that are not completed.
    pub(crate) fn text(&self, running: usize) -> String {
        let counts = self.counts();
        let mut text = String::new();
        let head = |text: &mut String, name: &str, kind: &str, help: &str| {
            _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        head(&mut text, "cvrs_requests_total", "counter", "Requests answered.");
        for ((route, method, status), count) in &counts.requests {
            _ = writeln!(
                text,
                "cvrs_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {count}"
            );
        }
        head(&mut text, "cvrs_request_seconds", "histogram", "Time from a request's header to its reply's header.");
        for (route, times) in &counts.times {
            for (class, end) in times.classes.iter().zip(CLASSES) {
                _ = writeln!(text, "cvrs_request_seconds_bucket{{route=\"{route}\",le=\"{end}\"}} {class}");
            }
            _ = writeln!(text, "cvrs_request_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", times.count);
            _ = writeln!(text, "cvrs_request_seconds_sum{{route=\"{route}\"}} {}", times.seconds);
            _ = writeln!(text, "cvrs_request_seconds_count{{route=\"{route}\"}} {}", times.count);
        }
        head(&mut text, "cvrs_uploads_total", "counter", "Uploads and jobs ended.");
        for ((operation, is_job), count) in &counts.uploads {
            let kind = if *is_job { "async" } else { "sync" };
            _ = writeln!(text, "cvrs_uploads_total{{operation=\"{operation}\",kind=\"{kind}\"}} {count}");
        }
        for (name, help, count) in [
            ("cvrs_upload_bytes_total", "Bytes of their bodies.", counts.bytes),
            ("cvrs_records_total", "Records in them.", counts.records),
            ("cvrs_records_rejected_total", "Records with a validation error.", counts.rejected),
            ("cvrs_validation_errors_total", "Validation errors.", counts.errors),
        ] {
            head(&mut text, name, "counter", help);
            _ = writeln!(text, "{name} {count}");
        }
        for (name, help, by_store) in [
            ("cvrs_records_processed_total", "Records applied, by store.", &counts.processed),
            ("cvrs_records_refused_total", "Records refused, by store.", &counts.refused),
        ] {
            head(&mut text, name, "counter", help);
            for (store, count) in by_store {
                _ = writeln!(text, "{name}{{store=\"{store}\"}} {count}");
            }
        }
        head(&mut text, "cvrs_faults_total", "counter", "Faults on purpose.");
        for (fault, count) in &counts.faults {
            _ = writeln!(text, "cvrs_faults_total{{fault=\"{fault}\"}} {count}");
        }
        head(&mut text, "cvrs_job_runners", "gauge", "Jurisdictions whose jobs are being worked on.");
        _ = writeln!(text, "cvrs_job_runners {running}");
        text
    }
}
