//! Ctrl-C: exit code 130, and no file under its final name.
#![cfg(unix)]

use crate::sandbox::{Sandbox, good};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn start(sandbox: &Sandbox) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cvrs"))
        .current_dir(sandbox.path("."))
        .args(["validate", "--profile", "dch", "--today", "2021-01-29", "--format", "jsonl", "-o", "o.jsonl"])
        .args(["--clean", "c.txt", "--rejects", "r.txt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

/// More than a pipe holds, so that the run has begun, and listens for Ctrl-C, once all of it is written.
fn block() -> Vec<u8> {
    let block = good(5000);
    assert!(block.len() > 1 << 20, "{}", block.len());
    block
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

fn is_interrupted(child: Child, sandbox: &Sandbox) -> String {
    let start = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}", start.elapsed());
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(sandbox.names().is_empty(), "{:?}", sandbox.names());
    String::from_utf8(output.stderr).expect("text")
}

#[test]
fn a_run_that_is_fed_stops_and_says_so() {
    let sandbox = Sandbox::new();
    let mut child = start(&sandbox);
    let mut stdin = child.stdin.take().expect("a pipe");
    let block = block();
    stdin.write_all(&block).expect("a reader");
    // Until the reader has gone; the bound is for a reader that never goes.
    let feeder = std::thread::spawn(move || (0..20_000).take_while(|_| stdin.write_all(&block).is_ok()).count());
    interrupt(&child);
    let stderr = is_interrupted(child, &sandbox);
    assert_eq!(stderr, "error: interrupted; no file was written\n");
    assert!(feeder.join().expect("the feeder") < 20_000);
}

#[test]
fn a_run_that_waits_for_its_input_stops_too() {
    let sandbox = Sandbox::new();
    let mut child = start(&sandbox);
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&block()).expect("a reader");
    interrupt(&child);
    is_interrupted(child, &sandbox);
    drop(stdin);
}
