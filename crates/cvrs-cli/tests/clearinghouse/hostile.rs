//! Bodies and requests that nobody sends by mistake, and some that everybody does.
//!
//! Each has the status that is right for it; after each the server is alive, and in the end it holds nothing.

use crate::archive::{Member, bare_deflate, gzip, zip, zlib};
use crate::serving::{JOBS, Serving, UPLOAD, file};
use std::io::Write;
use std::time::{Duration, Instant};

/// What a server that has to hold whatever it is sent may take at most beyond what it had, in KiB.
const MEMORY: u64 = 160 << 10;

/// Long lines make long chunks, and each thread holds some.
const LONG_LINES: u64 = 256 << 10;

struct Case {
    name: &'static str,
    media: &'static str,
    coding: Option<&'static str>,
    body: Vec<u8>,
    status: u16,
}

fn text(name: &'static str, body: impl Into<Vec<u8>>, status: u16) -> Case {
    Case { name, media: "text/plain", coding: None, body: body.into(), status }
}

fn zipped(name: &'static str, body: Vec<u8>, status: u16) -> Case {
    Case { name, media: "application/zip", coding: None, body, status }
}

fn coded(name: &'static str, coding: &'static str, body: Vec<u8>, status: u16) -> Case {
    Case { name, media: "text/plain", coding: Some(coding), body, status }
}

