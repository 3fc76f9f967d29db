//! `cvrs serve` and `cvrs client` as they are typed.
#![cfg(feature = "serve")]
#![expect(clippy::disallowed_methods, reason = "the command keeps files")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn cvrs(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cvrs"));
    command.current_dir(folder).args(words).env_remove("CVRS_DATABASE_URL");
    command
}

/// Exit code, stdout and stderr.
fn ran(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let output = cvrs(folder, words).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A server with the account `demo`, its three lines and its address.
struct Serving {
    child: Child,
    lines: Vec<String>,
    address: String,
}

impl Serving {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let words = ["serve", "--demo", "--data", "d", "--listen", "127.0.0.1:0", "--log-format", "off", "-q"];
        let mut child = cvrs(folder, &[&words, more].concat()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let lines: Vec<String> = stdout.lines().take(3).map(|line| line.unwrap()).collect();
        let (_, address) = lines[2].split_once("http://").unwrap();
        let address = address.split('/').next().unwrap().to_owned();
        Self { child, lines, address }
    }

    /// A request, and the whole reply.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    /// Sends a signal and waits: the exit code.
    #[cfg(unix)]
    fn end(mut self, signal: &str) -> i32 {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
#[test]
fn the_demo_is_there_again_after_a_restart_and_ends_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let first = Serving::start(folder.path(), &[]);
    assert!(first.lines[1].starts_with("TOKEN=$(curl ") && first.lines[2].starts_with("curl "));
    let secret = std::fs::read_to_string(folder.path().join("d/demo-client.secret")).unwrap();
    assert_eq!(first.end("-TERM"), 0);
    let second = Serving::start(folder.path(), &[]);
    assert_eq!(std::fs::read_to_string(folder.path().join("d/demo-client.secret")).unwrap(), secret);
    let health = second.ask("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(health.starts_with("HTTP/1.1 200 OK\r\n"), "{health}");
    let body = format!(r#"{{"clientID":"demo","clientSecret":"{}","scopes":["UPLOAD"]}}"#, secret.trim());
    let token = second.ask(&format!(
        "POST /v0/token/gen HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert!(token.contains(r#"{"token":""#), "{token}");
    assert_eq!(second.end("-INT"), 130);
}

#[cfg(unix)]
#[test]
fn the_three_lines_work_word_for_word() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &[]);
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: there is no curl on this machine");
        return;
    }
    let ran = Command::new("sh").args(["-c", &serving.lines.join("\n")]).current_dir(folder.path()).output().unwrap();
    let reply = String::from_utf8(ran.stdout).unwrap();
    assert!(reply.contains(r#""totalRecords":100,"validationErrors":[],"validationErrorsCount":0"#), "{reply}");
    assert_eq!(reply.matches(r#""processedCount":100"#).count(), 2, "{reply}");
}

#[test]
fn a_cut_connection_brings_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path(), &["--fault", "cut=1", "--fault-seed", "1"]);
    assert_eq!(serving.ask("POST /v0/token/refresh HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "");
    assert!(serving.ask("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").contains("UP"));
}

#[test]
fn clients_are_added_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let add =
        ["client", "add", "--clients", "c.toml", "--id", "x", "--jurisdiction", "GAA", "--scope", "UPLOAD", "DELETE"];
    let (code, secret, note) = ran(folder.path(), &add);
    assert_eq!((code, secret.trim().len()), (0, 64), "{note}");
    assert!(!std::fs::read_to_string(folder.path().join("c.toml")).unwrap().contains(secret.trim()));
    let (_, list, _) = ran(folder.path(), &["client", "list", "--clients", "c.toml"]);
    assert_eq!(list.lines().nth(1), Some("x\tGAA\tUPLOAD,DELETE\tredacted,non-redacted,object storage\t"));
    assert_eq!(ran(folder.path(), &add).0, 2);
    let revoke = ["client", "revoke", "--clients", "c.toml", "--id", "x"];
    assert_eq!(ran(folder.path(), &revoke).0, 0);
    assert_eq!(ran(folder.path(), &revoke).0, 2);
    assert_eq!(ran(folder.path(), &["client", "list", "--clients", "none.toml"]).0, 3);
    assert_eq!(ran(folder.path(), &[&add[..9], &["--scope", "EXPORT"]].concat()).0, 2);
}

#[test]
fn paths_of_a_configuration_are_seen_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    std::fs::create_dir(&below).unwrap();
    let text =
        "[serve]\ndemo = true\ndata = \"d\"\nclients = \"c.toml\"\nlisten = \"127.0.0.1:0\"\nlog-format = \"off\"\n";
    std::fs::write(folder.path().join("cvrs.toml"), text).unwrap();
    for words in [&["serve", "-q"][..], &["serve", "-q", "--config", "../cvrs.toml"]] {
        let mut child = cvrs(&below, words).stdout(Stdio::piped()).spawn().unwrap();
        let lines: Vec<_> = BufReader::new(child.stdout.take().unwrap()).lines().take(3).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(lines.len(), 3, "{words:?}");
    }
    assert!(folder.path().join("d/demo-client.secret").exists() && folder.path().join("c.toml").exists());
    assert_eq!(std::fs::read_dir(&below).unwrap().count(), 0);
    // What is typed is seen from where it is typed.
    let listed = ran(&below, &["client", "list", "--clients", "../c.toml"]);
    assert!(listed.0 == 0 && listed.1.contains("demo"), "{listed:?}");
    // A file that is named in the configuration and missing is named by its whole path.
    std::fs::write(
        folder.path().join("cvrs.toml"),
        "[serve]\ndata = \"d\"\nclients = \"none.toml\"\nlisten = \"127.0.0.1:0\"\nlog-format = \"off\"\n",
    )
    .unwrap();
    let (code, _, error) = ran(&below, &["serve", "-q"]);
    let expected = folder.path().canonicalize().unwrap().join("none.toml");
    assert!(code == 3 && error.contains(expected.to_str().unwrap()), "{error}");
}

#[test]
fn what_cannot_be_served_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    std::fs::write(folder.path().join("bad.toml"), "[[client]]\nid = \"x\"\njurisdiction = \"J\"\n").unwrap();
    for (words, expected) in [
        (&["--demo", "--data", "d", "--listen", &*taken][..], 3),
        (&["--data", "d", "--clients", "none.toml", "--listen", "127.0.0.1:0"], 3),
        (&["--data", "d", "--clients", "bad.toml", "--listen", "127.0.0.1:0"], 2),
        (&["--demo", "--data", "d", "--listen", "127.0.0.1:0", "--tls-cert", "no", "--tls-key", "no"], 3),
        (&["--demo", "--data", "d", "--listen", "127.0.0.1:0", "--database-url", "postgres://app:hush@[x"], 3),
    ] {
        let (code, out, error) = ran(folder.path(), &[&["serve", "-q", "--log-format", "off"], words].concat());
        assert_eq!((code, &*out), (expected, ""), "{words:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with("error: ") && !error.contains("hush"), "{error}");
    }
    for words in [
        &["--data", "d"][..],
        &["--demo", "--data", "d", "--fault", "fire=1"],
        &["--demo", "--data", "d", "--tls-cert", "x"],
    ] {
        assert_eq!(ran(folder.path(), &[&["serve"], words].concat()).0, 2);
    }
}
