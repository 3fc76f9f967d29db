//! What can be read, and the one line for what cannot.

use crate::sandbox::{NAME, Sandbox, faulty, good, gzip, text, zip};
use std::io::Write;

#[test]
fn every_packing_gives_the_same_findings() {
    let sandbox = Sandbox::new();
    sandbox.put("a.gz", &gzip(&faulty()));
    sandbox.put("a.zst", &zstd::encode_all(&faulty()[..], 1).expect("memory"));
    sandbox.put("a.zip", &zip(&[("a.txt", &faulty())]));
    sandbox.put("a.txt", &faulty());
    let findings = |name: &str| {
        let ran = sandbox.validate(&["--format", "jsonl", "--ignore", "XR010", name]).exits(1);
        ran.stdout.replace(&format!("\"file\":\"{name}\""), "")
    };
    let plain = findings("a.txt");
    assert_eq!(plain.lines().count(), 3);
    for name in ["a.gz", "a.zst", "a.zip"] {
        assert_eq!(findings(name), plain, "{name}");
    }
}

#[test]
fn stdin_is_read_by_name_and_by_default() {
    let sandbox = Sandbox::new();
    let by_default = sandbox.run_with(&["validate", "--today", "2021-01-29", "--format", "jsonl"], &faulty()).exits(1);
    assert!(by_default.stdout.starts_with("{\"file\":\"-\",\"line\":3,"), "{by_default:#?}");
    let by_name = sandbox.run_with(&["check", "--today", "2021-01-29", "--format", "jsonl", "-"], &gzip(&faulty()));
    assert_eq!(by_name.exits(1).stdout, by_default.stdout);
    sandbox.run_with(&["validate", "-", "-"], b"").fails_as_usage(&["stdin can be read only once"]);
}

#[test]
fn several_files_and_patterns_are_checked_in_order() {
    let sandbox = Sandbox::new();
    for name in ["20210129_01_GAA.txt", "20210129_02_GAA.txt", "20210129_03_GAA.txt"] {
        sandbox.put(name, &good(2));
    }
    let ran = sandbox.validate(&["--ignore", "BUSR013", "20210129_0[13]_GAA.txt", "20210129_02*"]).exits(0);
    let heads: Vec<&str> = ran.stdout.lines().filter(|line| line.ends_with("no errors, no warnings")).collect();
    let names: Vec<&str> = heads.iter().map(|head| head.split(':').next().expect("a name")).collect();
    assert_eq!(names, ["20210129_01_GAA.txt", "20210129_03_GAA.txt", "20210129_02_GAA.txt"]);
}

#[test]
fn an_unreadable_file_does_not_keep_the_others_from_being_checked() {
    let sandbox = Sandbox::with(&faulty());
    sandbox.put("20210129_02_GAA.txt", &good(1));
    let words = ["--format", "json", "--ignore", "BUSR013"];
    let ran = sandbox.validate(&[&words[..], &["missing.txt", NAME, ".", "20210129_02_GAA.txt"]].concat()).exits(3);
    let records: Vec<_> = ran.stdout.lines().map(|line| line.contains("\"totalRecords\":4,")).collect();
    assert_eq!(records, [true, false], "one reply a file that could be read: {ran:#?}");
    let errors: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(
        errors,
        [
            "error: missing.txt: no such file; check the name and the folder",
            "error: .: this is a folder; name the files in it"
        ]
    );
}

#[test]
fn a_header_alone_is_valid_and_noted() {
    let sandbox = Sandbox::with(&text(&[]));
    let ran = sandbox.validate_it(&["--format", "jsonl"]).exits(0);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("note: 20210129_01_GAA.txt: a header and no record"), "{ran:#?}");
    let ran = sandbox.validate_it(&[]).exits(0);
    assert!(ran.stdout.contains("0 records = 0 clean + 0 rejected\n"), "{ran:#?}");
    assert!(ran.stdout.contains("  note: a header and no record\n"), "{ran:#?}");
}

