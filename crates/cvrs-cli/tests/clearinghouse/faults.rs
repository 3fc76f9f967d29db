//! Faults on purpose, as a client meets them.

use crate::serving::{JOBS, Serving, UPLOAD, file};
use std::time::{Duration, Instant};

fn upload(serving: &Serving, token: &str, id: &str) -> u16 {
    let text = file([id.to_owned()]);
    serving.send("POST", UPLOAD, token, "text/plain", text.as_bytes()).unwrap().status
}

/// A server on the folder of another one, whose token is still good: tokens outlive a restart.
fn again(folder: &std::path::Path, fault: &str) -> (Serving, String) {
    let token = Serving::start(folder, &[]).token();
    (Serving::start(folder, &["--fault", fault, "--fault-seed", "1"]), token)
}

#[test]
fn unavailable_is_503_says_when_to_come_again_and_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, token) = again(folder.path(), "unavailable=1");
    let text = file(["F1".to_owned()]);
    for (method, path) in [("POST", UPLOAD), ("POST", JOBS), ("POST", "/v0/token/refresh"), ("GET", "/v0/nothing")] {
        let answer = serving.send(method, path, &token, "text/plain", text.as_bytes()).unwrap();
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
        assert_eq!(crate::serving::json_of(&answer)["status"], 503);
    }
    assert_eq!(serving.http.call("GET", "/healthz", &[], b"").unwrap().status, 200);
    drop(serving);
    let serving = Serving::start(folder.path(), &[]);
    assert_eq!(serving.exported(&token, "CVRS_PROCESSED_REDACTED"), [""; 0]);
}

#[test]
fn slow_is_late_and_right() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, token) = again(folder.path(), "slow=1");
    let start = Instant::now();
    assert_eq!(upload(&serving, &token, "F1"), 200);
    assert!(start.elapsed() >= Duration::from_millis(500), "{:?}", start.elapsed());
    assert_eq!(serving.exported(&token, "CVRS_PROCESSED_REDACTED").len(), 1);
}

#[test]
fn a_token_is_called_expired_and_a_new_one_can_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, token) = again(folder.path(), "expired-token=0.5");
    let mut statuses: Vec<u16> = (0..40).map(|number| upload(&serving, &token, &format!("F{number}"))).collect();
    let stored = statuses.iter().filter(|&&status| status == 200).count();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [200, 401]);
    assert!(serving.token().len() > 20);
    drop(serving);
    // What was refused was not stored, and what was not refused was.
    let serving = Serving::start(folder.path(), &[]);
    assert_eq!(serving.exported(&token, "CVRS_PROCESSED_REDACTED").len(), stored);
}
