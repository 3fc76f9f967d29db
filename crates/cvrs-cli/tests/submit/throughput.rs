//! How fast a large file is checked, zipped and sent, to a server that only reads, and in how much memory.

use crate::client::{Client, Ended, bare};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

/// Records of the test that always runs, and of the measurement.
const SMALL: u64 = 30_000;
const LARGE: u64 = 3_100_000;

/// Reads a call and throws its body away; answers as a clearinghouse whose account stores nothing.
fn swallow(stream: &mut TcpStream) -> std::io::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 20, stream.try_clone()?);
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
        if let Some(value) = header.strip_prefix("content-length:") {
            n = value.trim().parse().unwrap();
        }
    }
    if is_asked {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    std::io::copy(&mut reader.take(n), &mut std::io::sink())?;
    let job = r#"{"id":"0b8f4b1e-6f0a-4f4e-8a6a-4c6b6a1d2e33","status":"COMPLETED","totalRecords":0,"validationErrors":[],"validationErrorsCount":0,"storageResult":{}}"#;
    let body = if line.contains("token") { r#"{"token":"t","expiration":4102444800}"# } else { job };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes())?;
    Ok(n)
}

/// Seconds and the highest memory in KiB.
fn send(records: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = swallow(&mut stream.unwrap());
        }
    });
    let client = Client::new(&base, "demo", "secret");
    let mut generate = bare(client.folder.path());
    let generate = generate.args(["generate", "--records", &records.to_string(), "-o", "a.txt"]);
    assert!(generate.status().unwrap().success());
    let bytes = std::fs::metadata(client.path("a.txt")).unwrap().len();
    let start = Instant::now();
    let mut command = client.command(&["submit", "a.txt", "--ledger", "ledger", "--format", "json", "--mode", "async"]);
    command.args(["--today", "2022-12-31"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let id = child.id();
    let watcher = std::thread::spawn(move || {
        let mut peak = 0u64;
        // The kernel keeps the peak itself; it is gone with the process.
        while let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) {
            let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { break };
            peak = peak.max(line.split_whitespace().next().unwrap().parse().unwrap());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        peak
    });
    let ended = Ended::of(child.wait_with_output().unwrap());
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let receipt = ended.receipt();
    assert_eq!(receipt["sent"], records);
    let sent: u64 = receipt["parts"].as_array().unwrap().iter().map(|part| part["bytes"].as_u64().unwrap()).sum();
    let peak = watcher.join().unwrap();
    println!(
        "{records} records, {:.0} MB of text, {:.0} MB sent: {seconds:.2} s, {:.0} MB/s of text, {} MB of memory at most",
        bytes as f64 / 1e6,
        sent as f64 / 1e6,
        bytes as f64 / 1e6 / seconds,
        peak / 1000
    );
    assert!(peak < 256_000, "{peak} KiB");
}

#[test]
fn memory_is_bounded() {
    send(SMALL);
}

#[test]
#[ignore = "a gigabyte; run with --release to measure"]
fn a_gigabyte() {
    send(LARGE);
}
