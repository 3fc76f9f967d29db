//! The four forms of the report, to the byte.

use crate::sandbox::{NAME, Sandbox, faulty, good, text};
use cvrs_spec::Field;

const ID: &str = "6f1c0f3e-0b0a-4c57-9d8e-2f6a1b7c9d10";

/// Offset of the line with that number.
fn offset(text: &[u8], line: usize) -> usize {
    text.split_inclusive(|&byte| byte == b'\n').take(line - 1).map(<[u8]>::len).sum()
}

#[test]
fn json_is_the_clearinghouse_s_own_reply() {
    let sandbox = Sandbox::with(&faulty());
    let reply = format!(
        "{{\"id\":\"{ID}\",\"totalRecords\":4,\"validationErrors\":[\
         \"line#3: vaxEventId=A2 recipId=B2 field=recip_dob message=invalid date format, expected: \
         \\\"YYYY-MM-DD\\\" or \\\"YYYY-MM\\\"\",\
         \"line#3: vaxEventId=A2 recipId=B2 field=recip_sex message=must be one of [F, M, U]\"\
         ],\"validationErrorsCount\":2,\"storageResult\":{{}}}}\n"
    );
    for profile in ["dch", "recommended"] {
        let ran = sandbox.validate_it(&["--profile", profile, "--format", "json", "--id", ID]).exits(1);
        assert_eq!(ran.stdout, reply, "{profile}");
        assert_eq!(ran.stderr, format!("note: {NAME}: 4 records = 3 clean + 1 rejected\n"));
    }
    let cut = sandbox.validate_it(&["--format", "json", "--id", ID, "--limit", "1"]).exits(1);
    let first =
        reply.replace(",\"line#3: vaxEventId=A2 recipId=B2 field=recip_sex message=must be one of [F, M, U]\"", "");
    assert_eq!(cut.stdout, first, "a cut list keeps its count");
    let none = sandbox.validate_it(&["--format", "json", "--id", ID, "--limit", "0", "--no-ids"]).exits(1);
    assert!(none.stdout.contains("\"validationErrors\":[],\"validationErrorsCount\":2"), "{none:#?}");
    let nameless = sandbox.validate_it(&["--format", "json", "--no-ids"]).exits(1);
    assert!(nameless.stdout.contains("\"line#3: vaxEventId= recipId= field=recip_dob message="), "{nameless:#?}");
}

#[test]
fn json_ids_are_random_uuids_unless_given() {
    let sandbox = Sandbox::with(&good(1));
    let id = || {
        let reply = sandbox.validate_it(&["--format", "json"]).exits(0).stdout;
        let reply: serde_json::Value = serde_json::from_str(&reply).expect("JSON");
        reply["id"].as_str().expect("a text").to_owned()
    };
    let (first, second) = (id(), id());
    assert!(first.len() == 36 && first != second, "{first} {second}");
    sandbox.validate_it(&["--id", "7"]).fails_as_usage(&["--id"]);
}

#[test]
fn json_has_header_findings_first_and_nothing_for_a_whole_record() {
    let mut bytes = faulty();
    let end = bytes.iter().position(|&byte| byte == b'\n').expect("a header");
    bytes.splice(end..end, b"\tother_column".iter().copied());
    let sandbox = Sandbox::with(&bytes);
    let reply = sandbox.validate_it(&["--format", "json", "--select", "FMT,XR001"]).exits(1).stdout;
    let reply: serde_json::Value = serde_json::from_str(&reply).expect("JSON");
    let errors: Vec<&str> =
        reply["validationErrors"].as_array().expect("a list").iter().filter_map(|error| error.as_str()).collect();
    assert_eq!(errors.len(), 5);
    assert_eq!(
        errors[0],
        "line#1: vaxEventId= recipId= field=Header message=Input contains invalid headers: [other_column]"
    );
    assert_eq!(errors[1], "line#2: vaxEventId=A1 recipId=B1 field= message=row has 45 cells, the header has 46");
}

