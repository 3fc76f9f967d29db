//! Redaction of whatever there is, against a twin that does the same in the plainest way.

mod strategy;
mod twin;

use cvrs_generate::{Models, generate};
use cvrs_parse::Header;
use cvrs_transform::redact::{
    Before, Block, Found, Log, Options, PprlMap, Pseudonym, RULES, Redactor, Refusal, Target, Told, Totals,
};
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;
use strategy::{Wanted, any_file, any_wanted};

const MAP: &[(&str, &str)] = &[("R1", "k9-1"), ("R2", "k9-2"), ("Ana", "k9-3"), ("19680527", "k9-4")];

fn options(wanted: &Wanted) -> Options {
    let map = MAP.iter().flat_map(|(id, value)| format!("{id}\t{value}\n").into_bytes()).collect();
    let to = if wanted.to_p { Target::P(Arc::new(PprlMap::parse(map).expect("a map"))) } else { Target::D };
    Options {
        dob_month: wanted.dob_month,
        zip5: wanted.zip5,
        pseudonym: wanted.key.map(|key| Pseudonym::new(key).expect("a key")),
        home_admin: wanted.home_admin,
        ..Options::new(to)
    }
}

/// What came out, all of it.
#[derive(Debug, PartialEq)]
struct Made {
    text: Vec<u8>,
    rejects: Vec<u8>,
    log: Vec<u8>,
    found: Vec<Found>,
    totals: Totals,
}

/// Redacts a text in pieces of at least so many bytes.
fn redact(text: &[u8], wanted: &Wanted, piece: usize) -> Result<Made, Refusal> {
    let (header, body) = Header::split_off(text);
    let redactor = Redactor::new(&header, options(wanted))?.telling_changes(true);
    let line = &text[..header.byte_len()];
    let (log, mut worker, mut block) = (Log::new("a", true), redactor.worker(), Block::default());
    let mut made = Made {
        text: line.to_vec(),
        rejects: line.to_vec(),
        log: Vec::new(),
        found: Vec::new(),
        totals: Totals::default(),
    };
    let mut before = Before { byte: line.len() as u64, ..Before::default() };
    let mut rest = body;
    while !rest.is_empty() {
        let cut = rest.get(piece..).and_then(|far| far.iter().position(|&byte| byte == b'\n'));
        let (now, later) = rest.split_at(cut.map_or(rest.len(), |at| piece + at + 1));
        redactor.redact(&mut worker, now, before, &mut block, &mut |told| match told {
            Told::Changed(change) => log.write(&mut made.log, &change),
            Told::Found(found) => made.found.push(found),
        });
        made.text.extend_from_slice(&block.text);
        made.rejects.extend_from_slice(&block.rejects);
        made.totals.merge(&block.totals);
        before.lines += now.split_inclusive(|&byte| byte == b'\n').count() as u64;
        before.records += block.totals.records;
        before.byte += now.len() as u64;
        rest = later;
    }
    Ok(made)
}

/// The cells of the rows, one a line, without line ends.
fn rows(text: &[u8]) -> Vec<Vec<&[u8]>> {
    let lines = text.split_inclusive(|&byte| byte == b'\n').skip(1);
    lines
        .map(|line| line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line)))
        .filter(|line| !line.is_empty())
        .map(|line| line.split(|&byte| byte == b'\t').collect())
        .collect()
}

