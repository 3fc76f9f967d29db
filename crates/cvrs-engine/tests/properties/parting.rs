//! Clean and rejects: each record in one of the two, byte for byte and in order, and the library's own way to the same
//! findings.

use crate::run::{run, stream};
use cvrs_engine::{Tuning, Validator};
use cvrs_report::{Entry, Level, jsonl};
use cvrs_rules::{Book, Options, Profile};
use cvrs_testkit::lines;
use cvrs_testkit::strategy::{any_file, any_options, today};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn records_with_an_error_go_to_the_rejects_and_no_others(text in any_file()) {
        let options = Options::new(Profile::Dch, today());
        let Some(input) = stream(text.to_vec(), 9999) else { return Ok(()) };
        let gathered = run(input, &Book::new(&options), None, Tuning::SEQUENTIAL);
        let Ok(report) = Validator::new(&options).check(&text) else { return Ok(()) };
        if gathered.reports.iter().all(Vec::is_empty) && gathered.clean.is_empty() {
            // Refused for what it is, before any record.
            return Ok(());
        }
        let errors = report.findings.iter().filter(|found| found.record.is_some() && found.finding.level == Level::Error);
        let rejected: Vec<u64> = errors.map(|found| found.line).collect();
        let (clean, rejects) = lines::part(&text, &rejected);
        prop_assert_eq!(clean, gathered.clean);
        prop_assert_eq!(rejects, gathered.rejects);
        let whole = lines::split(&text);
        let is_clean = |line: &&lines::Line<'_>| !line.is_blank() && !rejected.contains(&line.number);
        let clean: Vec<u64> = whole.iter().skip(1).filter(is_clean).map(|line| line.number).collect();
        prop_assert_eq!(clean, gathered.clean_lines);
        let records = lines::split(&text).iter().skip(1).filter(|line| !line.is_blank()).count();
        prop_assert_eq!(report.summary.records, records as u64);
        prop_assert!(report.summary.is_conserved());
    }

    #[test]
    fn nothing_is_lost_whatever_the_options(text in any_file(), options in any_options()) {
        let Some(input) = stream(text.to_vec(), 9999) else { return Ok(()) };
        let gathered = run(input, &Book::new(&options), None, Tuning::SEQUENTIAL);
        if gathered.clean.is_empty() {
            return Ok(());
        }
        let split = |text| lines::split(text).into_iter().map(|line| line.whole.to_vec()).collect::<Vec<_>>();
        let (mut parted, whole) = (split(&gathered.clean), lines::split(&text));
        parted.extend(split(&gathered.rejects).into_iter().skip(1));
        let mut records: Vec<Vec<u8>> = whole
            .iter()
            .filter(|line| line.number == 1 || !line.is_blank())
            .map(|line| line.whole.to_vec())
            .collect();
        parted.sort();
        records.sort();
        prop_assert_eq!(parted, records);
    }

    #[test]
    fn the_validator_finds_what_the_pipeline_finds(text in any_file(), options in any_options()) {
        let Some(input) = stream(text.to_vec(), 9999) else { return Ok(()) };
        let gathered = run(input, &Book::new(&options), None, Tuning::SEQUENTIAL);
        let Ok(report) = Validator::new(&options).check(&text) else { return Ok(()) };
        if gathered.clean.is_empty() {
            return Ok(());
        }
        let mut told = Vec::new();
        for found in &report.findings {
            let entry = Entry {
                line: found.line,
                record: found.record,
                byte: found.byte,
                column: found.column,
                show_ids: false,
                ..Entry::new(&found.finding)
            };
            jsonl::write(&mut told, &entry);
        }
        let request = cvrs_engine::Request {
            book: &Book::new(&options),
            version: None,
            formats: &[cvrs_engine::Format::JsonLines],
            show: cvrs_engine::Show { file: "-", ids: false, values: false },
            keep_lines: 10,
            parts: false,
            figures: false,
            name: None,
            tuning: Tuning { threads: 2, chunk_bytes: 300, ..Tuning::SEQUENTIAL },
        };
        let mut sinks = crate::run::Gathered::default();
        let input = stream(text.to_vec(), 9999).expect("it was opened before");
        let checked = cvrs_engine::check_input(input, &request, None, &cvrs_engine::Control::default(), &mut sinks)
            .expect("it was checked before");
        prop_assert_eq!(String::from_utf8(told).expect("UTF-8"), String::from_utf8(sinks.reports[0].clone()).expect("UTF-8"));
        prop_assert_eq!(report.version, checked.version);
        prop_assert_eq!(report.summary.cells(), checked.summary.cells());
        prop_assert_eq!(report.summary.conservation(), checked.summary.conservation());
    }
}