#[test]
fn what_is_no_cvrs_text_is_named_with_its_remedy() {
    let utf16: Vec<u8> = String::from_utf8(good(1)).expect("text").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let commas: Vec<u8> = good(1).iter().map(|&byte| if byte == b'\t' { b',' } else { byte }).collect();
    let old_mac: Vec<u8> = good(2).iter().map(|&byte| if byte == b'\n' { b'\r' } else { byte }).collect();
    let workbook = zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")]);
    let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    let cases: Vec<(Vec<u8>, &[&str])> = vec![
        (b"".to_vec(), &["FMT_003", "empty"]),
        (b"\n\n".to_vec(), &["FMT_003", "blank"]),
        (commas, &["FMT_001", "comma-separated", "tab-delimited text"]),
        (b"one line of words\n".to_vec(), &["FMT_001", "no tab"]),
        (b"first\tsecond\n1\t2\n".to_vec(), &["FMT_003", "header line"]),
        (b"MSH|^~\\&|A|B|||202101150000||VXU^V04^VXU_V04|1|P|2.5.1\r".to_vec(), &["HL7"]),
        (old_mac, &["CR alone", "LF or CRLF"]),
        (utf16, &["UTF-16", "UTF-8"]),
        (workbook, &["spreadsheet", "tab-delimited text"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0".to_vec(), &["spreadsheet"]),
        (b"%PDF-1.7\n".to_vec(), &["PDF"]),
        (b"{\"id\":1}\n".to_vec(), &["JSON"]),
        (half(gzip(&good(2000))), &["gzip", "end early"]),
        (half(zstd::encode_all(&good(2000)[..], 1).expect("memory")), &["zstd", "end early"]),
        (half(zip(&[("a.txt", &good(2000))])), &["zip"]),
        (zip(&[("a.txt", &good(1)), ("b.txt", &good(1))]), &["zip", "more than one file"]),
        (zip(&[("folder/", b"")]), &["zip"]),
        (gzip(&gzip(&good(1))), &["itself a gzip file"]),
    ];
    for (bytes, words) in cases {
        let sandbox = Sandbox::with(&bytes);
        let out = ["--clean", "c.txt", "--rejects", "r.txt", "-o", "o.txt", "--report", "jsonl=j.txt"];
        sandbox.validate_it(&out).fails_with(3, &[words, &[NAME]].concat());
        assert_eq!(sandbox.names(), [NAME], "nothing may be left under a final name, for {words:?}");
        let piped = sandbox.run_with(&["validate", "-"], &bytes);
        piped.fails_with(3, &[words, &["error: -: "]].concat());
    }
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let sandbox = Sandbox::new();
    sandbox.validate(&["none.txt"]).fails_with(3, &["none.txt: no such file; check"]);
    sandbox.validate(&["no*such"]).fails_with(3, &["no*such: no such file; check"]);
    sandbox.validate(&["."]).fails_with(3, &[".: this is a folder; name the files in it"]);
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::with(&good(1));
    std::fs::set_permissions(sandbox.path(NAME), std::fs::Permissions::from_mode(0o000)).expect("our own file");
    if std::fs::File::open(sandbox.path(NAME)).is_ok() {
        eprintln!("skipped: this user may read every file");
        return;
    }
    sandbox.validate_it(&[]).fails_with(3, &["permission denied; make the file readable"]);
}

/// A record of that many bytes in `admin_name`.
fn with_long_cell(n_bytes: usize) -> Vec<u8> {
    let text = text(&[&[(cvrs_spec::Field::AdminName, "\u{1}")]]);
    let at = text.iter().position(|&byte| byte == 1).expect("the mark");
    [&text[..at], &vec![b'x'; n_bytes], &text[at + 1..]].concat()
}

#[test]
fn a_long_line_is_a_finding_and_one_over_the_limit_the_end() {
    let sandbox = Sandbox::with(&with_long_cell(50 << 20));
    let ran = sandbox.validate_it(&["--format", "jsonl"]).exits(1);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("\"field\":\"admin_name\",\"code\":\"DATA008\",\"dch\":\"DCH055\""), "{ran:#?}");
    sandbox.put(NAME, &with_long_cell(65 << 20));
    sandbox.validate_it(&["--clean", "c.txt"]).fails_with(3, &[NAME, "64 MiB", "line ends"]);
    assert_eq!(sandbox.names(), [NAME]);
}

#[test]
fn a_truncated_stream_leaves_no_output_under_its_name() {
    let sandbox = Sandbox::new();
    let mut bytes = gzip(&good(60_000));
    bytes.truncate(bytes.len() * 9 / 10);
    let words = ["validate", "--profile", "dch", "--today", "2021-01-29", "--clean", "c.txt", "--format", "jsonl", "-"];
    sandbox.run_with(&words, &bytes).fails_with(3, &["-: the gzip data end early"]);
    assert!(sandbox.names().is_empty(), "{:?}", sandbox.names());
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_like_a_file() {
    let sandbox = Sandbox::new();
    let made = std::process::Command::new("mkfifo").arg(sandbox.path("pipe")).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mkfifo here");
        return;
    }
    let path = sandbox.path("pipe");
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::OpenOptions::new().write(true).open(path).expect("the pipe");
        pipe.write_all(&faulty()).expect("a reader");
    });
    let ran = sandbox.validate(&["--format", "jsonl", "--clean", "c.txt", "pipe"]).exits(1);
    writer.join().expect("the writer");
    assert_eq!(ran.stdout.lines().filter(|line| line.contains("\"level\":\"error\"")).count(), 2, "{ran:#?}");
    assert_eq!(sandbox.read_text("c.txt").lines().count(), 4);
}
