//! `cvrs rules`, `explain`, `fields` and `codes`.
#![expect(clippy::disallowed_methods, reason = "the command reads and writes files")]

use assert_cmd::Command;
use cvrs_rules::{DCH, RESERVED, RULES};
use cvrs_spec::Field;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The command with an imported-lists folder of its own.
fn cvrs(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("cvrs").expect("the binary is built");
    command.env("CVRS_CODES", folder).env_remove("NO_COLOR");
    command
}

/// What the words print to stdout, with no lists imported.
fn said(words: &[&str]) -> String {
    let folder = TempDir::new().expect("a folder");
    let output = cvrs(folder.path()).args(words).assert().success().get_output().clone();
    assert!(output.stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What the words say on stderr when they are wrong usage.
fn refused(words: &[&str]) -> String {
    let folder = TempDir::new().expect("a folder");
    let output = cvrs(folder.path()).args(words).assert().code(2).get_output().clone();
    assert!(output.stdout.is_empty(), "{words:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

fn json(words: &[&str]) -> Value {
    let text = said(words);
    assert_eq!(text.lines().count(), 1);
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn rules_are_all_listed_with_their_levels() {
    let text = said(&["rules"]);
    for rule in RULES {
        assert!(text.contains(rule.code) && text.contains(rule.name), "{}", rule.code);
    }
    for profile in cvrs_rules::Profile::ALL {
        assert!(text.lines().nth(2).is_some_and(|head| head.contains(profile.name())), "{text}");
    }
}

#[test]
fn a_profile_lists_what_counts_in_it() {
    let text = said(&["rules", "--profile", "dch"]);
    assert!(text.contains(" rules of profile dch, rule book "), "{text}");
    assert!(text.contains("DATA007") && !text.contains("XR012"));
    let strict = json(&["rules", "--profile", "strict", "--format", "json"]);
    assert!(strict.as_array().expect("a list").iter().all(|rule| rule["level"] == "error" || rule["level"] == "info"));
    assert!(refused(&["rules", "--profile", "dhc"]).contains("dch"));
    assert!(refused(&["rules", "--format", "xml"]).contains("json"));
}

#[test]
fn rules_as_json_hold_the_declarations() {
    let rows = json(&["rules", "--format", "json"]);
    let rows = rows.as_array().expect("a list");
    assert_eq!(rows.len(), RULES.len());
    let row = rows.iter().find(|row| row["code"] == "DATA006").expect("DATA006");
    assert_eq!(row["name"], "not-redacted");
    assert_eq!(row["levels"]["dch"], "error");
    assert_eq!(row["dch"][0]["id"], "DCH008");
    assert_eq!(row["fixes"][0]["id"], "F39");
    assert_eq!(row["fields"].as_array().map(Vec::len), Some(6));
    assert!(row.get("level").is_none());
}

#[test]
fn explain_knows_every_code_name_and_id() {
    for rule in RULES {
        let by_code = said(&["explain", rule.code]);
        assert!(by_code.starts_with(&format!("{} {}\n", rule.code, rule.name)), "{by_code}");
        assert_eq!(by_code, said(&["explain", &rule.name.to_uppercase()]));
        for heading in ["\nWhy\n", "\nWhat to do\n", "\nSource\n"] {
            assert!(by_code.contains(heading), "{}", rule.code);
        }
        assert_eq!(by_code.contains("\nFails\n"), !rule.fails.is_empty(), "{}", rule.code);
        assert_eq!(by_code.contains("\nPasses\n"), !rule.passes.is_empty(), "{}", rule.code);
    }
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for dch in &DCH {
        let text = said(&["explain", &dch.id.to_lowercase()]);
        assert!(text.starts_with(dch.id) && flat(&text).contains(&flat(dch.message)), "{text}");
    }
}

#[test]
fn explain_tells_messages_of_the_clearinghouse_letter_for_letter() {
    assert!(said(&["explain", "DCH046"]).contains("[LT,  LA,  LD,  LG,  LVL,  LLFA,"));
}

#[test]
fn a_rule_that_does_not_exist_is_wrong_usage() {
    assert!(refused(&["explain", "DATA07"]).contains("did you mean DATA007?"));
    assert!(refused(&["explain", "not-in-values-set"]).contains("did you mean not-in-value-set?"));
    let nothing_near = refused(&["explain", "qqqqqqqq"]);
    assert!(nothing_near.contains("cvrs rules") && !nothing_near.contains("did you mean"), "{nothing_near}");
    for code in RESERVED {
        assert!(refused(&["explain", code]).contains("set aside"), "{code}");
    }
    assert!(refused(&["explain"]).contains("<CODE>"));
}

#[test]
fn fields_are_all_listed_and_each_has_a_page() {
    let text = said(&["fields"]);
    for field in Field::all() {
        assert!(text.contains(field.name()));
        let page = said(&["fields", &field.name().to_uppercase()]);
        let place = field.facts().hl7.split(' ').next().unwrap_or_default();
        assert!(page.starts_with(field.name()) && page.contains(place), "{page}");
        for code in field.facts().value_set.map_or(&[][..], cvrs_spec::SetId::codes) {
            assert!(page.contains(code.code), "{}: {}", field.name(), code.code);
        }
    }
    assert!(refused(&["fields", "recip_dbo"]).contains("did you mean recip_dob?"));
    assert!(!refused(&["fields", "qqqqqqqq"]).contains("did you mean"));
}

#[test]
fn fields_as_json_tell_requirements_by_version_model_and_event() {
    let dose = json(&["fields", "dose_num", "--format", "json"]);
    let asked = |version: &str, model: &str, event: &str| {
        let list = dose["requirements"].as_array().expect("a list");
        let found = list.iter().find(|a| a["version"] == version && a["model"] == model && a["event"] == event);
        found.map(|asked| asked["requirement"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(asked("3", "P", "vaccination").as_deref(), Some("required"));
    assert_eq!(asked("2", "D", "refusal").as_deref(), Some("must be empty"));
    assert_eq!(asked("2", "I", "refusal"), None);
    assert_eq!(asked("1", "D", "missed_appointment").as_deref(), Some("must be empty"));
    assert_eq!(dose["codes"].as_array().map(Vec::len), Some(8));
    let all = json(&["fields", "--format", "json"]);
    assert_eq!(all.as_array().map(Vec::len), Some(Field::COUNT));
    let name = json(&["fields", "recip_first_name", "--format", "json"]);
    assert_eq!(name["requirements"][0]["value"], "Redacted");
}

#[test]
fn code_sets_are_listed_with_version_and_origin() {
    let text = said(&["codes"]);
    for word in ["Code sets 2025-12-09", "NDC-LINK", "2025-11-19", "1116", "Census Bureau", "public domain", "None in"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn codes_are_found_in_any_legal_spelling() {
    for (set, code, expected) in [
        ("cvx", "0208", "COMIRNATY"),
        ("CVX", "207", "Primary series  2 doses"),
        ("mvx", "pfr", "Pfizer, Inc"),
        ("mvx", "moderna us, inc.", "207 COVID-19"),
        ("ndc", "59267-1000-1", "NDC 59267-1000-01"),
        ("ndc", "59267100001", "59267-1000-02"),
        ("ndc", "8077727310", "MOD Moderna US, Inc."),
        ("ndc", "80777-*273-10", "unit of use"),
        ("ndc", "5063200101", "more than one code"),
        ("county", "13121", "Fulton County"),
        ("county", "fulton, Georgia", "County 13121"),
        ("state", "georgia", "300-319"),
        ("state", "13", "13121"),
        ("zip", "30301-1234", "In the ranges of  GA Georgia"),
        ("zip", "063", "NY New York"),
        ("admin_type", "17", "Pharmacy: chain"),
        ("recip_sex", "female", "sex F"),
        ("vax_route", "c28161", "Columns"),
    ] {
        let text = said(&["codes", "show", set, code]);
        assert!(text.contains(expected), "{set} {code}: {text}");
    }
}

#[test]
fn codes_that_do_not_exist_are_wrong_usage_with_a_hint() {
    for (set, code, hint) in [
        ("cvx", "900", "placeholder"),
        ("cvx", "499", "newer than the set"),
        ("cvx", "pfizer", "one to three digits"),
        ("mvx", "pfizer, inx", "did you mean Pfizer, Inc?"),
        ("mvx", "AAA", "placeholder"),
        ("ndc", "12345-6789-01", "newer than the set"),
        ("ndc", "80777-9999-00", "placeholder"),
        ("ndc", "123456789012", "twelve digits"),
        ("ndc", "1-2-3", "5-4-2"),
        ("county", "1001", "01001 is Autauga County, AL"),
        ("county", "Fulten County, GA", "did you mean Fulton County?"),
        ("county", "Fulton, Atlantis", "no code of state"),
        ("state", "Georgie", "did you mean Georgia?"),
        ("zip", "3030", "30301-1234"),
        ("zip", "00000", "no ZIP prefix"),
        ("dose_num", "9", "there are 1, 2, 3"),
        ("cxv", "208", "there are cvx, mvx, ndc"),
        ("vax_rout", "IM", "did you mean vax_route?"),
    ] {
        let text = refused(&["codes", "show", set, code]);
        assert!(text.contains(hint), "{set} {code}: {text}");
    }
    assert!(refused(&["codes", "show", "cvx"]).contains("<CODE>"));
}

/// CDC's list of vaccines with one that the built-in set lacks.
const NEWER_CVX: &str = "499|COVID-19, made up|COVID-19 vaccine, made up for a test||Active|False|2026/03/01\n";

#[test]
fn imported_lists_are_used_by_every_command_from_then_on() {
    let folder = TempDir::new().expect("a folder");
    let stored = folder.path().join("not/there/yet");
    let list = folder.path().join("cvx.txt");
    fs::write(&list, NEWER_CVX).expect("written");
    let input = folder.path().join("in.txt");
    let cells = [(Field::Cvx, "499")];
    fs::write(&input, cvrs_rules::example::file(cvrs_spec::Version::V3, &[&cells])).expect("written");
    let validate = || {
        let mut command = cvrs(&stored);
        command.args(["validate", "--today", "2021-01-29", "--select", "DATA007"]).arg(&input);
        String::from_utf8(command.assert().success().get_output().stdout.clone()).expect("UTF-8")
    };
    assert!(validate().contains("is not in the CVX code set"));

    let import = cvrs(&stored).args(["codes", "import"]).arg(&list).assert().success().get_output().clone();
    let text = String::from_utf8(import.stdout).expect("UTF-8");
    assert!(text.contains("Code sets 2025-12-09+cvx 2026-03-01"), "{text}");
    assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains("2026-03-01 288 289"), "{text}");
    assert!(stored.join("cvx.tsv").is_file());

    let text = validate();
    assert!(text.contains("code sets 2025-12-09+cvx 2026-03-01") && !text.contains("DATA007"), "{text}");
    for (words, expected) in [
        (&["--version"][..], "code sets 2025-12-09+cvx 2026-03-01"),
        (&["codes"], "imported from"),
        (&["codes", "show", "cvx", "499"], "made up for a test"),
    ] {
        let output = cvrs(&stored).args(words).assert().success().get_output().stdout.clone();
        let flat = String::from_utf8_lossy(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(expected), "{words:?}: {flat}");
    }
}

#[test]
fn another_folder_can_be_named() {
    let folder = TempDir::new().expect("a folder");
    let (usual, other) = (folder.path().join("usual"), folder.path().join("other"));
    let mut import = cvrs(&usual);
    import.args(["codes", "import", "-", "--dir"]).arg(&other).write_stdin(NEWER_CVX).assert().success();
    assert!(other.join("cvx.tsv").is_file() && !usual.exists());
    cvrs(&other).args(["codes", "show", "cvx", "499"]).assert().success();
    cvrs(&usual).args(["codes", "--dir"]).arg(&other).args(["show", "cvx", "499"]).assert().success();
    cvrs(&usual).args(["codes", "show", "cvx", "499"]).assert().code(2);
}

#[test]
fn an_import_that_fails_leaves_what_was_stored() {
    let folder = TempDir::new().expect("a folder");
    let stored = folder.path().join("codes");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path
    };
    let good = file("cvx.txt", NEWER_CVX);
    cvrs(&stored).args(["codes", "import"]).arg(&good).assert().success();
    let before = fs::read(stored.join("cvx.tsv")).expect("stored");
    let newer = file("newer.txt", &NEWER_CVX.replace("2026", "2027"));
    let page = file("page.html", "<html>\n");
    let broken = file("broken.txt", &NEWER_CVX.replace("03/01", "03/01\n208|cut|short"));
    let missing = folder.path().join("missing.txt");
    for (bad, exit, hint) in [
        (&page, 3, "separated by '|'"),
        (&broken, 3, "line 2"),
        (&missing, 3, "missing.txt"),
        (&good, 2, "are both the list cvx"),
    ] {
        let mut command = cvrs(&stored);
        let output = command.args(["codes", "import"]).arg(&newer).arg(bad).assert().code(exit).get_output().clone();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(hint), "{text}");
        assert_eq!(fs::read(stored.join("cvx.tsv")).expect("stored"), before);
        assert_eq!(fs::read_dir(&stored).expect("a folder").count(), 1);
    }
    cvrs(&stored).args(["codes", "import"]).assert().code(2);
}

#[test]
fn an_older_list_is_taken_with_a_note() {
    let folder = TempDir::new().expect("a folder");
    let import = |text: &str| {
        let mut command = cvrs(folder.path());
        let output =
            command.args(["codes", "import", "-"]).write_stdin(text.to_owned()).assert().success().get_output().clone();
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    assert_eq!(import(NEWER_CVX), "");
    assert!(import(&NEWER_CVX.replace("2026", "2025")).contains("cvx 2025-03-01 is older than cvx 2026-03-01"));
}

#[test]
fn a_stored_list_that_is_damaged_is_named_and_version_still_answers() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("cvx.tsv"), "nothing of ours\n").expect("written");
    for words in [&["codes"][..], &["codes", "show", "cvx", "208"], &["validate", "-"]] {
        let output = cvrs(folder.path()).args(words).write_stdin("").assert().code(3).get_output().clone();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("cvx.tsv") && text.contains("import the list again"), "{words:?}: {text}");
    }
    let output = cvrs(folder.path()).arg("--version").assert().success().get_output().clone();
    assert!(String::from_utf8_lossy(&output.stdout).contains("imported lists unreadable"));
}

#[test]
fn pages_go_to_a_file_if_wanted_and_colours_stay_out_of_it() {
    let folder = TempDir::new().expect("a folder");
    let lists = TempDir::new().expect("a folder");
    for words in
        [&["rules"][..], &["explain", "DATA007"], &["fields", "cvx"], &["codes"], &["codes", "show", "cvx", "8"]]
    {
        let plain = cvrs(lists.path()).args(words).assert().success().get_output().stdout.clone();
        let file = folder.path().join("page.txt");
        let mut command = cvrs(lists.path());
        command.args(words).args(["--color", "always", "-o"]).arg(&file).assert().success().stdout("");
        assert_eq!(fs::read(&file).expect("written"), plain, "{words:?}");
        let coloured = cvrs(lists.path()).args(words).args(["--color", "always"]).assert().success();
        let coloured = String::from_utf8_lossy(&coloured.get_output().stdout).into_owned();
        assert!(coloured.contains("\x1B[1m"), "{words:?}");
        let marks = ["\x1B[1m", "\x1B[2m", "\x1B[31m", "\x1B[33m", "\x1B[0m"];
        let bare = marks.iter().fold(coloured, |text, mark| text.replace(mark, ""));
        let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trimmed(&bare), trimmed(&String::from_utf8_lossy(&plain)), "{words:?}");
    }
    cvrs(lists.path()).args(["explain", "DATA007", "-o", "/nowhere/page.txt"]).assert().code(3);
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_ends_the_program_quietly() {
    let folder = TempDir::new().expect("a folder");
    for words in [&["rules"][..], &["explain", "DATA007"], &["fields"], &["codes"], &["fields", "--format", "json"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("cvrs"));
        command.args(words).env("CVRS_CODES", folder.path()).stdout(writer).stderr(std::process::Stdio::piped());
        let output = command.output().expect("started");
        assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    }
}

#[test]
fn help_names_the_flags() {
    for (words, flags) in [
        (&["rules", "--help"][..], &["--profile", "--format", "recommended, dch, tool, strict"][..]),
        (&["explain", "--help"], &["DCH017", "--output"]),
        (&["fields", "--help"], &["recip_dob", "--format"]),
        (&["codes", "--help"], &["show", "import", "--dir", "CVRS_CODES"]),
        (&["codes", "import", "--help"], &["TRADENAME"]),
    ] {
        let text = said(words);
        for flag in flags {
            assert!(text.contains(flag), "{words:?} {flag}: {text}");
        }
    }
}

#[test]
fn code_sets_and_codes_come_as_json() {
    let sets = json(&["codes", "--format", "json"]);
    let rows = sets["tables"][0]["rows"].as_array().expect("rows");
    for info in cvrs_codes::CodeSets::builtin().infos() {
        let row = rows.iter().find(|row| row["set"] == info.name()).expect("the set");
        assert_eq!(row["codes"], info.n_codes.to_string());
        assert_eq!(sets["where_they_come_from"][info.name().to_lowercase().replace(' ', "_")], *info.provenance);
    }
    let cvx = json(&["codes", "show", "cvx", "208", "--format", "json"]);
    assert_eq!(cvx["facts"]["kind"], "COVID-19 vaccine");
    assert!(cvx["title"].as_str().is_some_and(|title| title.starts_with("CVX 208")));
    let sex = json(&["codes", "--format", "json", "show", "sex", "F"]);
    assert_eq!(sex["facts"]["columns"], "recip_sex");
    assert_eq!(sex["tables"][0]["rows"].as_array().map(Vec::len), Some(cvrs_spec::SetId::Sex.codes().len()));
    assert!(refused(&["codes", "show", "cvx", "998877", "--format", "json"]).contains("cvx"));
}
