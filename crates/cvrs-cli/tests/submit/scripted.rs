//! Services that fail in ways which the server of this project does not rehearse: each answer is written here.

use crate::client::{Client, Ended, ids};
use crate::serving::file;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const JOB: &str = "0b8f4b1e-6f0a-4f4e-8a6a-4c6b6a1d2e33";

/// What an upload or a question about a job is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Say {
    Status(u16, Option<&'static str>, &'static str),
    /// The connection is closed when all has been read.
    Cut,
    /// A reply of this many records stored, and this many there before.
    Stored(u64, u64),
    Json(Value),
}

/// Answers from a list, one call each; tokens and exports as often as they are asked for.
pub(crate) struct Script {
    pub(crate) base: String,
    n_tokens: Arc<Mutex<u64>>,
    left: Arc<Mutex<Vec<Say>>>,
}

/// What the account may export, by format; nothing where it has no scope for exports.
type Exports = Arc<Vec<(&'static str, String)>>;

fn answer(
    stream: &mut TcpStream,
    life: u64,
    n_tokens: &Mutex<u64>,
    left: &Mutex<Vec<Say>>,
    exports: &Exports,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let (mut n, mut is_asked) = (0u64, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        is_asked |= header.starts_with("expect:");
        n = header.strip_prefix("content-length:").map_or(n, |value| value.trim().parse().unwrap());
    }
    let is_token = line.contains("/token/gen");
    let is_export = line.contains("/v0/export");
    let say = if is_token || is_export {
        Say::Cut
    } else {
        left.lock().unwrap().pop().expect("a call that the script does not have")
    };
    if is_asked {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut asked = Vec::new();
    reader.take(n).read_to_end(&mut asked)?;
    let asked = String::from_utf8_lossy(&asked);
    let (status, headers, body) = match say {
        _ if is_token && asked.contains("EXPORT_") && exports.is_empty() => (403, String::new(), "{}".to_owned()),
        _ if is_export => {
            let (_, data) = exports.iter().find(|(format, _)| asked.contains(format)).expect("an export");
            (200, String::new(), json!({ "data": data }).to_string())
        }
        _ if is_token => {
            *n_tokens.lock().unwrap() += 1;
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            (200, String::new(), json!({"token": "t", "expiration": now + life}).to_string())
        }
        Say::Cut => return Ok(()),
        Say::Status(status, retry, body) => {
            (status, retry.map(|after| format!("Retry-After: {after}\r\n")).unwrap_or_default(), body.to_owned())
        }
        Say::Json(value) => (200, String::new(), value.to_string()),
        Say::Stored(stored, refused) => {
            let errors: Vec<String> = (0..refused)
                .map(|n| format!("storage=REDACTED_DB vaxEventID=X{n} recipId=RX{n} message=Record already exists"))
                .collect();
            let store = json!({"status": "SUCCESS", "processingErrors": errors, "processedCount": stored, "processingErrorsCount": refused});
            let reply = json!({"id": JOB, "totalRecords": stored + refused, "validationErrors": [], "validationErrorsCount": 0,
                "storageResult": {"REDACTED_DB": store}});
            (200, String::new(), reply.to_string())
        }
    };
    let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes())
}

impl Script {
    pub(crate) fn start(life: u64, says: Vec<Say>) -> Self {
        Self::with_exports(life, says, Vec::new())
    }

    fn with_exports(life: u64, mut says: Vec<Say>, exports: Vec<(&'static str, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        says.reverse();
        let (n_tokens, left) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(says)));
        let (counted, taken) = (Arc::clone(&n_tokens), Arc::clone(&left));
        let exports = Arc::new(exports);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = answer(&mut stream.unwrap(), life, &counted, &taken, &exports);
            }
        });
        Self { base, n_tokens, left }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base, "demo", "secret")
    }

    /// Submits ten records; all answers must have been asked for.
    fn submit(says: Vec<Say>, words: &[&str]) -> (Ended, Client) {
        let script = Self::start(900, says);
        let client = script.client();
        client.write("a.txt", &file(ids(10)));
        let ended = client.submit(&[&["a.txt"], words].concat());
        assert!(script.left.lock().unwrap().is_empty(), "{ended:?}");
        (ended, client)
    }
}

pub(crate) const BUSY: Say = Say::Status(503, Some("1"), "{\"message\":\"busy\"}");

