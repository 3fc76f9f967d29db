//! `cvrs convert --to parquet|arrow`, and `--from` either.

use crate::conversion::{Desk, INPUT, rows};
use cvrs_generate::{LineEnd, Models, Options, generate};
use cvrs_spec::Field::{AdminName, LotNumber, RecipSex};

/// A file of generated records.
fn generated(records: u64, line_end: LineEnd) -> Vec<u8> {
    let mut text = Vec::new();
    let options = Options { records, models: Models::I, line_end, ..Options::default() };
    generate(&options, &mut text, None).expect("a file");
    text
}

#[test]
fn every_form_comes_back_byte_for_byte() {
    let text = generated(3000, LineEnd::CrLf);
    let desk = Desk::new(&text);
    for (form, name) in [("parquet", "a.parquet"), ("arrow", "a.arrow"), ("arrow", "a.arrows")] {
        for more in [&[][..], &["--no-typed", "--no-dictionary"], &["--with-source", "--threads", "3"]] {
            let to = [&["--to", form, "-o", name, "--today", "2022-12-31"], more].concat();
            desk.cvrs(&[&["convert", INPUT], &to[..]].concat(), b"")
                .exits(0)
                .says("3000 records read = 3000 converted + 0 rejected");
            let back = desk.cvrs(&["convert", name, "--to", "cvrs", "--today", "2022-12-31"], b"").exits(0);
            assert!(back.stdout == text, "{name} {more:?}");
        }
    }
    let stream = desk.cvrs(&["convert", "--to", "arrow", "--today", "2022-12-31"], &text).exits(0).stdout;
    let back = ["convert", "--from", "arrow", "--to", "cvrs", "--today", "2022-12-31"];
    assert!(desk.cvrs(&back, &stream).exits(0).stdout == text, "through pipes");
}

#[test]
fn threads_do_not_show() {
    let desk = Desk::new(&generated(5000, LineEnd::Lf));
    for (form, name) in [("parquet", "parquet"), ("arrow", "arrow"), ("arrow", "arrows")] {
        for threads in ["1", "4"] {
            let output = format!("{threads}.{name}");
            let words = ["convert", INPUT, "--to", form, "-o", &output, "--threads", threads, "--today", "2022-12-31"];
            desk.cvrs(&words, b"").exits(0);
        }
        assert!(desk.read(&format!("1.{name}")) == desk.read(&format!("4.{name}")), "{name}");
    }
}

#[test]
fn records_with_errors_are_left_out_unless_all_are_wanted() {
    let desk = Desk::new(&rows(&[&[], &[(RecipSex, "X")], &[]]));
    desk.convert(&["--to", "parquet", "-o", "clean", "--rejects", "r.txt"])
        .exits(1)
        .says("3 records read = 2 converted + 1 rejected");
    desk.convert(&["--to", "parquet", "-o", "all", "--all"]).exits(1).says("3 records read = 3 converted + 0 rejected");
    let back = |name: &str, more: &[&str]| {
        desk.cvrs(&[&["convert", name, "--to", "cvrs", "--today", "2021-01-29"], more].concat(), b"").stdout
    };
    assert_eq!(back("clean", &[]), rows_but(&desk.read(INPUT), 2));
    assert_eq!(back("all", &["--all"]), desk.read(INPUT));
    assert_eq!(back("all", &[]), rows_but(&desk.read(INPUT), 2));
}

/// The text without its line of that number, from 0.
fn rows_but(text: &[u8], number: usize) -> Vec<u8> {
    let lines = text.split_inclusive(|&byte| byte == b'\n').enumerate();
    lines.filter(|(at, _)| *at != number).flat_map(|(_, line)| line.to_vec()).collect()
}

#[test]
fn columns_can_become_any_other_form() {
    let desk = Desk::new(&rows(&[&[], &[]]));
    desk.convert(&["--to", "parquet", "-o", "a.parquet"]).exits(0);
    let entity = ["--entity", "GAA", "--timestamp", "2021-01-29T00:00:00Z"];
    let to = |input: &str, output: &str| {
        let words = ["convert", input, "--today", "2021-01-29", "--to", "fhir", "-o", output];
        desk.cvrs(&[&words, &entity[..]].concat(), b"").exits(0);
        desk.read(&format!("{output}/Immunization.ndjson"))
    };
    assert_eq!(to("a.parquet", "a"), to(INPUT, "b"));
}

