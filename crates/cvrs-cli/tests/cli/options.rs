//! Each option's effect, its conflicts and the exit codes.

use crate::sandbox::{Cells, NAME, Sandbox, faulty, good, text};
use cvrs_rules::example;
use cvrs_spec::{Field, Version};

/// The codes that are told, in order, with their levels.
fn told(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let ran = sandbox.validate_it(&[&["--format", "tsv"], words].concat());
    let cells = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        format!("{}:{}", cells[6], cells[8])
    };
    ran.stdout.lines().skip(1).map(cells).collect()
}

#[test]
fn exit_is_0_without_and_1_with_errors() {
    Sandbox::with(&good(3)).validate_it(&[]).exits(0);
    Sandbox::with(&faulty()).validate_it(&[]).exits(1);
}

#[test]
fn fail_on_says_what_counts() {
    const WARNED: Cells = &[(Field::LotNumber, "EL1283 ")];
    let (errors, warnings) = (Sandbox::with(&faulty()), Sandbox::with(&text(&[WARNED])));
    for (level, of_errors, of_warnings) in [("error", 1, 0), ("warn", 1, 1), ("never", 0, 0)] {
        errors.validate_it(&["--fail-on", level]).exits(of_errors);
        warnings.validate_it(&["--fail-on", level]).exits(of_warnings);
    }
    warnings.validate_it(&["--fail-on", "info"]).fails_as_usage(&["--fail-on"]);
}

#[test]
fn the_profile_decides_which_rules_count_and_how() {
    let sandbox = Sandbox::with(&faulty());
    assert_eq!(told(&sandbox, &[]), ["DATA009:error", "DATA007:error", "XR023:warn"]);
    assert_eq!(told(&sandbox, &["--profile", "dch"]), ["DATA009:error", "DATA007:error"]);
    assert_eq!(told(&sandbox, &["--profile", "strict"]), ["DATA009:error", "DATA007:error", "XR023:error"]);
    sandbox.validate_it(&["--profile", "lax"]).fails_as_usage(&["--profile"]);
}

#[test]
fn rules_are_picked_left_out_and_given_levels() {
    let sandbox = Sandbox::with(&faulty());
    assert_eq!(told(&sandbox, &["--select", "DATA007"]), ["DATA007:error"]);
    assert_eq!(told(&sandbox, &["--select", "dch015,XR"]), ["DATA009:error", "XR023:warn"]);
    assert_eq!(told(&sandbox, &["--select", "DATA", "--ignore", "DCH017"]), ["DATA009:error"]);
    assert_eq!(told(&sandbox, &["--ignore", "DATA,XR023"]), Vec::<String>::new());
    assert_eq!(
        told(&sandbox, &["--level", "XR023=error,DATA009=info", "--level", "DCH017=off"]),
        ["DATA009:info", "XR023:error"]
    );
    assert_eq!(told(&sandbox, &["--select", "BUSR013"]), Vec::<String>::new());
    for option in ["--select", "--ignore"] {
        sandbox
            .validate_it(&[option, "DATA07"])
            .fails_as_usage(&["no rule has a code that begins with", "did you mean DATA00"]);
    }
    sandbox.validate_it(&["--level", "XR023"]).fails_as_usage(&["expected CODE=LEVEL"]);
    sandbox.validate_it(&["--level", "XR023=fatal"]).fails_as_usage(&["expected error, warn, info or off"]);
}

#[test]
fn a_rule_that_is_off_rejects_nothing() {
    let sandbox = Sandbox::with(&faulty());
    let ran = sandbox.validate_it(&["--ignore", "DATA", "--format", "json", "--clean", "c.txt"]).exits(0);
    assert!(ran.stderr.contains("4 records = 4 clean + 0 rejected"), "{ran:#?}");
    assert_eq!(sandbox.read("c.txt"), faulty());
}

#[test]
fn today_is_the_day_of_submission() {
    let sandbox = Sandbox::with(&good(1));
    let on = |day: &str| sandbox.run(&["validate", "--today", day, "--ignore", "PAT009", "--format", "jsonl", NAME]);
    assert_eq!(on("2021-01-15").exits(0).stdout, "");
    assert!(on("2021-01-14").exits(1).stdout.contains("\"code\":\"BUSR012\",\"dch\":\"DCH071\""));
    for bad in ["2021-01", "2021-02-30", "today"] {
        on(bad).fails_as_usage(&["expected a day as YYYY-MM-DD"]);
    }
    // Without it the local date counts, which is later than the example's.
    sandbox.run(&["validate", NAME]).exits(0);
}

#[test]
fn the_version_is_told_by_the_header_or_the_option() {
    let v1 = Sandbox::with(&example::file(Version::V1, &[&[]]));
    let ran = v1.validate_it(&[]).exits(0);
    assert!(ran.stdout.contains("CVRS 1, profile recommended"), "{ran:#?}");
    v1.validate_it(&["--spec-version", "2"]).exits(1);
    const P: Cells = &[(Field::ExtType, "P"), (Field::PprlId, "t0k3n")];
    let v3 = Sandbox::with(&text(&[P]));
    assert_eq!(told(&v3, &[]), Vec::<String>::new());
    for (version, expected) in [("3", &[][..]), ("2.5", &["XR011:warn"]), ("2", &["XR011:warn"])] {
        assert_eq!(told(&v3, &["--spec-version", version]), expected, "{version}");
    }
    v3.validate_it(&["--spec-version", "4"]).fails_as_usage(&["--spec-version", "2.5"]);
}

