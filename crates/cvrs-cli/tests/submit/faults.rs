//! The server's faults: every clean record is stored exactly once, every receipt adds up, no run hangs.

use crate::client::{Client, check, ids, sorted, stored};
use crate::serving::{Serving, file};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the whole is done when nothing else is asked for; `all_runs` does 200.
const RUNS: u64 = 4;

/// How often the same words are typed before they must have done it.
const PATIENCE: u64 = 40;

/// How many runs go on at once: they mostly wait.
const AT_ONCE: usize = 4;

/// One file against one server; how many commands it took, and how many parts were settled by a repeat.
fn rehearse_once(run: u64, seed: u64) -> (u64, usize) {
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
    let mode = if run.is_multiple_of(2) { "async" } else { "sync" };
    let (mut n_commands, mut n_settled) = (0, None);
    while n_settled.is_none() {
        n_commands += 1;
        assert!(n_commands <= PATIENCE, "run {run} never ended");
        let begun = Instant::now();
        let ended = client.submit(&["a.txt", "--mode", mode, "--max-records", "8", "--retries", "8"]);
        assert!(begun.elapsed() < Duration::from_mins(5), "run {run} hung");
        ended.receipts.iter().for_each(check);
        if ended.code != Some(0) {
            assert_eq!(ended.code, Some(4), "run {run}: {ended:?}");
            continue;
        }
        let receipt = ended.receipt();
        assert_eq!(receipt["sent"], 23, "{receipt}");
        assert_eq!(receipt["stored"], serde_json::json!({"NON_REDACTED_DB": 23, "REDACTED_DB": 23}), "{receipt}");
        let parts = receipt["parts"].as_array().unwrap();
        n_settled = Some(parts.iter().filter(|part| part.get("settled").is_some()).count());
    }
    // The same store without faults.
    drop(serving);
    let serving = Serving::start(folder.path(), &[]);
    for format in ["CVRS_PROCESSED_NON_REDACTED", "CVRS_PROCESSED_REDACTED"] {
        assert_eq!(stored(&serving, format), sorted(mine.clone()), "run {run} {format}");
    }
    (n_commands, n_settled.unwrap_or_default())
}

fn rehearse(runs: u64, seed: u64) {
    let start = Instant::now();
    let next = AtomicU64::new(0);
    let work = || {
        let (mut n_commands, mut n_settled) = (0, 0);
        loop {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= runs {
                return (n_commands, n_settled);
            }
            let (commands, settled) = rehearse_once(run, seed);
            (n_commands, n_settled) = (n_commands + commands, n_settled + settled);
        }
    };
    let counts: Vec<(u64, usize)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let (n_commands, n_settled) =
        counts.iter().fold((0, 0), |(commands, settled), of| (commands + of.0, settled + of.1));
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
fn ids_in_several_parts_are_stored_once_and_counted_once() {
    for seed in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let serving = Serving::start(folder.path(), &["--fault-seed", &seed.to_string(), "--fault", "cut=0.4"]);
        let client = Client::of(&serving);
        let mine = ids(12);
        let order: Vec<String> = (0..24).map(|at| mine[at * 7 % 12].clone()).collect();
        client.write("a.txt", &file(order));
        let mode = if seed % 2 == 0 { "sync" } else { "async" };
        let words = ["a.txt", "--mode", mode, "--profile", "dch", "--max-records", "5", "--retries", "20"];
        let ended = client.submit(&words);
        assert_eq!(ended.code, Some(6), "{ended:?}");
        assert_eq!(
            ended.receipt()["stored"],
            serde_json::json!({"NON_REDACTED_DB": 12, "REDACTED_DB": 12}),
            "{ended:?}"
        );
        drop(serving);
        let serving = Serving::start(folder.path(), &[]);
        assert_eq!(stored(&serving, "CVRS_PROCESSED_NON_REDACTED"), sorted(mine));
    }
}

#[test]
#[ignore = "takes some ten minutes"]
fn all_runs() {
    rehearse(200, 1_000);
}
