//! What the client puts on the wire, beside what curl puts there for the calls of the public quick start.

use crate::client::{Client, Ended, ids};
use crate::serving::file;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// A call as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// A server that writes down what it gets, and answers as if all were well.
struct Recorder {
    base: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

fn record(stream: &mut TcpStream) -> std::io::Result<Call> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.contains_key("expect") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let n = headers.get("content-length").map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; n];
    reader.read_exact(&mut body)?;
    Ok(Call { line: line.trim_end().to_owned(), headers, body })
}

fn reply(line: &str, records: usize) -> String {
    let stored =
        format!(r#"{{"status":"SUCCESS","processingErrors":[],"processedCount":{records},"processingErrorsCount":0}}"#);
    let counts = format!(
        r#""totalRecords":{records},"validationErrors":[],"validationErrorsCount":0,"storageResult":{{"REDACTED_DB":{stored}}}"#
    );
    let job = "0b8f4b1e-6f0a-4f4e-8a6a-4c6b6a1d2e33";
    if line.contains("/v0/token/gen") {
        r#"{"token":"a.b-c_d","expiration":4102444800}"#.to_owned()
    } else if line.starts_with("GET ") {
        format!(r#"{{"id":"{job}","status":"COMPLETED",{counts}}}"#)
    } else if line.contains("/async/") {
        format!(
            r#"{{"id":"{job}","status":"QUEUED","totalRecords":-1,"validationErrors":[],"validationErrorsCount":-1,"storageResult":null}}"#
        )
    } else if line.contains("/export") {
        r#"{"data":"VAX_EVENT_ID\tCVX\n"}"#.to_owned()
    } else {
        format!(r#"{{"id":"{job}",{counts}}}"#)
    }
}

impl Recorder {
    fn start(records: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Ok(call) = record(&mut stream) else { continue };
                let body = reply(&call.line, records);
                kept.lock().unwrap().push(call);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all((head + &body).as_bytes());
            }
        });
        Self { base, calls }
    }

    fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

/// What differs by nature: who calls, where, and whether the server is asked before the body.
fn essence(call: &Call) -> Call {
    let mut call = call.clone();
    for name in ["user-agent", "host", "expect", "connection"] {
        call.headers.remove(name);
    }
    call
}

fn curl(recorder: &Recorder, words: &[&str]) -> Option<Call> {
    let output = Command::new("curl").args(["-s", "--noproxy", "*"]).args(words).output().ok()?;
    assert!(output.status.success(), "{output:?}");
    recorder.take().pop()
}

#[test]
fn calls_are_those_of_the_quick_start_byte_for_byte() {
    let text = file(ids(40));
    let recorder = Recorder::start(40);
    let client = Client::new(&recorder.base, "demo", "s\"ec\\ret");
    let path = client.write("a.txt", &text);
    let data = format!("@{}", path.display());
    let url = |path: &str| recorder.base.clone() + path;
    let accept = "accept: application/json";
    let json = "Content-Type: application/json";
    let authorization = "Authorization: a.b-c_d";
    for (operation, method, scope) in
        [("create", "POST", "UPLOAD"), ("update", "PUT", "UPDATE"), ("delete", "DELETE", "DELETE")]
    {
        let ended = client.submit(&["a.txt", "--operation", operation, "--mode", "sync"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let [token, upload] = &recorder.take()[..] else { panic!("other calls than two") };
        let body = format!(r#"{{"clientID":"demo","clientSecret":"s\"ec\\ret","scopes":["{scope}"]}}"#);
        let words = ["-X", "POST", &url("/v0/token/gen"), "-H", accept, "-H", json, "-d", &body];
        let Some(call) = curl(&recorder, &words) else {
            eprintln!("SKIPPED: there is no curl");
            return;
        };
        assert_eq!(essence(token), essence(&call));
        let path = url("/v0/upload/cvrs/batch");
        let words = [
            "-X",
            method,
            &path,
            "-H",
            accept,
            "-H",
            authorization,
            "-H",
            "Content-Type: text/plain",
            "--data-binary",
            &data,
        ];
        let call = curl(&recorder, &words).unwrap();
        assert_eq!(essence(upload), essence(&call));
        assert_eq!(upload.body, text.as_bytes());
    }
    // A job: the zip is ours, and is sent as it is.
    let ended = client.submit(&["a.txt", "--resend", "--mode", "async"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let calls = recorder.take();
    let [_, upload, state] = &calls[..] else { panic!("{calls:?}") };
    let zip = client.path("part.zip");
    std::fs::write(&zip, &upload.body).unwrap();
    let data = format!("@{}", zip.display());
    let path = url("/v0/async/cvrs/jobs");
    let words = [
        "-X",
        "POST",
        &path,
        "-H",
        accept,
        "-H",
        authorization,
        "-H",
        "Content-Type: application/zip",
        "--data-binary",
        &data,
    ];
    assert_eq!(essence(upload), essence(&curl(&recorder, &words).unwrap()));
    let path = url("/v0/async/cvrs/jobs/0b8f4b1e-6f0a-4f4e-8a6a-4c6b6a1d2e33");
    let call = curl(&recorder, &["-X", "GET", &path, "-H", accept, "-H", authorization]).unwrap();
    assert_eq!(essence(state), essence(&call));
    // An export.
    let mut command =
        client.command(&["export", "--start", "2021-10-31", "--end", "2021-10-31", "--format", "HL7_RAW"]);
    assert_eq!(Ended::of(command.output().unwrap()).out, "VAX_EVENT_ID\tCVX\n");
    let calls = recorder.take();
    let body = r#"{"startDate":"2021-10-31","endDate":"2021-10-31","format":"HL7_RAW"}"#;
    let path = url("/v0/export");
    let words = ["-X", "POST", &path, "-H", accept, "-H", authorization, "-H", json, "-d", body];
    assert_eq!(essence(&calls[1]), essence(&curl(&recorder, &words).unwrap()));
}

#[test]
fn a_part_is_opened_by_the_unzip_of_the_house() {
    let text = file(ids(3_000));
    let recorder = Recorder::start(3_000);
    let client = Client::new(&recorder.base, "demo", "secret");
    client.write("a.txt", &text);
    let ended = client.submit(&["a.txt", "--mode", "async"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let upload = recorder.take().into_iter().find(|call| call.line.starts_with("POST /v0/async")).unwrap();
    std::fs::write(client.path("part.zip"), &upload.body).unwrap();
    let Ok(listed) = Command::new("unzip").args(["-Z1", "part.zip"]).current_dir(client.folder.path()).output() else {
        eprintln!("SKIPPED: there is no unzip");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&listed.stdout), "cvrs.txt\n");
    let tested = Command::new("unzip").args(["-tq", "part.zip"]).current_dir(client.folder.path()).output().unwrap();
    assert!(tested.status.success(), "{tested:?}");
    let out = Command::new("unzip").args(["-p", "part.zip"]).current_dir(client.folder.path()).output().unwrap();
    assert_eq!(out.stdout, text.as_bytes());
}