#[test]
fn jsonl_is_one_finding_a_line_with_the_keys_that_apply() {
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    bytes.extend_from_slice(&faulty());
    let sandbox = Sandbox::with(&bytes);
    let (second, third) = (offset(&bytes, 3), offset(&bytes, 4));
    let ran = sandbox.validate_it(&["--format", "jsonl"]).exits(1);
    let expected = [
        format!(
            "{{\"file\":\"{NAME}\",\"line\":1,\"field\":\"Header\",\"code\":\"FMT_005\",\"level\":\"warn\",\
             \"vax_event_id\":\"\",\"recip_id\":\"\",\"message\":\"File starts with a Unicode Byte Order Mark (FEFF)\"}}"
        ),
        format!(
            "{{\"file\":\"{NAME}\",\"line\":3,\"record\":2,\"byte\":{second},\"column\":8,\"field\":\"recip_dob\",\
             \"code\":\"DATA009\",\"dch\":\"DCH015\",\"level\":\"error\",\"vax_event_id\":\"A2\",\"recip_id\":\"B2\",\
             \"message\":\"invalid date format, expected: \\\"YYYY-MM-DD\\\" or \\\"YYYY-MM\\\"\"}}"
        ),
        format!(
            "{{\"file\":\"{NAME}\",\"line\":3,\"record\":2,\"byte\":{second},\"column\":9,\"field\":\"recip_sex\",\
             \"code\":\"DATA007\",\"dch\":\"DCH017\",\"level\":\"error\",\"vax_event_id\":\"A2\",\"recip_id\":\"B2\",\
             \"message\":\"must be one of [F, M, U]\"}}"
        ),
        format!(
            "{{\"file\":\"{NAME}\",\"line\":4,\"record\":3,\"byte\":{third},\"column\":27,\"field\":\"lot_number\",\
             \"code\":\"XR023\",\"level\":\"warn\",\"vax_event_id\":\"A3\",\"recip_id\":\"B3\",\
             \"message\":\"has leading or trailing blanks\"}}"
        ),
    ];
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines, expected);

    let nameless = sandbox.validate_it(&["--format", "jsonl", "--no-ids", "--limit", "2"]).exits(1);
    let without_ids = |line: &str| {
        let (head, tail) = line.split_once(",\"vax_event_id\"").expect("ids");
        format!("{head},{}", &tail[tail.find("\"message\"").expect("a message")..])
    };
    let lines: Vec<String> = expected[..2].iter().map(|line| without_ids(line)).collect();
    assert_eq!(nameless.stdout.lines().collect::<Vec<_>>(), lines);

    let valued = sandbox.validate_it(&["--format", "jsonl", "--show-values", "--select", "DATA007"]).exits(1);
    let value = expected[2].replace("[F, M, U]\"}", "[F, M, U]\",\"value\":\"UNK\"}");
    assert_eq!(valued.stdout, value + "\n");
}

#[test]
fn a_finding_about_a_whole_record_has_no_column() {
    let mut bytes = good(1);
    bytes.splice(bytes.len() - 1.., b"\tmore\n".iter().copied());
    let sandbox = Sandbox::with(&bytes);
    let ran = sandbox.validate_it(&["--format", "jsonl"]).exits(1);
    let byte = offset(&bytes, 2);
    assert_eq!(
        ran.stdout,
        format!(
            "{{\"file\":\"{NAME}\",\"line\":2,\"record\":1,\"byte\":{byte},\"code\":\"XR001\",\"level\":\"error\",\
             \"vax_event_id\":\"A1\",\"recip_id\":\"B1\",\"message\":\"row has 46 cells, the header has 45\"}}\n"
        )
    );
}

#[test]
fn tsv_carries_the_same_columns_under_a_header() {
    let sandbox = Sandbox::with(&faulty());
    let byte = offset(&faulty(), 3);
    let ran = sandbox.validate_it(&["--format", "tsv", "--select", "DATA007"]).exits(1);
    assert_eq!(
        ran.stdout,
        format!(
            "file\tline\trecord\tbyte\tcolumn\tfield\tcode\tdch\tlevel\tvax_event_id\trecip_id\tmessage\n\
             {NAME}\t3\t2\t{byte}\t9\trecip_sex\tDATA007\tDCH017\terror\tA2\tB2\tmust be one of [F, M, U]\n"
        )
    );
    let ran = sandbox.validate_it(&["--format", "tsv", "--select", "DATA007", "--no-ids", "--show-values"]).exits(1);
    assert_eq!(
        ran.stdout,
        format!(
            "file\tline\trecord\tbyte\tcolumn\tfield\tcode\tdch\tlevel\tmessage\tvalue\n\
             {NAME}\t3\t2\t{byte}\t9\trecip_sex\tDATA007\tDCH017\terror\tmust be one of [F, M, U]\tUNK\n"
        )
    );
}

