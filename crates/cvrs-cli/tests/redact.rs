//! `cvrs redact` from the outside: outputs, options, exit codes, and what is never told.
#![expect(clippy::disallowed_methods, reason = "tests of the command read and write files")]

use assert_cmd::Command;
use cvrs_rules::example::{IDENTIFIED, header, row};
use cvrs_spec::Field::{
    self, AdminAddressStreet, AdminName, ExtType, PprlId, RecipAddressStreet, RecipAddressZip, RecipDob,
    RecipFirstName, RecipId, RecipLastName, RecipMiddleName, VaxEventId,
};
use cvrs_spec::Version;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const INPUT: &str = "20210129_01_GAA.txt";

/// A folder with one input in it.
struct Desk {
    folder: TempDir,
}

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Desk {
    fn new(text: &[u8]) -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        desk.with(INPUT, text)
    }

    fn with(self, name: &str, text: &[u8]) -> Self {
        fs::write(self.path(name), text).expect("a file");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.path(name)).expect("an output")).into_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn run_with(&self, words: &[&str], stdin: &[u8]) -> Ended {
        let mut command = Command::cargo_bin("cvrs").expect("the binary");
        command.current_dir(self.folder.path()).args(["redact", "--isolated"]).args(words);
        let output = command.write_stdin(stdin).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn run(&self, words: &[&str]) -> Ended {
        self.run_with(&[&[INPUT], words].concat(), b"")
    }
}

