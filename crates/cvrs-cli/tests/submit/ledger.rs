//! The ledger: one run at a time, open to its owner alone, and told of when it cannot be written.

use crate::client::{Client, Ended, ids, sorted, stored};
use crate::serving::{Serving, file};
use std::os::unix::fs::PermissionsExt;

const FULL: &str = "CVRS_PROCESSED_NON_REDACTED";

#[test]
fn two_runs_at_once_send_once() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(600);
    client.write("a.txt", &file(ids.clone()));
    let words = ["submit", "a.txt", "--ledger", "ledger", "--format", "json", "--max-records", "50"];
    let runs: Vec<_> = (0..3)
        .map(|run| {
            let mut command = client.command(&words);
            let command = command.args(["--rejects", &format!("rejects{run}.txt")]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for run in runs {
        let ended = Ended::of(run.wait_with_output().unwrap());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let receipt = ended.receipt();
        assert!(receipt["parts"].as_array().unwrap().iter().all(|part| part["attempts"] == 1), "{receipt}");
        assert_eq!(receipt["stored"]["NON_REDACTED_DB"], 600);
    }
    assert_eq!(stored(&serving, FULL), sorted(ids));
    let mode = |name: &str| std::fs::metadata(client.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("ledger"), mode("ledger.lock"), mode("rejects0.txt")), (0o600, 0o600, 0o600));
}

#[test]
fn another_cut_profile_or_packing_sends_only_what_was_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(40);
    let text = file(ids.clone());
    // One record is held back by the first profile alone: no street is an error that the clearinghouse does not know.
    client.write("a.txt", &text);
    let first = client.submit(&["a.txt", "--max-records", "7", "--level", "XR=error"]);
    assert!(matches!(first.code, Some(0 | 6)), "{first:?}");
    let sent = first.receipt()["sent"].as_u64().unwrap();
    let second = client.submit(&["a.txt", "--max-records", "11", "--profile", "dch"]);
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(second.receipt()["sent"], 40);
    assert_eq!(stored(&serving, FULL), sorted(ids));
    let parts = second.receipt()["parts"].as_array().unwrap();
    assert_eq!(parts.len() as u64, sent.div_ceil(7) + (40 - sent).div_ceil(11));
    // The same text under another name, packed.
    let packed = std::process::Command::new("gzip").arg("-c").arg(client.path("a.txt")).output();
    if let Ok(packed) = packed {
        std::fs::write(client.path("b.txt.gz"), packed.stdout).unwrap();
        let third = client.submit(&["b.txt.gz", "--max-records", "7", "--level", "XR=error"]);
        assert_eq!(third.receipt()["sent"], sent, "{third:?}");
        assert!(third.receipt()["refused"].as_object().unwrap().values().all(|n| n == 0), "{third:?}");
    }
}

#[test]
fn a_ledger_counts_for_one_operation() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    let ids = ids(5);
    client.write("a.txt", &file(ids));
    for operation in ["create", "update", "delete"] {
        assert_eq!(client.submit(&["a.txt", "--operation", operation]).code, Some(0), "{operation}");
    }
    assert!(stored(&serving, FULL).is_empty());
}

#[test]
fn a_ledger_that_cannot_be_written_keeps_everything_from_being_sent() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    client.write("a.txt", &file(ids(5)));
    client
        .write("none.db", "this is no ledger, and longer than the head of one would be: ............................");
    let mut places = vec!["none.db", "missing/../none.db/ledger"];
    if std::path::Path::new("/dev/full").exists() {
        places.push("/dev/full");
    }
    for place in places {
        let mut command = client.command(&["submit", "a.txt", "--ledger", place]);
        let ended = Ended::of(command.output().unwrap());
        assert_eq!(ended.code, Some(3), "{place} {ended:?}");
        assert!(ended.err.contains("ledger"), "{ended:?}");
    }
    assert!(stored(&serving, FULL).is_empty());
}
