//! Files: clean and rejected records byte for byte, reports beside the first, and nothing half-written.

use crate::sandbox::{NAME, Sandbox, faulty, good, text};
use cvrs_spec::Field;
use std::process::{Command, Stdio};

/// The lines with those numbers, from 1, as they stand.
fn lines(text: &[u8], numbers: &[usize]) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    numbers.iter().flat_map(|&number| lines[number - 1].to_vec()).collect()
}

#[test]
fn records_go_to_clean_or_rejects_byte_for_byte() {
    let sandbox = Sandbox::with(&faulty());
    let ran = sandbox.validate_it(&["--clean", "c.txt", "--rejects", "r.txt", "--format", "jsonl"]).exits(1);
    assert!(ran.stderr.contains("4 records = 3 clean + 1 rejected"), "{ran:#?}");
    assert_eq!(sandbox.read("c.txt"), lines(&faulty(), &[1, 2, 4, 5]));
    assert_eq!(sandbox.read("r.txt"), lines(&faulty(), &[1, 3]));
    assert_eq!(sandbox.names(), [NAME, "c.txt", "r.txt"]);
}

#[test]
fn line_ends_blank_lines_mark_and_a_cut_end_stay_as_they_are() {
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    for (number, line) in faulty().split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(if number % 2 == 0 { b"\r\n" } else { b"\n" });
        if number == 1 || number == 3 {
            bytes.extend_from_slice(b"\r\n\n");
        }
    }
    bytes.truncate(bytes.len() - 2);
    let sandbox = Sandbox::with(&bytes);
    let ran = sandbox.validate_it(&["--clean", "c.txt", "--rejects", "r.txt", "--format", "jsonl"]).exits(1);
    assert!(ran.stderr.contains("4 records = 3 clean + 1 rejected; 4 blank lines"), "{ran:#?}");
    // Lines 3, 4, 7 and 8 are blank.
    assert_eq!(sandbox.read("c.txt"), lines(&bytes, &[1, 2, 6, 9]));
    assert_eq!(sandbox.read("r.txt"), lines(&bytes, &[1, 5]));
    assert!(!sandbox.read("c.txt").ends_with(b"\n"));
    let told = |code: &str| ran.stdout.lines().filter(|line| line.contains(code)).count();
    assert_eq!([told("FMT_005"), told("XR002"), told("XR003")], [1, 1, 4]);
}

#[test]
fn both_files_are_written_even_if_one_has_no_record() {
    let sandbox = Sandbox::with(&good(2));
    sandbox.validate_it(&["--clean", "c.txt", "--rejects", "r.txt"]).exits(0);
    assert_eq!(sandbox.read("c.txt"), good(2));
    assert_eq!(sandbox.read("r.txt"), good(0));
    let sandbox = Sandbox::with(&good(0));
    sandbox.validate_it(&["--clean", "c.txt", "--rejects", "r.txt"]).exits(0);
    assert_eq!((sandbox.read("c.txt"), sandbox.read("r.txt")), (good(0), good(0)));
}

#[test]
fn a_finding_about_the_header_does_not_reject_records() {
    let sandbox = Sandbox::with(&text(&[&[]]).replacen_byte(b"serology", b"Serology", b"\tother_x"));
    let ran = sandbox.validate_it(&["--clean", "c.txt", "--format", "jsonl", "--ignore", "XR001"]).exits(1);
    assert!(ran.stdout.contains("FMT_002"), "{ran:#?}");
    assert!(ran.stderr.contains("1 record = 1 clean + 0 rejected"), "{ran:#?}");
    assert_eq!(sandbox.read("c.txt"), sandbox.read(NAME));
}

trait Splice {
    /// Replaces the first `from` by `to` and `more`.
    fn replacen_byte(self, from: &[u8], to: &[u8], more: &[u8]) -> Vec<u8>;
}

impl Splice for Vec<u8> {
    fn replacen_byte(mut self, from: &[u8], to: &[u8], more: &[u8]) -> Vec<u8> {
        let at = self.windows(from.len()).position(|part| part == from).expect("what is to be replaced");
        self.splice(at..at + from.len(), to.iter().chain(more).copied());
        self
    }
}

