//! Messages out of records.

use crate::reading::read_pieces;
use cvrs_parse::{Header, Index};
use cvrs_report::{Finding, Level};
use cvrs_spec::{Field, Version};
use cvrs_transform::hl7::{Dialect, InfoSource, Operation, ReadOptions, WriteOptions, Writer};

/// Six rows: models I, D and P, each a vaccination and a refusal. The person is invented.
pub(crate) const EXAMPLES: &str = include_str!("../data/examples.txt");
const IG: &str = include_str!("../data/examples.ig.hl7");
/// The first two of them.
const CDC: &str = include_str!("../data/examples.cdc.hl7");

pub(crate) fn options() -> WriteOptions {
    WriteOptions::new("GAA", "20210117080000-0500", "20210115", "01")
}

/// The messages of all records of a text, one segment a line, and what was told of each.
pub(crate) fn write(text: &str, options: WriteOptions) -> (String, Vec<Finding>) {
    let (header, body) = Header::split_off(text.as_bytes());
    let (mut index, mut cells, writer) = (Index::default(), Vec::new(), Writer::new(options));
    index.build(body);
    let (mut out, mut all) = (Vec::new(), Vec::new());
    for line in index.lines(body) {
        let mut findings = Vec::new();
        writer.push(&index.record(body, &header, line, &mut cells), line.number as u64 + 1, &mut out, &mut findings);
        all.append(&mut findings);
    }
    (String::from_utf8(out).expect("UTF-8").replace('\r', "\n"), all)
}

/// A text with the first example row, some cells of it replaced.
pub(crate) fn with(cells: &[(Field, &str)]) -> String {
    let mut lines = EXAMPLES.lines();
    let header = lines.next().expect("a header");
    let mut row: Vec<&str> = lines.next().expect("a row").split('\t').collect();
    for &(field, value) in cells {
        let at = Version::V3.columns().iter().position(|&column| column == field).expect("a column");
        row[at] = value;
    }
    format!("{header}\n{}\n", row.join("\t"))
}

/// The first segment of that name.
fn segment<'m>(message: &'m str, name: &str) -> &'m str {
    message.lines().find(|line| line.starts_with(name)).unwrap_or("")
}

