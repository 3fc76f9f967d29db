//! The server's faults: every clean record is stored exactly once, every receipt adds up, no run hangs.

use crate::client::{Client, check, ids, sorted, stored};
use crate::serving::{Serving, file};
use std::time::{Duration, Instant};

/// How often the whole is done when nothing else is asked for; `all_runs` does 200.
const RUNS: u64 = 4;

/// How often the same words are typed before they must have done it.
const PATIENCE: u32 = 40;

fn rehearse(runs: u64, seed: u64) {
    let start = Instant::now();
    let (mut n_commands, mut n_settled) = (0, 0);
    for run in 0..runs {
        // A server of its own, for tokens are given sixty times a minute and no more.
        let folder = tempfile::tempdir().unwrap();
        let seed = (seed + run).to_string();
        let mut words = vec!["--fault-seed", &seed];
        for fault in ["unavailable=0.2", "slow=0.2", "cut=0.2", "expired-token=0.2", "job-error=0.2"] {
            words.extend(["--fault", fault]);
        }
        let serving = Serving::start(folder.path(), &words);
        let client = Client::of(&serving);
        let mine = ids(23);
        client.write("a.txt", &file(mine.clone()));
        let mode = if run % 2 == 0 { "async" } else { "sync" };
        let mut is_done = false;
        for _ in 0..PATIENCE {
            n_commands += 1;
            let begun = Instant::now();
            let ended = client.submit(&["a.txt", "--mode", mode, "--max-records", "8", "--retries", "8"]);
            assert!(begun.elapsed() < Duration::from_mins(5), "run {run} hung");
            ended.receipts.iter().for_each(check);
            if ended.code == Some(0) {
                let receipt = ended.receipt();
                assert_eq!(receipt["sent"], 23, "{receipt}");
                assert_eq!(
                    receipt["stored"],
                    serde_json::json!({"NON_REDACTED_DB": 23, "REDACTED_DB": 23}),
                    "{receipt}"
                );
                let parts = receipt["parts"].as_array().unwrap();
                n_settled += parts.iter().filter(|part| part.get("settled").is_some()).count();
                is_done = true;
                break;
            }
            assert_eq!(ended.code, Some(4), "run {run}: {ended:?}");
        }
        assert!(is_done, "run {run} never ended");
        // The same store without faults.
        drop(serving);
        let serving = Serving::start(folder.path(), &[]);
        for format in ["CVRS_PROCESSED_NON_REDACTED", "CVRS_PROCESSED_REDACTED"] {
            assert_eq!(stored(&serving, format), sorted(mine.clone()), "run {run} {format}");
        }
    }
    println!(
        "{runs} runs in {:.0} s: {n_commands} commands, {n_settled} parts settled by a repeat",
        start.elapsed().as_secs_f64()
    );
}

#[test]
fn every_record_is_stored_once_whatever_the_server_does() {
    rehearse(RUNS, 1);
}

#[test]
#[ignore = "takes half an hour or more"]
fn all_runs() {
    rehearse(200, 1_000);
}