#[test]
fn ids_of_odd_bytes_stay_on_their_line_in_every_format() {
    let odd = "A\u{1}2";
    let mut bytes = text(&[&[(Field::VaxEventId, "A?2"), (Field::RecipSex, "X")]]);
    let at = bytes.windows(3).position(|part| part == b"A?2").expect("the id");
    bytes[at + 1] = 1;
    let recip = bytes.windows(8).position(|part| part == b"R-500001").expect("the other id");
    bytes[recip + 2] = 0xE9;
    let sandbox = Sandbox::with(&bytes);
    let only = ["--select", "DATA007", "--format"];
    let tsv = sandbox.validate_it(&[&only[..], &["tsv"]].concat()).exits(1).stdout;
    assert!(tsv.contains("\tA\\x012\tR-\u{FFFD}00001\t"), "{tsv}");
    let jsonl = sandbox.validate_it(&[&only[..], &["jsonl"]].concat()).exits(1).stdout;
    let line: serde_json::Value = serde_json::from_str(&jsonl).expect("JSON");
    assert_eq!((line["vax_event_id"].as_str(), line["recip_id"].as_str()), (Some(odd), Some("R-\u{FFFD}00001")));
    let json = sandbox.validate_it(&[&only[..], &["json"]].concat()).exits(1).stdout;
    let reply: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        reply["validationErrors"][0],
        format!("line#2: vaxEventId={odd} recipId=R-\u{FFFD}00001 field=recip_sex message=must be one of [F, M, U]")
    );
}

#[test]
fn text_is_a_summary_and_a_table() {
    let sandbox = Sandbox::with(&faulty());
    let version = sandbox.run(&["--version"]).exits(0).stdout;
    let sets = version.trim_end().rsplit("code sets ").next().expect("the sets").trim_end_matches(')');
    let ran = sandbox.validate_it(&[]).exits(1);
    assert_eq!(ran.stderr, "", "the counts stand in the report");
    let expected = format!(
        "\
20210129_01_GAA.txt: 2 errors, 1 warning
  4 records = 3 clean + 1 rejected
  CVRS 3, profile recommended, today 2021-01-29, rule book {}, code sets {sets}

  level  rule            field       count  what is wrong
  error  DATA007 DCH017  recip_sex       1  must be one of [F, M, U]
         line 3
         to do: {}
  error  DATA009 DCH015  recip_dob       1  invalid date format, expected: \"YYYY-MM-DD\" or \"YYYY-MM\"
         line 3
         to do: {}
  warn   XR023           lot_number      1  has leading or trailing blanks
         line 4
         to do: {}
",
        cvrs_rules::RULE_BOOK_VERSION,
        remedy("DATA007"),
        remedy("DATA009"),
        remedy("XR023"),
    );
    assert_eq!(ran.stdout, expected);
}

fn remedy(code: &str) -> &'static str {
    cvrs_rules::rule(code).expect("a rule").remedy
}

#[test]
fn text_lists_ten_lines_or_as_many_as_asked() {
    let rows = vec![&[(Field::RecipSex, "X")][..]; 12];
    let sandbox = Sandbox::with(&text(&rows));
    let only = ["--select", "DATA007"];
    let lines = |limit: &[&str]| {
        let ran = sandbox.validate_it(&[&only[..], limit].concat()).exits(1);
        assert!(ran.stdout.starts_with(&format!("{NAME}: 12 errors")), "{ran:#?}");
        ran.stdout.lines().find(|line| line.trim_start().starts_with("lines ")).unwrap_or_default().trim().to_owned()
    };
    assert_eq!(lines(&[]), "lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more");
    assert_eq!(lines(&["--limit", "2"]), "lines 2, 3 and 10 more");
    assert_eq!(lines(&["--limit", "all"]), "lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13");
    assert_eq!(lines(&["--limit", "0"]), "");
    sandbox.validate_it(&["--limit", "many"]).fails_as_usage(&["expected a number or `all`"]);
}

#[test]
fn colours_are_used_only_when_asked_for() {
    let sandbox = Sandbox::with(&faulty());
    assert!(!sandbox.validate_it(&[]).stdout.contains('\x1B'));
    assert!(sandbox.validate_it(&["--color", "always"]).stdout.contains("\x1B[31m2 errors\x1B[0m"));
    assert!(!sandbox.validate_it(&["--color", "never"]).stdout.contains('\x1B'));
    assert!(!sandbox.validate_it(&["--color", "always", "--format", "jsonl"]).stdout.contains('\x1B'));
    let output = sandbox.validate_it(&["--color", "always", "-o", "report.txt"]);
    assert_eq!(output.exits(1).stdout, "");
    assert!(!sandbox.read_text("report.txt").contains('\x1B'), "a file has no colours");
}
