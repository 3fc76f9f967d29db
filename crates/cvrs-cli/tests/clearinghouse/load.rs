//! Many at once, on this machine alone. Figures want a release build:
//!
//! ```sh
//! cargo test --release -p cvrs-cli --test clearinghouse -- --ignored --nocapture load
//! ```

use crate::serving::{Serving, UPLOAD, file};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: u64 = 200;
const UPLOADS: u64 = 10;
const RECORDS: u64 = 10;

#[test]
#[ignore = "figures, for a release build on a quiet machine"]
fn load_of_two_hundred_clients_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let token = serving.token();
    let (errors, times) = (AtomicU64::new(0), Mutex::new(Vec::<Duration>::new()));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (serving, token, errors, times) = (&serving, &token, &errors, &times);
            scope.spawn(move || {
                for upload in 0..UPLOADS {
                    let text = file((0..RECORDS).map(|number| format!("c{client}u{upload}n{number}")));
                    let start = Instant::now();
                    let answer = serving.send("POST", UPLOAD, token, "text/plain", text.as_bytes());
                    times.lock().unwrap().push(start.elapsed());
                    if answer.map(|answer| answer.status).ok() != Some(200) {
                        errors.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let took = start.elapsed();
    let mut times = times.into_inner().unwrap();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_millis();
    let held = serving.exported(&token, "CVRS_PROCESSED_NON_REDACTED").len() as u64;
    println!(
        "{CLIENTS} clients, {} uploads of {RECORDS} records in {:.2} s ({:.0} uploads/s): {} errors, {} records lost, \
         p50 {} ms, p99 {} ms, longest {} ms, VmHWM {} MB",
        times.len(),
        took.as_secs_f64(),
        times.len() as f64 / took.as_secs_f64(),
        errors.load(Ordering::Relaxed),
        CLIENTS * UPLOADS * RECORDS - held,
        at(50),
        at(99),
        at(100),
        serving.memory("VmHWM").unwrap_or_default() / 1024,
    );
    assert_eq!((errors.into_inner(), held), (0, CLIENTS * UPLOADS * RECORDS));
}

#[test]
#[ignore = "figures, for a release build on a quiet machine"]
fn load_of_two_hundred_thousand_records() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_cvrs"))
        .args(["generate", "--records", "200000", "-o", "big.txt"])
        .current_dir(folder.path())
        .status();
    assert!(made.unwrap().success());
    let text = std::fs::read(folder.path().join("big.txt")).unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let token = serving.token();
    for expected in ["\"processedCount\":200000", "\"processedCount\":0"] {
        let start = Instant::now();
        let answer = serving.send("POST", UPLOAD, &token, "text/plain", &text).unwrap();
        let took = start.elapsed().as_secs_f64();
        assert_eq!(answer.text().matches(expected).count(), 2, "{answer:?}");
        println!(
            "200000 records, {} MB: {took:.2} s, {:.0} records/s, VmHWM {} MB ({expected})",
            text.len() / 1_000_000,
            200_000.0 / took,
            serving.memory("VmHWM").unwrap_or_default() / 1024
        );
    }
}
