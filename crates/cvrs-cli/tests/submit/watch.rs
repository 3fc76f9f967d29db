//! `--watch`: files are taken up when they are finished, and end in `done` or `failed` with their receipts.

use crate::client::{Client, check, ids, sorted, stored};
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
