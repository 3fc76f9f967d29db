//! The whole of `validate`: good and bad texts, in memory and as a file, by profile and threads.
#![expect(clippy::disallowed_methods, reason = "one of the inputs is a file")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use cvrs_benches::{Counts, RECORDS, text, today};
use cvrs_engine::io::Input;
use cvrs_engine::{Control, Format, Request, Show, Tuning, Validator, check_input};
use cvrs_rules::{Book, Options, Profile};
use std::path::Path;

const PROFILES: [Profile; 2] = [Profile::Dch, Profile::Recommended];

fn check(path: &Path, book: &Book, threads: usize) -> (u64, Counts) {
    let request = Request {
        book,
        version: None,
        formats: &[Format::JsonLines],
        show: Show { file: "-", ids: true, values: false },
        keep_lines: 10,
        parts: false,
        figures: false,
        name: None,
        tuning: Tuning { threads, ..Tuning::default() },
    };
    let mut counts = Counts::default();
    let input = Input::open(path).expect("the file of this bench");
    let checked = check_input(input, &request, None, &Control::default(), &mut counts).expect("a CVRS text");
    (checked.summary.records, counts)
}

fn bench(criterion: &mut Criterion) {
    for (kind, error_rate) in [("good", 0.0), ("bad-30", 0.3)] {
        let (text, totals) = text(RECORDS, error_rate);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.txt");
        std::fs::write(&path, &text).expect("a temporary file");
        let mut group = criterion.benchmark_group(format!("validate/{kind}"));
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
        for profile in PROFILES {
            let options = Options::new(profile, today());
            let book = Book::new(&options);
            let validator = Validator::new(&options);
            // Planted faults lead to a finding each at least; a good text to none.
            let is_right = |records: u64, findings: u64| {
                assert_eq!(records, RECORDS);
                match error_rate {
                    0.0 => assert_eq!(findings, 0),
                    _ => assert!(findings > totals.faults / 2 && findings <= totals.findings, "{findings} findings"),
                }
            };
            group.bench_function(BenchmarkId::new("memory", profile.name()), |bencher| {
                bencher.iter(|| {
                    let report = validator.check(&text).expect("a CVRS text");
                    is_right(report.summary.records, report.findings.len() as u64);
                });
            });
            for threads in [1, 2] {
                let name = format!("file-{threads}-threads");
                group.bench_function(BenchmarkId::new(name, profile.name()), |bencher| {
                    bencher.iter(|| {
                        let (records, counts) = check(&path, &book, threads);
                        is_right(records, counts.findings);
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
