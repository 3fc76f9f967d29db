//! The layers alone: split, screen, explain, generate.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use cvrs_benches::{text, today};
use cvrs_parse::{Header, Index};
use cvrs_rules::{Book, Memory, Options, Profile, Screen, Seen};
use cvrs_spec::Field;

/// What a worker takes at a time, so that the text lies in a core's cache as it does in a run.
const CHUNK: usize = 256 << 10;
const RECORDS: u64 = 20_000;

fn chunks(body: &[u8]) -> Vec<&[u8]> {
    let (mut chunks, mut rest) = (Vec::new(), body);
    while !rest.is_empty() {
        let most = rest.len().min(CHUNK);
        let end = rest[..most].iter().rposition(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (chunk, after) = rest.split_at(end);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

fn split(criterion: &mut Criterion) {
    let (text, _) = text(RECORDS, 0.0);
    let (header, body) = Header::split_off(&text);
    let chunks = chunks(body);
    let mut group = criterion.benchmark_group("layers");
    group.throughput(Throughput::Bytes(body.len() as u64)).sample_size(20);
    let mut index = Index::default();
    group.bench_function("split", |bencher| {
        bencher.iter(|| {
            let mut lines = 0;
            for chunk in &chunks {
                index.build(chunk);
                lines += index.n_lines() as u64;
            }
            assert_eq!(lines, RECORDS);
        });
    });
    let mut cells = Vec::new();
    group.bench_function("split-and-get", |bencher| {
        bencher.iter(|| {
            let mut vaccinations = 0;
            for chunk in &chunks {
                index.build(chunk);
                for line in index.lines(chunk) {
                    let record = index.record(chunk, &header, line, &mut cells);
                    vaccinations += u64::from(!record.get(Field::DoseNum).is_empty());
                }
            }
            assert!(vaccinations > RECORDS / 10 * 9 && vaccinations < RECORDS, "{vaccinations}");
        });
    });
    let book = Book::new(&Options::new(Profile::Recommended, today()));
    let screen = Screen::new(&book, &header);
    let (mut index, mut memory, mut stopped) = (screen.index(), Memory::default(), Vec::new());
    group.bench_function("split-and-screen", |bencher| {
        bencher.iter(|| {
            let mut records = 0;
            stopped.clear();
            for chunk in &chunks {
                index.build(chunk);
                records += u64::from(screen.lines(chunk, &index, true, &mut memory, &mut stopped).records);
            }
            assert_eq!((records, stopped.len()), (RECORDS, 0));
        });
    });
    group.finish();
}

fn explain(criterion: &mut Criterion) {
    let (text, totals) = text(RECORDS, 0.3);
    let (header, body) = Header::split_off(&text);
    let book = Book::new(&Options::new(Profile::Recommended, today()));
    let mut index = Index::default();
    index.build(body);
    let (mut cells, mut findings) = (Vec::new(), Vec::new());
    let mut group = criterion.benchmark_group("layers");
    group.throughput(Throughput::Bytes(body.len() as u64)).sample_size(10);
    group.bench_function("explain-every-record", |bencher| {
        bencher.iter(|| {
            let mut found = 0;
            for line in index.lines(body) {
                let record = index.record(body, &header, line, &mut cells);
                findings.clear();
                book.explain(&record, &Seen::default(), &mut findings);
                found += findings.len() as u64;
            }
            // What all records together show, such as a repeated id, is told elsewhere.
            assert!(found > totals.findings / 10 * 9 && found <= totals.findings, "{found}");
        });
    });
    group.finish();
}

fn generate(criterion: &mut Criterion) {
    let length = text(RECORDS, 0.1).0.len() as u64;
    let mut group = criterion.benchmark_group("layers");
    group.throughput(Throughput::Bytes(length)).sample_size(10);
    group.bench_function("generate", |bencher| {
        bencher.iter(|| {
            let (text, totals) = text(RECORDS, 0.1);
            assert_eq!((text.len() as u64, totals.records), (length, RECORDS));
        });
    });
    group.finish();
}

criterion_group!(benches, split, explain, generate);
criterion_main!(benches);
