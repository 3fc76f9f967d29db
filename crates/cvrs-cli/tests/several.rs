//! Several inputs in one run: what repeats from one to the other is found, exactly and in file order.
#![expect(clippy::disallowed_methods, reason = "the command reads and writes files")]

use assert_cmd::Command;
use cvrs_rules::example;
use cvrs_spec::Field::{RecipDob, RecipId, VaxEventId};
use cvrs_spec::Version;
use std::fs;

fn cvrs() -> Command {
    let mut command = Command::cargo_bin("cvrs").expect("the binary is built");
    command.args(["validate", "--today", "2021-01-29", "--format", "jsonl", "--quiet"]);
    command
}

fn findings(output: &[u8]) -> Vec<(String, u64, String, String)> {
    let lines = output.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let value: serde_json::Value = serde_json::from_slice(line).expect("JSON");
            let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            (text("file"), value["line"].as_u64().expect("a line"), text("code"), text("message"))
        })
        .filter(|finding| finding.2 == "BUSR013" || finding.2 == "XR018")
        .collect()
}

#[test]
fn ids_that_repeat_in_another_input_are_told_with_its_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = example::file(Version::V3, &[&[(VaxEventId, "A1")], &[(VaxEventId, "A2"), (RecipId, "R2")]]);
    let other = [(VaxEventId, "B1"), (RecipId, "R2"), (RecipDob, "1950-01-01")];
    let second = example::file(Version::V3, &[&other, &[(VaxEventId, "a1")], &[(VaxEventId, "A2")]]);
    fs::write(folder.path().join("1.txt"), first).expect("written");
    fs::write(folder.path().join("2.txt"), &second).expect("written");
    let output = cvrs().current_dir(&folder).args(["1.txt", "2.txt"]).output().expect("run");
    assert_eq!(output.status.code(), Some(1));
    let wanted = [
        ("2.txt", 2, "XR018", "recip_id stands at line 3 of input 1 with another birth date or sex"),
        ("2.txt", 3, "BUSR013", "vax_event_id equals that of line 2 of input 1 but for case"),
        ("2.txt", 4, "BUSR013", "vax_event_id duplicates vax_event_id at line 3 of input 1"),
    ];
    let wanted: Vec<_> =
        wanted.map(|(file, line, code, text)| (file.to_owned(), line, code.to_owned(), text.to_owned())).into();
    assert_eq!(findings(&output.stdout), wanted);
    // The same with the second input from stdin, which is read twice.
    let output = cvrs().current_dir(&folder).args(["1.txt", "-"]).write_stdin(second).output().expect("run");
    let told = findings(&output.stdout);
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|finding| finding.0 == "-"));
}

#[test]
fn an_input_that_cannot_be_read_keeps_its_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = example::file(Version::V3, &[&[(VaxEventId, "A1")]]);
    fs::write(folder.path().join("1.txt"), &text).expect("written");
    fs::write(folder.path().join("3.txt"), &text).expect("written");
    let output = cvrs().current_dir(&folder).args(["1.txt", "none.txt", "3.txt"]).output().expect("run");
    assert_eq!(output.status.code(), Some(3));
    let told = findings(&output.stdout);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0.as_str(), told[0].1), ("3.txt", 2));
    assert!(told[0].3.ends_with("at line 2 of input 1"), "{}", told[0].3);
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
}
