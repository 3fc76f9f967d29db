//! `kill -9` of the client at any moment, then the same words: every record is stored exactly once.

use crate::client::{Client, Ended, ids, sorted, stored};
use crate::serving::{Serving, file};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Parts of the submission.
const PARTS: u64 = 50;
/// Kills when nothing else is asked for; `a_hundred_kills` does a hundred.
const KILLS: u64 = 8;

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn strike(kills: u64, seed: u64) {
    let start = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let mut state = seed;
    let (mut struck, mut n_settled, mut all) = (0, 0, Vec::new());
    while struck < kills {
        let client = Client::of(&serving);
        let mine = ids(PARTS * 4);
        client.write("a.txt", &file(mine.clone()));
        all.extend(mine);
        let words = ["submit", "a.txt", "--ledger", "ledger", "--format", "json", "--max-records", "4"];
        let mode = if random(&mut state).is_multiple_of(2) { "sync" } else { "async" };
        let (mut n_left, mut pause) = (0, 0);
        let ended = loop {
            let mut command = client.command(&words);
            let command = command.args(["--mode", mode]).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            if struck == kills || n_left > 6 {
                break Ended::of(child.wait_with_output().unwrap());
            }
            // Sixty tokens a minute and no more.
            std::thread::sleep(Duration::from_millis(40 + random(&mut state) % 1_200));
            if child.try_wait().unwrap().is_some() {
                break Ended::of(child.wait_with_output().unwrap());
            }
            child.kill().unwrap();
            child.wait().unwrap();
            (struck, n_left, pause) = (struck + 1, n_left + 1, pause + 400);
            let check =
                std::process::Command::new("sqlite3").arg(client.path("ledger")).arg("pragma integrity_check").output();
            if let Ok(check) = check {
                let told = String::from_utf8_lossy(&check.stdout).into_owned();
                assert!(told.is_empty() || told.trim() == "ok", "the ledger is damaged: {told}");
            }
            std::thread::sleep(Duration::from_millis(pause));
        };
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let receipt = ended.receipt();
        assert_eq!(receipt["sent"], PARTS * 4);
        assert_eq!(receipt["stored"]["NON_REDACTED_DB"], PARTS * 4, "{receipt}");
        n_settled += receipt["parts"].as_array().unwrap().iter().filter(|part| part.get("settled").is_some()).count();
    }
    // A submission that nobody heard of may still be a job in the queue.
    let wanted = sorted(all);
    let settle = Instant::now();
    while stored(&serving, "CVRS_PROCESSED_NON_REDACTED") != wanted {
        assert!(settle.elapsed() < Duration::from_mins(1), "the store does not hold each record once");
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(stored(&serving, "CVRS_PROCESSED_REDACTED"), wanted);
    println!(
        "{struck} kills in {:.0} s, {n_settled} parts settled by a repeat, {} records stored once",
        start.elapsed().as_secs_f64(),
        wanted.len()
    );
}

#[test]
fn what_was_killed_goes_on_and_stores_every_record_once() {
    strike(KILLS, 7);
}

#[test]
#[ignore = "takes some minutes"]
fn a_hundred_kills() {
    strike(100, 11);
}
