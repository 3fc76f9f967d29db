//! The files under `testdata/`: the one without a finding, and the one whose ids name their findings.

use cvrs_engine::{Report, Validator};
use cvrs_rules::{Options, Profile};
use cvrs_spec::Field;
use cvrs_testkit::lines;
use cvrs_testkit::strategy::today;
use std::collections::BTreeMap;

const GOOD: &[u8] = include_bytes!("../../../../testdata/20210129_01_GAA.txt");
const FAULTY: &[u8] = include_bytes!("../../../../testdata/20210129_02_GAA.txt");

fn check(text: &[u8]) -> Report {
    Validator::new(&Options::new(Profile::Recommended, today())).check(text).expect("a CVRS text")
}

#[test]
fn the_good_file_has_no_finding() {
    let report = check(GOOD);
    assert_eq!((report.summary.records, report.findings), (12, Vec::new()));
}

#[test]
fn testdata_names_its_own_findings() {
    let report = check(FAULTY);
    let mut found: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|found| found.record.is_some()) {
        let field = finding.finding.field.map_or("-", Field::name);
        found.entry(finding.line).or_default().push(format!("{}.{field}", finding.finding.code));
    }
    let mut ids: Vec<&[u8]> = Vec::new();
    for line in &lines::split(FAULTY)[1..] {
        let id = line.cells()[0];
        let name = String::from_utf8_lossy(id).into_owned();
        // The first of two with one id is good.
        let is_good = name.starts_with("good.") || name.starts_with("BUSR013.") && !ids.contains(&id);
        let expected = if is_good { Vec::new() } else { vec![name] };
        assert_eq!(found.remove(&line.number).unwrap_or_default(), expected, "line {}", line.number);
        ids.push(id);
    }
    assert!(found.is_empty(), "{found:?}");
    assert!(ids.len() > 40);
}
