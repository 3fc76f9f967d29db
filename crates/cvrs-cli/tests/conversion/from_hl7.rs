//! `--from hl7`, and HL7 given to `cvrs validate`.

use super::{Desk, INPUT};

const FOREIGN: &str = include_str!("../../../cvrs-transform/tests/data/foreign.hl7");
const EXAMPLES: &str = include_str!("../../../cvrs-transform/tests/data/examples.txt");
const MESSAGES: &str = include_str!("../../../cvrs-transform/tests/data/examples.ig.hl7");

fn desk(text: &str) -> Desk {
    let desk = Desk::new(b"");
    desk.put("in.hl7", text.as_bytes());
    desk
}

fn from_hl7(desk: &Desk, words: &[&str]) -> super::Ended {
    desk.cvrs(&[&["convert", "in.hl7", "--to", "cvrs", "--today", "2021-03-01"], words].concat(), b"")
}

#[test]
fn messages_become_the_rows_they_were_made_from() {
    let ended = from_hl7(&desk(MESSAGES), &[]).exits(0).says("6 HL7 messages, 6 doses (RXA) = 6 records");
    assert_eq!(String::from_utf8(ended.stdout).expect("UTF-8"), EXAMPLES);
    // From stdin, packed, and without being told either.
    let desk = desk(MESSAGES);
    let words = ["convert", "--to", "cvrs", "--today", "2021-03-01"];
    let packed = {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(MESSAGES.as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    for bytes in [MESSAGES.as_bytes(), &packed] {
        assert_eq!(desk.cvrs(&words, bytes).exits(0).stdout, EXAMPLES.as_bytes());
    }
}

#[test]
fn a_hundred_thousand_bytes_of_both_dialects_come_back() {
    let desk = Desk::new(b"");
    let name = "20221231_01_GAA.txt";
    desk.cvrs(&["generate", "--records", "3000", "--ext-type", "mix", "-o", name], b"").exits(0);
    for dialect in ["ig", "cdc"] {
        let today = ["--today", "2022-12-31", "--dialect", dialect, "--threads", "3"];
        desk.cvrs(&[&["convert", name, "--to", "hl7", "-o", "a.hl7"], &today[..]].concat(), b"").exits(0);
        desk.cvrs(&[&["convert", "a.hl7", "--to", "cvrs", "-o", "b.txt"], &today[..]].concat(), b"").exits(0);
        assert!(desk.read("b.txt") == desk.read(name), "{dialect}");
    }
}

#[test]
fn what_is_wrong_is_told_by_the_line_of_the_message() {
    let desk = desk(&format!("\n{FOREIGN}{FOREIGN}"));
    let ended = from_hl7(&desk, &["--rejects", "rejects.txt", "--log", "log.tsv"]).exits(1);
    let ended = ended.says("2 HL7 messages, 4 doses (RXA) = 2 records + 0 deletes apart + 2 without event + 0 missed");
    ended.says("warn HLR012 admin_name").says("lines 2, 11").says("2 records read = 0 converted + 2 rejected");
    let rejects = String::from_utf8(desk.read("rejects.txt")).expect("UTF-8");
    assert_eq!(rejects.lines().count(), 3);
    let log = String::from_utf8(desk.read("log.tsv")).expect("UTF-8");
    assert!(log.starts_with("file\tline\tdose\tfield\trule\tlevel\tmessage\n"), "{log}");
    assert!(log.contains("in.hl7\t11\t3\tadmin_name\tHLR012\twarn\t"), "{log}");
    assert!(!log.contains("Winter") && !log.contains("1984"));

    let words = ["validate", "in.hl7", "--today", "2021-03-01", "--format", "jsonl"];
    let ended = desk.cvrs(&words, b"").exits(1).says("2 records = 0 clean + 2 rejected");
    let report = String::from_utf8(ended.stdout).expect("UTF-8");
    let required: Vec<&str> = report.lines().filter(|line| line.contains("\"field\":\"serology\"")).collect();
    assert_eq!(required.len(), 2, "{report}");
    assert!(
        required[0].contains("\"line\":2,\"record\":1,\"field\"") && required[1].contains("\"line\":11,\"record\":2,")
    );
    // The second message repeats the event of the first, whose line is told too.
    assert!(report.contains("duplicates vax_event_id at line 2"), "{report}");
    assert!(!report.contains("\"byte\"") && !report.contains("\"column\""));
    let filled = from_hl7(&desk, &["--defaults", "--all"]).exits(1);
    filled.says("2 converted + 0 rejected").says("info HLR014 serology");
}

#[test]
fn several_inputs_are_checked_each_in_its_own_way() {
    let desk = desk(MESSAGES);
    desk.put(INPUT, EXAMPLES.as_bytes());
    let words =
        ["validate", INPUT, "in.hl7", INPUT, "--today", "2021-03-01", "--ignore", "XR011,BUSR013", "-o", "r.txt"];
    desk.cvrs(&words, b"").exits(0);
    let report = String::from_utf8(desk.read("r.txt")).expect("UTF-8");
    assert_eq!(report.matches("6 records = 6 clean + 0 rejected").count(), 3, "{report}");
}

#[test]
fn deletes_go_to_a_file_of_their_own() {
    let desk = desk(&MESSAGES.replacen("||CP|A", "||CP|D", 1));
    let ended = from_hl7(&desk, &["--deletes", "deletes.txt"]).exits(0).says("5 records + 1 delete apart");
    assert!(!ended.stderr.contains("left out"), "{}", ended.stderr);
    let deletes = String::from_utf8(desk.read("deletes.txt")).expect("UTF-8");
    let lines: Vec<&str> = EXAMPLES.lines().collect();
    assert_eq!(deletes, format!("{}\n{}\n", lines[0], lines[1]));
    assert_eq!(ended.stdout, EXAMPLES.replacen(&format!("{}\n", lines[1]), "", 1).as_bytes());
    from_hl7(&desk, &[]).exits(0).says("were left out; --deletes PATH writes them");
    let ended = from_hl7(&desk, &["--operation", "delete"]).exits(0);
    assert_eq!(ended.stdout, EXAMPLES.as_bytes());
}

#[test]
fn segments_before_the_first_message_are_skipped_and_told() {
    for start in ["PID|1||X\r", "NTE|1||a note\r\nZZ9|1\r\n", "\u{b}SFT|A\n\n"] {
        let desk = desk(&(start.to_owned() + MESSAGES));
        for words in [&[][..], &["--from", "hl7"]] {
            let ended = from_hl7(&desk, words).exits(0).says("HLR001");
            assert_eq!(ended.stdout, EXAMPLES.as_bytes(), "{start:?}");
        }
    }
    // Of these none is HL7: no message follows, or the first line is no segment.
    for text in ["PID|1||X\rRXA|0|1\r", "CVX,NDC\n207,\n", "the messages\rMSH|^~\\&|A\r"] {
        from_hl7(&desk(text), &["--from", "hl7"]).exits(3).says("no HL7");
    }
}

#[test]
fn a_message_without_end_is_told_in_a_line() {
    let text = format!("FHS|^~\\&|A\rMSH|^~\\&|A\rPID|1||{}\r", "x".repeat(65 << 20));
    let ended = from_hl7(&desk(&text), &["-o", "out.txt"]).exits(3);
    let told =
        "error: in.hl7: the HL7 message at line 2 is longer than 64 MiB, which none is; look for missing line ends\n";
    assert_eq!(ended.stderr, told);
}

#[test]
fn hl7_without_a_dose_is_no_input() {
    let text = "MSH|^~\\&|A|B\rPID|1||X\r";
    let desk = desk(text);
    from_hl7(&desk, &["-o", "out.txt"]).exits(3).says("HL7 without an RXA segment");
    assert!(!desk.has("out.txt"));
    let ended = desk.cvrs(&["validate", "in.hl7"], b"").exits(3).says("HL7 without an RXA segment");
    assert!(ended.stdout.is_empty());
    desk.cvrs(&["fix", "in.hl7"], b"").exits(3).says("cvrs convert --to cvrs");
    let words = ["convert", "--to", "cvrs", "--from", "hl7", "-"];
    desk.cvrs(&words, EXAMPLES.as_bytes()).exits(3).says("this is no HL7");
    desk.cvrs(&["convert", "--to", "cvrs", "--from", "cvrs", "in.hl7"], b"").exits(3).says("this is HL7");
    desk.cvrs(&["convert", "--to", "cvrs", "--defaults", "-"], EXAMPLES.as_bytes()).exits(2).says("--defaults");
}