#[test]
fn for_a_delete_only_the_ids_matter() {
    const EMPTY_ID: Cells = &[(Field::VaxEventId, ""), (Field::RecipSex, "X")];
    let sandbox = Sandbox::with(&text(&[EMPTY_ID]));
    assert_eq!(told(&sandbox, &["--operation", "delete"]), ["REQD001:error", "DATA007:warn"]);
    assert_eq!(told(&sandbox, &["--operation", "update"]), ["REQD001:error", "DATA007:error"]);
    sandbox.validate_it(&["--operation", "upsert"]).fails_as_usage(&["--operation"]);
}

#[test]
fn test_data_may_have_placeholders_and_early_dates() {
    const EARLY: Cells = &[
        (Field::AdminDate, "2020-10-04"),
        (Field::Cvx, "900"),
        (Field::Mvx, ""),
        (Field::Ndc, ""),
        (Field::VaxExpiration, ""),
    ];
    let sandbox = Sandbox::with(&text(&[EARLY]));
    let placeholders = ["--select", "XR"];
    assert_eq!(told(&sandbox, &placeholders), ["XR014:warn", "XR020:warn"]);
    assert_eq!(told(&sandbox, &["--select", "XR", "--test"]), Vec::<String>::new());
}

#[test]
fn threads_do_not_show() {
    let sandbox = Sandbox::with(&faulty());
    let words = |threads| ["--format", "jsonl", "--threads", threads];
    let one = sandbox.validate_it(&words("1")).exits(1).stdout;
    assert_eq!(sandbox.validate_it(&words("7")).exits(1).stdout, one);
    sandbox.validate_it(&words("0")).fails_as_usage(&["--threads"]);
    sandbox.validate_it(&words("many")).fails_as_usage(&["--threads"]);
}

#[test]
fn quiet_and_verbose_say_less_and_more() {
    let sandbox = Sandbox::with(&faulty());
    assert_eq!(sandbox.validate_it(&["--format", "json", "-q"]).exits(1).stderr, "");
    assert_eq!(sandbox.validate_it(&["--format", "json"]).exits(1).stderr.lines().count(), 1);
    let verbose = sandbox.validate_it(&["--format", "json", "-v", "--no-progress"]).exits(1).stderr;
    assert!(verbose.contains(" s, ") && verbose.contains(" MB/s"), "{verbose}");
    sandbox.validate_it(&["-q", "-v"]).fails_as_usage(&["cannot be used with"]);
}

#[test]
fn the_name_of_a_file_is_checked_but_not_that_of_stdin() {
    let sandbox = Sandbox::new();
    sandbox.put("20211329_01_GAA.txt", &good(1));
    let ran = sandbox.validate(&["--format", "jsonl", "20211329_01_GAA.txt"]).exits(0);
    assert!(ran.stdout.contains("\"code\":\"XR010\",\"level\":\"warn\""), "{ran:#?}");
    let ran = sandbox.run_with(&["validate", "--today", "2021-01-29", "--format", "jsonl"], &good(1)).exits(0);
    assert_eq!(ran.stdout, "");
}

#[test]
fn wrong_words_are_wrong_usage() {
    let sandbox = Sandbox::new();
    sandbox.run(&[]).fails_as_usage(&["Usage: cvrs"]);
    sandbox.run(&["valdate"]).fails_as_usage(&["validate"]);
    sandbox.run(&["validate", "--frmat", "json", "a"]).fails_as_usage(&["--format"]);
    sandbox.run(&["validate", "--format", "xml", "a"]).fails_as_usage(&["text", "json", "jsonl", "tsv"]);
    assert!(sandbox.names().is_empty());
}

#[test]
fn help_manual_and_completions_come_from_one_definition() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["validate", "--help"]).exits(0).stdout;
    let manual = sandbox.run(&["man"]).exits(0).stdout;
    let completions = sandbox.run(&["completions", "bash"]).exits(0).stdout;
    assert!(manual.starts_with(".ie") || manual.contains(".TH cvrs"), "{manual}");
    for option in [
        "--profile",
        "--spec-version",
        "--operation",
        "--today",
        "--format",
        "--report",
        "--clean",
        "--rejects",
        "--limit",
        "--select",
        "--ignore",
        "--level",
        "--test",
        "--fail-on",
        "--show-values",
        "--no-ids",
        "--id",
        "--threads",
        "--quiet",
        "--verbose",
        "--color",
        "--no-progress",
    ] {
        assert!(help.contains(option), "{option} is not in the help");
        assert!(completions.contains(option), "{option} is not completed");
    }
    let version = sandbox.run(&["--version"]).exits(0).stdout;
    assert!(
        version.starts_with("cvrs ") && version.contains("rule book") && version.contains("code sets"),
        "{version}"
    );
    sandbox.run(&["completions", "tcsh"]).fails_as_usage(&["tcsh"]);
}