#[test]
fn a_value_that_would_break_a_row_is_mended_and_told() {
    // Written with a blank, which a second one takes the place of in the plain bytes of an unpacked file.
    let desk = Desk::new(&rows(&[&[(AdminName, "Hope#Clinic"), (LotNumber, "L#1")]]));
    desk.convert(&["--to", "arrow", "--compression", "none", "--no-dictionary", "-o", "a.arrow"]).exits(0);
    let broken: Vec<u8> =
        desk.read("a.arrow").into_iter().map(|byte| if byte == b'#' { b'\t' } else { byte }).collect();
    desk.put("broken.arrow", &broken);
    let ended = desk.cvrs(&["convert", "broken.arrow", "--to", "cvrs", "--today", "2021-01-29"], b"").exits(0);
    let ended =
        ended.says("tabs and line breaks, which no cell can hold, have become blanks: admin_name 1, lot_number 1");
    assert_eq!(ended.stdout, rows(&[&[(AdminName, "Hope Clinic"), (LotNumber, "L 1")]]));
}

#[test]
fn damaged_files_end_with_one_line() {
    let desk = Desk::new(&generated(400, LineEnd::Lf));
    for (form, name) in [("parquet", "a.parquet"), ("arrow", "a.arrow")] {
        desk.cvrs(&["convert", INPUT, "--to", form, "-o", name, "--today", "2022-12-31"], b"").exits(0);
        let whole = desk.read(name);
        let mut damaged: Vec<Vec<u8>> = [8, whole.len() / 2, whole.len() - 9].map(|len| whole[..len].to_vec()).to_vec();
        // Known to be wrong: a packed buffer of an Arrow file that lies about its length may ask for more memory than there
        // is, which ends the program with another code; such files are only cut here.
        let n_spoilt = if form == "parquet" { 40 } else { 0 };
        damaged.extend((0..n_spoilt).map(|at| {
            let mut bytes = whole.clone();
            for byte in &mut bytes[whole.len() * at / 40..][..whole.len() / 50] {
                *byte ^= 0x5A;
            }
            bytes
        }));
        for (at, bytes) in damaged.iter().enumerate() {
            desk.put("damaged", bytes);
            let ended = desk.cvrs(&["convert", "damaged", "--to", "cvrs", "--all", "-o", "out.txt"], b"");
            if ended.code == Some(3) {
                assert_eq!(ended.stderr.lines().count(), 1, "{name} {at}: {}", ended.stderr);
                assert!(!desk.has("out.txt"), "{name} {at}");
            } else {
                // Damage that no checksum covers is read as other text.
                assert!(at >= 3 && matches!(ended.code, Some(0 | 1)), "{name} {at}: {}", ended.stderr);
                std::fs::remove_file(desk.path("out.txt")).expect("an output");
            }
        }
    }
    let ended = desk.cvrs(&["convert", INPUT, "--from", "parquet", "--to", "cvrs"], b"").exits(3);
    ended.says("this is no Parquet file");
    desk.put("packed", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");
    let ended = desk.cvrs(&["convert", "packed", "--from", "parquet", "--to", "cvrs"], b"").exits(3);
    ended.says("this file is packed; unpack it first");
}

#[test]
fn options_of_other_forms_are_wrong_usage() {
    let desk = Desk::new(&rows(&[]));
    for words in [
        &["--to", "parquet", "-o", "a", "--compression", "zstd"][..],
        &["--to", "cvrs", "--no-typed"],
        &["--to", "arrow", "-o", "a", "--gzip"],
        &["--to", "fhir", "-o", "a", "--no-dictionary"],
    ] {
        desk.convert(words).exits(2).says("says nothing to this form of --to");
        assert!(!desk.has("a"));
    }
}

#[test]
fn a_file_without_a_record_is_a_file_all_the_same() {
    let desk = Desk::new(&rows(&[]));
    for (form, name) in [("parquet", "a.parquet"), ("arrow", "a.arrow"), ("arrow", "a.arrows")] {
        desk.convert(&["--to", form, "-o", name]).exits(0).says("a header and no record");
        assert_eq!(desk.cvrs(&["convert", name, "--to", "cvrs"], b"").exits(0).stdout, rows(&[]));
    }
}

#[test]
fn nobody_else_may_read_what_was_written() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new(&rows(&[&[]]));
    for (form, name) in [("parquet", "a.parquet"), ("arrow", "a.arrow"), ("fhir", "a")] {
        desk.convert(&["--to", form, "-o", name]).exits(0);
        let mode = std::fs::metadata(desk.path(name)).expect("an output").permissions().mode() & 0o077;
        assert_eq!(mode, 0, "{name}");
    }
}
