//! `--from csv`.

use super::{Desk, rows};
use cvrs_spec::Field::{AdminName, RecipSex};

/// A CVRS text as CSV, every cell in quotes.
fn csv(text: &[u8], separator: &str) -> String {
    let text = String::from_utf8(text.to_vec()).expect("text");
    let lines = text.lines().map(|line| {
        let cells: Vec<String> = line.split('\t').map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        cells.join(separator)
    });
    lines.map(|line| line + "\r\n").collect()
}

fn from_csv(text: &str, words: &[&str]) -> super::Ended {
    from_csv_to(text, "cvrs", words)
}

fn from_csv_to(text: &str, form: &str, words: &[&str]) -> super::Ended {
    let desk = Desk::new(b"");
    desk.put("in.csv", text.as_bytes());
    desk.cvrs(&[&["convert", "in.csv", "--from", "csv", "--to", form, "--today", "2021-01-29"], words].concat(), b"")
}

#[test]
fn cells_come_out_of_their_quotes() {
    let text = rows(&[&[], &[(AdminName, "Hope, Faith \"and\" Charity; Clinic")]]);
    for separator in [",", ";"] {
        assert_eq!(from_csv(&csv(&text, separator), &[]).exits(0).stdout, text);
    }
    // Without quotes too, where none are needed, and through a pipe.
    let plain = rows(&[&[], &[]]);
    let bare = String::from_utf8(plain.clone()).expect("text").replace('\t', ",");
    let words = ["convert", "--from", "csv", "--to", "cvrs", "--today", "2021-01-29"];
    assert_eq!(Desk::new(b"").cvrs(&words, bare.as_bytes()).exits(0).stdout, plain);
}

#[test]
fn breaks_inside_cells_become_blanks_and_lines_are_those_of_the_file() {
    let text = rows(&[&[(AdminName, "Hope#Clinic")], &[(RecipSex, "Q")]]);
    let ended =
        from_csv(&csv(&text, ",").replace("Hope#Clinic", "Hope\r\nClinic"), &["--rejects", "rejects.txt"]).exits(1);
    let ended = ended
        .says("in 1 cell, which no cell can hold, became blanks")
        .says("2 records read = 1 converted + 1 rejected");
    // The record before takes two lines.
    let ended = ended.says("DATA007 recip_sex").says("(line 4)");
    let expected = rows(&[&[(AdminName, "Hope Clinic")]]);
    assert_eq!(ended.stdout, expected);
}

#[test]
fn csv_must_be_named_and_must_be_csv() {
    let text = csv(&rows(&[&[]]), ",");
    let desk = Desk::new(text.as_bytes());
    desk.convert(&["--to", "cvrs"]).exits(3).says("comma-separated");
    for (bytes, words) in [
        (&rows(&[&[]])[..], "no CSV"),
        (b"a|b\n", "no CSV"),
        (b"one\n", "no CSV"),
        (b"", "empty"),
        (b"\xff\xfev\0,\0", "UTF-16"),
        (b"PAR1\x15\x04\x15\0\x15", "Parquet"),
        (b"a,b\n1,2\n", "no name in its first line"),
    ] {
        desk.put("in", bytes);
        let ended = desk.cvrs(&["convert", "in", "--from", "csv", "--to", "cvrs", "-o", "out.txt"], b"");
        let ended = ended.exits(3).says(words);
        assert!(ended.stderr.lines().count() == 1 && !desk.has("out.txt"), "{}", ended.stderr);
    }
}

#[test]
fn a_quote_that_is_not_closed_ends_the_run_and_is_told_by_line() {
    let bare = String::from_utf8(rows(&[&[], &[], &[]])).expect("text").replace('\t', ",");
    let ended = from_csv(&bare.replace("GA-1,", "\"GA-1,"), &["-o", "out.txt"]).exits(3);
    ended.says("a cell in quotes does not end; look for a quote without its closing one from line 3 on");
}

#[test]
fn blank_lines_and_rows_of_another_length_are_told_as_in_any_text() {
    let text = csv(&rows(&[&[], &[]]), ",").replace("\r\n\"GA-1\"", "\r\n\r\n\"more\",\"GA-1\"");
    let ended = from_csv(&text, &["--rejects", "rejects.txt"]).exits(1);
    ended.says("2 records read = 1 converted + 1 rejected; 1 blank line").says("line 4");
}

#[test]
fn csv_of_version_1_becomes_a_later_one_and_its_log_tells_the_lines_of_the_file() {
    use cvrs_rules::example::{header, row};
    use cvrs_spec::{Field, Version};
    let cells: [(Field, &str); 2] = [(Field::AdminType, "TR"), (AdminName, "Two#Lines")];
    let rows = [row(Version::V1, &cells), row(Version::V1, &[(Field::AdminType, "UNK"), (Field::VaxEventId, "B")])];
    let text = header(Version::V1) + "\n" + &rows.join("\n") + "\n";
    let desk = Desk::new(b"");
    desk.put("in.csv", csv(text.as_bytes(), ",").replace('#', "\r\n").as_bytes());
    let words =
        ["convert", "in.csv", "--from", "csv", "--to", "cvrs", "--cvrs-version", "2", "--all", "--log", "log.tsv"];
    desk.cvrs(&words, b"").says("info CNV007 admin_type");
    let log = String::from_utf8(desk.read("log.tsv")).expect("text");
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains("CNV008") && !line.contains("CNV005")).collect();
    assert_eq!(lines, ["file\tline\trecord\tfield\trule\tbefore\tafter", "in.csv\t2\t1\tadmin_type\tCNV007\tTR\t11"]);
    assert!(log.contains("in.csv\t4\t2\t"), "{log}");
}

#[test]
fn rows_of_columns_tell_the_lines_of_the_csv() {
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    let text = csv(&rows(&[&[(AdminName, "Two#Lines")], &[]]), ",").replace('#', "\r\n");
    let ended = from_csv_to(&text, "arrow", &["--with-source"]).exits(0);
    let reader = arrow_ipc::reader::StreamReader::try_new(&ended.stdout[..], None).expect("a stream");
    let lines: Vec<i64> = reader
        .flat_map(|batch| {
            let batch = batch.expect("sound");
            batch.column_by_name("source_line").expect("a column").as_primitive::<Int64Type>().values().to_vec()
        })
        .collect();
    assert_eq!(lines, [2, 4]);
}
