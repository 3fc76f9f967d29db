//! `--to cvrs --cvrs-version`.

use super::{Desk, rows};
use cvrs_rules::example::{IDENTIFIED, MISSED, header, row};
use cvrs_spec::Field::{self, AdminType, RecipId, VaxEventId, VaxProvSuffix};
use cvrs_spec::Version;

/// A file of version 1 with three rows: one with a kind of provider that has no one code later, a missed appointment, a tribal
/// provider.
fn first_version() -> Vec<u8> {
    let missed: Vec<(Field, &str)> = MISSED.iter().copied().chain([(VaxEventId, "B"), (RecipId, "2")]).collect();
    let rows: [&[(Field, &str)]; 3] = [
        &[(VaxEventId, "A"), (RecipId, "1"), (AdminType, "PH"), (VaxProvSuffix, "RN")],
        &missed,
        &[(VaxEventId, "C"), (RecipId, "3"), (AdminType, "TR"), (VaxProvSuffix, "")],
    ];
    let mut lines = vec![header(Version::V1)];
    lines.extend(rows.iter().map(|cells| row(Version::V1, cells)));
    (lines.join("\n") + "\n").into_bytes()
}

/// The cells of a column.
fn column(text: &[u8], name: &str) -> Vec<String> {
    let text = String::from_utf8(text.to_vec()).expect("text");
    let mut lines = text.lines();
    let at = lines.next().expect("a header").split('\t').position(|column| column == name).expect("a column");
    lines.map(|line| line.split('\t').nth(at).expect("a cell").to_owned()).collect()
}

#[test]
fn version_1_becomes_any_later_one() {
    let desk = Desk::new(&first_version());
    for version in ["2", "2.5", "3"] {
        let words = [
            "--to",
            "cvrs",
            "--cvrs-version",
            version,
            "--rejects",
            "rejects.txt",
            "--keep-dropped",
            "dropped.tsv",
            "--log",
            "log.tsv",
        ];
        let ended = desk.convert(&words).exits(1).says("3 records read = 2 converted + 1 rejected");
        let ended = ended
            .says("error CNV002 recip_missed_appt")
            .says("warn CNV004 admin_type")
            .says("warn CNV005 vax_prov_suffix");
        let first = ended.stdout.split(|&byte| byte == b'\n').next().expect("a header");
        assert_eq!(first, header(Version::V3).as_bytes());
        assert_eq!(column(&ended.stdout, "admin_type"), ["UNK", "11"]);
        assert_eq!(column(&ended.stdout, "vax_event_id"), ["A", "C"]);
        assert_eq!(column(&desk.read("rejects.txt"), "vax_event_id"), ["B"]);
        assert_eq!(desk.read("dropped.tsv"), b"vax_event_id\tvax_prov_suffix\nA\tRN\n");
    }
    let log = String::from_utf8(desk.read("log.tsv")).expect("text");
    let changed = |field: &str, before: &str, after: &str| log.contains(&format!("\t{field}\t{before}\t{after}\n"));
    assert!(changed("admin_type\tCNV004", "PH", "UNK") && changed("admin_type\tCNV007", "TR", "11"), "{log}");
    assert!(changed("vax_prov_suffix\tCNV005", "RN", "") && changed("recip_missed_appt\tCNV008", "NO", ""), "{log}");
    desk.put("map.tsv", b"from\tto\nPH\t17\n");
    let ended = desk.convert(&["--to", "cvrs", "--cvrs-version", "3", "--admin-type-map", "map.tsv"]).exits(1);
    assert_eq!(column(&ended.stdout, "admin_type"), ["17", "11"]);
    desk.put("bad.tsv", b"from\tto\nPH\t99\n");
    desk.convert(&["--to", "cvrs", "--cvrs-version", "3", "--admin-type-map", "bad.tsv"]).exits(2).says("line 2");
}

#[test]
fn later_versions_look_alike_but_for_their_models() {
    let text = rows(&[&[], IDENTIFIED]);
    let desk = Desk::new(&text);
    let ended = desk.convert(&["--to", "cvrs", "--cvrs-version", "2.5", "--ignore", "XR011"]).exits(0);
    assert_eq!(ended.stdout, text);
    let ended = desk.convert(&["--to", "cvrs", "--cvrs-version", "2", "--ignore", "XR011"]).exits(1);
    ended.says("error CNV003 ext_type").says("2 records read = 1 converted + 1 rejected");
    desk.convert(&["--to", "cvrs", "--cvrs-version", "1"]).exits(2).says("no way back to version 1");
    desk.convert(&["--to", "hl7", "--entity", "GAA", "--cvrs-version", "2"]).exits(2).says("--cvrs-version");
    for option in ["--admin-type-map", "--keep-dropped", "--log"] {
        desk.convert(&["--to", "cvrs", option, "file"]).exits(2).says(option);
        desk.convert(&["--to", "cvrs", "--cvrs-version", "1", option, "file"]).exits(2).says(option);
    }
    let no_map = ["--to", "cvrs", "--cvrs-version", "3", "--admin-type-map", "missing"];
    desk.convert(&no_map).exits(3).says("--admin-type-map missing: ");
    assert!(!desk.has("file"));
}

#[test]
fn what_was_written_is_a_file_of_its_version_and_stays_as_it_is() {
    let desk = Desk::new(&first_version());
    let words = ["--to", "cvrs", "--cvrs-version", "2", "-o", "new.txt"];
    desk.convert(&words).exits(1);
    let again = ["convert", "new.txt", "--to", "cvrs", "--cvrs-version", "2", "--today", "2021-01-29"];
    assert_eq!(desk.cvrs(&again, b"").exits(0).stdout, desk.read("new.txt"));
    // Who does not ask for a version gets the one that is read.
    let words = ["--to", "cvrs"];
    assert_eq!(desk.convert(&words).exits(0).stdout, first_version());
}

#[test]
fn a_refusal_that_is_a_missed_appointment_too_goes_on_as_a_refusal_with_consent() {
    let both: Vec<(Field, &str)> =
        MISSED.iter().copied().chain([(Field::VaxRefusal, "YES"), (AdminType, "UNK")]).collect();
    let text = header(Version::V1) + "\n" + &row(Version::V1, &both) + "\n";
    let desk = Desk::new(text.as_bytes());
    let words = ["--to", "cvrs", "--cvrs-version", "3"];
    desk.convert(&words).exits(1).says("error BUSR006").says("1 record read = 0 converted + 1 rejected");
    let ended = desk.convert(&[&words[..], &["--all"]].concat()).exits(1).says("error BUSR006");
    assert_eq!(column(&ended.stdout, "vax_refusal"), ["YES"]);
}
