//! TLS: an authority of one's own, client certificates in every form, a proxy; certificates are made for the test.

use crate::client::{Client, Ended, ids, sorted, stored};
use crate::serving::{Serving, file};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const PASSWORD: &str = "hush-hush";

fn openssl(folder: &Path, words: &str) -> bool {
    let output = Command::new("openssl").args(words.split(' ')).current_dir(folder).output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(_) => false,
    }
}

/// An authority, a server's certificate and a client's, and the client's key in other forms; false without openssl.
fn certificates(folder: &Path) -> bool {
    let extensions = "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n";
    std::fs::write(folder.join("leaf.ext"), extensions).unwrap();
    std::fs::write(folder.join("password"), format!("{PASSWORD}\n")).unwrap();
    let new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    if !openssl(folder, &format!("{new} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem")) {
        eprintln!("SKIPPED: there is no openssl");
        return false;
    }
    for name in ["server", "client"] {
        openssl(folder, &format!("{new} -subj /CN={name} -keyout {name}.key -out {name}.csr"));
        let sign = "x509 -req -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -extfile leaf.ext";
        openssl(folder, &format!("{sign} -in {name}.csr -out {name}.pem"));
    }
    openssl(
        folder,
        &format!("pkcs8 -topk8 -v2 aes-256-cbc -in client.key -passout pass:{PASSWORD} -out client.enc.key"),
    );
    let pfx = "pkcs12 -export -inkey client.key -in client.pem -certfile ca.pem";
    openssl(folder, &format!("{pfx} -passout pass:{PASSWORD} -out client.pfx"));
    true
}

/// A server that speaks TLS, and asks for certificates if it is told to.
fn serve(folder: &Path, more: &[&str]) -> (Serving, String) {
    let pem = |name: &str| folder.join(name).display().to_string();
    let (cert, key) = (pem("server.pem"), pem("server.key"));
    let serving = Serving::start(folder, &[&["--tls-cert", &cert, "--tls-key", &key], more].concat());
    let url = serving.base.replace("http://", "https://");
    (serving, url)
}

#[test]
fn a_client_certificate_opens_in_every_form_and_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        return;
    }
    let pem = |name: &str| folder.path().join(name).display().to_string();
    let (authority, password) = (pem("ca.pem"), pem("password"));
    let (serving, url) = serve(folder.path(), &["--client-ca", &authority]);
    let client = Client::new(&url, "demo", &serving.secret());
    let mut all = Vec::new();
    let (cert, key, enc, pfx) = (pem("client.pem"), pem("client.key"), pem("client.enc.key"), pem("client.pfx"));
    let both =
        client.write("both.pem", &(std::fs::read_to_string(&cert).unwrap() + &std::fs::read_to_string(&key).unwrap()));
    let both = both.display().to_string();
    let forms: [&[&str]; 4] = [
        &["--cert", &cert, "--key", &key],
        &["--cert", &cert, "--key", &enc, "--cert-password-file", &password],
        &["--cert", &pfx, "--cert-password-file", &password],
        &["--cert", &both],
    ];
    for (at, form) in forms.iter().enumerate() {
        let mine = ids(3);
        let name = format!("{at}.txt");
        client.write(&name, &file(mine.clone()));
        all.extend(mine);
        let ended = client.submit(&[&[name.as_str(), "--ca", &authority], *form].concat());
        assert_eq!(ended.code, Some(0), "{form:?} {ended:?}");
    }
    client.write("bad.txt", &file(ids(3)));
    let wrong = client.write("wrong", "wrong").display().to_string();
    let server_key = pem("server.key");
    for (words, code, told) in [
        (vec!["--ca", &authority], 5, "certificate"),
        (vec!["--cert", &cert, "--key", &key, "--retries", "0"], 4, "--ca"),
        (vec!["--ca", &authority, "--cert", &cert, "--key", &enc], 3, "--cert-password-file"),
        (vec!["--ca", &authority, "--cert", &cert, "--key", &enc, "--cert-password-file", &wrong], 3, "password"),
        (vec!["--ca", &authority, "--cert", &pfx, "--cert-password-file", &wrong], 3, "password"),
        (vec!["--ca", &authority, "--cert", &cert, "--key", &server_key], 3, "do not fit"),
        (vec!["--ca", &server_key], 3, "no certificate"),
    ] {
        let ended = client.submit(&[&["bad.txt"], &words[..]].concat());
        assert_eq!(ended.code, Some(code), "{words:?} {ended:?}");
        let errors: Vec<&str> = ended.err.lines().filter(|line| line.starts_with("error:")).collect();
        assert!(errors.len() == 1 && errors[0].contains(told), "{words:?} {errors:?}");
        assert!(!ended.err.contains(PASSWORD) && !ended.err.contains("PRIVATE"), "{ended:?}");
    }
    drop(serving);
    let serving = Serving::start(folder.path(), &[]);
    assert_eq!(stored(&serving, "CVRS_PROCESSED_NON_REDACTED"), sorted(all));
}

/// A proxy that tunnels, and counts for how many it did.
fn proxy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let n_tunnels = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&n_tunnels);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut near = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && near.read(&mut byte).is_ok_and(|n| n > 0) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let Some(target) = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else { continue };
            let mut far = TcpStream::connect(target).unwrap();
            counted.fetch_add(1, Ordering::Relaxed);
            near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut from, mut to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut far, &mut near);
                let _ = near.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    (url, n_tunnels)
}

#[test]
fn a_proxy_is_gone_through_unless_the_host_is_excepted() {
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path()) {
        return;
    }
    let authority = folder.path().join("ca.pem").display().to_string();
    let (serving, url) = serve(folder.path(), &[]);
    let client = Client::new(&url, "demo", &serving.secret());
    let (proxy, n_tunnels) = proxy();
    for (except, is_used) in [("", true), ("127.0.0.1", false)] {
        client.write("a.txt", &file(ids(3)));
        let mut command =
            client.command(&["submit", "a.txt", "--ledger", "ledger", "--format", "json", "--ca", &authority]);
        command.env("https_proxy", &proxy).env("HTTPS_PROXY", &proxy).env("no_proxy", except).env("NO_PROXY", except);
        let ended = Ended::of(command.output().unwrap());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(n_tunnels.swap(0, Ordering::Relaxed) > 0, is_used, "{except:?}");
    }
    drop(serving);
}
