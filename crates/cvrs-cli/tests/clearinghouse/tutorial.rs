//! The tutorial, run as it stands by the shell and the curl of this machine.

use crate::serving::Serving;
use std::process::{Command, Stdio};

/// What the page has typed, and what it says is printed then.
struct Step {
    typed: String,
    printed: String,
}

/// The commands of a page; the one that starts the server apart.
fn steps(page: &str) -> (String, Vec<Step>) {
    let (mut server, mut steps) = (String::new(), Vec::<Step>::new());
    let mut block: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(kind)) => block = Some((kind.to_owned(), String::new())),
            (Some((kind, text)), Some("")) => {
                match kind.as_str() {
                    "sh server" => server.clone_from(text),
                    "sh" => steps.push(Step { typed: text.clone(), printed: String::new() }),
                    "json" | "text" => steps.last_mut().expect("a command stands before").printed.clone_from(text),
                    other => panic!("a block of another kind: {other}"),
                }
                block = None;
            }
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    (server, steps)
}

/// Ids, tokens and times as so many marks.
fn masked(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            out.push('"');
        }
        let is_time = part.len() == 24 && part.ends_with('Z') && part.contains('T');
        let is_token = part == "…" || (part.len() > 100 && part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.'));
        if uuid::Uuid::try_parse(part).is_ok() && part.len() == 36 {
            out.push_str("ID");
        } else if is_time {
            out.push_str("TIME");
        } else if is_token {
            out.push_str("TOKEN");
        } else if let Some(rest) = part.strip_prefix(":1") {
            // Ten digits: a time in seconds.
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            out.push_str(if digits == 9 { ":SECONDS" } else { ":1" });
            out.push_str(if digits == 9 { &rest[9..] } else { rest });
        } else {
            out.push_str(part);
        }
    }
    out
}

#[test]
fn ids_tokens_and_times_are_masked_and_counts_are_not() {
    assert_eq!(
        masked(r#"{"id":"7d3c2c0e-5a0f-4c1c-9d56-0d6b7f0a1c11","token":"…","expiration":1634291135,"n":12}"#),
        r#"{"id":"ID","token":"TOKEN","expiration":SECONDS,"n":12}"#
    );
    assert_eq!(masked(r#"{"timestamp":"2021-01-29T12:00:00.000Z"}"#), r#"{"timestamp":"TIME"}"#);
}

#[test]
fn the_tutorial_does_what_it_says() {
    let has = |program: &str| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    if let Some(missing) = ["bash", "curl", "python3"].into_iter().find(|program| !has(program)) {
        eprintln!("SKIPPED: the tutorial was not run, since there is no {missing} on this machine");
        return;
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tutorial.md");
    let (server, steps) = steps(&std::fs::read_to_string(page).unwrap());
    assert_eq!(server, "cvrs serve --demo --data clearinghouse\n");
    assert!(steps.len() >= 9);
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start_in(folder.path(), "clearinghouse", &[], None);
    // The page's port may be taken on this machine; nothing else of it is changed.
    let address = "http://127.0.0.1:8080";
    assert_eq!(steps.iter().filter(|step| step.typed.contains(address)).count(), 1);
    let mut script = "set -eu -o pipefail\n".to_owned();
    for step in &steps {
        script += &step.typed.replace(address, &serving.base);
        script += "printf '\\n== end of step\\n'\n";
    }
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_cvrs")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(programs.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let ran = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path.unwrap())
        .env_remove("http_proxy")
        .env("no_proxy", "127.0.0.1")
        .output()
        .unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{errors}\n{printed}");
    let printed: Vec<&str> = printed.split("== end of step\n").collect();
    assert_eq!(printed.len(), steps.len() + 1, "{errors}\n{printed:?}");
    for (step, printed) in steps.iter().zip(printed) {
        assert_eq!(masked(printed.trim()), masked(step.printed.trim()), "{}", step.typed);
    }
}