#[test]
fn a_missing_required_column_leaves_no_record_clean() {
    let mut columns: Vec<Vec<u8>> = Vec::new();
    for line in good(2).split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let cells: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
        let kept: Vec<&[u8]> =
            cells.iter().enumerate().filter(|(at, _)| *at != Field::RecipSex as usize).map(|(_, cell)| *cell).collect();
        columns.push(kept.join(&b'\t'));
    }
    let bytes = [columns.join(&b'\n'), b"\n".to_vec()].concat();
    let sandbox = Sandbox::with(&bytes);
    let ran = sandbox.validate_it(&["--clean", "c.txt", "--rejects", "r.txt", "--format", "jsonl"]).exits(1);
    assert!(ran.stderr.contains("2 records = 0 clean + 2 rejected"), "{ran:#?}");
    let about_sex: Vec<&str> =
        ran.stdout.lines().filter(|line| line.contains("recip_sex\",\"code\":\"REQD001")).collect();
    assert_eq!(about_sex.len(), 1, "told once for the file: {ran:#?}");
    assert_eq!(sandbox.read("r.txt"), bytes);
    // The clearinghouse refuses each record for itself.
    let ran = sandbox.validate_it(&["--profile", "dch", "--format", "json"]).exits(1);
    assert_eq!(ran.stdout.matches("field=recip_sex message=must not be null").count(), 2, "{ran:#?}");
}

#[test]
fn further_reports_are_written_in_the_same_pass() {
    let sandbox = Sandbox::with(&faulty());
    let alone = |format: &str| sandbox.validate_it(&["--format", format, "--id", ID]).exits(1).stdout;
    let expected: Vec<String> = ["text", "json", "jsonl", "tsv"].into_iter().map(alone).collect();
    let mut words = vec!["--id", ID, "--format", "jsonl", "-o", "main.jsonl"];
    for report in ["--report=text=a.txt", "--report=json=a.json", "--report=jsonl=a.jsonl", "--report=tsv=a.tsv"] {
        words.push(report);
    }
    let ran = sandbox.validate_it(&words).exits(1);
    assert_eq!(ran.stdout, "");
    for (name, expected) in ["a.txt", "a.json", "a.jsonl", "a.tsv"].into_iter().zip(&expected) {
        assert_eq!(&sandbox.read_text(name), expected, "{name}");
    }
    assert_eq!(sandbox.read_text("main.jsonl"), expected[2]);
    sandbox.validate_it(&["--report", "xml=a"]).fails_as_usage(&["--report"]);
    sandbox.validate_it(&["--report", "json"]).fails_as_usage(&["expected FORMAT=PATH"]);
    sandbox.validate_it(&["--report", "json="]).fails_as_usage(&["expected a path"]);
}

const ID: &str = "00000000-0000-4000-8000-000000000000";

#[test]
fn an_output_may_be_no_input_and_no_other_output() {
    let sandbox = Sandbox::with(&faulty());
    for option in ["--clean", "--rejects", "-o", "--output"] {
        sandbox.validate_it(&[option, NAME]).fails_as_usage(&["names an input file, which is never overwritten"]);
        sandbox.validate_it(&[option, &format!("./{NAME}")]).fails_as_usage(&["never overwritten"]);
    }
    sandbox.validate_it(&["--report", &format!("tsv={NAME}")]).fails_as_usage(&["--report names an input file"]);
    sandbox
        .validate_it(&["--clean", "a", "--rejects", "a"])
        .fails_as_usage(&["--clean and --rejects name the same file"]);
    sandbox.validate_it(&["--clean", "a", "-o", "a"]).fails_as_usage(&["--clean and --output name the same file"]);
    let both = ["--report", "tsv=a", "--report", "json=a"];
    sandbox.validate_it(&both).fails_as_usage(&["--report and --report name the same file"]);
    sandbox.validate(&["--clean", "a", NAME, "other"]).fails_as_usage(&["--clean and --rejects take one input file"]);
    assert_eq!(sandbox.names(), [NAME]);
    assert_eq!(sandbox.read(NAME), faulty());
}

#[cfg(unix)]
#[test]
fn a_link_to_the_input_is_the_input() {
    let sandbox = Sandbox::with(&faulty());
    std::os::unix::fs::symlink(sandbox.path(NAME), sandbox.path("soft")).expect("a link");
    std::fs::hard_link(sandbox.path(NAME), sandbox.path("hard")).expect("a link");
    for link in ["soft", "hard"] {
        sandbox.validate_it(&["--clean", link]).fails_as_usage(&["never overwritten"]);
    }
    assert_eq!(sandbox.read(NAME), faulty());
}

