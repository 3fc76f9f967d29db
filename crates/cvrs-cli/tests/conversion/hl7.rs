//! `--to hl7`.

use super::{Desk, rows};
use cvrs_spec::Field::{AdminName, RecipDob};

const EXAMPLES: &str = include_str!("../../../cvrs-transform/tests/data/examples.txt");
const MESSAGES: &str = include_str!("../../../cvrs-transform/tests/data/examples.ig.hl7");
const NAME: &str = "20210115_01_GAA.txt";
const TIME: &str = "2021-01-17T08:00:00-05:00";

fn examples() -> Desk {
    let desk = Desk::new(b"");
    desk.put(NAME, EXAMPLES.as_bytes());
    desk
}

fn to_hl7(desk: &Desk, input: &str, words: &[&str]) -> super::Ended {
    let always = ["convert", input, "--to", "hl7", "--today", "2021-01-17", "--timestamp", TIME];
    desk.cvrs(&[&always, words].concat(), EXAMPLES.as_bytes())
}

#[test]
fn a_file_becomes_a_batch_of_one_message_a_record() {
    let ended =
        to_hl7(&examples(), NAME, &["--ignore", "XR011"]).exits(0).says("6 records read = 6 converted + 0 rejected");
    let header = "|^~\\&|CVRS|GAA|DCH|CDC|20210117080000-0500||20210115_01_GAA";
    let messages = MESSAGES.replace('\n', "\r");
    let expected = format!("FHS{header}\rBHS{header}-1\r{messages}BTS|6\rFTS|1\r");
    assert_eq!(String::from_utf8(ended.stdout).expect("UTF-8"), expected);
    assert!(ended.stderr.contains("3 messages tell a new dose"), "{}", ended.stderr);
    let ended = to_hl7(&examples(), NAME, &["--no-batch", "--info-source", "01", "--threads", "7"]).exits(0);
    assert_eq!(
        ended.stdout.split(|&byte| byte == b'\r').next(),
        messages.as_bytes().split(|&byte| byte == b'\r').next()
    );
    assert!(!ended.stderr.contains("new dose"), "{}", ended.stderr);
}

#[test]
fn an_entity_must_be_told_by_name_or_option() {
    let desk = examples();
    to_hl7(&desk, "-", &[]).exits(2).says("--entity is needed");
    let ended = to_hl7(&desk, "-", &["--entity", "gab"]).exits(0);
    let text = String::from_utf8(ended.stdout).expect("UTF-8");
    assert!(text.contains("||20210117_01_GAB\r") && text.contains("|GAB2021011701-1|"), "{text}");
    to_hl7(&desk, NAME, &["--entity", "Georgia"]).exits(2);
    to_hl7(&desk, NAME, &["--eligibility", "V99"]).exits(2).says("V00 to V08");
    to_hl7(&desk, NAME, &["--timestamp", "2021-01-17"]).exits(2).says("--timestamp");
    for option in ["--eligibility=V01", "--info-source=01"] {
        to_hl7(&desk, NAME, &["--dialect", "cdc", option]).exits(2).says(&format!("{} is about", &option[..13]));
        desk.cvrs(&["convert", NAME, "--to", "parquet", option], b"").exits(2).says("is about --to hl7");
    }
    desk.cvrs(&["convert", NAME, "--to", "cvrs", "--no-batch"], b"").exits(2).says("--no-batch is about --to hl7");
    desk.cvrs(&["convert", NAME, "--to", "cvrs", "--dialect", "ig"], b"").exits(2).says("--dialect is about");
}

#[test]
fn what_hl7_cannot_say_goes_to_the_rejects_even_with_all() {
    let text = rows(&[&[], &[(RecipDob, "5/27/1968")], &[(AdminName, "Hope Clinic of Saint Anthony")]]);
    let desk = Desk::new(&text);
    let words = ["--to", "hl7", "--all", "--rejects", "rejects.txt", "-o", "out.hl7"];
    let ended = desk.convert(&words).exits(1).says("3 records read = 2 converted + 1 rejected");
    ended.says("error HLW001 recip_dob").says("info HLW004 admin_name").says("line 4");
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    assert_eq!(desk.read("rejects.txt"), [lines[0], lines[2]].concat());
    let messages = desk.read("out.hl7");
    assert!(messages.ends_with(b"\rBTS|2\rFTS|1\r"));
}

#[test]
fn threads_do_not_show() {
    let desk = Desk::new(b"");
    let name = "20221231_02_GAB.txt";
    desk.cvrs(&["generate", "--records", "4000", "--ext-type", "mix", "--error-rate", "0.1", "-o", name], b"").exits(0);
    let convert = |threads: &str| {
        let words =
            ["convert", name, "--to", "hl7", "--today", "2022-12-31", "--timestamp", TIME, "--threads", threads];
        let ended = desk.cvrs(&words, b"").exits(1);
        (ended.stdout, ended.stderr)
    };
    let one = convert("1");
    assert!(one == convert("2") && one == convert("5"));
}
