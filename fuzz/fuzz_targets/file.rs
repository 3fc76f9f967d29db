//! A whole file: the same findings however it is read, cut into chunks and surveyed, and on every tier, the
//! clearinghouse's as its twin says, nothing lost.
#![no_main]

#[path = "../../crates/cvrs-engine/tests/properties/run.rs"]
#[allow(dead_code)]
mod run;

use cvrs_engine::{Tuning, Validator};
use cvrs_parse::Tier;
use cvrs_rules::{Book, Options, Profile, example};
use cvrs_spec::Version;
use cvrs_testkit::clearinghouse::{Told, refused};
use cvrs_testkit::strategy::{TODAY, today};
use cvrs_testkit::lines;
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;

static BOOKS: LazyLock<[Book; 3]> = LazyLock::new(|| {
    [Profile::Recommended, Profile::Dch, Profile::Strict].map(|profile| Book::new(&Options::new(profile, today())))
});
static TIERS: LazyLock<Vec<Tier>> =
    LazyLock::new(|| Tier::ALL.into_iter().filter(|tier| tier.is_available()).collect());
static PATH: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("cvrs-fuzz-{}", std::process::id())));
static DCH: LazyLock<Validator> = LazyLock::new(|| Validator::new(&Options::new(Profile::Dch, today())));

fuzz_target!(|input: (u8, u16, Vec<u8>)| {
    let (choice, chunk_bytes, bytes) = input;
    let version = [Version::V3, Version::V3, Version::V1][usize::from(choice >> 2) % 3];
    let text = match choice & 3 {
        0 => bytes,
        1 => [example::header(version).as_bytes(), b"\n", &bytes].concat(),
        2 => [example::header(version).as_bytes(), b"\r\n", example::row(version, &[]).as_bytes(), b"\r\n", &bytes].concat(),
        _ => [example::header(version).as_bytes(), b"\n", example::row(version, &[]).as_bytes(), b"\n", &bytes].concat(),
    };
    let book = &BOOKS[usize::from(choice >> 5) % 3];
    let whole = Tuning { chunk_bytes: 1 << 20, ..Tuning::SEQUENTIAL };
    let tier = TIERS[usize::from(chunk_bytes) % TIERS.len()];
    let small = Tuning { chunk_bytes: usize::from(chunk_bytes).max(1), threads: 2, survey_bytes: 64, tier: Some(tier) };
    let Some(input) = run::stream(text.clone(), 1 << 20) else { return };
    let expected = run::run(input, book, None, whole);
    // With an odd size of chunks all can be taken back: a survey goes along with a stream, and a glance with a file.
    let cut = if chunk_bytes & 2 == 0 { run::stream(text.clone(), 7) } else { run::file(&PATH, &text) };
    let cut = cut.expect("it was opened before");
    let mut found = run::run(cut, book, None, small);
    // What cannot be read is told with its name.
    found.end = found.end.replace(&PATH.display().to_string(), "-");
    assert_eq!(found.difference(&expected), None);

    if expected.clean.is_empty() {
        return;
    }
    let records = lines::split(&text).iter().skip(1).filter(|line| !line.is_blank()).count();
    let parted = lines::split(&expected.clean).len() + lines::split(&expected.rejects).len();
    assert_eq!(parted, records + 2);
    if let Ok(report) = DCH.check(&text) {
        let found: Vec<Told> = report
            .findings
            .iter()
            .filter(|found| found.record.is_some())
            .map(|found| Told {
                line: found.line,
                id: found.finding.dch.unwrap_or(found.finding.code).to_owned(),
                field: found.finding.field.map_or("", |field| field.name()),
                message: found.message.clone(),
            })
            .collect();
        assert_eq!(found, refused(&text, TODAY));
    }
});
