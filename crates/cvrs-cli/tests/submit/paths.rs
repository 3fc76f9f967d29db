//! Ways through a submission that goes well, or is refused for what it holds.

use crate::client::{Client, Ended, ids, sorted, stored};
use crate::serving::{Serving, file};
use serde_json::json;

const FULL: &str = "CVRS_PROCESSED_NON_REDACTED";
const REDACTED: &str = "CVRS_PROCESSED_REDACTED";

/// The same text with the sex of one row unreadable.
fn spoil(text: &str, line: usize) -> String {
    let column = text.lines().next().unwrap().split('\t').position(|name| name == "recip_sex").unwrap();
    let spoilt = |row: &str| {
        let mut cells: Vec<&str> = row.split('\t').collect();
        cells[column] = "?";
        cells.join("\t")
    };
    let rows = text.lines().enumerate();
    rows.map(|(at, row)| if at + 1 == line { spoilt(row) } else { row.to_owned() } + "\n").collect()
}

#[test]
fn clean_records_are_stored_once_and_a_second_run_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(50);
    client.write("a.txt", &file(ids.clone()));
    for mode in ["auto", "auto"] {
        let ended = client.submit(&["a.txt", "--mode", mode]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let receipt = ended.receipt();
        assert_eq!((&receipt["read"], &receipt["sent"], &receipt["rejected"]), (&json!(50), &json!(50), &json!(0)));
        assert_eq!(receipt["stored"], json!({"NON_REDACTED_DB": 50, "REDACTED_DB": 50}));
        assert_eq!(receipt["parts"][0]["attempts"], 1, "{receipt}");
        assert_eq!(receipt["parts"][0]["mode"], "sync");
    }
    assert_eq!(stored(&serving, FULL), sorted(ids.clone()));
    assert_eq!(stored(&serving, REDACTED), sorted(ids));
    assert!(!client.path("a.txt.rejects.txt").exists());
    // Told to, it sends again; what is there is refused.
    let ended = client.submit(&["a.txt", "--resend"]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert_eq!(ended.receipt()["refused"], json!({"NON_REDACTED_DB": 50, "REDACTED_DB": 50}));
}

#[test]
fn jobs_are_waited_for_part_by_part() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(1_000);
    client.write("a.txt", &file(ids.clone()));
    let ended = client.submit(&["a.txt", "--mode", "async", "--max-records", "150", "--receipt", "r.json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let receipt = ended.receipt();
    let parts = receipt["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 7);
    assert!(parts.iter().all(|part| part["state"] == "COMPLETED" && part["mode"] == "async"), "{receipt}");
    assert_eq!(parts[6]["lines"], json!([902, 1001]));
    assert_eq!(stored(&serving, FULL), sorted(ids));
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(client.path("r.json")).unwrap()).unwrap();
    assert_eq!(&written, receipt);
}

#[test]
fn rejects_stay_byte_for_byte_and_can_be_corrected_and_submitted() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(20);
    let good = file(ids.clone()).replace('\n', "\r\n");
    let bad = spoil(&good, 8);
    client.write("a.txt", &bad);
    let ended = client.submit(&["a.txt"]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    let receipt = ended.receipt();
    assert_eq!((&receipt["rejected"], &receipt["sent"]), (&json!(1), &json!(19)));
    let rejects = std::fs::read_to_string(client.path("a.txt.rejects.txt")).unwrap();
    let lines: Vec<&str> = bad.split_inclusive('\n').collect();
    assert_eq!(rejects, [lines[0], lines[7]].concat());
    let findings = std::fs::read_to_string(client.path("a.txt.rejects.txt.jsonl")).unwrap();
    let findings: Vec<serde_json::Value> = findings.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(findings.iter().any(|finding| finding["field"] == "recip_sex"), "{findings:?}");
    assert!(findings.iter().all(|finding| finding["line"] == 8), "{findings:?}");
    // The good row of the same line, submitted by itself.
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    client.write("b.txt", &[lines[0], lines[7]].concat());
    assert_eq!(client.submit(&["b.txt"]).code, Some(0));
    assert_eq!(stored(&serving, FULL), sorted(ids));
}

#[test]
fn nothing_is_sent_if_all_must_be_clean_and_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    client.write("a.txt", &spoil(&file(ids(20)), 3));
    let ended = client.submit(&["a.txt", "--abort-on-rejects"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!((&ended.receipt()["sent"], &ended.receipt()["unsent"]), (&json!(0), &json!(19)));
    assert!(client.path("a.txt.rejects.txt").exists());
    assert!(stored(&serving, FULL).is_empty());
}

#[test]
fn records_are_changed_and_deleted_and_what_is_not_there_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(6);
    client.write("a.txt", &file(ids[..4].to_vec()));
    assert_eq!(client.submit(&["a.txt"]).code, Some(0));
    client.write("b.txt", &file(ids[2..].to_vec()));
    for operation in ["update", "delete"] {
        let ended = client.submit(&["b.txt", "--operation", operation]);
        assert_eq!(ended.code, Some(6), "{ended:?}");
        let receipt = ended.receipt();
        assert_eq!(receipt["stored"], json!({"NON_REDACTED_DB": 2, "REDACTED_DB": 2}), "{operation}");
        let errors = receipt["parts"][0]["errors"].as_array().unwrap();
        let told: Vec<(u64, &str)> = errors
            .iter()
            .filter(|error| error["store"] == "REDACTED_DB")
            .map(|error| (error["line"].as_u64().unwrap(), error["vax_event_id"].as_str().unwrap()))
            .collect();
        assert_eq!(told, [(4, ids[4].as_str()), (5, ids[5].as_str())], "{receipt}");
        assert_eq!((&errors[0]["record"], &errors[0]["file"]), (&json!(3), &json!("b.txt")));
    }
    assert_eq!(stored(&serving, FULL), sorted(ids[..2].to_vec()));
}

#[test]
fn what_validation_refuses_is_joined_to_lines_of_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(30);
    // Blank lines and a record held back move the lines of the part away from those of the file.
    let text = spoil(&spoil(&file(ids.clone()), 5), 20);
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.insert(9, "\n");
    client.write("a.txt", &lines.concat());
    // The rule is switched off here, and not there.
    let ended =
        client.submit(&["a.txt", "--profile", "dch", "--level", "DATA=off", "--mode", "async", "--max-records", "9"]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    let receipt = ended.receipt();
    assert_eq!(receipt["sent"], 30);
    let parts = receipt["parts"].as_array().unwrap();
    let told: Vec<(u64, u64, &str)> = parts
        .iter()
        .flat_map(|part| part["errors"].as_array().unwrap())
        .map(|error| {
            let number = |key: &str| error[key].as_u64().unwrap();
            (number("line"), number("record"), error["field"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, [(5, 4, "recip_sex"), (21, 19, "recip_sex")], "{receipt}");
    assert_eq!(receipt["refused"], json!({"NON_REDACTED_DB": 2, "REDACTED_DB": 2}));
}

#[test]
fn halves_find_what_a_cut_list_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &["--reply-budget", "1500"]);
    let client = Client::of(&serving);
    let bad: Vec<usize> = (3..160).filter(|line| line % 3 == 0).collect();
    let spoilt = || bad.iter().fold(file(ids(200)), |text, &line| spoil(&text, line));
    client.write("a.txt", &spoilt());
    client.write("b.txt", &spoilt());
    let words = ["--mode", "sync", "--profile", "dch", "--level", "DATA=off"];
    let cut = client.submit(&[&["b.txt"], &words[..]].concat());
    assert_eq!(cut.code, Some(6), "{cut:?}");
    let n_listed = cut.receipt()["parts"][0]["errors"].as_array().unwrap().len() as u64;
    assert!(n_listed < bad.len() as u64);
    assert_eq!(cut.receipt()["parts"][0]["errors_not_listed"], bad.len() as u64 - n_listed);
    let whole = client.submit(&[&["a.txt", "--bisect"], &words[..]].concat());
    assert_eq!(whole.code, Some(6), "{whole:?}");
    let part = &whole.receipt()["parts"][0];
    let told: Vec<usize> =
        part["errors"].as_array().unwrap().iter().map(|error| error["line"].as_u64().unwrap() as usize).collect();
    assert_eq!((told, &part["errors_not_listed"]), (bad.clone(), &json!(0)));
    assert_eq!(whole.receipt()["stored"]["REDACTED_DB"], 200 - bad.len());
}

#[test]
fn several_files_are_submitted_each_with_its_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let (first, second) = (ids(3), ids(4));
    client.write("a.txt", &file(first.clone()));
    client.write("b.txt", &file(second.clone()));
    let ended = client.submit(&["a.txt", "missing.txt", "b.txt"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert_eq!(ended.receipts.len(), 2);
    assert!(ended.err.contains("missing.txt"), "{ended:?}");
    assert_eq!(stored(&serving, FULL), sorted([first, second].concat()));
}

#[test]
fn a_rehearsal_needs_no_clearinghouse_and_leaves_no_ledger() {
    let client = Client::new("http://127.0.0.1:1", "demo", "x");
    client.write("a.txt", &file(ids(10)));
    let mut command = crate::client::bare(client.folder.path());
    let words = ["submit", "a.txt", "--dry-run", "--mode", "async", "--max-records", "4", "--format", "json"];
    let ended = Ended::of(command.args(words).output().unwrap());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let receipt = ended.receipt();
    assert_eq!((&receipt["sent"], &receipt["unsent"]), (&json!(0), &json!(10)));
    assert_eq!(receipt["parts"].as_array().unwrap().len(), 3);
    assert!(!client.path("state").exists());
}

#[test]
fn a_header_without_records_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    client.write("a.txt", &file([]));
    let ended = client.submit(&["a.txt"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!((&ended.receipt()["read"], &ended.receipt()["parts"]), (&json!(0), &json!([])));
}

#[test]
fn jobs_exports_and_history_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(12);
    client.write("a.txt", &file(ids.clone()));
    let ended = client.submit(&["a.txt", "--mode", "async", "--no-wait"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let receipt = ended.receipt();
    assert_eq!(receipt["unsent"], 12);
    let job = receipt["parts"][0]["server_id"].as_str().unwrap();
    let ended = Ended::of(client.command(&["job", "wait", job]).output().unwrap());
    assert_eq!((ended.code, &ended.receipts[0]["status"]), (Some(0), &json!("COMPLETED")), "{ended:?}");
    assert_eq!(ended.receipts[0]["totalRecords"], 12);
    let ended = Ended::of(client.command(&["job", "status", job]).output().unwrap());
    assert_eq!(ended.receipts[0]["status"], "COMPLETED");
    let unknown = "0b8f4b1e-6f0a-4f4e-8a6a-4c6b6a1d2e33";
    assert_eq!(client.command(&["job", "status", unknown]).output().unwrap().status.code(), Some(4));
    // The same words go on from there.
    let ended = client.submit(&["a.txt", "--mode", "async"]);
    assert_eq!((ended.code, &ended.receipt()["sent"]), (Some(0), &json!(12)), "{ended:?}");
    assert_eq!(ended.receipt()["parts"][0]["server_id"], job);
    for (format, is_file) in [(FULL, true), (REDACTED, false), ("CVRS_RAW", true), ("HL7_RAW", true)] {
        let days = ["--start", "2000-01-01", "--end", "2999/12/31"];
        let mut command = client.command(&["export", "--format", format]);
        command.args(days);
        if is_file {
            command.args(["-o", "out.txt"]);
        }
        let ended = Ended::of(command.output().unwrap());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let text = if is_file { std::fs::read_to_string(client.path("out.txt")).unwrap() } else { ended.out };
        if format != "HL7_RAW" {
            let found = text.lines().skip(1).map(|row| row.split('\t').next().unwrap().to_owned()).collect();
            assert_eq!(sorted(found), sorted(ids.clone()), "{format}");
        }
    }
    let ended = Ended::of(client.command(&["history", "--site-key", "nobody's"]).output().unwrap());
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let ended = Ended::of(client.command(&["history", "--start", "2021-01-01"]).output().unwrap());
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "[]\n"), "{ended:?}");
}
