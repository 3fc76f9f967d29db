//! Nothing of a person is told unless asked for: marked values in every column, looked for in everything that comes out.

use crate::sandbox::{Ran, Sandbox, good, gzip};
use cvrs_rules::example;
use cvrs_spec::{Field, Version};

/// Values that look like a person's, each with what it can be known by: a long odd name, a date, a phone number.
const KINDS: [&str; 4] = ["Quexalotl {}", "1947-03-{}", "404-555-01{}", "1947/03/{}"];

/// A row in which every column but the two ids holds a marked value, and the marks.
fn marked_row(kind: &str, number: usize) -> (String, Vec<String>) {
    let mut marks = Vec::new();
    let cells: Vec<String> = Version::V3
        .columns()
        .iter()
        .enumerate()
        .map(|(at, field)| match field {
            Field::VaxEventId => format!("EVENTMARK{number}"),
            Field::RecipId => format!("RECIPMARK{number}"),
            _ => {
                let value = kind.replace("{}", &format!("{:02}", at + 10));
                marks.push(value.clone());
                value
            }
        })
        .collect();
    (cells.join("\t"), marks)
}

/// Good rows in which one column at a time holds a marked value: other rules speak then.
fn rows_with_one_mark(kind: &str) -> (String, Vec<String>) {
    let (mut text, mut marks) = (String::new(), Vec::new());
    for (at, &field) in Version::V3.columns().iter().enumerate() {
        if !matches!(field, Field::VaxEventId | Field::RecipId) {
            let value = kind.replace("{}", &format!("{:02}", at + 10));
            let good = example::row(Version::V3, &[]);
            let mut cells: Vec<&str> = good.split('\t').collect();
            let id = format!("EVENTMARK{at}");
            cells[Field::VaxEventId as usize] = &id;
            cells[field as usize] = &value;
            text += &cells.join("\t");
            text.push('\n');
            marks.push(value);
        }
    }
    (text, marks)
}

fn looked_through(output: &str, marks: &[String], what: &str) {
    for mark in marks {
        assert!(!output.contains(mark.as_str()), "{mark:?} stands in {what}:\n{output}");
    }
}

fn marked_file() -> (Vec<u8>, Vec<String>) {
    let mut text = example::header(Version::V3) + "\n";
    let mut all = Vec::new();
    for (number, kind) in KINDS.iter().enumerate() {
        let (row, marks) = marked_row(kind, number);
        text = text + &row + "\n" + &row + "\tmore\n";
        all.extend(marks);
        let (rows, marks) = rows_with_one_mark(kind);
        text += &rows;
        all.extend(marks);
    }
    (text.into_bytes(), all)
}

fn both(ran: &Ran) -> String {
    ran.stdout.clone() + &ran.stderr
}

#[test]
fn no_report_and_no_note_holds_a_value() {
    let (bytes, marks) = marked_file();
    let sandbox = Sandbox::with(&bytes);
    for profile in ["recommended", "dch", "strict"] {
        for format in ["text", "json", "jsonl", "tsv"] {
            let ran = sandbox.validate_it(&["-v", "--profile", profile, "--format", format, "--limit", "all"]).exits(1);
            looked_through(&both(&ran), &marks, &format!("{format} of {profile}"));
        }
        let mut words = vec!["--profile", profile, "-o", "o", "--level", "XR021=info"];
        words.extend(["--report=text=a", "--report=json=b", "--report=jsonl=c", "--report=tsv=d"]);
        let ran = sandbox.validate_it(&words).exits(1);
        looked_through(&both(&ran), &marks, "the terminal");
        for name in ["o", "a", "b", "c", "d"] {
            looked_through(&sandbox.read_text(name), &marks, name);
        }
    }
}

#[test]
fn ids_are_shown_unless_hidden() {
    let (bytes, _) = marked_file();
    let sandbox = Sandbox::with(&bytes);
    for format in ["json", "jsonl", "tsv"] {
        let shown = sandbox.validate_it(&["--format", format]).exits(1);
        assert!(shown.stdout.contains("EVENTMARK1") && shown.stdout.contains("RECIPMARK1"), "{format}");
        let hidden = both(&sandbox.validate_it(&["--format", format, "--no-ids", "-v"]).exits(1));
        assert!(!hidden.contains("EVENTMARK") && !hidden.contains("RECIPMARK"), "{format}");
    }
}

#[test]
fn values_are_shown_when_asked_for() {
    let (bytes, _) = marked_file();
    let sandbox = Sandbox::with(&bytes);
    let expected = "Quexalotl 18";
    for format in ["jsonl", "tsv"] {
        let ran = sandbox.validate_it(&["--format", format, "--show-values"]).exits(1);
        assert!(ran.stdout.contains(expected), "{format}");
    }
}

