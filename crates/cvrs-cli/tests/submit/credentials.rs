//! Who is refused, and what is in the way: one clear line, the right exit code, nothing stored.

use crate::client::{Client, Ended, bare, ids, stored};
use crate::serving::{Serving, file};
use std::io::Write;
use std::process::Stdio;

/// The one line of an error, which names nothing secret.
fn told(ended: &Ended, code: i32) -> String {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    let errors: Vec<&str> = ended.err.lines().filter(|line| line.starts_with("error:")).collect();
    let [error] = errors[..] else { panic!("{ended:?}") };
    assert!(!ended.err.contains("hush") && !ended.out.contains("hush"), "{ended:?}");
    error.to_owned()
}

#[test]
fn a_wrong_secret_an_unknown_client_and_a_missing_scope_are_told_and_end_with_5() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let add =
        ["client", "add", "--isolated", "--id", "narrow", "--jurisdiction", "GAA", "--scope", "UPLOAD", "--clients"];
    let added = bare(folder.path()).args(add).arg(serving.data.join("clients.toml")).output().unwrap();
    assert!(added.status.success(), "{added:?}");
    let printed = String::from_utf8(added.stdout).unwrap();
    let is_secret = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let narrow =
        printed.split(|c: char| !c.is_ascii_alphanumeric()).find(is_secret).expect("a secret is printed").to_owned();
    let text = file(ids(3));
    for (id, secret, operation, word) in [
        ("demo", "hush".to_owned(), "create", "secret"),
        ("nobody", "hush".to_owned(), "create", "nobody"),
        ("narrow", narrow, "delete", "DELETE"),
    ] {
        let client = Client::new(&serving.base, id, &secret);
        client.write("a.txt", &text);
        let ended = client.submit(&["a.txt", "--operation", operation]);
        let error = told(&ended, 5);
        assert!(error.contains(word), "{error}");
        assert!(ended.receipts.is_empty());
    }
    assert!(stored(&serving, "CVRS_PROCESSED_NON_REDACTED").is_empty());
}

#[test]
fn an_unreachable_host_is_told_and_ends_with_4() {
    let client = Client::new("http://127.0.0.1:1", "demo", "hush");
    client.write("a.txt", &file(ids(3)));
    assert!(told(&client.submit(&["a.txt", "--retries", "1"]), 4).contains("127.0.0.1:1"));
    let client = Client::new("http://no-such-host.invalid", "demo", "hush");
    client.write("a.txt", &file(ids(3)));
    told(&client.submit(&["a.txt", "--retries", "0"]), 4);
}

#[test]
fn what_is_missing_on_the_command_line_is_wrong_usage() {
    let client = Client::new("http://127.0.0.1:1", "demo", "hush");
    client.write("a.txt", &file(ids(3)));
    let run = |words: &[&str]| {
        Ended::of(bare(client.folder.path()).arg("submit").args(words).stdin(Stdio::null()).output().unwrap())
    };
    let secret = ["--secret-file", "secret"];
    for words in [
        vec!["a.txt", "--client-id", "demo", secret[0], secret[1]],
        vec!["a.txt", "--url", "http://127.0.0.1:1", secret[0], secret[1]],
        vec!["a.txt", "--url", "http://127.0.0.1:1", "--client-id", "demo"],
        vec!["a.txt", "--url", "127.0.0.1", "--client-id", "demo", secret[0], secret[1]],
        vec!["a.txt", "--url", "ftp://127.0.0.1", "--client-id", "demo", secret[0], secret[1]],
    ] {
        told(&run(&words), 2);
    }
    assert_eq!(run(&[]).code, Some(2));
    assert_eq!(run(&["a.txt", "--watch", "."]).code, Some(2));
}

#[test]
fn the_secret_comes_from_a_file_the_environment_or_stdin() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    let client = Client::of(&serving);
    for (at, way) in ["environment", "stdin"].iter().enumerate() {
        client.write("a.txt", &file(ids(2)));
        let mut command = bare(client.folder.path());
        command.args(["submit", "a.txt", "--ledger", &format!("ledger{at}"), "--format", "json"]);
        command.env("CVRS_URL", &serving.base).env("CVRS_CLIENT_ID", "demo");
        let ended = if *way == "stdin" {
            let child =
                command.arg("--secret-stdin").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = child.spawn().unwrap();
            child.stdin.take().unwrap().write_all(format!("{}\n", serving.secret()).as_bytes()).unwrap();
            Ended::of(child.wait_with_output().unwrap())
        } else {
            Ended::of(command.env("CVRS_CLIENT_SECRET", serving.secret()).output().unwrap())
        };
        assert_eq!(ended.code, Some(0), "{way} {ended:?}");
        assert!(!ended.out.contains(&serving.secret()) && !ended.err.contains(&serving.secret()));
    }
}
