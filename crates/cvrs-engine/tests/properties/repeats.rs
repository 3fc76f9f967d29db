//! What only all records together show is found whether a survey goes ahead, goes along, or follows on a glance.

use crate::run::{file, run, stream};
use cvrs_engine::{Checked, Control, Request, Result, Show, Sinks, Tuning, check_input};
use cvrs_parse::Date;
use cvrs_rules::{Book, Options, Profile};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

const HEADER: &str = "vax_event_id\text_type\trecip_id\trecip_dob\trecip_sex\tadmin_date\n";

/// Ids that repeat themselves, in the same letters or others, up to some longer than those that are hashed at once.
fn id() -> impl Strategy<Value = String> {
    let letters = prop_oneof![
        3 => "[abAB]{0,2}", 2 => "(AB|ab){8}[ab]?", 2 => "(AB|aB|Ab|ab){24}", 1 => "(AB|aB|ab){24}[ab]{1,2}", 1 => "[ab]\u{1}b"
    ];
    prop_oneof![2 => letters, 3 => "[a-z0-9]{12,60}"]
}

fn row() -> impl Strategy<Value = String> {
    let cells = (
        id(),
        "[DdI]?",
        id(),
        "(1980-01-0[12])?",
        // The last pairs differ in what differs between upper and lower case, and are no letters.
        "[MmFf@`\u{c9}\u{e9}]?",
        "2022-0[1-3]-01",
        prop_oneof![9 => Just("\n"), 1 => Just("\r\n")],
    );
    let row = cells.prop_map(|(event, model, recipient, dob, sex, admin, end)| {
        format!("{event}\t{model}\t{recipient}\t{dob}\t{sex}\t{admin}{end}")
    });
    prop_oneof![30 => row, 1 => Just("\n".to_owned()), 1 => Just("\r\n".to_owned()), 1 => id().prop_map(|id| id + "\n")]
}

/// The obvious way: the lines that repeat a record's id, and those that tell a recipient in another way than the first.
fn naive(text: &str) -> [Vec<usize>; 2] {
    let (mut events, mut persons) = (HashSet::new(), HashMap::new());
    let [mut repeated, mut others] = [Vec::new(), Vec::new()];
    for (number, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty()) {
        let mut cells = line.split('\t').chain(std::iter::repeat(""));
        let [event, _, recipient, dob, sex] = std::array::from_fn(|_| cells.next().unwrap_or_default());
        if !event.is_empty() && !events.insert(event.to_ascii_lowercase()) {
            repeated.push(number + 1);
        }
        let person = (dob, sex.to_ascii_lowercase());
        if !recipient.is_empty() && *persons.entry(recipient).or_insert_with(|| person.clone()) != person {
            others.push(number + 1);
        }
    }
    [repeated, others]
}

/// The lines of findings with a code, from a report in JSON Lines.
fn lines_of(report: &[u8], code: &str) -> Vec<usize> {
    let report = std::str::from_utf8(report).expect("JSON");
    let found = report.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let found = found.filter(|finding| finding["code"] == code);
    found.filter_map(|finding| finding["line"].as_u64()).map(|line| line as usize).collect()
}

fn book() -> Book {
    Book::new(&Options::new(Profile::Recommended, Date::parse(b"2022-12-31").expect("a day")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn repeats_are_found_whichever_way_they_are_looked_for(
        rows in prop::collection::vec(row(), 0..60),
        chunk_bytes in prop_oneof![1usize..80, 80usize..3000],
        threads in 1usize..4,
    ) {
        let text = HEADER.to_owned() + &rows.concat();
        let [repeated, others] = naive(&text);
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("file");
        // With an odd number all can be taken back, so a glance goes along with a file and the survey with a stream.
        for (chunk_bytes, survey_bytes) in [(chunk_bytes | 1, 64), (chunk_bytes | 1, 1 << 20), (chunk_bytes & !1 | 2, 64)] {
            let tuning = Tuning { threads, chunk_bytes, survey_bytes, tier: None };
            let inputs = [file(&path, text.as_bytes()), stream(text.clone().into_bytes(), 100)];
            for input in inputs.into_iter().flatten() {
                let [_, report, _] = run(input, &book(), None, tuning).reports;
                prop_assert_eq!(&lines_of(&report, "BUSR013"), &repeated, "{:?}", tuning);
                prop_assert_eq!(&lines_of(&report, "XR018"), &others, "{:?}", tuning);
            }
        }
    }
}

/// Counts how often a text is begun with.
struct Begun(usize);

impl Sinks for Begun {
    fn header(&mut self, _: &[u8]) -> Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn findings(&mut self, _: usize, _: &[u8], _: &[u32]) -> Result<()> {
        Ok(())
    }

    fn clean(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn rejects(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn can_restart(&self) -> bool {
        true
    }
}

#[test]
fn a_file_that_repeats_nothing_is_checked_once() {
    let options = cvrs_generate::Options { records: 3000, ..cvrs_generate::Options::default() };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("memory");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("file");
    let book = book();
    let check = |text: &[u8]| -> (usize, Checked) {
        let input = file(&path, text).expect("a text");
        let tuning = Tuning { threads: 2, chunk_bytes: 50_000, survey_bytes: 1 << 20, tier: None };
        let show = Show { file: "-", ids: false, values: false };
        let (formats, keep_lines, parts, figures) = (&[][..], 5, false, false);
        let request =
            Request { book: &book, version: None, formats, show, keep_lines, parts, figures, name: None, tuning };
        let mut begun = Begun(0);
        let checked = check_input(input, &request, None, &Control::default(), &mut begun).expect("a file");
        (begun.0, checked)
    };
    let (times, once) = check(&text);
    assert_eq!((times, once.summary.records), (1, 3000));
    let last = text[..text.len() - 1].iter().rposition(|&byte| byte == b'\n').expect("lines") + 1;
    text.extend_from_within(last..);
    let (times, again) = check(&text);
    assert_eq!((times, again.summary.records, again.summary.errors), (2, 3001, once.summary.errors + 1));
}
