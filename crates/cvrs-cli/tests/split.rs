//! `cvrs split` from the outside: names, limits, and that every row is kept as it stands.
#![expect(clippy::disallowed_methods, reason = "tests of the command read and write files")]

use assert_cmd::Command;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;

const HEADER: &str = "vax_event_id\trecip_id\trecip_sex\r\n";

struct Desk {
    folder: TempDir,
}

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Desk {
    fn new(name: &str, text: &[u8]) -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::write(desk.path(name), text).expect("a file");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names and contents of what is in the folder `out`, hidden files too.
    fn parts(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(self.path("out")).into_iter().flatten();
        let mut parts: Vec<(String, String)> = entries
            .map(|entry| {
                let entry = entry.expect("an entry");
                let text = fs::read(entry.path()).expect("a part");
                (entry.file_name().to_string_lossy().into_owned(), String::from_utf8_lossy(&text).into_owned())
            })
            .collect();
        parts.sort();
        parts
    }

    fn run_with(&self, words: &[&str], stdin: &[u8]) -> Ended {
        let mut command = Command::cargo_bin("cvrs").expect("the binary");
        command.current_dir(self.folder.path()).args(["split", "--isolated"]).args(words);
        let output = command.write_stdin(stdin).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn run(&self, words: &[&str]) -> Ended {
        self.run_with(words, b"")
    }
}

fn rows(range: std::ops::Range<usize>) -> String {
    range.map(|at| format!("A{at}\tB{at}\tF")).chain([String::new()]).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_number_in_the_name_counts_up_and_each_part_has_the_header() {
    let name = "20210129_07_GAA.txt";
    let desk = Desk::new(name, format!("{HEADER}{}", rows(0..7)).as_bytes());
    let ended = desk.run(&[name, "--max-records", "3", "-o", "out"]);
    assert_eq!((ended.code, &ended.stdout[..]), (Some(0), ""), "{}", ended.stderr);
    let part = |range| format!("{HEADER}{}", rows(range));
    let expected = [
        ("20210129_07_GAA.txt".to_owned(), part(0..3)),
        ("20210129_08_GAA.txt".to_owned(), part(3..6)),
        ("20210129_09_GAA.txt".to_owned(), part(6..7)),
    ];
    assert_eq!(desk.parts(), expected);
    assert!(ended.stderr.contains("7 records read = 7 written in 3 parts\n"), "{}", ended.stderr);
    assert!(ended.stderr.contains("20210129_09_GAA.txt: 1 record\n"), "{}", ended.stderr);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path("out/20210129_08_GAA.txt")).expect("a part").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn rows_and_blank_lines_are_kept_byte_for_byte() {
    // Blank lines everywhere, a row of another length, stray carriage returns, bytes that are no UTF-8, no last line end.
    let body = b"\r\nA1\tB\tF\n\n\nA2\tB\r\n\rA3\tB\tF\r\r\n\r\r\nJos\xE9\n\nlast";
    let text = [HEADER.as_bytes(), body].concat();
    for max in 1..=7 {
        let desk = Desk::new("a.txt", &text);
        let ended = desk.run(&["a.txt", "-o", "out", "--max-records", &max.to_string()]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let n_parts = 6usize.div_ceil(max);
        let names: Vec<String> = (1..=n_parts).map(|at| format!("a.{at:03}.txt")).collect();
        let mut joined = Vec::new();
        for name in &names {
            let part = fs::read(desk.path("out").join(name)).expect("a part");
            let rows = part.strip_prefix(HEADER.as_bytes()).expect("the header");
            let n =
                rows.split_inclusive(|&byte| byte == b'\n').filter(|line| !matches!(*line, b"\n" | b"\r\n")).count();
            assert!((1..=max).contains(&n));
            joined.extend_from_slice(rows);
        }
        assert_eq!(joined, body);
        assert_eq!(desk.parts().len(), n_parts);
        let told = format!("6 records read = 6 written in {n_parts} part");
        assert!(ended.stderr.contains(&told) && ended.stderr.contains("; 4 blank lines"), "{}", ended.stderr);
    }
}

#[test]
fn the_limit_is_199_999_unless_another_is_given() {
    let text = format!("{HEADER}{}", rows(0..200_000));
    let desk = Desk::new("doses.tsv", text.as_bytes());
    assert_eq!(desk.run(&["doses.tsv", "-o", "out", "-q"]).stderr, "");
    let parts = desk.parts();
    let sizes: Vec<_> = parts.iter().map(|(name, text)| (&name[..], text.lines().count() - 1)).collect();
    assert_eq!(sizes, [("doses.001.tsv", 199_999), ("doses.002.tsv", 1)]);
    assert_eq!(parts[1].1, format!("{HEADER}{}", rows(199_999..200_000)));
}

#[test]
fn no_file_is_written_over_and_then_none_appears() {
    let name = "20210129_01_GAA.txt";
    let desk = Desk::new(name, format!("{HEADER}{}", rows(0..4)).as_bytes());
    fs::create_dir(desk.path("out")).expect("a folder");
    fs::write(desk.path("out/20210129_02_GAA.txt"), "old").expect("a file");
    let ended = desk.run(&[name, "--max-records", "2", "-o", "out"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("20210129_02_GAA.txt: there is such a file already"), "{}", ended.stderr);
    assert_eq!(desk.parts(), [("20210129_02_GAA.txt".to_owned(), "old".to_owned())]);
    // The input's own folder: its own name is taken.
    let ended = desk.run(&[name, "-o", "."]);
    assert!(ended.code == Some(3) && ended.stderr.contains("the name of the input itself"), "{}", ended.stderr);
    assert_eq!(fs::read(desk.path(name)).expect("the input"), format!("{HEADER}{}", rows(0..4)).into_bytes());
    assert_eq!(desk.run(&[name, "-o", name]).code, Some(3));
}

#[test]
fn two_digits_hold_99_parts() {
    let name = "20210129_98_GAA.txt";
    let desk = Desk::new(name, format!("{HEADER}{}", rows(0..3)).as_bytes());
    let ended = desk.run(&[name, "--max-records", "1", "-o", "out"]);
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.contains("more than 2 parts"), "{}", ended.stderr);
    assert!(!desk.path("out").exists());
    assert_eq!(desk.run(&[name, "--max-records", "2", "-o", "out"]).code, Some(0));
}

#[test]
fn packed_inputs_and_stdin_are_cut_too() {
    let text = format!("{HEADER}{}", rows(0..3));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).expect("memory");
    let desk = Desk::new("20210129_01_GAA.txt.gz", &gzip.finish().expect("memory"));
    desk.run(&["20210129_01_GAA.txt.gz", "-o", "out", "--max-records", "2"]);
    desk.run_with(&["-o", "out"], text.as_bytes());
    let names: Vec<String> = desk.parts().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["20210129_01_GAA.txt", "20210129_02_GAA.txt", "stdin.001.txt"]);
}

#[test]
fn a_header_alone_gives_one_part_and_what_is_no_cvrs_file_none() {
    let desk = Desk::new("a.txt", HEADER.as_bytes());
    let ended = desk.run(&["a.txt", "-o", "out"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("a header and no record"), "{}", ended.stderr);
    assert_eq!(desk.parts(), [("a.001.txt".to_owned(), HEADER.to_owned())]);
    for text in [&b"a,b\nc,d\n"[..], b"one\ttwo\n1\t2\n", b"", b"vax_event_id\trecip_id\rA1\tB1\r"] {
        let desk = Desk::new("a.txt", text);
        let ended = desk.run(&["a.txt", "-o", "out"]);
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        assert!(!desk.path("out").exists());
    }
    for words in [&["a.txt"][..], &["a.txt", "-o", "out", "--max-records", "0"], &["a.txt", "-o", "-"]] {
        assert_eq!(desk.run(words).code, Some(2), "{words:?}");
    }
    assert_eq!(desk.run(&["missing.txt", "-o", "new"]).code, Some(3));
    assert!(!desk.path("new").exists());
}
