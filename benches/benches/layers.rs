//! The layers alone, on each tier of instructions: split, cells, screen, explain; and generate.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use cvrs_benches::{Sample, text, today};
use cvrs_parse::{Header, Index, Tier};
use cvrs_rules::{Book, Memory, Options, Profile, Screen, Seen};

/// What a worker takes at a time, so that the text lies in a core's cache as it does in a run.
const CHUNK: usize = 256 << 10;

fn chunks(body: &[u8]) -> Vec<&[u8]> {
    let (mut chunks, mut rest) = (Vec::new(), body);
    while !rest.is_empty() {
        let most = rest.len().min(CHUNK);
        let end = rest[..most].iter().rposition(|&byte| byte == b'\n');
        let end = end.or_else(|| rest.iter().position(|&byte| byte == b'\n')).map_or(rest.len(), |at| at + 1);
        let (chunk, after) = rest.split_at(end);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

fn group<'c>(criterion: &'c mut Criterion, name: &str, bytes: usize) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(format!("layers/{name}"));
    group.throughput(Throughput::Bytes(bytes as u64));
    group
}

/// Gives the right answer once, then is timed.
fn bench(group: &mut BenchmarkGroup<'_, WallTime>, id: BenchmarkId, expected: u64, mut act: impl FnMut() -> u64) {
    assert_eq!(act(), expected, "the answer of the next bench");
    group.bench_function(id, |bencher| bencher.iter(&mut act));
}

fn split(criterion: &mut Criterion) {
    for sample in [Sample::typical(), Sample::wide(), Sample::huge_row()] {
        let (header, body) = Header::split_off(&sample.text);
        let chunks = chunks(body);
        let mut group = group(criterion, "split", body.len());
        for tier in Tier::available() {
            let mut index = Index::new(tier);
            bench(&mut group, BenchmarkId::new(sample.name, tier.name()), sample.records, || {
                chunks.iter().fold(0, |lines, chunk| {
                    index.build(chunk);
                    lines + index.n_lines() as u64
                })
            });
        }
        // Each cell of each record is asked for, and its length added: all bytes but the separators.
        let columns = header.n_columns();
        let line_feeds_and_tabs = sample.records * columns as u64;
        let (mut index, mut cells) = (Index::default(), Vec::new());
        let expected = body.len() as u64 - line_feeds_and_tabs;
        bench(&mut group, BenchmarkId::new(sample.name, "and-every-cell"), expected, || {
            let mut bytes = 0;
            for chunk in &chunks {
                index.build(chunk);
                for line in index.lines(chunk) {
                    let record = index.record(chunk, &header, line, &mut cells);
                    bytes += (0..columns).map(|at| record.cell(at).len() as u64).sum::<u64>();
                }
            }
            bytes
        });
        group.finish();
    }
}

fn screen(criterion: &mut Criterion) {
    for sample in [Sample::typical(), Sample::wide(), Sample::bad()] {
        let (header, body) = Header::split_off(&sample.text);
        let chunks = chunks(body);
        let mut group = group(criterion, "split-and-screen", body.len());
        for profile in [Profile::Dch, Profile::Recommended] {
            let book = Book::new(&Options::new(profile, today()));
            for tier in Tier::available() {
                let screen = Screen::for_tier(&book, &header, tier);
                let (mut index, mut memory, mut stopped) = (screen.index(), Memory::default(), Vec::new());
                let id = BenchmarkId::new(sample.name, format!("{}-{}", profile.name(), tier.name()));
                bench(&mut group, id, sample.records, || {
                    let mut records = 0;
                    stopped.clear();
                    for chunk in &chunks {
                        index.build(chunk);
                        records += u64::from(screen.lines(chunk, &index, true, &mut memory, &mut stopped).records);
                    }
                    assert_eq!(stopped.is_empty(), *sample.findings.end() == 0);
                    records
                });
            }
        }
        group.finish();
    }
}

fn explain(criterion: &mut Criterion) {
    for sample in [Sample::typical(), Sample::bad()] {
        let (header, body) = Header::split_off(&sample.text);
        let book = Book::new(&Options::new(Profile::Recommended, today()));
        let mut index = Index::default();
        index.build(body);
        let (mut cells, mut findings) = (Vec::new(), Vec::new());
        let mut group = group(criterion, "explain-every-record", body.len());
        let mut explain = || {
            let mut found = 0;
            for line in index.lines(body) {
                let record = index.record(body, &header, line, &mut cells);
                findings.clear();
                book.explain(&record, &Seen::default(), &mut findings);
                found += findings.len() as u64;
            }
            found
        };
        let found = explain();
        // What all records together show, such as a repeated id, is told elsewhere.
        let least = sample.findings.start() / 10 * 9;
        assert!((least..=*sample.findings.end()).contains(&found), "{found}");
        bench(&mut group, BenchmarkId::from_parameter(sample.name), found, explain);
        group.finish();
    }
}

fn generate(criterion: &mut Criterion) {
    const RECORDS: u64 = 20_000;
    let length = text(RECORDS, 0.1).0.len();
    let mut group = group(criterion, "generate", length);
    bench(&mut group, BenchmarkId::from_parameter("a-tenth-bad"), length as u64, || text(RECORDS, 0.1).0.len() as u64);
    group.finish();
}

fn short() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1))
}

criterion_group! { name = benches; config = short(); targets = split, screen, explain, generate }
criterion_main!(benches);
