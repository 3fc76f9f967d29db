//! `cvrs validate --profile tool` on files whose rows name what is wrong with them.
#![expect(clippy::disallowed_methods, reason = "tests make and read their own files")]

use assert_cmd::Command;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn report(words: &[&str]) -> String {
    let mut command = Command::cargo_bin("cvrs").expect("the binary");
    command.current_dir(root()).args(["validate", "--profile", "tool", "--today", "2021-01-29", "--format", "jsonl"]);
    let output = command.args(words).output().expect("a run");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The findings of a report as JSON objects.
fn findings(report: &str) -> Vec<serde_json::Value> {
    report.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

/// Compares a report with the one that was read and accepted, line by line.
fn assert_golden(file: &str, golden: &str) {
    let found = report(&["--show-values", &format!("testdata/{file}")]);
    let expected = std::fs::read_to_string(root().join("testdata/golden").join(golden)).expect("the golden report");
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of {golden}", number + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

#[test]
fn reports_are_those_that_were_accepted() {
    assert_golden("tool-errors.tsv", "tool-errors.jsonl");
    assert_golden("tool-errors-v1.tsv", "tool-errors-v1.jsonl");
}

#[test]
fn each_row_has_the_finding_that_its_id_names() {
    for file in ["tool-errors.tsv", "tool-errors-v1.tsv"] {
        let text = std::fs::read_to_string(root().join("testdata").join(file)).expect("the rows");
        let found = findings(&report(&[&format!("testdata/{file}")]));
        let at = text.lines().next().and_then(|header| header.split('\t').position(|name| name == "vax_event_id"));
        for (number, row) in text.lines().enumerate().skip(1) {
            let id = row.split('\t').nth(at.expect("ids")).expect("an id");
            // Two rows have another's id, two have none.
            if id.is_empty() || id.eq_ignore_ascii_case("none_all") && number > 1 {
                continue;
            }
            let of_row = found.iter().filter(|finding| finding["record"] == number);
            let told: Vec<String> = of_row
                .map(|finding| {
                    [&finding["code"], &finding["field"]].map(|text| text.as_str().expect("a text")).join("_")
                })
                .collect();
            let wanted = id.split(['.', ' ']).next().unwrap_or_default();
            if wanted.starts_with("NONE") {
                assert!(told.is_empty(), "{id}: {told:?}");
            } else {
                assert!(told.iter().any(|told| told == wanted), "{id}: {told:?}");
            }
        }
    }
}

#[test]
fn values_are_told_only_when_asked_for() {
    let hidden = report(&["testdata/tool-errors.tsv"]);
    assert!(!hidden.contains("Ann") && !hidden.contains("1968-13") && !hidden.contains("7 Example Ave"), "{hidden}");
    assert!(hidden.contains(r#""message":"recip_first_name should contain value Redacted""#));
    let shown = report(&["--show-values", "testdata/tool-errors.tsv"]);
    assert!(shown.contains(r#""message":"recip_first_name (Ann) should contain value Redacted""#));
    assert!(shown.contains(r#""message":"recip_middle_name () should contain value Redacted""#));
}

#[test]
fn an_absent_column_is_null_and_an_empty_cell_is_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "vax_event_id\trecip_dob\text_type\nA1\t\tI\n").expect("a file");
    let shown = report(&["--show-values", path.to_str().expect("UTF-8")]);
    assert!(shown.contains("recip_dob () is after admin_date (null)"), "{shown}");
    let found = findings(&report(&["--show-values", path.to_str().expect("UTF-8")]));
    let absent = found.iter().find(|finding| finding["field"] == "admin_date").expect("it is required");
    assert!(absent.get("value").is_none() && absent.get("column").is_none(), "{absent}");
}

#[test]
fn inputs_are_kept_apart() {
    let both = report(&["testdata/tool-errors-v1.tsv", "testdata/tool-errors-v1.tsv"]);
    assert!(!both.contains("BUSR013"), "{both}");
}