fn cases() -> Vec<Case> {
    let good = file(["H1".to_owned()]);
    let bytes = good.as_bytes();
    let lines = |n: usize| [bytes, &vec![b'\n'; n]].concat();
    let line = |n: usize| [bytes, &vec![b'x'; n], b"\n"].concat();
    // Few long lines: neither their number nor their length is too much, but what comes out of so little is.
    let dense: Vec<u8> = {
        let mut long = vec![b'x'; 1 << 20];
        long.push(b'\n');
        [bytes, &long.repeat(64)].concat()
    };
    let inner = zip(&[("a.txt", bytes)]);
    let member = || Member::new("a.txt", bytes);
    let mut crossed = zip(&[("a.txt", bytes)]);
    let end = crossed.len() - 6;
    crossed[end..end + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_mark: Vec<u8> = [&b"\xFF\xFE"[..], &utf16].concat();
    let header = good.split_once('\n').unwrap().0;
    vec![
        zipped("a zip bomb of long lines", zip(&[("a.txt", &dense)]), 413),
        zipped("ten million empty lines, zipped", zip(&[("a.txt", &lines(10_000_000))]), 400),
        zipped("a line of 100 MB, zipped", zip(&[("a.txt", &line(100_000_000))]), 400),
        zipped("a zip in a zip", zip(&[("a.zip", &inner)]), 400),
        zipped("a gzip in a zip", zip(&[("a.txt", &gzip(bytes))]), 400),
        zipped("an absolute name", Member::new("/etc/a.txt", bytes).alone(), 400),
        zipped("a name that leads up", Member::new("../a.txt", bytes).alone(), 400),
        zipped("a name that leads up, as Windows has it", Member::new("..\\..\\a.txt", bytes).alone(), 400),
        zipped("a drive's name", Member::new("C:\\a.txt", bytes).alone(), 400),
        zipped("a folder entry", Member::new("a/", b"").alone(), 400),
        zipped("a link", Member { attributes: 0o120_777 << 16, ..Member::new("a.txt", b"/etc/passwd") }.alone(), 400),
        zipped("an encrypted member", Member { flags: 1, ..member() }.alone(), 400),
        zipped("an unknown method", Member { method: 99, ..member() }.alone(), 400),
        zipped("a wrong CRC", Member { crc: 1, ..member() }.alone(), 400),
        zipped("a member said to be longer", Member { packed: 1 << 30, unpacked: 1 << 30, ..member() }.alone(), 400),
        zipped(
            "a member said to be of 4 GiB",
            Member { packed: u32::MAX, unpacked: u32::MAX, ..member() }.alone(),
            400,
        ),
        zipped("a directory at the end of the world", crossed, 400),
        zipped("two members", zip(&[("a.txt", bytes), ("b.txt", bytes)]), 400),
        zipped("a Mac's second member", zip(&[("a.txt", bytes), ("__MACOSX/._a.txt", b"x")]), 400),
        zipped("a zip cut at its end", inner[..inner.len() - 30].to_vec(), 400),
        zipped("a zip cut in the middle", inner[..inner.len() / 2].to_vec(), 400),
        zipped("four bytes of a zip", b"PK\x03\x04".to_vec(), 400),
        zipped("an empty zip", zip(&[]), 400),
        coded("a gzip bomb of long lines", "gzip", gzip(&dense), 413),
        coded("a gzip bomb of empty lines", "gzip", gzip(&lines(10_000_000)), 400),
        coded("a gzip that is none", "gzip", bytes.to_vec(), 400),
        coded("a gzip cut short", "gzip", gzip(bytes)[..60].to_vec(), 400),
        coded("a deflate cut short", "deflate", zlib(bytes)[..60].to_vec(), 400),
        coded("a bare deflate cut short", "deflate", bare_deflate(bytes)[..60].to_vec(), 400),
        coded("an unknown coding", "br", bytes.to_vec(), 415),
        coded("two codings", "gzip, gzip", gzip(&gzip(bytes)), 415),
        coded("a gzip in a gzip", "gzip", gzip(&gzip(bytes)), 400),
        text("ten million empty lines", lines(10_000_000), 400),
        text("a line of 100 MB", line(100_000_000), 400),
        text("a header line of 5 MB", "vax_event_id\t".repeat(400_000), 400),
        text("more than 200,000 short lines", "vax_event_id\trecip_id\n".to_owned() + &"1\t\n".repeat(3_000_000), 400),
        text("UTF-16 with its mark", utf16_mark, 400),
        text("UTF-16 without a mark", utf16, 400),
        text("a NUL in the header line", good.replacen("vax_event_id", "vax_event_id\0", 1), 400),
        text("nothing but NUL bytes", vec![0; 1000], 400),
        text("a line end that is CR alone", good.replace('\n', "\r"), 400),
        text("commas", good.replace('\t', ","), 400),
        text("HL7", "MSH|^~\\&|A|B|C|D|20210129||VXU^V04^VXU_V04|1|P|2.5.1\rPID|1||1\r", 400),
        text("an HTML page", "<html><body>\t</body></html>\n", 400),
        text("a PDF", &b"%PDF-1.4\n%\xE2\xE3\xCF\xD3\n"[..], 400),
        text("a name that is not UTF-8", [b"\xFF\xFEvax_event_id\t\xC3\n", &bytes[header.len() + 1..]].concat(), 400),
        text(
            "a column twice",
            format!("vax_event_id\tvax_event_id\n{}", "1\t2\n").replace("vax_event_id\tvax", "x\ty"),
            400,
        ),
    ]
}

#[test]
fn hostile_bodies_are_refused_at_small_cost_and_nothing_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let token = serving.token();
    // A first upload warms everything up; it is taken out again.
    let warm = file((0..2000).map(|number| format!("W{number}")));
    for method in ["POST", "DELETE"] {
        assert_eq!(serving.send(method, UPLOAD, &token, "text/plain", warm.as_bytes()).unwrap().status, 200);
    }
    let before = serving.memory("VmRSS").unwrap_or_default();
    let n_kept = std::fs::read_dir(serving.data.join("raw")).unwrap().count();
    let mut failures = Vec::new();
    for case in cases() {
        let mut headers = vec![("Authorization", token.as_str()), ("Content-Type", case.media)];
        headers.extend(case.coding.map(|coding| ("Content-Encoding", coding)));
        for (method, path) in [("POST", UPLOAD), ("DELETE", UPLOAD), ("PUT", UPLOAD)] {
            serving.forget_peak();
            let start = Instant::now();
            let answer = serving.http.call(method, path, &headers, &case.body);
            let took = start.elapsed();
            match answer {
                Ok(answer) if answer.status == case.status => {}
                other => failures.push(format!("{method} {}: {} expected, {other:?}", case.name, case.status)),
            }
            let peak = serving.memory("VmHWM").unwrap_or_default();
            let bound = if case.name.ends_with("of long lines") { LONG_LINES } else { MEMORY };
            if peak > before + bound {
                failures.push(format!("{method} {}: {} KiB more", case.name, peak - before));
            }
            if took > Duration::from_secs(10) {
                failures.push(format!("{method} {}: took {took:?}", case.name));
            }
            if serving.http.call("GET", "/healthz", &[], b"").map(|answer| answer.status).ok() != Some(200) {
                failures.push(format!("{method} {}: the server is gone", case.name));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    for format in ["CVRS_PROCESSED_REDACTED", "CVRS_PROCESSED_NON_REDACTED"] {
        assert_eq!(serving.exported(&token, format), [""; 0], "{format}");
    }
    assert_eq!(std::fs::read_dir(serving.data.join("raw")).unwrap().count(), n_kept);
    assert_eq!(std::fs::read_dir(serving.data.join("incoming")).unwrap().count(), 0);
}

#[test]
fn hostile_jobs_are_refused_or_end_with_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let token = serving.token();
    let mut jobs = Vec::new();
    for case in cases() {
        let mut headers = vec![("Authorization", token.as_str()), ("Content-Type", case.media)];
        headers.extend(case.coding.map(|coding| ("Content-Encoding", coding)));
        let answer = serving.http.call("POST", JOBS, &headers, &case.body).unwrap();
        if answer.status == 202 {
            jobs.push((case.name, crate::serving::json_of(&answer)["id"].as_str().unwrap().to_owned()));
        } else {
            assert_eq!(answer.status, case.status, "{}: {answer:?}", case.name);
        }
    }
    for (name, id) in jobs {
        let done = crate::kill::wait(&serving, &token, &id);
        assert_eq!(done["storageResult"], serde_json::json!({}), "{name}: {done}");
        assert_eq!(done["validationErrorsCount"], 1, "{name}");
    }
    assert_eq!(serving.exported(&token, "CVRS_PROCESSED_REDACTED"), [""; 0]);
}

/// Cells of any bytes are cells: the record is refused, not the file.
#[test]
fn nul_bytes_and_broken_characters_make_bad_records_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let token = serving.token();
    let good = file(["H1".to_owned()]);
    let header = &good[..=good.find('\n').unwrap()];
    for junk in [&[0; 100][..], b"\xFF\xFE\x80", b"\xC3\t\xED\xA0\x80\t\x1B[2J"] {
        let body = [header.as_bytes(), junk, b"\n"].concat();
        let answer = serving.send("POST", UPLOAD, &token, "text/plain", &body).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let reply = crate::serving::json_of(&answer);
        assert_eq!(reply["totalRecords"], 1);
        assert!(reply["validationErrorsCount"].as_u64().unwrap() > 0, "{reply}");
        assert_eq!(reply["storageResult"]["REDACTED_DB"]["processedCount"], 0, "{reply}");
        // Also among the words of the reply no byte is one that a terminal obeys.
        assert!(!answer.body.iter().any(|byte| *byte < b' '), "{answer:?}");
    }
    assert_eq!(serving.exported(&token, "CVRS_PROCESSED_NON_REDACTED"), [""; 0]);
}

/// Bytes that are not even a request of a proper client: a status, or a connection that ends without one.
#[test]
fn hostile_requests_harm_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let token = serving.token();
    let head = |method: &str, path: &str, more: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {token}\r\n{more}\r\n")
    };
    let upload = |more: &str| head("POST", UPLOAD, &format!("Content-Type: text/plain\r\n{more}"));
    let json = |body: &str| {
        let length = body.len();
        head("POST", "/v0/token/gen", &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n")) + body
    };
    let good = file(["H1".to_owned()]);
    let many: String = (0..5000).map(|number| format!("X-{number}: y\r\n")).collect::<Vec<_>>().concat();
    let requests: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("a header line of 64 KB", head("GET", "/healthz", &format!("X: {}\r\n", "y".repeat(65_536))).into(), &[431]),
        ("5000 headers", head("GET", "/healthz", &many).into(), &[431]),
        ("a path of 64 KB", head("GET", &format!("/{}", "y".repeat(65_536)), "").into(), &[404, 414, 431]),
        ("a negative length", upload("Content-Length: -1\r\n").into(), &[400]),
        ("a length beyond numbers", upload("Content-Length: 99999999999999999999999999\r\n").into(), &[400]),
        ("a length of words", upload("Content-Length: many\r\n").into(), &[400]),
        ("two lengths", (upload("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello").into(), &[400]),
        (
            "a length and chunks",
            (upload("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n").into(),
            &[400],
        ),
        ("chunks without an end", (upload("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n").into(), &[400]),
        (
            "good chunks without an end",
            (upload("Transfer-Encoding: chunked\r\n") + &format!("{:x}\r\n{good}\r\n", good.len())).into(),
            &[400],
        ),
        (
            "a chunk beyond numbers",
            (upload("Transfer-Encoding: chunked\r\n") + "FFFFFFFFFFFFFFFFF\r\nx").into(),
            &[400],
        ),
        ("an unknown transfer coding", (upload("Transfer-Encoding: rot13\r\n") + &good).into(), &[400, 501]),
        ("a body cut short", (upload("Content-Length: 100000\r\n") + &good).into(), &[400]),
        ("a NUL in a header", head("GET", "/healthz", "X: a\0b\r\n").into(), &[400]),
        ("a line feed in a name", head("GET", "/healthz", "X\n y: a\r\n").into(), &[400]),
        ("no HTTP", b"hello\r\n\r\n".to_vec(), &[400]),
        ("a handshake of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &[400]),
        ("HTTP/9", b"GET /healthz HTTP/9.9\r\n\r\n".to_vec(), &[400, 505]),
        ("up and out", head("GET", "/v0/upload/file/../../../../etc/passwd", "").into(), &[400, 404]),
        (
            "up and out, encoded",
            head("GET", "/v0/upload/file/%2e%2e%2f%2e%2e%2fdemo-client.secret", "").into(),
            &[400, 404],
        ),
        ("up and out, encoded twice", head("GET", "/v0/upload/file/%252e%252e%252ftoken.key", "").into(), &[400, 404]),
        ("up and out, as Windows has it", head("GET", "/v0/upload/file/..%5c..%5ctoken.key", "").into(), &[400, 404]),
        ("a NUL in a path", head("GET", "/v0/upload/file/%00", "").into(), &[400, 404]),
        ("a percent sign alone", head("GET", "/v0/async/cvrs/jobs/%", "").into(), &[400, 404]),
        ("bytes that are no UTF-8 in a path", head("GET", "/v0/async/cvrs/jobs/%ff%fe", "").into(), &[400, 404]),
        (
            "an id in braces",
            head("GET", "/v0/async/cvrs/jobs/%7b7d3c2c0e-5a0f-4c1c-9d56-0d6b7f0a1c11%7d", "").into(),
            &[400],
        ),
        ("a path with two slashes", head("GET", "//v0/upload/file/x", "").into(), &[404]),
        ("quoteless JSON", json("{clientID:demo,clientSecret:x,scopes:[UPLOAD]}").into(), &[400]),
        ("deep JSON", json(&"[".repeat(60_000)).into(), &[400]),
        ("deep JSON, closed", json(&(r#"{"a":"#.repeat(9000) + "1" + &"}".repeat(9000))).into(), &[400]),
        ("JSON of wrong types", json(r#"{"clientID":{},"clientSecret":[],"scopes":{"a":1}}"#).into(), &[400]),
        (
            "JSON with a number beyond numbers",
            json(r#"{"clientID":1e999999,"clientSecret":"x","scopes":[]}"#).into(),
            &[400],
        ),
        ("a token call of 10 MB", json(&format!("{{\"clientID\":\"{}\"}}", "x".repeat(10_000_000))).into(), &[413]),
        ("half a surrogate", json(r#"{"clientID":"\ud800","clientSecret":"x","scopes":["UPLOAD"]}"#).into(), &[400]),
    ];
    let mut failures = Vec::new();
    for (name, bytes, statuses) in requests {
        match serving.http.raw(&bytes) {
            Ok(answer) if statuses.contains(&answer.status) => {
                assert!(!answer.text().contains(&serving.secret()), "{name}");
            }
            other => failures.push(format!("{name}: {statuses:?} expected, {other:?}")),
        }
        assert_eq!(serving.http.call("GET", "/healthz", &[], b"").unwrap().status, 200, "{name}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(serving.exported(&token, "CVRS_PROCESSED_REDACTED"), [""; 0]);
}

#[test]
fn a_slow_sender_is_told_so_and_others_are_served_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &["--body-timeout", "2"]);
    let token = serving.token();
    let headers = [("Authorization", &*token), ("Content-Type", "text/plain"), ("Content-Length", "1000000")];
    let head = serving.http.head("POST", UPLOAD, &headers) + "\r\n";
    let start = Instant::now();
    let mut streams: Vec<_> = (0..40)
        .map(|_| {
            let mut stream = serving.http.connect().unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..8 {
        for stream in &mut streams {
            stream.write_all(b"vax_event_id\t").unwrap();
        }
        let good = file([format!("S{}", uuid::Uuid::new_v4())]);
        assert_eq!(serving.send("POST", UPLOAD, &token, "text/plain", good.as_bytes()).unwrap().status, 200);
        std::thread::sleep(Duration::from_millis(100));
    }
    for mut stream in streams {
        assert_eq!(cvrs_testkit::http::read_answer(&mut stream).unwrap().status, 408);
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(serving.exported(&token, "CVRS_PROCESSED_REDACTED").len(), 8);
}
