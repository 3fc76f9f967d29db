//! The whole of `validate`: every kind of text by profile and threads, every format, tier and packing, and bytes in
//! memory in one piece and in ranges.
#![expect(clippy::disallowed_methods, reason = "the inputs are files")]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use cvrs_benches::{Counts, Sample, today};
use cvrs_engine::io::Input;
use cvrs_engine::{Control, Format, RangeReport, Request, Show, Tuning, Validator, check_input};
use cvrs_parse::Tier;
use cvrs_rules::{Book, Options, Profile};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PROFILES: [Profile; 2] = [Profile::Dch, Profile::Recommended];
const THREADS: [usize; 2] = [1, 2];

/// A sample as a file.
struct Filed {
    sample: Sample,
    path: PathBuf,
    _folder: TempDir,
}

impl Filed {
    fn new(sample: Sample) -> Self {
        Self::packed(sample, <[u8]>::to_vec)
    }

    fn packed(sample: Sample, pack: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.txt");
        std::fs::write(&path, pack(&sample.text)).expect("a temporary file");
        Self { sample, path, _folder: folder }
    }

    /// Checks the file with the answer that it must give.
    fn check(&self, profile: Profile, book: &Book, formats: &[Format], parts: bool, tuning: Tuning) {
        let sample = &self.sample;
        let (summary, counts) = check(&self.path, book, formats, parts, tuning);
        assert_eq!(summary.records, sample.records);
        let findings = summary.errors + summary.warnings + summary.infos;
        match profile {
            Profile::Dch => assert!(sample.rejected_dch.contains(&summary.rejected), "{} rejected", summary.rejected),
            _ => assert!(sample.findings.contains(&findings), "{findings} findings of {}", sample.name),
        }
        let told = match formats.first() {
            None => 0,
            Some(Format::Json) => summary.errors,
            Some(_) => findings,
        };
        assert_eq!(counts.findings, told);
        if parts {
            let header = sample.text.iter().position(|&byte| byte == b'\n').expect("lines") + 1;
            assert_eq!(counts.clean + counts.rejects, (sample.text.len() + header) as u64);
        }
    }
}

fn check(path: &Path, book: &Book, formats: &[Format], parts: bool, tuning: Tuning) -> (cvrs_report::Summary, Counts) {
    let request = Request {
        book,
        version: None,
        formats,
        show: Show { file: "-", ids: true, values: false },
        keep_lines: 10,
        parts,
        figures: false,
        name: None,
        tuning,
    };
    let mut counts = Counts::default();
    let input = Input::open(path).expect("the file of this bench");
    let checked = check_input(input, &request, None, &Control::default(), &mut counts).expect("a CVRS text");
    (checked.summary, counts)
}

fn book(profile: Profile) -> Book {
    Book::new(&Options::new(profile, today()))
}

fn group<'c>(criterion: &'c mut Criterion, name: &str, bytes: usize) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(format!("validate/{name}"));
    group.throughput(Throughput::Bytes(bytes as u64));
    group
}

/// Every kind of text by profile and threads, as JSON Lines.
fn whole(criterion: &mut Criterion) {
    for sample in Sample::all() {
        let filed = Filed::new(sample);
        let mut group = group(criterion, filed.sample.name, filed.sample.text.len());
        for profile in PROFILES {
            let book = book(profile);
            for threads in THREADS {
                let act = || {
                    filed.check(profile, &book, &[Format::JsonLines], false, Tuning { threads, ..Tuning::default() });
                };
                act();
                let id = BenchmarkId::new(profile.name(), format!("{threads}-threads"));
                group.bench_function(id, |bencher| bencher.iter(act));
            }
        }
        group.finish();
    }
}

