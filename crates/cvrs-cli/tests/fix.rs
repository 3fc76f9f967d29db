//! `cvrs fix` from the outside: outputs, options, exit codes, and what is never told.
#![expect(clippy::disallowed_methods, reason = "tests of the command read and write files")]

use assert_cmd::Command;
use cvrs_rules::example::{GOOD, IDENTIFIED, file, header, row};
use cvrs_spec::Field::{
    self, AdminAddressState, AdminAddressZip, AdminDate, AdminName, AdminType, Cvx, LotNumber, Ndc,
};
use cvrs_spec::Field::{PprlId, RecipAddressStreet, RecipAddressZip, RecipDob, RecipFirstName, RecipId, RecipLastName};
use cvrs_spec::Field::{RecipSex, VaxEventId, VaxExpiration, VaxRoute};
use cvrs_spec::Version;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

const INPUT: &str = "20210129_01_GAA.txt";

/// A folder with one input in it.
struct Desk {
    folder: TempDir,
}

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Desk {
    fn new(text: &[u8]) -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::write(desk.path(INPUT), text).expect("a file");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.path(name)).expect("an output")).into_owned()
    }

    fn run_with(&self, words: &[&str], stdin: &[u8]) -> Ended {
        let mut command = Command::cargo_bin("cvrs").expect("the binary");
        command.current_dir(self.folder.path()).arg("fix").args(words).args(["--today", "2021-01-29"]);
        let output = command.write_stdin(stdin).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn run(&self, words: &[&str]) -> Ended {
        self.run_with(&[&[INPUT], words].concat(), b"")
    }
}

type Cells = &'static [(Field, &'static str)];

/// A file with these rows, each with ids of its own.
fn rows(rows: &[Cells]) -> Vec<u8> {
    let mut text = header(Version::V3) + "\n";
    for (at, cells) in rows.iter().enumerate() {
        let (event, recipient) = (format!("GA-{at}"), format!("R-{at}"));
        let mut own: Vec<(Field, &str)> = vec![(VaxEventId, &event), (RecipId, &recipient)];
        own.extend(*cells);
        text += &row(Version::V3, &own);
        text.push('\n');
    }
    text.into_bytes()
}

fn text_of(cells: &[Cells]) -> String {
    String::from_utf8(rows(cells)).expect("text")
}

#[test]
fn a_clean_file_comes_out_as_it_went_in() {
    let text = rows(&[&[], &[]]);
    let ended = Desk::new(&text).run(&[]);
    assert_eq!((ended.code, ended.stdout.as_bytes()), (Some(0), &text[..]));
    assert!(ended.stderr.contains("0 changes, 0 of 2 records"), "{}", ended.stderr);
    assert!(ended.stderr.contains("2 records read = 2 written + 0 rejected"), "{}", ended.stderr);
}