#[cfg(unix)]
#[test]
fn a_file_on_stdin_is_an_input_too() {
    let sandbox = Sandbox::with(&faulty());
    let output = Command::new(env!("CARGO_BIN_EXE_cvrs"))
        .current_dir(sandbox.path("."))
        .args(["validate", "--clean", NAME, "-"])
        .stdin(std::fs::File::open(sandbox.path(NAME)).expect("the file"))
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("never overwritten"), "{output:?}");
    assert_eq!(sandbox.read(NAME), faulty());
}

#[cfg(unix)]
#[test]
fn outputs_are_the_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with(&faulty());
    sandbox.validate_it(&["--clean", "c.txt", "--rejects", "r.txt", "-o", "o.txt"]).exits(1);
    for name in ["c.txt", "r.txt", "o.txt"] {
        let mode = std::fs::metadata(sandbox.path(name)).expect("the output").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_output_that_cannot_be_made_is_told_before_any_work() {
    let sandbox = Sandbox::with(&faulty());
    sandbox.validate_it(&["--clean", "no/such/c.txt"]).fails_with(3, &["no/such/c.txt: its folder does not exist"]);
    sandbox.validate_it(&["--rejects", "."]).fails_with(3, &[".: this is a folder; name a file in it"]);
    assert_eq!(sandbox.names(), [NAME]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_nothing_else_is_left() {
    let sandbox = Sandbox::with(&faulty());
    let words = ["--clean", "/dev/full", "--rejects", "r.txt", "--format", "jsonl", "-o", "o.jsonl"];
    sandbox.validate_it(&words).fails_with(3, &["/dev/full: no space left"]);
    assert_eq!(sandbox.names(), [NAME]);
    for format in ["text", "json", "jsonl", "tsv"] {
        let words = ["--format", format, "-o", "/dev/full"];
        sandbox.validate_it(&words).fails_with(3, &["/dev/full: no space left"]);
        let output = Command::new(env!("CARGO_BIN_EXE_cvrs"))
            .current_dir(sandbox.path("."))
            .args(["validate", "--today", "2021-01-29", "--format", format, "--clean", "c.txt", NAME])
            .stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").expect("the device"))
            .output()
            .expect("the command starts");
        assert_eq!(output.status.code(), Some(3), "{format}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to stdout"), "{format}: {output:?}");
        assert_eq!(sandbox.names(), [NAME], "{format}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    use std::io::Read;
    let rows = vec![&[(Field::RecipSex, "X"), (Field::AdminDate, "x")][..]; 20_000];
    let sandbox = Sandbox::with(&text(&rows));
    let named: [&[&str]; 2] = [&[], &["-o", "-"]];
    for (format, named) in ["json", "jsonl", "tsv"].into_iter().flat_map(|format| named.map(|named| (format, named))) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cvrs"))
            .current_dir(sandbox.path("."))
            .args(["validate", "--profile", "dch", "--today", "2021-01-29", "--quiet", "--format", format])
            .args(["--clean", "c.txt", NAME])
            .args(named)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut start = [0; 10];
        let mut stdout = child.stdout.take().expect("a pipe");
        stdout.read_exact(&mut start).expect("ten bytes");
        drop(stdout);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert_eq!(sandbox.names(), [NAME], "{format}");
    }
}

#[test]
fn a_dash_is_stdout_wherever_a_file_is_named() {
    let sandbox = Sandbox::with(&text(&[&[][..]]));
    let record = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cvrs"))
            .current_dir(sandbox.path("."))
            .args(words)
            .args(["-q", NAME])
            .output()
            .expect("the command starts");
        assert_eq!(sandbox.names(), [NAME], "{words:?}");
        output.stdout
    };
    let today = ["--today", "2021-01-29"];
    for words in [&["convert", "--to", "cvrs"][..], &["redact"], &["fix"]] {
        let dated: Vec<&str> =
            words.iter().chain(if words[0] == "redact" { &[] } else { &today[..] }).copied().collect();
        let bare = record(&dated);
        assert!(bare.len() > 500, "{words:?}");
        assert_eq!(record(&[&dated[..], &["-o", "-"]].concat()), bare, "{words:?}");
    }
    let clean = record(&["validate", "--today", "2021-01-29", "-o", "/dev/null", "--clean", "-"]);
    assert_eq!(clean, text(&[&[][..]]));
}
