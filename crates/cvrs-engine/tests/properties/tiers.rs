//! Whole files on every tier of instructions that the machine has, with any number of threads and size of chunks, in
//! every form in which a file comes: the same bytes out, and in them the planted faults and nothing else.

use crate::run::{Gathered, file, gzip, run, stream, zip, zstd};
use cvrs_engine::Tuning;
use cvrs_generate::{LineEnd, Models, TRUTH_HEADER, generate};
use cvrs_parse::{Date, Tier};
use cvrs_rules::{Book, Options, Profile};
use std::collections::BTreeSet;

/// A text and its truth: line, code and column of each finding of level error and warn about a record.
fn generated(models: Models, line_end: LineEnd) -> (Vec<u8>, BTreeSet<[String; 3]>) {
    let options = cvrs_generate::Options {
        records: 800,
        seed: 7,
        error_rate: 0.4,
        models,
        line_end,
        ..cvrs_generate::Options::default()
    };
    let (mut text, mut truth) = (Vec::new(), Vec::new());
    let totals = generate(&options, &mut text, Some(&mut truth)).expect("memory");
    assert!(totals.faults > 250, "{totals:?}");
    let truth = String::from_utf8(truth).expect("text");
    let names: Vec<&str> = TRUTH_HEADER.split('\t').collect();
    let at = ["line", "code", "field"].map(|name| names.iter().position(|other| *other == name).expect("the column"));
    let rows = truth.split_once('\n').expect("a header").1;
    (text, rows.lines().map(|row| pick(row, at)).collect())
}

fn pick(row: &str, columns: [usize; 3]) -> [String; 3] {
    let cells: Vec<&str> = row.split('\t').collect();
    columns.map(|at| cells[at].to_owned())
}

/// Line, code and column of the findings about records, as the TSV report tells them.
fn told(gathered: &Gathered) -> BTreeSet<[String; 3]> {
    let names = cvrs_report::tsv::header(true, true);
    let names: Vec<&str> = names.trim_end().split('\t').collect();
    let at = ["line", "code", "field"].map(|name| names.iter().position(|other| *other == name).expect("the column"));
    let report = String::from_utf8(gathered.reports[2].clone()).expect("text");
    // What a file shows as a whole is not in the truth.
    report.lines().map(|row| pick(row, at)).filter(|[_, code, _]| !code.starts_with("PAT")).collect()
}

fn is_same_everywhere(models: Models, line_end: LineEnd) {
    let (text, truth) = generated(models, line_end);
    let today = Date::parse(b"2022-12-31").expect("a day");
    let book = Book::new(&Options::new(Profile::Recommended, today));
    let dir = tempfile::tempdir().expect("a temporary folder");
    let packed = [
        ("gzip", gzip(&text)),
        ("gzip of three members", text.chunks(text.len() / 3 + 1).flat_map(gzip).collect()),
        ("zstd", zstd(&text)),
        ("zstd of three frames", text.chunks(text.len() / 3 + 1).flat_map(zstd).collect()),
        ("zip", zip(&text)),
    ];
    let mut first: Option<Gathered> = None;
    for tier in Tier::available() {
        for threads in [1, 2, 3] {
            for chunk_bytes in [700, Tuning::SEQUENTIAL.chunk_bytes] {
                let tuning = Tuning { threads, chunk_bytes, tier: Some(tier), ..Tuning::SEQUENTIAL };
                let mut inputs =
                    vec![("file", file(&dir.path().join("whole"), &text)), ("stream", stream(text.clone(), 60_000))];
                for (form, bytes) in &packed {
                    inputs.push((form, file(&dir.path().join(form), bytes)));
                    inputs.push((form, stream(bytes.clone(), 9_999)));
                }
                for (form, input) in inputs {
                    let gathered = run(input.expect("an input"), &book, None, tuning);
                    let first = first.get_or_insert_with(|| {
                        let told = told(&gathered);
                        let differing: Vec<_> = told.symmetric_difference(&truth).collect();
                        assert_eq!(differing, [&[""; 3]; 0], "{models:?}: missed or invented");
                        gathered.clone()
                    });
                    assert_eq!(gathered.difference(first), None, "{} as {form}, {tuning:?}", tier.name());
                }
            }
        }
    }
}

#[test]
fn model_d_is_the_same_on_every_tier() {
    is_same_everywhere(Models::D, LineEnd::Lf);
}

#[test]
fn model_i_is_the_same_on_every_tier() {
    is_same_everywhere(Models::I, LineEnd::CrLf);
}

#[test]
fn model_p_is_the_same_on_every_tier() {
    is_same_everywhere(Models::P, LineEnd::Lf);
}

#[test]
fn all_models_mixed_are_the_same_on_every_tier() {
    is_same_everywhere(Models::Mix, LineEnd::CrLf);
}