#[test]
fn safe_fixes_run_by_themselves_and_guesses_do_not() {
    let desk = Desk::new(&rows(&[&[(RecipSex, "Female"), (AdminDate, "1/15/2021")], &[(AdminDate, "1/2/2021")]]));
    let ended = desk.run(&[]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stdout, text_of(&[&[], &[(AdminDate, "1/2/2021")]]));
    assert!(ended.stderr.contains("F09 us-date: 1") && ended.stderr.contains("F27 sex-words: 1"), "{}", ended.stderr);
    assert!(ended.stderr.contains("DATA007: 1 before, 0 after"), "{}", ended.stderr);
    assert!(ended.stderr.contains("DATA009: 2 before, 1 after"), "{}", ended.stderr);
    for consent in [&["--fix", "F10"][..], &["--fix", "f24,us-date-or-not"], &["--unsafe-fixes"]] {
        let ended = desk.run(consent);
        assert_eq!(ended.code, Some(0), "{consent:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, text_of(&[&[], &[(AdminDate, "2021-01-02")]]));
    }
}

#[test]
fn an_unknown_fix_is_wrong_usage_with_a_suggestion() {
    let desk = Desk::new(&rows(&[&[]]));
    let ended = desk.run(&["--fix", "conty-name"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("did you mean F19 (county-name)?"), "{}", ended.stderr);
    let ended = desk.run(&["--fix", "F12"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("never applied"), "{}", ended.stderr);
}

#[test]
fn no_normalise_leaves_drug_codes_of_ten_digits() {
    let desk = Desk::new(&rows(&[&[(Ndc, "59267-1000-1")]]));
    assert_eq!(desk.run(&[]).stdout, text_of(&[&[]]));
    assert_eq!(desk.run(&["--no-normalise"]).stdout, text_of(&[&[(Ndc, "59267-1000-1")]]));
}

#[test]
fn rows_that_still_have_errors_go_to_the_rejects() {
    let desk = Desk::new(&rows(&[&[(RecipSex, "m")], &[(RecipSex, " X ")], &[]]));
    let ended = desk.run(&["--rejects", "rejects.txt", "-o", "out.txt"]);
    assert_eq!((ended.code, &ended.stdout[..]), (Some(1), ""));
    let all = text_of(&[&[(RecipSex, "M")], &[(RecipSex, "X")], &[]]);
    let lines: Vec<&str> = all.split_inclusive('\n').collect();
    assert_eq!(desk.read("out.txt"), [lines[0], lines[1], lines[3]].concat());
    assert_eq!(desk.read("rejects.txt"), [lines[0], lines[2]].concat());
    assert!(ended.stderr.contains("3 records read = 2 written + 1 rejected"), "{}", ended.stderr);
    // The rules of the run decide what is an error.
    for rules in [&["--ignore", "DATA007"][..], &["--select", "BUSR"], &["--level", "DATA007=warn"]] {
        let ended = desk.run(&[&["--rejects", "rejects.txt"], rules].concat());
        assert_eq!((ended.code, desk.read("rejects.txt").lines().count()), (Some(0), 1), "{rules:?}");
        assert_eq!(ended.stdout, all);
    }
}

#[test]
fn ids_that_become_equal_are_rejected_as_validate_would() {
    let desk = Desk::new(text_of(&[&[], &[]]).replace("GA-1", "\"GA-0\"").as_bytes());
    let ended = desk.run(&["--rejects", "rejects.txt"]);
    assert_eq!((ended.code, ended.stdout.lines().count(), desk.read("rejects.txt").lines().count()), (Some(1), 2, 2));
    assert!(ended.stderr.contains("BUSR013: 0 before, 1 after"), "{}", ended.stderr);
}

#[test]
fn the_input_is_never_an_output() {
    let text = rows(&[&[(RecipSex, "f")]]);
    let desk = Desk::new(&text);
    for option in ["-o", "--rejects", "--log"] {
        let ended = desk.run(&[option, INPUT]);
        assert_eq!(ended.code, Some(2), "{option}");
        assert!(ended.stderr.contains("never overwritten"), "{}", ended.stderr);
    }
    #[cfg(unix)]
    {
        // The file that the shell opened as stdin.
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("cvrs"));
        command.current_dir(desk.folder.path()).args(["fix", "-", "-o", INPUT]);
        let file = fs::File::open(desk.path(INPUT)).expect("the input");
        assert_eq!(command.stdin(file).output().expect("it runs").status.code(), Some(2));
    }
    assert_eq!(desk.run(&["-o", "a", "--log", "a"]).code, Some(2));
    assert_eq!(desk.read(INPUT).as_bytes(), text);
}

#[test]
fn carriage_returns_alone_are_read_and_mended() {
    let good = text_of(&[&[], &[]]);
    let text = good.replace('\n', "\r");
    let desk = Desk::new(text.as_bytes());
    let ended = desk.run(&["--log", "log.tsv"]);
    assert_eq!((ended.code, ended.stdout), (Some(0), good), "{}", ended.stderr);
    assert_eq!(desk.read("log.tsv").lines().nth(1), Some("20210129_01_GAA.txt\t1\t\t\tF01\tCR\tLF"));
    let mut validate = Command::cargo_bin("cvrs").expect("the binary");
    validate.args(["validate", "-"]).write_stdin(text).assert().code(3);
}

#[test]
fn crlf_a_byte_order_mark_and_a_missing_line_end_are_mended() {
    let good = text_of(&[&[], &[]]);
    let text = format!("\u{FEFF}{}", good.trim_end().replacen('\n', "\r\n", 1));
    let ended = Desk::new(text.as_bytes()).run(&[]);
    assert_eq!((ended.code, ended.stdout), (Some(0), good));
    assert!(ended.stderr.contains("F01 line-ends: 3"), "{}", ended.stderr);
    assert!(ended.stderr.contains("FMT_005: 1 before, 0 after"), "{}", ended.stderr);
}

#[test]
fn a_header_in_quotes_and_another_order_becomes_canonical() {
    let good = text_of(&[&[]]);
    let quoted = |line: &str| {
        let mut cells: Vec<String> = line.split('\t').map(|cell| format!("\"{cell}\"")).collect();
        cells.swap(0, 30);
        cells.join("\t") + "\n"
    };
    let text: String = good.lines().map(quoted).collect();
    let ended = Desk::new(text.as_bytes()).run(&[]);
    assert_eq!((ended.code, ended.stdout), (Some(0), good), "{}", ended.stderr);
}

#[test]
fn rows_of_another_length_stay_or_are_filled_where_columns_move() {
    let good = text_of(&[&[(RecipSex, "f")], &[]]);
    let lines: Vec<&str> = good.lines().collect();
    let short = format!("{}\n{}\n{}\n", lines[0], lines[1].strip_suffix("\tUNK").expect("serology"), lines[2]);
    assert_eq!(Desk::new(short.as_bytes()).run(&[]).stdout, short);
    let swap = |line: &str| {
        let mut cells: Vec<&str> = line.split('\t').collect();
        cells.swap(0, 1);
        cells.join("\t") + "\n"
    };
    let long = format!("{short}{}\tmore\n", lines[2]);
    let desk = Desk::new(long.lines().map(swap).collect::<String>().as_bytes());
    let ended = desk.run(&["--log", "log.tsv"]);
    let filled = lines[1].replacen("\tf\t", "\tF\t", 1);
    let filled = filled.strip_suffix("UNK").expect("serology");
    assert_eq!(ended.stdout, format!("{}\n{filled}\n{}\n{}\tmore\n", lines[0], lines[2], lines[2]));
    let log = desk.read("log.tsv");
    assert!(log.contains("\t2\t1\t\tF02\t44 cells\t45 cells, the missing ones empty\n"), "{log}");
    assert!(log.contains("\t4\t3\t\tF02\t46 cells\t46 cells, 1 after the last column\n"), "{log}");
}

#[test]
fn windows_1252_is_decoded_with_consent() {
    let good = text_of(&[&[(AdminName, "José Clinic")], &[(AdminName, "Clínica")]]);
    let text: Vec<u8> = good.chars().map(|character| character as u32 as u8).collect();
    let desk = Desk::new(&text);
    assert_eq!(desk.run(&[]).code, Some(1));
    let ended = desk.run(&["--fix", "F37", "--log", "log.tsv"]);
    assert_eq!((ended.code, &ended.stdout), (Some(0), &good), "{}", ended.stderr);
    assert!(desk.read("log.tsv").contains("\t2\t1\tadmin_name\tF37\tJos\u{FFFD} Clinic\tJosé Clinic\n"));
    // The same through a pipe, which is read twice.
    assert_eq!(desk.run_with(&["-", "--fix", "encoding"], &text).stdout, good);
    let mixed = [&text[..], "GA-9\tJosé\n".as_bytes()].concat();
    let ended = Desk::new(&mixed).run(&["--unsafe-fixes"]);
    assert_eq!(String::from_utf8_lossy(&mixed), ended.stdout);
    assert!(ended.stderr.contains("neither UTF-8 nor Windows-1252"), "{}", ended.stderr);
}

/// Values of a person that no log, diff or message may tell.
const CANARIES: [&str; 6] = ["Zanzibara", "Quokkaberg", "1961-7-3", "1961-07-03", "pprl-canary", "77 Wombat Way"];

#[test]
fn log_and_diff_tell_lengths_of_a_persons_values() {
    let cells: Cells = &[
        (RecipFirstName, " Zanzibara"),
        (RecipLastName, "\"Quokkaberg\""),
        (RecipDob, "1961-7-3"),
        (PprlId, "pprl-canary "),
        (RecipAddressStreet, "77 Wombat Way "),
        (LotNumber, " EL1283"),
    ];
    let desk = Desk::new(&rows(&[cells]));
    let words = ["--unsafe-fixes", "--log", "log.tsv"];
    let ended = desk.run(&words);
    let log = desk.read("log.tsv");
    let diff = desk.run(&["--unsafe-fixes", "--diff"]);
    for canary in CANARIES {
        assert!(!log.contains(canary), "{canary} in {log}");
        assert!(!ended.stderr.contains(canary) && !diff.stderr.contains(canary), "{canary}");
        assert!(!diff.stdout.contains(canary), "{canary} in {}", diff.stdout);
    }
    assert!(log.starts_with("file\tline\trecord\tfield\trule\tbefore\tafter\n"));
    assert!(log.contains("\t2\t1\trecip_dob\tF13\t(8 characters)\t(10 characters)\n"), "{log}");
    assert!(log.contains("\t2\t1\tlot_number\tF03\t EL1283\tEL1283\n"), "{log}");
    let shown = desk.run(&[&words[..], &["--show-values"]].concat());
    assert_eq!(shown.stdout, ended.stdout);
    let log = desk.read("log.tsv");
    assert!(log.contains("\trecip_dob\tF13\t1961-7-3\t1961-07-03\n"), "{log}");
    assert!(
        desk.run(&["--diff", "--show-values"]).stdout.contains("-recip_dob: 1961-7-3\n+recip_dob: 1961-07-03   F13\n")
    );
    // What F39 overwrites is never shown by it.
    assert!(log.contains("\trecip_first_name\tF39\t(9 characters)\tRedacted\n"), "{log}");
}

#[test]
fn a_diff_shows_changed_rows_by_cell_instead_of_the_file() {
    let desk = Desk::new(&rows(&[&[], &[(LotNumber, " \"EL1\" "), (VaxRoute, "c28161")]]));
    let ended = desk.run(&["--diff", "--no-ids"]);
    assert_eq!(
        ended.stdout,
        "--- 20210129_01_GAA.txt\n+++ 20210129_01_GAA.txt (fixed)\n@@ line 3, record 2 @@\n\
         -lot_number:  \"EL1\" \n+lot_number: EL1   F03 F04\n-vax_route: c28161\n+vax_route: C28161   F05\n"
    );
    assert!(desk.run(&["--diff"]).stdout.contains("@@ line 3, record 2, vax_event_id GA-1 @@\n"));
    assert_eq!(desk.run(&["--diff", "-o", "diff.txt"]).stdout, "");
    assert!(desk.read("diff.txt").contains("+vax_route: C28161"));
    assert_eq!(desk.run(&["--diff", "--rejects", "r"]).code, Some(2));
    assert_eq!(Desk::new(&rows(&[&[]])).run(&["--diff"]).stdout, "");
}

#[test]
fn packed_inputs_and_pipes_are_read() {
    use std::io::Write;
    let (text, good) = (rows(&[&[(RecipSex, "f")]]), text_of(&[&[(RecipSex, "F")]]));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let zstd = zstd::encode_all(&text[..], 1).expect("memory");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("a.txt", zip::write::SimpleFileOptions::default()).expect("memory");
    zip.write_all(&text).expect("memory");
    let zip = zip.finish().expect("memory").into_inner();
    for packed in [&text, &gzip, &zstd, &zip] {
        let desk = Desk::new(packed);
        assert_eq!(desk.run(&[]).stdout, good);
        assert_eq!(desk.run_with(&[], packed).stdout, good);
        assert_eq!(desk.run_with(&["-"], packed).stdout, good);
    }
}

#[test]
fn what_is_no_cvrs_file_ends_with_3_and_leaves_nothing() {
    for text in [&b"a,b\nc,d\n"[..], b"one\ttwo\n1\t2\n", b""] {
        let desk = Desk::new(text);
        let ended = desk.run(&["-o", "out.txt", "--log", "log.tsv"]);
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert!(!desk.path("out.txt").exists() && !desk.path("log.tsv").exists());
    }
}

#[test]
fn a_header_alone_is_fine_and_told() {
    let desk = Desk::new(&rows(&[]));
    let ended = desk.run(&["--rejects", "r"]);
    assert_eq!((ended.code, ended.stdout), (Some(0), text_of(&[])));
    assert!(ended.stderr.contains("a header and no record"), "{}", ended.stderr);
    assert_eq!(desk.run(&["-q"]).stderr, "");
}

#[test]
fn versions_profiles_and_test_data_are_those_of_validate() {
    let desk = Desk::new(&file(Version::V1, &[&[(AdminType, "cl")]]));
    assert_eq!(desk.run(&[]).stdout.as_bytes(), file(Version::V1, &[&[]]));
    let early: Cells = &[(AdminDate, "10/14/2020"), (VaxExpiration, "")];
    let desk = Desk::new(&rows(&[early]));
    // The date would break XR020, unless the data are test data.
    assert_eq!(desk.run(&[]).stdout, text_of(&[early]));
    assert_eq!(desk.run(&["--test"]).stdout, text_of(&[&[(AdminDate, "2020-10-14"), (VaxExpiration, "")]]));
    let desk = Desk::new(&rows(&[&[(AdminAddressZip, "30301"), (AdminAddressState, ""), (Cvx, "0208")]]));
    assert_eq!(desk.run(&["--profile", "strict"]).code, Some(1));
    assert_eq!(desk.run(&["--profile", "dch"]).code, Some(0));
    assert_eq!(desk.run(&["--profile", "dch", "--spec-version", "2"]).code, Some(0));
}

#[test]
fn a_second_run_changes_nothing() {
    let messy: Cells =
        &[(RecipSex, " Female"), (Ndc, "59267100001"), (RecipAddressZip, "303011234"), (Cvx, "\"0208\"")];
    let desk = Desk::new(&rows(&[messy, IDENTIFIED, &[(AdminAddressState, "georgia")], GOOD]));
    for words in [&[][..], &["--unsafe-fixes"]] {
        let once = desk.run(words).stdout;
        let again = desk.run_with(&[&["-"], words].concat(), once.as_bytes());
        assert_eq!(again.stdout, once);
        assert!(again.stderr.contains("0 changes"), "{}", again.stderr);
    }
}

#[test]
fn neither_threads_nor_chunks_nor_packing_show_in_what_is_mended_and_told() {
    let options = cvrs_generate::Options {
        records: 4_000,
        error_rate: 0.2,
        today: cvrs_generate::Date::new(2021, 1, 29),
        ..cvrs_generate::Options::default()
    };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("memory");
    // Some lines in the middle end in CR LF, one of the last is blank.
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    for line in lines.iter_mut().skip(2_500).take(900) {
        line.insert(line.len() - 1, b'\r');
    }
    lines.insert(3_900, b"\n".to_vec());
    let text = lines.concat();
    assert!(text.len() > 4 * (256 << 10), "the text is several chunks long");
    let desk = Desk::new(&text);
    let run = |threads: &str| {
        let ran = desk.run(&["--test", "--threads", threads, "-o", "out", "--log", "log"]);
        let diff = desk.run(&["--test", "--threads", threads, "--diff"]);
        (desk.read("out"), desk.read("log"), diff.stdout, ran.stderr, ran.code)
    };
    let one = run("1");
    assert_eq!(one.0.lines().count(), lines.len());
    let told: Vec<u64> = one.1.lines().skip(1).filter_map(|line| line.split('\t').nth(1)?.parse().ok()).collect();
    assert!(told.len() > 20 && told.is_sorted(), "{} changes", told.len());
    assert_eq!(one.1.lines().filter(|line| line.contains("CRLF")).count(), 1);
    for threads in ["2", "5"] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
    // What comes from a pipe is cut elsewhere.
    let piped = desk.run_with(&["-", "--test"], &text);
    assert_eq!(piped.stdout, one.0);
}

#[test]
fn a_line_of_carriage_returns_is_a_record_as_it_is_to_validate() {
    let good = row(Version::V3, &[]);
    for end in ["", "\r", "\r\r", "\n"] {
        let text = format!("{}\n\r\r\n{good}\n\r\n\n\r\r\r\n{end}", header(Version::V3));
        let desk = Desk::new(text.as_bytes());
        let ran = desk.run(&["-o", "out"]);
        let mended = desk.read("out");
        let validate = |name: &str| {
            let mut command = Command::cargo_bin("cvrs").expect("the binary");
            command.current_dir(desk.folder.path()).args([
                "validate",
                "--format",
                "jsonl",
                "--today",
                "2021-01-29",
                name,
            ]);
            let told = String::from_utf8_lossy(&command.output().expect("it runs").stderr).into_owned();
            let records =
                told.split(" records").next().and_then(|words| words.rsplit(' ').next()?.parse::<usize>().ok());
            records.unwrap_or_else(|| panic!("{told}"))
        };
        let n = 3 + usize::from(end.starts_with('\r'));
        assert!(ran.stderr.contains(&format!("{n} records read = {n} written")), "{end:?}: {}", ran.stderr);
        assert_eq!((validate(INPUT), validate("out")), (n, n), "{end:?}");
        fs::write(desk.path(INPUT), &mended).expect("a file");
        desk.run(&["-o", "again"]);
        assert_eq!(desk.read("again"), mended);
    }
}