/// That no value of the six columns, of three characters or more, stands anywhere else in the row that was written, unless
/// it is told that this column of this row holds one; and that the six hold the word and nothing else.
fn nothing_gets_through(before: &[u8], made: &Made) {
    let header = before.split(|&byte| byte == b'\n').next().expect("a header");
    let header = header.strip_suffix(b"\r").unwrap_or(header);
    let names: Vec<String> =
        String::from_utf8_lossy(header).trim_start_matches('\u{FEFF}').split('\t').map(str::to_lowercase).collect();
    let is_leak = |found: &&Found| found.kind.code().starts_with('L');
    let told: HashSet<(u64, &str)> = made
        .found
        .iter()
        .filter(is_leak)
        .map(|found| (found.record, found.field.expect("a leak is in a column").0.name()))
        .collect();
    let left_out: HashSet<u64> =
        made.found.iter().filter(|found| found.kind.rejects()).map(|found| found.record).collect();
    let (given, written) = (rows(before), rows(&made.text));
    let numbered = (1..).zip(given).filter(|(record, _)| !left_out.contains(record));
    let sources: Vec<(u64, Vec<&[u8]>)> = numbered.collect();
    assert_eq!(sources.len(), written.len());
    for ((record, source), row) in sources.iter().zip(&written) {
        for (value, place) in source.iter().zip(&names) {
            if !twin::SIX.contains(&&place[..]) {
                continue;
            }
            let value = value.trim_ascii().to_ascii_lowercase();
            let is_short = String::from_utf8_lossy(&value).chars().count() < 3;
            for (cell, column) in row.iter().zip(&names) {
                if twin::SIX.contains(&&column[..]) {
                    assert_eq!(*cell, b"Redacted");
                } else if !is_short && value != b"redacted" {
                    let stands_here = cell.to_ascii_lowercase().windows(value.len()).any(|part| part == value);
                    assert!(!stands_here || told.contains(&(*record, &column[..])), "record {record}, {column}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_text_is_redacted_as_the_twin_does(text in any_file(), wanted in any_wanted()) {
        let twin = twin::redact(&text.0, &wanted, MAP);
        match redact(&text.0, &wanted, usize::MAX) {
            Err(_) => prop_assert!(twin.is_none()),
            Ok(made) => {
                let twin = twin.expect("the twin refuses nothing else");
                prop_assert_eq!(String::from_utf8_lossy(&made.text), String::from_utf8_lossy(&twin.text));
                prop_assert_eq!(&made.text, &twin.text);
                prop_assert_eq!(&made.rejects, &twin.rejects);
                let told: Vec<(u64, &str, String)> = made.found.iter().map(|found| {
                    (found.line, found.kind.code(), found.field.map_or_else(String::new, |(field, _)| field.name().into()))
                }).collect();
                let mut expected = twin.told.clone();
                let mut told = told;
                told.sort();
                expected.sort();
                prop_assert_eq!(told, expected);
                prop_assert_eq!(made.totals.mixed_models().map(|found| found.line), twin.other_model);
                prop_assert_eq!(made.totals.records, twin.records);
                prop_assert_eq!(made.totals.rejected, twin.rejected);
                prop_assert_eq!(made.totals.blank_lines, twin.blank_lines);
                prop_assert_eq!(made.totals.changes(), twin.changes);
                prop_assert_eq!(made.totals.records, made.totals.written() + made.totals.rejected);
                let log_lines = made.log.split_inclusive(|&byte| byte == b'\n').count() as u64;
                prop_assert_eq!(log_lines, twin.changes);
            }
        }
    }

    #[test]
    fn no_value_of_the_six_gets_through(text in any_file(), wanted in any_wanted()) {
        if let Ok(made) = redact(&text.0, &wanted, usize::MAX) {
            nothing_gets_through(&text.0, &made);
        }
    }

    #[test]
    fn redacted_twice_is_redacted_once(text in any_file(), wanted in any_wanted()) {
        if let Ok(once) = redact(&text.0, &wanted, usize::MAX) {
            let twice = redact(&once.text, &wanted, usize::MAX).expect("the same header");
            prop_assert_eq!(&twice.text, &once.text);
            prop_assert_eq!((twice.totals.changes(), twice.totals.rejected), (0, 0));
        }
    }

    #[test]
    fn pieces_do_not_show(text in any_file(), wanted in any_wanted(), piece in 0usize..900) {
        if let Ok(whole) = redact(&text.0, &wanted, usize::MAX) {
            prop_assert_eq!(redact(&text.0, &wanted, piece).expect("the same header"), whole);
        }
    }
}

fn generated(models: Models, error_rate: f64) -> Vec<u8> {
    let options = cvrs_generate::Options { records: 20_000, models, error_rate, ..Default::default() };
    let mut text = Vec::new();
    generate(&options, &mut text, None).expect("memory");
    text
}

#[test]
fn of_generated_records_of_every_model_no_value_gets_through() {
    for models in ["D", "I", "P", "mix"] {
        for error_rate in [0.0, 0.3] {
            let text = generated(models.parse().expect("a model"), error_rate);
            let wanted = Wanted { dob_month: true, zip5: true, key: Some(b"k"), ..Wanted::default() };
            for wanted in [Wanted::default(), wanted] {
                let made = redact(&text, &wanted, 100_000).expect("a good header");
                nothing_gets_through(&text, &made);
                let twin = twin::redact(&text, &wanted, MAP).expect("a good header");
                assert!(made.text == twin.text && made.rejects == twin.rejects, "{models} at {error_rate}");
                assert_eq!(made.totals.records, 20_000);
            }
        }
    }
}

#[test]
fn a_row_of_many_megabytes_is_redacted() {
    let names = "vax_event_id\text_type\trecip_last_name\tadmin_name\n";
    let wide = "x".repeat(9 << 20);
    let text = format!("{names}A1\tI\t{wide}\tClinic\nA2\tI\t{wide}\tPerez\r\n");
    let made = redact(text.as_bytes(), &Wanted::default(), usize::MAX).expect("a good header");
    assert_eq!(made.text, format!("{names}A1\tD\tRedacted\tClinic\nA2\tD\tRedacted\tPerez\r\n").as_bytes());
}

#[test]
fn headers_that_leave_doubt_are_refused() {
    let refusal = |names: &str, wanted: &Wanted| {
        let text = format!("{names}\n");
        redact(text.as_bytes(), wanted, usize::MAX).map(drop).map_err(|refusal| refusal.to_string())
    };
    let to_d = Wanted::default();
    let to_p = Wanted { to_p: true, ..Wanted::default() };
    let told = refusal("vax_event_id\trecip_lastname", &to_d).expect_err("refused");
    assert!(told.contains("unknown name in column 2 (recip_lastname)"), "{told}");
    let told = refusal("vax_event_id\tMary Smith", &to_d).expect_err("refused");
    assert!(told.contains("column 2;"), "a name that may be a person's is not shown: {told}");
    let told = refusal("recip_last_name\tcvx\tRECIP_LAST_NAME", &to_d).expect_err("refused");
    assert!(told.contains("recip_last_name twice"), "{told}");
    let told = refusal("vax_event_id\text_type\trecip_id", &to_p).expect_err("refused");
    assert!(told.contains("no pprl_id"), "{told}");
    assert_eq!(refusal("vax_event_id\tRECIP_MISSED_APPT", &to_d), Ok(()));
}

#[test]
fn rules_are_numbered_in_order() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids, ["R01", "R02", "R03", "R04", "R05", "R06", "R07"]);
}

#[test]
fn the_log_shows_lengths_unless_values_are_asked_for() {
    let text = b"vax_event_id\text_type\trecip_last_name\nA1\tI\tQuokkaberg\nA2\tLuz\tP\n";
    let (header, body) = Header::split_off(text);
    let redactor = Redactor::new(&header, Options::new(Target::D)).expect("a header").telling_changes(true);
    let log = |shows: bool| {
        let (log, mut out) = (Log::new("a\tb", shows), Vec::new());
        redactor.redact(&mut redactor.worker(), body, Before::default(), &mut Block::default(), &mut |told| {
            if let Told::Changed(change) = told {
                log.write(&mut out, &change);
                assert!(!format!("{change:?} {told:?}").contains("Quokkaberg"));
            }
        });
        String::from_utf8(out).expect("text")
    };
    let lengths = "2\t1\text_type\tR02\tI\tD\n2\t1\trecip_last_name\tR01\t(10 characters)\t(8 characters)\n\
                   3\t2\text_type\tR02\t(3 characters)\tD\n3\t2\trecip_last_name\tR01\t(1 character)\t(8 characters)\n";
    assert_eq!(log(false).replace("a\\x09b\t", ""), lengths);
    assert!(log(true).contains("recip_last_name\tR01\tQuokkaberg\tRedacted\n"));
}