#[test]
fn what_may_pass_is_tried_again_and_what_cannot_have_arrived_is_not_settled() {
    let start = Instant::now();
    // What existed before is refused: none of the first three attempts can have stored it.
    let says = vec![BUSY, Say::Status(429, Some("1"), ""), Say::Status(401, None, ""), Say::Stored(7, 3)];
    let (ended, _) = Script::submit(says, &[]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert_eq!(ended.receipt()["stored"]["REDACTED_DB"], 7);
    assert!(ended.receipt()["parts"][0].get("settled").is_none());
    assert_eq!(ended.receipt()["parts"][0]["attempts"], 4);
    assert!(start.elapsed() >= Duration::from_secs(2), "Retry-After is kept");
}

#[test]
fn after_a_lost_reply_a_repeat_settles_by_the_counts() {
    for lost in [Say::Cut, Say::Status(502, None, ""), Say::Status(504, None, "<html>")] {
        let (ended, _) = Script::submit(vec![lost.clone(), Say::Stored(0, 10)], &["--mode", "sync"]);
        assert_eq!(ended.code, Some(0), "{lost:?} {ended:?}");
        let part = &ended.receipt()["parts"][0];
        assert_eq!((&part["stored"]["REDACTED_DB"], &part["settled"]["REDACTED_DB"]), (&json!(10), &json!(10)));
        assert_eq!((&part["errors"], &part["attempts"]), (&json!([]), &json!(2)));
    }
}

#[test]
fn after_a_lost_reply_the_store_is_asked_what_it_holds_where_that_is_permitted() {
    let ids = ids(10);
    let text = file(ids.clone());
    // Six records are there as they were sent, two under our ids are of other people, two are gone.
    let rows: Vec<&str> = text.lines().collect();
    let mut held: Vec<String> = rows[..7].iter().map(|&row| row.to_owned()).collect();
    held.extend(rows[7..9].iter().map(|row| row.replace("\tRS", "\tQS")));
    let store = json!({"status": "SUCCESS", "processingErrors": [], "processedCount": 0, "processingErrorsCount": 10});
    let reply = json!({"id": JOB, "totalRecords": 10, "validationErrors": [], "validationErrorsCount": 0, "storageResult": {"NON_REDACTED_DB": store}});
    let exports = vec![("CVRS_PROCESSED_NON_REDACTED", held.join("\n") + "\n")];
    let script = Script::with_exports(900, vec![Say::Cut, Say::Json(reply)], exports);
    let client = script.client();
    client.write("a.txt", &text);
    let ended = client.submit(&["a.txt"]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    let part = &ended.receipt()["parts"][0];
    assert_eq!((&part["settled"], &part["settled_by"]), (&json!({"NON_REDACTED_DB": 6}), &json!("export")));
    assert_eq!(ended.receipt()["refused"]["NON_REDACTED_DB"], 4);
    // It is asked once: the ledger knows.
    let again = client.submit(&["a.txt"]);
    assert_eq!((again.code, &again.receipt()["stored"]["NON_REDACTED_DB"]), (Some(6), &json!(6)), "{again:?}");
}

#[test]
fn an_id_in_two_parts_counts_as_stored_once_after_a_lost_reply() {
    let ids = ids(5);
    // The fourth record has the id of the first, which the first part has stored.
    let order = [0, 1, 2, 0, 3, 4].map(|at: usize| ids[at].clone());
    let script = Script::start(900, vec![Say::Stored(3, 0), Say::Cut, Say::Stored(0, 3)]);
    let client = script.client();
    client.write("a.txt", &file(order));
    let ended = client.submit(&["a.txt", "--mode", "sync", "--profile", "dch", "--max-records", "3"]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    let receipt = ended.receipt();
    assert_eq!((&receipt["stored"]["REDACTED_DB"], &receipt["refused"]["REDACTED_DB"]), (&json!(5), &json!(1)));
    assert_eq!(receipt["parts"][1]["settled"]["REDACTED_DB"], 2);
    assert_eq!(receipt["parts"][1]["settled_by"], "count");
}

#[test]
fn what_will_not_pass_is_told_once() {
    for (status, code, state) in
        [(400, 4, "FAILED"), (413, 4, "FAILED"), (415, 4, "FAILED"), (403, 5, "UNSENT"), (500, 4, "UNSURE")]
    {
        let (ended, _) = Script::submit(vec![Say::Status(status, None, "{\"message\":\"why\\nnot\"}")], &[]);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!(ended.receipt()["parts"][0]["state"], state);
        let errors: Vec<&str> = ended.err.lines().filter(|line| line.starts_with("error:")).collect();
        assert!(
            errors.len() == 1 && errors[0].contains("why not") && errors[0].contains(&status.to_string()),
            "{errors:?}"
        );
    }
    // A service that wants to be left alone for an hour is.
    let (ended, _) = Script::submit(vec![Say::Status(503, Some("3600"), "")], &[]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    // Tries come to an end.
    let (ended, _) = Script::submit(vec![BUSY, BUSY, BUSY], &["--retries", "2"]);
    assert_eq!((ended.code, &ended.receipt()["unsent"]), (Some(4), &json!(10)), "{ended:?}");
    // A page instead of a reply: nobody knows what became of the records.
    let (ended, _) = Script::submit(vec![Say::Status(200, None, "<html>hello</html>")], &[]);
    assert_eq!((ended.code, &ended.receipt()["parts"][0]["state"]), (Some(4), &json!("UNSURE")), "{ended:?}");
}

#[test]
fn a_part_that_failed_is_sent_again_by_the_next_run() {
    let queued = json!({"id": JOB, "status": "QUEUED", "totalRecords": -1, "validationErrors": [], "validationErrorsCount": -1, "storageResult": null});
    let ended_as = |status: &str, entry: &str, stores: Value| {
        Say::Json(
            json!({"id": JOB, "status": status, "totalRecords": 10, "validationErrors": [entry], "validationErrorsCount": 1, "storageResult": stores}),
        )
    };
    let done = json!({"REDACTED_DB": {"status": "SUCCESS", "processingErrors": [], "processedCount": 10, "processingErrorsCount": 0}});
    for (status, entry) in
        [("COMPLETED", "the service had no room"), ("ERROR", "x"), ("MAX ROWS", "x"), ("FAILED TO LOAD", "x")]
    {
        let script = Script::start(
            900,
            vec![
                Say::Json(queued.clone()),
                ended_as("VALIDATING", "", Value::Null),
                ended_as(status, entry, json!({})),
                Say::Json(queued.clone()),
                Say::Json(
                    json!({"id": JOB, "status": "COMPLETED", "totalRecords": 10, "validationErrors": [], "validationErrorsCount": 0, "storageResult": done}),
                ),
            ],
        );
        let client = script.client();
        client.write("a.txt", &file(ids(10)));
        let ended = client.submit(&["a.txt", "--mode", "async"]);
        assert_eq!(ended.code, Some(4), "{ended:?}");
        let part = &ended.receipt()["parts"][0];
        assert_eq!((&part["state"], ended.receipt()["sent"].as_u64()), (&json!("FAILED"), Some(10)));
        assert!(part["problem"].as_str().unwrap().contains(entry), "{part}");
        let ended = client.submit(&["a.txt", "--mode", "async"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.receipt()["stored"]["REDACTED_DB"], 10);
    }
}

#[test]
fn an_account_that_only_validates_is_no_failure() {
    let entry = "line#3: vaxEventId=A recipId=B field=cvx message=must be a number";
    let reply = json!({"id": JOB, "totalRecords": 10, "validationErrors": [entry], "validationErrorsCount": 1, "storageResult": {}});
    let (ended, _) = Script::submit(vec![Say::Json(reply)], &[]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert_eq!(ended.receipt()["parts"][0]["errors"][0]["line"], 3);
    let reply =
        json!({"id": JOB, "totalRecords": 10, "validationErrors": [], "validationErrorsCount": 0, "storageResult": {}});
    assert_eq!(Script::submit(vec![Say::Json(reply)], &[]).0.code, Some(0));
}

#[test]
fn the_first_generation_of_replies_is_read() {
    let reply = json!({"id": JOB, "validationErrors": [], "truncated": false,
        "processingErrors": ["storage=NON_REDACTED_DB vaxEventID=X recipId=Y message=Record already exists"],
        "storageResult": {"NON_REDACTED_DB": {"status": "SUCCESS"}, "REDACTED_DB": {"status": "SUCCESS"}}});
    let (ended, _) = Script::submit(vec![Say::Json(reply)], &[]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert_eq!(ended.receipt()["stored"], json!({"NON_REDACTED_DB": 9, "REDACTED_DB": 10}));
}

#[test]
fn a_token_is_renewed_in_the_middle_of_a_run() {
    // Tokens of three seconds are renewed after two.
    let says = vec![Say::Stored(4, 0), BUSY, BUSY, BUSY, Say::Stored(4, 0), Say::Stored(2, 0)];
    let script = Script::start(3, says);
    let client = script.client();
    client.write("a.txt", &file(ids(10)));
    let ended = client.submit(&["a.txt", "--mode", "sync", "--max-records", "4"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(*script.n_tokens.lock().unwrap() > 1);
}

#[test]
fn a_service_that_never_answers_does_not_hold_a_run_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()), "demo", "secret");
    client.write("a.txt", &file(ids(3)));
    let start = Instant::now();
    let ended = client.submit(&["a.txt", "--timeout", "1", "--retries", "1"]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(ended.err.contains("--timeout"), "{ended:?}");
}
