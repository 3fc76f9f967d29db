//! The profile `dch` against its twin, and files with known faults against their truth.

use cvrs_engine::{Report, Validator};
use cvrs_generate::{Models, TRUTH_HEADER, generate};
use cvrs_parse::Date;
use cvrs_report::{Entry, Level, clearinghouse as strings};
use cvrs_rules::{Options, Profile, example};
use cvrs_spec::{Field, Version};
use cvrs_testkit::clearinghouse::{Told, refused};
use cvrs_testkit::strategy::{TODAY, any_file, soup, today};
use proptest::prelude::*;
use std::fmt::Write;

fn check(text: &[u8], profile: Profile, today: Date) -> Report {
    Validator::new(&Options::new(profile, today)).check(text).expect("a CVRS text")
}

/// What the profile finds about records, in the twin's words; everything else must be a warning about the header.
fn found(report: &Report) -> Vec<Told> {
    let about_records = report.findings.iter().filter(|found| {
        let is_about_header = found.record.is_none() && found.line == 1;
        assert!(!is_about_header || found.finding.level == Level::Warn, "{found:?}");
        !is_about_header
    });
    about_records
        .map(|found| Told {
            line: found.line,
            id: found.finding.dch.unwrap_or(found.finding.code).to_owned(),
            field: found.finding.field.map_or("", Field::name),
            message: found.message.clone(),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_records_are_refused_as_the_twin_says(text in any_file()) {
        prop_assert_eq!(found(&check(&text, Profile::Dch, today())), refused(&text, TODAY));
    }

    #[test]
    fn byte_soup_is_refused_as_the_twin_says(soup in soup(300)) {
        let text = [example::header(Version::V3).as_bytes(), b"\n", &soup[..]].concat();
        prop_assert_eq!(found(&check(&text, Profile::Dch, today())), refused(&text, TODAY));
    }
}

fn generated(models: Models, records: u64, seed: u64) -> (Vec<u8>, String, cvrs_generate::Totals) {
    let options = cvrs_generate::Options { records, seed, error_rate: 0.1, models, ..Default::default() };
    let (mut file, mut truth) = (Vec::new(), Vec::new());
    let totals = generate(&options, &mut file, Some(&mut truth)).expect("memory");
    (file, String::from_utf8(truth).expect("text"), totals)
}

/// The findings of level warn and error about records, as lines of a truth.
fn as_truth(report: &Report) -> String {
    let mut lines = TRUTH_HEADER.to_owned() + "\n";
    for found in &report.findings {
        let finding = &found.finding;
        let field = finding.field.map_or("", Field::name);
        let record = found.record.unwrap_or_default();
        let (line, code, dch, level) = (found.line, finding.code, finding.dch.unwrap_or(""), finding.level.name());
        writeln!(lines, "{line}\t{record}\t{field}\t{code}\t{dch}\t{level}").expect("memory");
    }
    lines
}

/// The lines sorted, since a truth lists the finding meant first and a report goes by the specification's order.
fn sorted(lines: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.lines().skip(1).collect();
    lines.sort_unstable();
    lines
}

fn is_truth(models: Models) {
    let (file, truth, totals) = generated(models, 100_000, 7);
    assert!(totals.faults > 9_000, "{totals:?}");
    let day = Date::parse(b"2022-12-31").expect("a day");

    let report = check(&file, Profile::Recommended, day);
    assert_eq!((report.summary.records, report.summary.blank_lines), (100_000, 0));
    let told = as_truth(&report);
    let (told, expected) = (sorted(&told), sorted(&truth));
    for (told, expected) in told.iter().zip(&expected) {
        assert_eq!(told, expected);
    }
    assert_eq!(told.len(), expected.len());

    let report = check(&file, Profile::Dch, day);
    let found = found(&report);
    let place = |line: &str| {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        (cells[0].parse::<u64>().expect("a line number"), cells[4].clone(), cells[2].clone())
    };
    let mut expected: Vec<_> = truth.lines().skip(1).map(place).filter(|(_, dch, _)| !dch.is_empty()).collect();
    expected.sort();
    let mut told: Vec<_> = found.iter().map(|told| (told.line, told.id.clone(), told.field.to_owned())).collect();
    told.sort();
    assert!(told == expected, "{} findings, {} expected", told.len(), expected.len());
    assert_eq!(found, refused(&file, "2022-12-31"));
}

#[test]
fn findings_are_the_truth_for_model_d() {
    is_truth(Models::D);
}

#[test]
fn findings_are_the_truth_for_model_i() {
    is_truth(Models::I);
}

#[test]
fn findings_are_the_truth_for_model_p() {
    is_truth(Models::P);
}

#[test]
fn findings_are_the_truth_for_all_models_mixed() {
    is_truth(Models::Mix);
}

#[test]
fn the_first_model_of_a_file_is_that_of_the_first_record_that_has_one() {
    let text = example::file(
        Version::V3,
        &[
            &[(Field::VaxEventId, "A1"), (Field::ExtType, "Q")],
            &[(Field::VaxEventId, "A2")],
            &[(Field::VaxEventId, "A3"), (Field::ExtType, "P"), (Field::PprlId, "t0k3n")],
        ],
    );
    let report = check(&text, Profile::Recommended, today());
    let told: Vec<_> = report.findings.iter().map(|found| (found.line, found.finding.code)).collect();
    assert_eq!(told, [(2, "DATA005"), (4, "XR011")]);
}

#[test]
fn no_clearinghouse_only_length_is_counted_in_utf_16() {
    let text = example::file(Version::V3, &[&[(Field::LotNumber, "😀*200"), (Field::AdminAddressStreet, "😀*255")]]);
    for profile in [Profile::Dch, Profile::Recommended] {
        assert_eq!(check(&text, profile, today()).findings, []);
    }
}

/// A captured reply of winter 2020-21 holds these strings, but for the identifiers.
#[test]
fn the_captured_strings_come_out_to_the_letter() {
    let strings_of = |cells: &[(Field, &'static str)], line: u64, profile| {
        let text = example::file(Version::V3, &[cells]);
        let report = check(&text, profile, today());
        let mut out = Vec::new();
        for found in &report.findings {
            let entry = Entry {
                line,
                vax_event_id: cells[0].1.as_bytes(),
                recip_id: cells[1].1.as_bytes(),
                record: found.record,
                ..Entry::new(&found.finding)
            };
            strings::write_string(&mut out, &entry);
        }
        String::from_utf8(out).expect("text")
    };
    use Field::{AdminDate, RecipAddressZip, RecipDob, RecipId, VaxEventId, VaxExpiration};
    for profile in [Profile::Dch, Profile::Recommended] {
        assert_eq!(
            strings_of(&[(VaxEventId, "A1"), (RecipId, "B1"), (RecipDob, "5/27/1968")], 8, profile),
            "line#8: vaxEventId=A1 recipId=B1 field=recip_dob message=invalid date format, expected: \"YYYY-MM-DD\" or \
             \"YYYY-MM\""
        );
        assert_eq!(
            strings_of(&[(VaxEventId, "A2"), (RecipId, "B2"), (AdminDate, "20210115")], 79, profile),
            "line#79: vaxEventId=A2 recipId=B2 field=admin_date message=invalid date format, expected: \"YYYY-MM-DD\" or \
             \"YYYY-MM\""
        );
        assert_eq!(
            strings_of(&[(VaxEventId, "A3"), (RecipId, "B3"), (AdminDate, "2021-01-30")], 101, profile),
            "line#101: vaxEventId=A3 recipId=B3 field=admin_date message=admin_date must be on or before submission date"
        );
        assert_eq!(
            strings_of(
                &[(VaxEventId, "A4"), (RecipId, "B4"), (RecipDob, "2021-01-16"), (VaxExpiration, "")],
                103,
                profile
            ),
            "line#103: vaxEventId=A4 recipId=B4 field=recip_dob message=recip_dob must be on or before admin_date"
        );
        assert_eq!(
            strings_of(&[(VaxEventId, "A5"), (RecipId, "B5"), (RecipAddressZip, "303010001")], 147, profile),
            "line#147: vaxEventId=A5 recipId=B5 field=recip_address_zip message=must be a valid ZIP. 5 digit or 5 digit + 4 \
             are acceptable"
        );
    }
}
