//! `--to cvrs`.

use super::{Desk, INPUT, rows};
use cvrs_spec::Field::{RecipDob, RecipFirstName, RecipSex};

const FAULTY: &[super::Cells<'_>] = &[&[], &[(RecipSex, "Q"), (RecipDob, "1955-11-05")], &[]];

/// The lines of a text with these numbers, from 1.
fn lines(text: &[u8], numbers: &[usize]) -> Vec<u8> {
    let all: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    numbers.iter().flat_map(|number| all[number - 1]).copied().collect()
}

#[test]
fn a_clean_file_in_order_comes_out_as_it_went_in() {
    let text = rows(&[&[], &[]]);
    let ended = Desk::new(&text).convert(&["--to", "cvrs"]).exits(0).says("2 records read = 2 converted + 0 rejected");
    assert_eq!(ended.stdout, text);
}

#[test]
fn records_with_an_error_go_to_the_rejects_and_are_told() {
    let text = rows(FAULTY);
    let desk = Desk::new(&text);
    let ended = desk.convert(&["--to", "cvrs", "-o", "out.txt", "--rejects", "rejects.txt"]).exits(1);
    let ended = ended.says("3 records read = 2 converted + 1 rejected").says("DATA007 recip_sex").says("line 3");
    assert!(ended.stdout.is_empty() && !ended.stderr.contains("1955"));
    assert_eq!(desk.read("out.txt"), lines(&text, &[1, 2, 4]));
    assert_eq!(desk.read("rejects.txt"), lines(&text, &[1, 3]));
    // They are told where nobody asked for them too.
    let ended = desk.convert(&["--to", "cvrs"]).exits(1).says("1 rejected");
    assert_eq!(ended.stdout, lines(&text, &[1, 2, 4]));
}

#[test]
fn all_takes_records_with_errors_too() {
    let text = rows(FAULTY);
    let desk = Desk::new(&text);
    let words = ["--to", "cvrs", "--all", "--rejects", "rejects.txt"];
    let ended = desk.convert(&words).exits(1).says("3 records read = 3 converted + 0 rejected").says("DATA007");
    assert_eq!(ended.stdout, text);
    assert_eq!(desk.read("rejects.txt"), lines(&text, &[1]));
    desk.convert(&["--to", "cvrs", "--ignore", "DATA007"]).exits(0);
}

#[test]
fn columns_find_their_places_and_lines_end_in_lf() {
    let text = rows(&[&[], &[(RecipFirstName, "redacted")]]);
    let turned: Vec<String> = String::from_utf8(text.clone())
        .expect("text")
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let mut cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            cells.reverse();
            let line = cells.join("\t");
            if number == 0 { line.to_uppercase() } else { line }
        })
        .collect();
    let desk = Desk::new((turned.join("\r\n") + "\r\n").as_bytes());
    assert_eq!(desk.convert(&["--to", "cvrs"]).exits(0).stdout, text);
}

#[test]
fn neither_threads_nor_where_it_comes_from_show() {
    let desk = Desk::new(b"");
    desk.cvrs(&["generate", "--records", "3000", "--error-rate", "0.2", "-o", INPUT], b"").exits(0);
    let text = desk.read(INPUT);
    let mut first: Option<super::Ended> = None;
    for threads in ["1", "2", "7"] {
        let words = ["convert", "--to", "cvrs", "--today", "2022-12-31", "--threads", threads];
        let piped = desk.cvrs(&[&words[..], &["-"]].concat(), &text).exits(1);
        let named = desk.cvrs(&[&words[..], &[INPUT, "-o", "named.txt"]].concat(), b"").exits(1);
        let first = first.get_or_insert(piped);
        assert!(desk.read("named.txt") == first.stdout && lines(&first.stdout, &[1]) == lines(&text, &[1]));
        let piped = desk.cvrs(&[&words[..], &["-"]].concat(), &text);
        assert!(piped.stdout == first.stdout && piped.stderr == first.stderr);
        let counted = named.stderr.lines().next().map(|line| line.replace(INPUT, "-"));
        assert_eq!(counted.as_deref(), first.stderr.lines().next());
    }
}

#[test]
fn no_output_is_the_input_and_nothing_is_left_of_a_failure() {
    let desk = Desk::new(&rows(&[&[]]));
    desk.convert(&["--to", "cvrs", "-o", INPUT]).exits(2).says("--output names an input file");
    desk.convert(&["--to", "cvrs", "-o", "a", "--rejects", "./a"]).exits(2).says("name the same file");
    desk.convert(&["--to", "wav"]).exits(2);
    desk.put("comma.txt", b"vax_event_id,ext_type\nA,D\n");
    desk.cvrs(&["convert", "comma.txt", "--to", "cvrs", "-o", "b"], b"").exits(3).says("comma-separated");
    assert!(!desk.has("a") && !desk.has("b"));
}
