//! `--watch`: files are taken up when they are finished, and end in `done` or `failed` with their receipts.

use crate::client::{Client, check, ids, sorted, stored};
use crate::scripted::{BUSY, Say, Script};
use crate::serving::{Serving, file};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_mins(1), "{} does not appear", path.display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn watch(client: &Client) -> Child {
    let mut command = client.command(&["submit", "--ledger", "ledger", "--watch", "inbox"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(mut child: Child) -> Option<i32> {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap().code()
}

#[test]
fn files_are_taken_up_once_and_end_in_done_or_failed() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    std::fs::create_dir(client.path("inbox")).unwrap();
    let inbox = client.path("inbox");
    let (first, second) = (ids(5), ids(6));
    std::fs::write(inbox.join("before.txt"), file(first.clone())).unwrap();
    let child = watch(&client);
    wait_for(&inbox.join("done/before.txt.receipt.json"));
    std::fs::write(client.path("new.txt"), file(second.clone())).unwrap();
    std::fs::rename(client.path("new.txt"), inbox.join("new.txt")).unwrap();
    std::fs::write(inbox.join("bad.txt"), "a,b,c\n1,2,3\n").unwrap();
    std::fs::write(inbox.join("half.txt.part"), file(ids(2))).unwrap();
    wait_for(&inbox.join("done/new.txt"));
    wait_for(&inbox.join("failed/bad.txt"));
    // A second watcher of the same folder would take files away from the first.
    let mut other = watch(&client);
    assert_eq!(other.wait().unwrap().code(), Some(2));
    assert_eq!(interrupt(child), Some(130));
    for name in ["before", "new"] {
        let receipt = std::fs::read_to_string(inbox.join(format!("done/{name}.txt.receipt.json"))).unwrap();
        check(&serde_json::from_str(&receipt).unwrap());
    }
    assert!(inbox.join("half.txt.part").exists() && !inbox.join("new.txt").exists());
    assert_eq!(stored(&serving, "CVRS_PROCESSED_NON_REDACTED"), sorted([first, second].concat()));
}

/// A watch of a folder with one file in it.
fn watch_one(client: &Client, more: &[&str]) -> Child {
    std::fs::create_dir(client.path("inbox")).unwrap();
    std::fs::write(client.path("inbox/a.txt"), file(ids(10))).unwrap();
    let mut command = client.command(&["submit", "--ledger", "ledger", "--watch", "inbox"]);
    command.args(more).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_file_waits_while_the_service_is_busy() {
    let script = Script::start(900, vec![BUSY, Say::Stored(10, 0)]);
    let client = script.client();
    let child = watch_one(&client, &["--retries", "0"]);
    wait_for(&client.path("inbox/done/a.txt"));
    assert_eq!(interrupt(child), Some(130));
    assert!(!client.path("inbox/failed/a.txt").exists());
}

#[test]
fn a_watch_whose_credentials_are_refused_ends_and_leaves_the_file_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::new(&serving.base, "demo", "wrong");
    let child = watch_one(&client, &[]);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(client.path("inbox/work/a.txt").exists());
    client.write("secret", &serving.secret());
    let child = watch(&client);
    wait_for(&client.path("inbox/done/a.txt"));
    assert_eq!(interrupt(child), Some(130));
}