type Cells<'a> = &'a [(Field, &'a str)];

const PERSON: Cells<'static> = &[
    (ExtType, "I"),
    (RecipFirstName, "Zanzibara"),
    (RecipMiddleName, ""),
    (RecipLastName, "Quokkaberg"),
    (RecipAddressStreet, "77 Wombat Way"),
];

/// A file with these rows of identified records, each with ids of its own.
fn rows(rows: &[Cells<'_>]) -> String {
    let mut text = header(Version::V3) + "\n";
    for (at, cells) in rows.iter().enumerate() {
        let (event, recipient) = (format!("GA-{at}"), format!("R-{at}"));
        // The first that is said of a column counts.
        let mut own: Vec<(Field, &str)> = cells.to_vec();
        own.extend(PERSON);
        own.extend(IDENTIFIED);
        own.extend([(VaxEventId, &event[..]), (RecipId, &recipient)]);
        text += &row(Version::V3, &own);
        text.push('\n');
    }
    text
}

/// The same rows as the specification wants them in model D, with further cells.
fn redacted(cells: &[Cells<'_>]) -> String {
    let six = Field::all().filter(|field| field.facts().is_redacted).map(|field| (field, "Redacted"));
    let six: Vec<(Field, &str)> = six.chain([(ExtType, "D")]).collect();
    let all: Vec<Vec<(Field, &str)>> = cells.iter().map(|cells| [cells, &six[..]].concat()).collect();
    rows(&all.iter().map(|cells| &cells[..]).collect::<Vec<_>>())
}

#[test]
fn identified_records_become_model_d() {
    let desk = Desk::new(rows(&[&[], &[(PprlId, "t0k3n"), (ExtType, "P")]]).as_bytes());
    let ended = desk.run(&[]);
    assert_eq!((ended.code, &ended.stdout), (Some(0), &redacted(&[&[], &[]])), "{}", ended.stderr);
    for words in [
        "15 changes, 2 of 2 records",
        "R01 redacted: 12",
        "R02 ext-type: 2",
        "R03 pprl-id: 1",
        "XR011 warning: model differs from the first record's: 1 (line 3)",
        "2 records read = 2 written + 0 rejected",
    ] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    // Twice is once, and nothing is left to do.
    let again = desk.run_with(&["-"], ended.stdout.as_bytes());
    assert_eq!((again.code, &again.stdout), (Some(0), &ended.stdout));
    assert!(again.stderr.contains("0 changes, 0 of 2 records"), "{}", again.stderr);
}

#[test]
fn linkage_ids_come_from_the_map_and_rows_without_one_go_to_the_rejects() {
    let text = rows(&[&[], &[], &[]]);
    let desk = Desk::new(text.as_bytes()).with("map.csv", b"recip_id,pprl_id\nR-0,link-0\nR-2,link-2\n");
    let ended = desk.run(&["--pprl-map", "map.csv", "--rejects", "r.txt", "-o", "out.txt"]);
    assert_eq!((ended.code, &ended.stdout[..]), (Some(1), ""), "{}", ended.stderr);
    let all = redacted(&[&[(ExtType, "P"), (PprlId, "link-0")], &[], &[(ExtType, "P"), (PprlId, "link-2")]]);
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    assert_eq!(desk.read("out.txt"), [lines[0], lines[1], lines[3]].concat());
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    assert_eq!(desk.read("r.txt"), [lines[0], lines[2]].concat());
    assert!(ended.stderr.contains("R03 not written: recip_id has no entry in the map: 1 (line 3)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("3 records read = 2 written + 1 rejected\n"), "{}", ended.stderr);
    // What was written has ids that the map knows.
    let again = desk.run_with(&["-", "--to", "P", "--pprl-map", "map.csv"], desk.read("out.txt").as_bytes());
    assert_eq!((again.code, again.stdout), (Some(0), desk.read("out.txt")));
    // Without --rejects it is said that rows are left out, even if little is to be said.
    let ended = desk.run(&["--pprl-map", "map.csv", "-q"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("+ 1 rejected; no --rejects is given, so they are left out"), "{}", ended.stderr);
    assert_eq!(desk.run(&["--pprl-map", "map.csv", "--fail-on", "never"]).code, Some(0));
}

#[test]
fn rows_of_another_length_are_not_written_and_line_ends_stay() {
    let text = rows(&[&[], &[], &[]]);
    let lines: Vec<&str> = text.lines().collect();
    let text = format!("{}\r\n{}\r\n\r\n{}\textra\n\n{}", lines[0], lines[1], lines[2], lines[3]);
    let desk = Desk::new(text.as_bytes());
    let ended = desk.run(&["--rejects", "r.txt"]);
    let all = redacted(&[&[], &[], &[]]);
    let good: Vec<&str> = all.lines().collect();
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stdout, format!("{}\r\n{}\r\n\r\n\n{}", good[0], good[1], good[3]));
    assert_eq!(desk.read("r.txt"), format!("{}\r\n{}\textra\n", lines[0], lines[2]));
    assert!(ended.stderr.contains("XR001 not written: wrong number of cells: 1 (line 4)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("3 records read = 2 written + 1 rejected; 2 blank lines"), "{}", ended.stderr);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path("r.txt")).expect("rejects").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn stronger_measures_are_asked_for_one_by_one() {
    let cells: Cells<'_> = &[(RecipDob, "1968-05-27"), (RecipAddressZip, "30301-1234")];
    let text = rows(&[cells]);
    // As another program makes it: printf R-0 | openssl dgst -sha256 -hmac key
    let pseudonym = "31ee7b21291e4ca77a78e8a15fd24ab0";
    let desk = Desk::new(text.as_bytes()).with("key", b"key");
    let made = |words: &[&str]| desk.run(words).stdout;
    assert_eq!(made(&[]), redacted(&[cells]));
    assert_eq!(made(&["--dob-month"]), redacted(&[&[(RecipDob, "1968-05"), (RecipAddressZip, "30301-1234")]]));
    assert_eq!(made(&["--zip5"]), redacted(&[&[(RecipDob, "1968-05-27"), (RecipAddressZip, "30301")]]));
    let with_key = desk.run(&["--pseudonym-key", "key"]);
    assert_eq!(with_key.stdout, redacted(&[cells]).replace("R-0", pseudonym));
    assert!(with_key.stderr.contains("R06 pseudonym: 1 (outside the specification)"), "{}", with_key.stderr);
    let again = desk.run_with(&["-", "--pseudonym-key", "key"], with_key.stdout.as_bytes());
    assert_eq!(again.stdout, with_key.stdout);
    assert!(again.stderr.contains("R06 warning"), "{}", again.stderr);
}

#[test]
fn what_still_tells_the_person_is_told_without_values() {
    let home: Cells<'_> = &[(AdminAddressStreet, "77 WOMBAT WAY ")];
    let text = rows(&[
        &[],
        home,
        &[(AdminName, "Home of Quokkaberg, Zanzibara")],
        &[(VaxEventId, "GA-QUOKKABERG-1")],
        &[(RecipId, "R19680527"), (RecipDob, "1968-05-27")],
        &[(RecipMiddleName, "Redacted")],
    ]);
    let desk = Desk::new(text.as_bytes());
    let words = ["--report", "jsonl=f.jsonl", "--report", "tsv=f.tsv", "--log", "l.tsv"];
    let ended = desk.run(&words);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let told: Vec<String> = desk
        .read("f.jsonl")
        .lines()
        .map(|line| {
            let found: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert!(found.get("vax_event_id").is_none() && found.get("value").is_none());
            assert_eq!(found["level"] == "info", found["code"] == "L05", "{line}");
            format!("{} {} {}", found["line"], found["code"].as_str().unwrap(), found["field"].as_str().unwrap())
        })
        .collect();
    // Everybody was vaccinated where they live.
    let (cities, told): (Vec<String>, Vec<String>) =
        told.into_iter().partition(|told| told.ends_with("L05 admin_address_city"));
    assert_eq!(cities.len(), 6);
    assert!(ended.stderr.contains("  L05 note: ") && ended.stderr.contains("  L01 warning: "), "{}", ended.stderr);
    assert_eq!(
        told,
        [
            "3 L01 admin_address_street",
            "4 L02 admin_name",
            "5 L04 vax_event_id",
            "6 L03 recip_id",
            "7 XR024 recip_middle_name"
        ]
    );
    assert_eq!(desk.read("f.tsv").lines().count(), 12);
    let everything = [&ended.stderr, &desk.read("f.jsonl"), &desk.read("f.tsv"), &desk.read("l.tsv")]
        .map(|text| text.to_lowercase());
    for canary in ["zanzibara", "quokkaberg", "wombat", "1968", "r19680527"] {
        assert!(everything.iter().all(|text| !text.contains(canary)), "{canary} is told");
    }
    let byte = text.find("GA-1\t").expect("the second row");
    assert!(desk.read("f.jsonl").contains(&format!("\"byte\":{byte},\"column\":37,")), "{}", desk.read("f.jsonl"));
    assert_eq!(desk.run(&["--fail-on", "warn"]).code, Some(1));
    let alone = Desk::new(rows(&[&[]]).as_bytes()).run(&["--fail-on", "warn"]);
    assert!(alone.code == Some(0) && alone.stderr.contains("  L05 note: "), "{}", alone.stderr);
    let emptied = desk.run(&["--redact-home-admin"]);
    assert!(!emptied.stdout.to_lowercase().contains("wombat"));
    assert!(emptied.stderr.contains("R07 home-admin: 2") && !emptied.stderr.contains("L01"), "{}", emptied.stderr);
}

#[test]
fn the_log_has_a_line_for_each_change_and_values_only_on_request() {
    let desk = Desk::new(rows(&[&[]]).as_bytes());
    assert_eq!(desk.run(&["--log", "l.tsv"]).code, Some(0));
    let log = desk.read("l.tsv");
    assert!(log.starts_with("file\tline\trecord\tfield\trule\tbefore\tafter\n"), "{log}");
    assert_eq!(log.lines().count(), 8);
    assert!(log.contains("20210129_01_GAA.txt\t2\t1\text_type\tR02\tI\tD\n"), "{log}");
    assert!(log.contains("\trecip_middle_name\tR01\t(0 characters)\t(8 characters)\n"), "{log}");
    desk.run(&["--log", "l.tsv", "--show-values"]);
    assert!(desk.read("l.tsv").contains("\trecip_last_name\tR01\tQuokkaberg\tRedacted\n"));
}

#[test]
fn what_is_in_doubt_is_refused_and_leaves_nothing() {
    let text = rows(&[&[]]);
    let twice = text.replacen("serology", "recip_last_name", 1);
    let unknown = text.replacen("serology", "serologie_x", 1);
    let comma = text.replace('\t', ",");
    for (text, words) in [
        (&twice, "recip_last_name twice"),
        (&unknown, "unknown name in column 45 (serologie_x)"),
        (&comma, "comma"),
        (&"one\ttwo\n1\t2\n".to_owned(), "no name in its first line"),
        (&String::new(), "empty"),
        (&text.replace('\n', "\r"), "CR"),
    ] {
        let desk = Desk::new(text.as_bytes());
        let ended = desk.run(&["-o", "out.txt", "--rejects", "r.txt", "--log", "l.tsv"]);
        assert_eq!((ended.code, &ended.stdout[..]), (Some(3), ""), "{words}");
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        assert_eq!(desk.names(), [INPUT]);
        assert!(!ended.stderr.contains("Quokkaberg"));
    }
}

#[test]
fn wrong_usage_is_told() {
    let desk = Desk::new(rows(&[&[]]).as_bytes()).with("map", b"R-0\tlink\n").with("empty", b"");
    for (words, told) in [
        (&["--to", "I"][..], "cannot be put back"),
        (&["--to", "P"], "needs --pprl-map"),
        (&["--to", "D", "--pprl-map", "map"], "model D has no linkage id"),
        (&["--pseudonym-key", "empty"], "the key is empty"),
        (&["-o", INPUT], "never overwritten"),
        (&["--pprl-map", "map", "--log", "map"], "never overwritten"),
        (&["-o", "a", "--report", "tsv=a"], "the same file"),
        (&["--report", "text=a"], "expected jsonl or tsv"),
        (&["--zip3"], "unexpected argument"),
    ] {
        let ended = desk.run(words);
        assert_eq!(ended.code, Some(2), "{words:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
    let desk = desk.with("bad", b"recip_id\tpprl_id\nR-0\n");
    let ended = desk.run(&["--pprl-map", "bad"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("bad: line 2: expected two cells"), "{}", ended.stderr);
    assert_eq!(desk.run(&["--pprl-map", "missing"]).code, Some(3));
    assert_eq!(desk.run(&["--pseudonym-key", "missing"]).code, Some(3));
}

#[test]
fn a_header_alone_is_fine_and_help_says_what_redaction_is_not() {
    let desk = Desk::new(rows(&[]).as_bytes());
    let ended = desk.run(&["--rejects", "r.txt"]);
    assert_eq!((ended.code, ended.stdout), (Some(0), rows(&[])));
    assert!(ended.stderr.contains("a header and no record"), "{}", ended.stderr);
    assert_eq!(desk.read("r.txt"), rows(&[]));
    assert_eq!(desk.run(&["-q"]).stderr, "");
    let help = desk.run(&["--help"]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("it is the redaction of the specification, not anonymity"), "{help}");
}

#[test]
fn neither_threads_nor_packing_show() {
    let cells: Vec<Vec<(Field, &str)>> = (0..4000)
        .map(|at| match at % 7 {
            0 => vec![(AdminAddressStreet, "77 Wombat Way")],
            3 => vec![(ExtType, "D")],
            _ => Vec::new(),
        })
        .collect();
    let mut text = rows(&cells.iter().map(|cells| &cells[..]).collect::<Vec<_>>());
    text.insert_str(text.len() / 2, "\r\n\n");
    let desk = Desk::new(text.as_bytes());
    let gathered = |threads: &str, input: &[u8]| {
        let words = ["-", "--threads", threads, "--rejects", "r", "--log", "l", "--report", "jsonl=f"];
        let ended = desk.run_with(&words, input);
        (ended.code, ended.stdout, ended.stderr, desk.read("r"), desk.read("l"), desk.read("f"))
    };
    let one = gathered("1", text.as_bytes());
    assert!(one.1.len() > 1 << 20, "several pieces");
    assert_eq!(gathered("2", text.as_bytes()), one);
    assert_eq!(gathered("7", &zstd::encode_all(text.as_bytes(), 1).expect("memory")), one);
}
