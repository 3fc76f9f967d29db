//! Records made into something else in the pass that checks them.

use crate::run::{FORMATS, Gathered, run, stream};
use cvrs_engine::{Control, Convert, RecordPlace, Request, Result, Show, Sinks, Target, Tuning, convert_input};
use cvrs_parse::{Date, Header, Record};
use cvrs_report::{Finding, Level, Message};
use cvrs_rules::{Book, Options, Profile};
use cvrs_spec::Field;
use cvrs_testkit::lines;
use cvrs_testkit::strategy::{any_file, any_options};
use proptest::prelude::*;

/// Writes each record with its place; refuses those whose line has a length that `refuses` divides, and warns of those
/// that `warns` divides.
struct Copies {
    refuses: usize,
    warns: usize,
}

fn line(out: &mut Vec<u8>, place: &RecordPlace, text: &[u8]) {
    out.extend_from_slice(format!("{}:{}:{}:", place.line, place.record, place.byte).as_bytes());
    out.extend_from_slice(text);
    out.push(b'\n');
}

impl Convert for Copies {
    type Worker = ();
    type Product = Vec<u8>;

    fn worker(&self, _: &Header) {}

    fn begin(&self, (): &mut (), product: &mut Vec<u8>) {
        product.clear();
    }

    fn record(
        &self,
        (): &mut (),
        record: &Record<'_>,
        place: &RecordPlace,
        product: &mut Vec<u8>,
        findings: &mut Vec<Finding>,
    ) {
        let is_refused = record.line().len().is_multiple_of(self.refuses);
        let is_warned = record.line().len().is_multiple_of(self.warns);
        let level = if is_refused { Level::Error } else { Level::Warn };
        if is_refused || is_warned {
            let message = Message::text("cannot be said");
            findings.push(Finding { code: "X", dch: None, level, field: Some(Field::Cvx), related: None, message });
        }
        if !is_refused {
            line(product, place, record.line());
        }
    }
}

/// Writes the lines of records with the `vax_event_id` of an earlier one.
struct Repeats;

impl Convert for Repeats {
    type Worker = ();
    type Product = Vec<u8>;

    fn worker(&self, _: &Header) {}

    fn begin(&self, (): &mut (), product: &mut Vec<u8>) {
        product.clear();
    }

    fn record(&self, (): &mut (), _: &Record<'_>, place: &RecordPlace, product: &mut Vec<u8>, _: &mut Vec<Finding>) {
        if place.repeats_id {
            product.extend_from_slice(format!("{}\n", place.line).as_bytes());
        }
    }
}

#[derive(Default)]
struct Both {
    gathered: Gathered,
    product: Vec<u8>,
    can_restart: bool,
}

impl Sinks for Both {
    fn header(&mut self, line: &[u8]) -> Result<()> {
        self.gathered.header(line)
    }

    fn findings(&mut self, report: usize, bytes: &[u8], ends: &[u32]) -> Result<()> {
        self.gathered.findings(report, bytes, ends)
    }

    fn clean(&mut self, lines: &[u8]) -> Result<()> {
        self.gathered.clean(lines)
    }

    fn rejects(&mut self, lines: &[u8]) -> Result<()> {
        self.gathered.rejects(lines)
    }

    fn can_restart(&self) -> bool {
        self.can_restart
    }

    fn restart(&mut self) -> Result<()> {
        *self = Self { can_restart: true, ..Self::default() };
        Ok(())
    }
}

impl Target<Vec<u8>> for Both {
    fn sinks(&mut self) -> &mut dyn Sinks {
        self
    }

    fn product(&mut self, product: &mut Vec<u8>) -> Result<()> {
        self.product.extend_from_slice(product);
        Ok(())
    }
}

fn convert(
    text: &[u8],
    book: &Book,
    tuning: Tuning,
    converter: &impl Convert<Product = Vec<u8>>,
    takes_all: bool,
) -> Option<(Both, cvrs_engine::Checked)> {
    let request = Request {
        book,
        version: None,
        formats: FORMATS,
        show: Show { file: "-", ids: true, values: true },
        keep_lines: 5,
        parts: true,
        figures: false,
        name: None,
        tuning,
    };
    let mut both = Both { can_restart: tuning.chunk_bytes % 2 == 1, ..Both::default() };
    let input = stream(text.to_vec(), 9999)?;
    let checked = convert_input(input, &request, &Control::default(), converter, takes_all, &mut both).ok()?;
    Some((both, checked))
}

/// The numbers of the lines that a report in JSON Lines tells an error about, record by record, and those of all records
/// that it tells anything about, in its order.
fn told(report: &[u8]) -> (Vec<u64>, Vec<u64>) {
    let (mut errors, mut all) = (Vec::new(), Vec::new());
    for entry in String::from_utf8_lossy(report).lines().filter(|entry| entry.contains("\"record\":")) {
        let (_, rest) = entry.split_once("\"line\":").expect("every finding has a line");
        let line = rest.split_once(',').and_then(|(line, _)| line.parse().ok()).expect("a number");
        all.push(line);
        if entry.contains("\"level\":\"error\"") {
            errors.push(line);
        }
    }
    (errors, all)
}