#[test]
fn no_failure_holds_a_value() {
    let (bytes, marks) = marked_file();
    let body = bytes.iter().position(|&byte| byte == b'\n').expect("a header") + 1;
    let without_header = bytes[body..].to_vec();
    let first_row_as_header = [&without_header[..], &good(1)].concat();
    let commas: Vec<u8> = bytes.iter().map(|&byte| if byte == b'\t' { b',' } else { byte }).collect();
    let mut cut = gzip(&bytes.repeat(40));
    cut.truncate(cut.len() / 2);
    let long = [&bytes[..], &marks[0].as_bytes().repeat(6 << 20)].concat();
    // One name is known, so that the others, a person's, are unknown names and not a file of another kind.
    let half_header = [b"vax_event_id\t".to_vec(), without_header.clone()].concat();
    let utf16: Vec<u8> =
        String::from_utf8(bytes.clone()).expect("text").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (what, bytes) in [
        ("no header", without_header),
        ("a person's row as header", first_row_as_header),
        ("half a header", half_header),
        ("commas", commas),
        ("a cut gzip", cut),
        ("a line over the limit", long),
        ("utf-16", utf16),
    ] {
        let sandbox = Sandbox::with(&bytes);
        for format in ["text", "jsonl", "json"] {
            let ran = sandbox.validate_it(&["-v", "--profile", "dch", "--format", format, "--clean", "/dev/full"]);
            assert_ne!(ran.code, 0, "{what}");
            looked_through(&both(&ran), &marks, what);
        }
    }
}

/// Values of wrong shape besides those of [`KINDS`]: blanks and quotes around them, overlong, not UTF-8, with controls.
const SPOILT: [&str; 6] = [
    " Quexalotl {} ",
    "\"Quexalotl {}\"",
    "Quexalotl {}{long}",
    "Quexalotl {}{E9}",
    "{E9}Quexalotl {}\r",
    "1947-03-{} 13:45",
];

/// Good records in which one column at a time holds a spoilt value, and rows with a cell too few; each mark is told with
/// its column.
fn spoilt_file() -> (Vec<u8>, Vec<(Field, String)>) {
    let mut text = (example::header(Version::V3) + "\n").into_bytes();
    let mut marks = Vec::new();
    for (at, &field) in Version::V3.columns().iter().enumerate() {
        let is_id = matches!(field, Field::VaxEventId | Field::RecipId);
        for (number, kind) in SPOILT.iter().enumerate() {
            let name = if is_id { "EVENTMARK" } else { "Quexalotl" };
            let kind = kind.replace("Quexalotl", name).replace("{}", &format!("{:02}", at + 10));
            let kind = if is_id { kind.replace(' ', "") } else { kind };
            let bytes = kind.replace("{long}", &"x".repeat(300)).into_bytes();
            let bytes: Vec<u8> =
                String::from_utf8_lossy(&bytes).split("{E9}").map(str::as_bytes).collect::<Vec<_>>().join(&0xE9);
            let good = example::row(Version::V3, &[(Field::VaxEventId, "?")]).replace('?', &format!("A{at}-{number}"));
            let mut cells: Vec<&[u8]> = good.split('\t').map(str::as_bytes).collect();
            cells[at] = &bytes;
            text.extend_from_slice(&cells.join(&b'\t'));
            text.push(b'\n');
            text.extend_from_slice(&cells[..44].join(&b'\t'));
            text.push(b'\n');
            if !is_id {
                let mark = if kind.contains("1947") {
                    format!("1947-03-{:02}", at + 10)
                } else {
                    format!("Quexalotl {:02}", at + 10)
                };
                marks.push((field, mark));
            }
        }
    }
    (text, marks)
}

#[test]
fn no_value_of_wrong_shape_or_place_is_told() {
    let (bytes, marks) = spoilt_file();
    let marks: Vec<String> = marks.into_iter().map(|mark| mark.1).collect();
    let sandbox = Sandbox::with(&bytes);
    for profile in ["recommended", "dch", "strict", "tool"] {
        let mut words = vec!["-v", "--profile", profile, "--limit", "all", "--stats", "--no-ids", "-o", "o"];
        words.extend(["--report=text=a", "--report=json=b", "--report=jsonl=c", "--report=tsv=d", "--report=stats=e"]);
        let ran = sandbox.validate_it(&words).exits(1);
        looked_through(&both(&ran), &marks, "the terminal");
        for name in ["o", "a", "b", "c", "d", "e"] {
            let text = sandbox.read_text(name);
            looked_through(&text, &marks, name);
            assert!(!text.contains("EVENTMARK"), "{profile}: an id stands in {name}");
        }
    }
}

#[test]
fn fix_tells_lengths_of_what_is_a_persons() {
    let (bytes, marks) = spoilt_file();
    let sandbox = Sandbox::with(&bytes);
    let personal: Vec<String> =
        marks.iter().filter(|(field, _)| field.facts().is_personal).map(|mark| mark.1.clone()).collect();
    let all: Vec<String> = marks.into_iter().map(|mark| mark.1).collect();
    let base = ["fix", crate::sandbox::NAME, "--today", "2021-01-29", "-v", "--unsafe-fixes", "--no-ids"];
    let ran = sandbox.run(&[&base[..], &["-o", "out", "--log", "log", "--rejects", "rest"]].concat()).exits(1);
    looked_through(&both(&ran), &all, "the terminal");
    let log = sandbox.read_text("log");
    assert!(log.lines().count() > 100, "the log is short");
    looked_through(&log, &personal, "the log");
    assert!(!log.contains("EVENTMARK"), "an id stands in the log");
    let ran = sandbox.run(&[&base[..], &["--diff"]].concat()).exits(1);
    assert!(ran.stdout.lines().count() > 100, "the diff is short");
    looked_through(&both(&ran), &personal, "the diff");
    assert!(!ran.stdout.contains("EVENTMARK"), "an id stands in the diff");
    let shown =
        sandbox.run(&["fix", crate::sandbox::NAME, "--today", "2021-01-29", "--diff", "--show-values"]).exits(1);
    assert!(personal.iter().any(|mark| shown.stdout.contains(mark.as_str())));
}
