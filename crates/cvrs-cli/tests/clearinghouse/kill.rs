//! `kill -9` at any moment: what was acknowledged is there, nothing is there twice, and every job ends.

use crate::archive::zip;
use crate::serving::{JOBS, Serving, UPLOAD, file, json_of};
use cvrs_testkit::http::Answer;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Records of one upload.
const RECORDS: u64 = 300;

/// Senders at once: some of uploads, some of jobs.
const SENDERS: u64 = 4;

/// SplitMix64, so that rounds are the same again with the same seed; the moment of the kill is the machine's all the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ (number >> 31)
    }
}

/// Asks for a job until it is completed.
pub(crate) fn wait(serving: &Serving, token: &str, id: &str) -> Value {
    let start = Instant::now();
    loop {
        let answer = serving.http.call("GET", &format!("{JOBS}/{id}"), &[("Authorization", token)], b"").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let status = json_of(&answer);
        if status["status"] == "COMPLETED" {
            return status;
        }
        assert!(start.elapsed() < Duration::from_mins(2), "{status}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What clients know after the kills.
#[derive(Default)]
struct Known {
    /// Uploads answered with 200.
    acknowledged: Vec<String>,
    /// Uploads without an answer: there as a whole or not at all.
    unanswered: Vec<String>,
    /// Jobs answered with 202: their ids and what they upload.
    jobs: Vec<(String, String)>,
    /// Submissions without an answer.
    lost_jobs: Vec<String>,
}

fn ids(upload: &str) -> impl Iterator<Item = String> + '_ {
    (0..RECORDS).map(move |number| format!("{upload}-{number}"))
}

fn send(serving: &Serving, token: &str, upload: &str, is_job: bool, known: &Mutex<Known>) {
    let text = file(ids(upload));
    let answered: std::io::Result<Answer> = if is_job {
        serving.send("POST", JOBS, token, "application/zip", &zip(&[("a.txt", text.as_bytes())]))
    } else {
        serving.send("POST", UPLOAD, token, "text/plain", text.as_bytes())
    };
    let mut known = known.lock().unwrap();
    match answered {
        Ok(answer) if is_job => {
            assert_eq!(answer.status, 202, "{answer:?}");
            known.jobs.push((json_of(&answer)["id"].as_str().unwrap().to_owned(), upload.to_owned()));
        }
        Ok(answer) => {
            assert_eq!(answer.status, 200, "{answer:?}");
            let reply = json_of(&answer);
            assert_eq!(reply["storageResult"]["REDACTED_DB"]["processedCount"], RECORDS, "{reply}");
            known.acknowledged.push(upload.to_owned());
        }
        Err(_) if is_job => known.lost_jobs.push(upload.to_owned()),
        Err(_) => known.unanswered.push(upload.to_owned()),
    }
}

/// One life of a server: senders send until it is killed.
fn live_and_die(folder: &Path, database: Option<&str>, round: u64, after: Duration, known: &Mutex<Known>) {
    let serving = Serving::start_with(folder, &[], database);
    let token = serving.token();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (serving, token, is_over) = (&serving, &token, &is_over);
            scope.spawn(move || {
                for upload in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    send(serving, token, &format!("k{round}s{sender}u{upload}"), sender % 2 == 1, known);
                }
            });
        }
        std::thread::sleep(after);
        is_over.store(true, Ordering::Relaxed);
        serving.strike();
    });
}

/// The ids of what a store holds, and how often each upload has one there.
fn held(serving: &Serving, token: &str, format: &str) -> BTreeMap<String, u64> {
    let rows = serving.exported(token, format);
    let ids: Vec<&str> = rows.iter().map(|row| row.split('\t').next().unwrap()).collect();
    let single: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(single.len(), ids.len(), "{format}: a record is there twice");
    let mut uploads = BTreeMap::new();
    for id in ids {
        *uploads.entry(id.rsplit_once('-').unwrap().0.to_owned()).or_default() += 1;
    }
    uploads
}

fn rounds(name: &str, database: Option<&str>) {
    let rounds: u64 = std::env::var("CVRS_KILL_ROUNDS").ok().map_or(4, |text| text.parse().expect("a number"));
    let seed: u64 = std::env::var("CVRS_KILL_SEED").ok().map_or(1, |text| text.parse().expect("a number"));
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let known = Mutex::new(Known::default());
    let start = Instant::now();
    for round in 0..rounds {
        let after = Duration::from_millis(20 + random.next() % 600);
        live_and_die(folder.path(), database, round, after, &known);
    }
    let serving = Serving::start_with(folder.path(), &[], database);
    let token = serving.token();
    let known = known.into_inner().unwrap();
    for (id, upload) in &known.jobs {
        let done = wait(&serving, &token, id);
        assert_eq!((&done["totalRecords"], &done["validationErrorsCount"]), (&RECORDS.into(), &0.into()), "{done}");
        for store in ["REDACTED_DB", "NON_REDACTED_DB"] {
            let stored = &done["storageResult"][store];
            assert_eq!(stored["processedCount"], RECORDS, "{upload} {done}");
            assert_eq!(stored["processingErrorsCount"], 0, "{upload} {done}");
        }
    }
    // Jobs that were taken without the client's knowledge end too: each store must come to rest with whole uploads.
    let settle = Instant::now();
    let is_whole = |held: &BTreeMap<String, u64>| held.values().all(|&n| n == RECORDS);
    let mut before = None;
    let stored = loop {
        let now =
            [held(&serving, &token, "CVRS_PROCESSED_NON_REDACTED"), held(&serving, &token, "CVRS_PROCESSED_REDACTED")];
        if before.as_ref() == Some(&now) {
            break now;
        }
        assert!(settle.elapsed() < Duration::from_mins(2), "jobs do not come to an end");
        before = Some(now);
        std::thread::sleep(Duration::from_millis(500));
    };
    for held in &stored {
        assert!(is_whole(held), "an upload is there in part: {held:?}");
        for upload in known.acknowledged.iter().chain(known.jobs.iter().map(|(_, upload)| upload)) {
            assert!(held.contains_key(upload), "{upload} was acknowledged and is not there");
        }
        let sent = known.acknowledged.len() + known.unanswered.len() + known.jobs.len() + known.lost_jobs.len();
        assert!(held.len() <= sent);
    }
    assert_eq!(stored[0], stored[1], "the stores hold different uploads");
    assert!(known.acknowledged.len() + known.jobs.len() > 0, "nothing was ever acknowledged");
    // What is kept as received is just as whole.
    let raw = held(&serving, &token, "CVRS_RAW");
    assert_eq!(raw, stored[0], "what is kept is not what is stored");
    println!(
        "{name}: {rounds} kills in {:.1} s; {} uploads and {} jobs acknowledged, {} and {} without an answer, of which \
         {} are there; {} records in each store",
        start.elapsed().as_secs_f64(),
        known.acknowledged.len(),
        known.jobs.len(),
        known.unanswered.len(),
        known.lost_jobs.len(),
        stored[0].len() - known.acknowledged.len() - known.jobs.len(),
        stored[0].values().sum::<u64>(),
    );
}

#[test]
fn nothing_is_lost_or_doubled_by_kills_with_the_embedded_store() {
    rounds("embedded", None);
}

#[test]
fn nothing_is_lost_or_doubled_by_kills_with_postgres() {
    match cvrs_testkit::postgres::Throwaway::start() {
        Ok(database) => rounds("PostgreSQL", Some(&database.url())),
        Err(cause) => eprintln!("SKIPPED: the PostgreSQL store was not tried, since {cause}"),
    }
}
