//! Jobs, as a client watches them.

use crate::site::{Answer, Site, file, ids, zip};
use cvrs_api::{JobState, JobStatus, Store};
use cvrs_server::{Fault, FaultRate, Faults};
#[cfg(unix)]
use {
    cvrs_server::Retry,
    std::time::{Duration, Instant},
};

const JOBS: &str = "/v0/async/cvrs/jobs";

async fn submit(site: &Site, token: &str, method: &str, body: Vec<u8>) -> Answer {
    site.call(method, JOBS, &[("authorization", token), ("content-type", "application/zip")], body).await
}

/// Asks until the job is completed.
async fn wait(site: &Site, token: &str, id: &str) -> JobStatus {
    let mut last = JobState::Queued;
    for _ in 0..500 {
        let answer = site.call("GET", &cvrs_api::route::job(id), &[("authorization", token)], "").await;
        let status: JobStatus = answer.json();
        assert!(status.status >= last, "a job goes forward only");
        last = status.status;
        if last == JobState::Completed {
            return status;
        }
        assert_eq!(status.storage_result, None);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the job stands at {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_too_many_lines_is_refused_at_once_and_too_many_records_are_told_by_the_job() {
    let site = Site::new();
    let token = site.sender().await;
    let headers = [("authorization", &*token), ("content-type", "text/plain")];
    let empty_lines = file(&["A1"]) + &"\n".repeat(1_000_000);
    site.call("POST", JOBS, &headers, empty_lines).await.refused(400);
    let long_line = file(&["A1"]) + &"x".repeat((4 << 20) + 1);
    site.call("POST", JOBS, &headers, long_line).await.refused(400);
    let rows = file(&["A1"]) + &"A\n".repeat(200_000);
    let first: JobStatus = site.call("POST", JOBS, &headers, rows).await.json();
    let done = wait(&site, &token, &first.id).await;
    assert!(done.validation_errors[0].starts_with("MAX ROWS"), "{:?}", done.validation_errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_queued_done_and_told() {
    let site = Site::new();
    let token = site.sender().await;
    let body = zip(&[("a.txt", file(&["A1", "A2"]).as_bytes())]);
    let answer = submit(&site, &token, "POST", body.clone()).await;
    assert_eq!(answer.status, 202);
    let first: JobStatus = answer.json();
    assert_eq!(first, JobStatus::queued(first.id.clone()));
    assert_eq!(answer.headers["location"], cvrs_api::route::job(&first.id));
    let done = wait(&site, &token, &first.id).await;
    assert_eq!((done.total_records, done.validation_errors_count), (2, 0));
    assert_eq!(done.storage_result.unwrap()[&Store::NonRedacted].processed_count, 2);
    let second: JobStatus = submit(&site, &token, "PUT", body).await.json();
    let done = wait(&site, &token, &second.id).await;
    assert_eq!(done.storage_result.unwrap()[&Store::NonRedacted].processed_count, 2);
    let token_header = [("authorization", &*token)];
    for path in [format!("/v0/async/crvs/{}", first.id), format!("/v0/async/cvrs/{}", first.id.to_uppercase())] {
        assert_eq!(site.call("POST", &path, &token_header, "").await.json::<JobStatus>().id, first.id);
    }
    let stranger = site.token("other", &["UPLOAD"]).await;
    site.call("GET", &cvrs_api::route::job(&first.id), &[("authorization", &stranger)], "").await.refused(404);
    site.call("GET", &cvrs_api::route::job("xyz"), &token_header, "").await.refused(400);
    assert_eq!(site.call("GET", JOBS, &token_header, "").await.headers["allow"], "POST,PUT,DELETE");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_seen_at_submission_is_refused_then() {
    let site = Site::new();
    let token = site.sender().await;
    submit(&site, &token, "POST", b"no zip".to_vec()).await.refused(400);
    submit(&site, &token, "POST", zip(&[("a.txt", b"x\ty\n1\t2\n")])).await.refused(400);
    assert_eq!(std::fs::read_dir(site.folder.path().join("data/raw")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_records_end_a_job_with_one_entry() {
    let site = Site::new();
    let token = site.sender().await;
    let rows = ids(200_001);
    let job: JobStatus = submit(&site, &token, "DELETE", zip(&[("a.txt", rows.as_bytes())])).await.json();
    let done = wait(&site, &token, &job.id).await;
    assert_eq!((done.total_records, done.validation_errors_count), (200_001, 1));
    assert!(done.validation_errors[0].starts_with("MAX ROWS"), "{:?}", done.validation_errors);
    assert_eq!(done.storage_result.map(|stores| stores.len()), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_left_by_a_server_are_done_once_by_the_next() {
    let mut site = Site::new();
    let token = site.sender().await;
    // A stopping server takes jobs and begins none.
    site.server.as_ref().unwrap().stop();
    let mut submitted = Vec::new();
    for method in ["POST", "DELETE", "POST", "PUT"] {
        let job: JobStatus = submit(&site, &token, method, zip(&[("a.txt", file(&["A1"]).as_bytes())])).await.json();
        submitted.push(job.id);
    }
    site.start();
    for id in &submitted {
        let done = wait(&site, &token, id).await;
        assert_eq!(done.storage_result.unwrap()[&Store::Redacted].processed_count, 1);
    }
    site.start();
    assert_eq!(site.export(&token, "CVRS_PROCESSED_REDACTED").await.lines().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_without_a_budget_is_whole_however_long_and_outlives_a_restart() {
    let mut site = Site::with(|config| config.reply_budget = 0);
    let token = site.sender().await;
    let rows: String = (0..8000).map(|number| format!("{number}\tX\n")).collect::<Vec<_>>().concat();
    let text = format!("vax_event_id\text_type\n{rows}");
    let sent = site.send("POST", &token, "text/plain", text.clone()).await.uploaded();
    assert!(sent.validation_errors.len() > 100_000, "{}", sent.validation_errors.len());
    assert_eq!(sent.validation_errors.len().cast_signed() as i64, sent.validation_errors_count);
    let job: JobStatus = submit(&site, &token, "POST", zip(&[("a.txt", text.as_bytes())])).await.json();
    let done = wait(&site, &token, &job.id).await;
    assert_eq!(done.validation_errors, sent.validation_errors);
    let kept = || {
        let entries = std::fs::read_dir(site.folder.path().join("data/replies")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    site.server.as_ref().unwrap().stop();
    assert_eq!(kept(), [format!("{}.COMPLETED", job.id)]);
    std::fs::write(site.folder.path().join(format!("data/replies/{}.PROCESSING", job.id)), "{}").unwrap();
    site.start();
    let again = site.call("GET", &cvrs_api::route::job(&job.id), &[("authorization", &token)], "").await;
    assert_eq!(again.json::<JobStatus>().validation_errors, sent.validation_errors);
    assert_eq!(std::fs::read_dir(site.folder.path().join("data/replies")).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(site.folder.path().join("data/incoming")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsed_failure_stores_nothing() {
    let site = Site::with(|config| {
        config.faults = Faults::new(&[FaultRate { fault: Fault::JobError, rate: 1.0 }], 1);
        config.async_ok = true;
    });
    let token = site.sender().await;
    let answer = submit(&site, &token, "POST", zip(&[("a.txt", file(&["A1"]).as_bytes())])).await;
    assert_eq!(answer.status, 200);
    let done = wait(&site, &token, &answer.json::<JobStatus>().id).await;
    assert!(done.validation_errors[0].starts_with("ERROR"));
    assert_eq!(site.export(&token, "CVRS_PROCESSED_REDACTED").await.lines().count(), 1);
}

/// A link to itself is there and cannot be opened, by root neither.
#[cfg(unix)]
fn make_unreadable(site: &Site, id: &str) {
    let kept = site.folder.path().join("data/raw").join(id);
    std::fs::remove_file(&kept).unwrap();
    std::os::unix::fs::symlink(&kept, &kept).unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_the_server_cannot_work_on_ends_and_the_next_is_done() {
    let mut site = Site::with(|config| {
        config.retry = Retry { attempts: 3, pause: Duration::from_millis(20), longest: Duration::from_millis(30) };
    });
    let token = site.sender().await;
    site.server.as_ref().unwrap().stop();
    let body = |id| zip(&[("a.txt", file(&[id]).as_bytes())]);
    let broken: JobStatus = submit(&site, &token, "POST", body("A1")).await.json();
    let good: JobStatus = submit(&site, &token, "POST", body("A2")).await.json();
    make_unreadable(&site, &broken.id);
    let start = Instant::now();
    site.start();
    let done = wait(&site, &token, &broken.id).await;
    assert!(start.elapsed() >= Duration::from_millis(50), "there are pauses of 20 and 30 ms: {:?}", start.elapsed());
    assert_eq!((done.total_records, done.validation_errors_count), (0, 1));
    assert!(done.validation_errors[0].starts_with("ERROR: the server could not"), "{:?}", done.validation_errors);
    assert_eq!(done.storage_result.map(|stores| stores.len()), Some(0));
    let done = wait(&site, &token, &good.id).await;
    assert_eq!(done.storage_result.unwrap()[&Store::Redacted].processed_count, 1);
    assert_eq!(site.export(&token, "CVRS_PROCESSED_REDACTED").await.lines().count(), 2);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_pausing_queue_stops_at_once() {
    let mut site = Site::with(|config| {
        config.retry = Retry { attempts: 9, pause: Duration::from_mins(5), longest: Duration::from_mins(5) };
    });
    let token = site.sender().await;
    site.server.as_ref().unwrap().stop();
    let broken: JobStatus = submit(&site, &token, "POST", zip(&[("a.txt", file(&["A1"]).as_bytes())])).await.json();
    make_unreadable(&site, &broken.id);
    site.start();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    let server = site.server.clone().unwrap();
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
}