#[track_caller]
fn assert_same(found: &str, expected: &str) {
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

#[test]
fn the_worked_examples_come_out_to_the_letter() {
    let (messages, findings) = write(EXAMPLES, options());
    assert_same(&messages, IG);
    assert!(findings.is_empty(), "{findings:?}");
    let first_two: Vec<&str> = EXAMPLES.lines().take(3).collect();
    let (messages, _) = write(&(first_two.join("\n") + "\n"), WriteOptions { dialect: Dialect::Cdc, ..options() });
    assert_same(&messages, CDC);
}

#[test]
fn a_batch_has_its_envelope() {
    let writer = Writer::new(options());
    let start = String::from_utf8(writer.start()).expect("ASCII");
    assert_eq!(
        start,
        "FHS|^~\\&|CVRS|GAA|DCH|CDC|20210117080000-0500||20210115_01_GAA\r\
         BHS|^~\\&|CVRS|GAA|DCH|CDC|20210117080000-0500||20210115_01_GAA-1\r"
    );
    assert_eq!(Writer::end(6), b"BTS|6\rFTS|1\r");
}

#[test]
fn delimiters_inside_values_are_escaped_and_text_beyond_ascii_is_told() {
    let text = with(&[(Field::RecipLastName, "O|B^r&i~e\\n"), (Field::AdminName, "Clínica")]);
    for (dialect, charset) in [(Dialect::Ig, "UNICODE UTF-8"), (Dialect::Cdc, "")] {
        let (message, findings) = write(&text, WriteOptions { dialect, ..options() });
        assert!(message.contains(r"O\F\B\S\r\T\i\R\e\E\n"), "{message}");
        assert_eq!(segment(&message, "MSH").split('|').nth(17), Some(charset));
        assert!(findings.is_empty());
    }
}

#[test]
fn codes_are_written_in_upper_case_and_blanks_around_values_go() {
    let cells =
        [(Field::VaxAdminSite, "ld"), (Field::CmorbidStatus, "yes"), (Field::LotNumber, " 1 "), (Field::Cvx, "8")];
    let (message, _) = write(&with(&cells), options());
    assert!(segment(&message, "RXR").ends_with("|LD^Left Deltoid^HL70163"));
    assert!(message.contains("|VXC8^Member of special risk group^CDCPHINVS|") && message.contains("||||1|202106|"));
    assert!(message.contains("|08^^CVX^"));
    let (message, _) = write(&with(&[(Field::RecipMiddleName, " ")]), options());
    assert!(segment(&message, "PID").contains(r"|Rivera \T\ Sons^Ana^ ^^^^L|"));
}

#[test]
fn what_hl7_cannot_say_is_told_and_leaves_nothing() {
    for (field, value) in
        [(Field::RecipDob, "1968-5-27"), (Field::AdminDate, "20210115"), (Field::VaxExpiration, "soon")]
    {
        let (message, findings) = write(&with(&[(field, value)]), options());
        assert_eq!(message, "");
        assert_eq!(
            findings.iter().map(|found| (found.code, found.level, found.field)).collect::<Vec<_>>(),
            [("HLW001", Level::Error, Some(field))]
        );
    }
}

#[test]
fn what_strains_hl7_is_written_and_told() {
    let long = "Hope Clinic of the Holy Family";
    let cells = [(Field::AdminDate, "2021-01"), (Field::AdminName, long), (Field::LotNumber, "a\u{1}b")];
    let (message, findings) = write(&with(&cells), options());
    assert!(segment(&message, "RXA").starts_with("RXA|0|1|202101|202101|") && message.contains(long));
    assert!(message.contains("|a b|"));
    let told: Vec<_> = findings.iter().map(|found| (found.code, found.level)).collect();
    assert_eq!(told, [("HLW002", Level::Warn), ("HLW004", Level::Info), ("HLW003", Level::Warn)]);
}

#[test]
fn options_show_where_they_should() {
    let changed = WriteOptions {
        eligibility: Some("V01".parse().expect("a code")),
        operation: Operation::Update,
        is_test: true,
        sending_facility: Some("A|B".to_owned()),
        ..options()
    };
    let (message, _) = write(&with(&[]), changed.clone());
    assert!(segment(&message, "MSH").starts_with("MSH|^~\\&|CVRS|A\\F\\B|DCH|CDC|"));
    assert!(segment(&message, "MSH").contains("|T|2.5.1|") && segment(&message, "RXA").ends_with("|CP|U"));
    let last = "OBX|5|CE|64994-7^Vaccine funding program eligibility category^LN|5|V01^Not VFC eligible^HL70064||||||F|||20210115";
    assert_eq!(message.lines().last(), Some(last));
    // Only what is told as new wants its funding.
    let historical = WriteOptions { info_source: InfoSource::Historical, ..changed.clone() };
    let (message, _) = write(&with(&[]), historical);
    assert!(message.contains("|01^Historical information - source unspecified^NIP001|"));
    assert!(!message.contains("64994-7"));
    let (message, _) = write(&with(&[(Field::LotNumber, "")]), changed);
    assert!(message.contains("|01^Historical") && !message.contains("64994-7"));
}

/// A missed appointment of version 1 has no word in HL7: the guide's readers find one in the reason, and CDC's tool has its own.
#[test]
fn a_missed_appointment_is_told_as_each_dialect_has_it() {
    let names: Vec<&str> = Version::V1.columns().iter().map(|field| field.name()).collect();
    let cells = Version::V1.columns().iter().map(|field| match field {
        Field::RecipMissedAppt => "YES",
        Field::VaxRefusal => "NO",
        Field::VaxEventId | Field::RecipId => "A1",
        Field::AdminDate => "2021-01-15",
        _ => "",
    });
    let text = format!("{}\n{}\n", names.join("\t"), cells.collect::<Vec<_>>().join("\t"));
    for (dialect, reason, status) in [(Dialect::Ig, "02^Missed Appointment^NIP002", "RE"), (Dialect::Cdc, "", "MA")] {
        let (message, _) = write(&text, WriteOptions { dialect, ..options() });
        let fields: Vec<&str> = segment(&message, "RXA").split('|').collect();
        assert_eq!((fields[18], fields[20]), (reason, status), "{dialect:?}");
        let options = ReadOptions { is_v1: true, dialect: Some(dialect), ..ReadOptions::default() };
        let back = read_pieces(message.as_bytes(), options, usize::MAX);
        let told = [Field::RecipMissedAppt, Field::VaxRefusal, Field::VaxEventId].map(|field| back.cell(0, field));
        assert_eq!(told, ["YES", "NO", "A1"], "{dialect:?}");
    }
}

#[test]
fn the_id_that_stands_for_none_finds_another_place() {
    let (message, _) = write(&with(&[(Field::VaxEventId, "9999")]), options());
    assert_eq!(segment(&message, "ORC"), "ORC|RE|9999^GAA|9999^GAA");
}