/// What each format costs where there is much to tell, and the parting of clean from rejected.
fn formats(criterion: &mut Criterion) {
    let filed = Filed::new(Sample::bad());
    let book = book(Profile::Recommended);
    let mut group = group(criterion, "all-bad-by-format", filed.sample.text.len());
    let formats: [(&str, &[Format], bool); 6] = [
        ("none", &[], false),
        ("json", &[Format::Json], false),
        ("jsonl", &[Format::JsonLines], false),
        ("tsv", &[Format::Tsv { values: false }], false),
        ("all-three", &[Format::JsonLines, Format::Json, Format::Tsv { values: false }], false),
        ("parting", &[], true),
    ];
    for (name, formats, parts) in formats {
        let act = || filed.check(Profile::Recommended, &book, formats, parts, Tuning::SEQUENTIAL);
        act();
        group.bench_function(name, |bencher| bencher.iter(act));
    }
    group.finish();
}

/// Whole files on each tier of instructions.
fn tiers(criterion: &mut Criterion) {
    let filed = Filed::new(Sample::typical());
    let mut group = group(criterion, "typical-by-tier", filed.sample.text.len());
    for profile in PROFILES {
        let book = book(profile);
        for tier in Tier::available() {
            let tuning = Tuning { tier: Some(tier), ..Tuning::SEQUENTIAL };
            let act = || filed.check(profile, &book, &[Format::JsonLines], false, tuning);
            act();
            group.bench_function(BenchmarkId::new(profile.name(), tier.name()), |bencher| bencher.iter(act));
        }
    }
    group.finish();
}

/// Packed files: of one piece, and of parts that several threads can unpack. In bytes of text.
fn packings(criterion: &mut Criterion) {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let gzip: Pack = |text| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    };
    let zstd: Pack = |text| zstd::encode_all(text, 1).expect("memory");
    let frames: Pack =
        |text| text.chunks(4 << 20).flat_map(|part| zstd::encode_all(part, 1).expect("memory")).collect();
    for (name, pack) in [("gzip", gzip), ("zstd", zstd), ("zstd-frames", frames)] {
        let filed = Filed::packed(Sample::typical(), pack);
        let mut group = group(criterion, "typical-by-packing", filed.sample.text.len());
        let book = book(Profile::Dch);
        for threads in THREADS {
            let tuning = Tuning { threads, ..Tuning::default() };
            let act = || filed.check(Profile::Dch, &book, &[Format::JsonLines], false, tuning);
            act();
            group.bench_function(BenchmarkId::new(name, format!("{threads}-threads")), |bencher| bencher.iter(act));
        }
        group.finish();
    }
}

/// Bytes in memory: in one piece, and in ranges as tasks of another program would take them.
fn memory(criterion: &mut Criterion) {
    let sample = Sample::typical();
    let (text, length) = (&sample.text[..], sample.text.len() as u64);
    let validator = Validator::new(&Options::new(Profile::Dch, today()));
    let mut group = group(criterion, "typical-in-memory", text.len());
    let whole = || {
        let report = validator.check(text).expect("a CVRS text");
        assert_eq!((report.summary.records, report.findings.len()), (sample.records, 0));
    };
    whole();
    group.bench_function("whole", |bencher| bencher.iter(whole));
    for n_ranges in [2, 16, 128] {
        let ranges = validator.ranges(text).expect("a CVRS text");
        let in_ranges = || {
            let mut report = RangeReport::default();
            for number in 0..n_ranges {
                let range = length * number / n_ranges..length * (number + 1) / n_ranges;
                report.merge(ranges.check_range(&text, length, range, None).expect("readable"));
            }
            let report = ranges.finish(report, None).expect("all ranges");
            assert_eq!((report.summary.records, report.findings.len()), (sample.records, 0));
        };
        in_ranges();
        group.bench_function(BenchmarkId::new("ranges", n_ranges), |bencher| bencher.iter(in_ranges));
    }
    group.finish();
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1))
}

criterion_group! { name = benches; config = short(); targets = whole, formats, tiers, packings, memory }
criterion_main!(benches);