/// What is to be made of the text's records, those of some lines left out.
fn made(text: &[u8], left_out: &dyn Fn(&lines::Line<'_>) -> bool) -> Vec<u8> {
    let mut made = Vec::new();
    let records = lines::split(text).into_iter().skip(1).filter(|line| !line.is_blank());
    for (number, record) in records.enumerate().filter(|(_, line)| !left_out(line)) {
        let place =
            RecordPlace { line: record.number, record: number as u64 + 1, byte: record.byte, repeats_id: false };
        line(&mut made, &place, record.content);
    }
    made
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_converted_is_what_is_clean_and_can_be_said(
        text in any_file(),
        options in any_options(),
        chunk_bytes in prop_oneof![1usize..400, 400usize..5000],
        threads in 1usize..5,
        refuses in 2usize..6,
        warns in 2usize..6,
        takes_all: bool,
    ) {
        let book = Book::new(&options);
        let Some(input) = stream(text.to_vec(), 9999) else { return Ok(()) };
        let plain = run(input, &book, None, Tuning::SEQUENTIAL);
        let tuning = Tuning { threads, chunk_bytes, survey_bytes: 64, tier: None };
        let never = Copies { refuses: usize::MAX, warns: usize::MAX };
        let Some((both, checked)) = convert(&text, &book, tuning, &never, false) else { return Ok(()) };
        prop_assert_eq!(&both.gathered.reports, &plain.reports);
        prop_assert_eq!(&both.gathered.clean, &plain.clean);
        prop_assert_eq!(&both.gathered.rejects, &plain.rejects);
        // The profile `tool` gives some records no number, and tells of them all the same.
        let (errors, _) = told(&both.gathered.reports[1]);
        let is_told = both.gathered.rejects == lines::part(&text, &errors).1;
        if is_told {
            prop_assert_eq!(both.product, made(&text, &|line| errors.contains(&line.number)));
        }
        prop_assert!(checked.summary.is_conserved());

        let picky = Copies { refuses, warns };
        let (both, checked) = convert(&text, &book, tuning, &picky, takes_all).expect("it was converted before");
        let refused = |line: &lines::Line<'_>| line.content.len().is_multiple_of(refuses);
        let is_rejected = |line: &lines::Line<'_>| refused(line) || !takes_all && errors.contains(&line.number);
        if is_told {
            let rejected: Vec<u64> = lines::split(&text).iter().filter(|line| is_rejected(line)).map(|line| line.number).collect();
            prop_assert_eq!(&both.product, &made(&text, &is_rejected));
            prop_assert_eq!(&both.gathered.rejects, &lines::part(&text, &rejected).1);
        }
        let (_, lines) = told(&both.gathered.reports[1]);
        prop_assert!(lines.is_sorted(), "told in the order of the text");
        let n_made = both.product.split_inclusive(|&byte| byte == b'\n').count() as u64;
        prop_assert_eq!(checked.summary.clean, n_made);
        prop_assert!(checked.summary.is_conserved());
        let (alone, counted) = convert(&text, &book, Tuning::SEQUENTIAL, &picky, takes_all).expect("as before");
        prop_assert_eq!(both.gathered.difference(&alone.gathered), None);
        prop_assert_eq!(both.product, alone.product);
        prop_assert_eq!(checked.summary.cells(), counted.summary.cells());
    }

    #[test]
    fn ids_that_repeat_are_known_whether_or_not_a_rule_tells_them(
        text in any_file(),
        chunk_bytes in prop_oneof![1usize..400, 400usize..5000],
        threads in 1usize..5,
    ) {
        let options = |profile| Options::new(profile, Date::from_ymd(2021, 1, 29).expect("a day"));
        let telling = Book::new(&options(Profile::Recommended));
        let Some(input) = stream(text.to_vec(), 9999) else { return Ok(()) };
        let plain = run(input, &telling, None, Tuning::SEQUENTIAL);
        let told = String::from_utf8_lossy(&plain.reports[1]);
        let repeats = told.lines().filter(|entry| entry.contains("\"BUSR013\""));
        let line = |entry| serde_json::from_str::<serde_json::Value>(entry).expect("a line is an object")["line"].as_u64();
        let expected: Vec<_> = repeats.map(line).collect();
        let book = Book::new(&options(Profile::Dch));
        let tuning = Tuning { threads, chunk_bytes, survey_bytes: 64, tier: None };
        let Some((silent, _)) = convert(&text, &book, tuning, &Repeats, true) else { return Ok(()) };
        prop_assert_eq!(silent.product, b"");
        let (both, _) = convert(&text, &book.relating_ids(), tuning, &Repeats, true).expect("it was converted before");
        let found: Vec<_> = String::from_utf8_lossy(&both.product).lines().map(|line| line.parse().ok()).collect();
        prop_assert_eq!(found, expected);
    }
}
