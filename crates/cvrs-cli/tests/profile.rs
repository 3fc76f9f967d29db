//! Profiles of one's own and the configuration file.
#![expect(clippy::disallowed_methods, reason = "tests make and read their own files")]

use assert_cmd::Command;
use cvrs_rules::example;
use cvrs_spec::Field::{LotNumber, ResponsibleOrg, VaxEventId};
use cvrs_spec::Version;
use std::fs;
use std::path::Path;

fn cvrs(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("cvrs").expect("the binary is built");
    command.current_dir(folder).env("XDG_CONFIG_HOME", folder.join("none")).args(words);
    let output = command.output().expect("run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("no signal"), text(&output.stdout), text(&output.stderr))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: [&[_]; 3] = [
        &[(VaxEventId, "A1")],
        &[(VaxEventId, "A2"), (LotNumber, "")],
        &[(VaxEventId, "A3"), (ResponsibleOrg, "Other Org")],
    ];
    fs::write(folder.path().join("20210128_01_GAA.txt"), example::file(Version::V3, &rows)).expect("written");
    folder
}

const CHECK: [&str; 6] = ["validate", "20210128_01_GAA.txt", "--today", "2021-01-29", "--quiet", "--format=tsv"];

#[test]
fn a_jurisdiction_asks_for_more_than_the_specification() {
    let folder = folder();
    let profile = "extends = \"recommended\"\n[required]\ncolumns = [\"lot_number\"]\nlevel = \"warn\"\n[allowed]\n\
                   responsible_org = [\"peach state health\"]\n";
    fs::write(folder.path().join("own.toml"), profile).expect("written");
    let (exit, plain, _) = cvrs(folder.path(), &CHECK);
    assert_eq!((exit, plain.lines().count()), (0, 1), "{plain}");
    let (exit, out, error) = cvrs(folder.path(), &[&CHECK[..], &["--profile", "own.toml"]].concat());
    assert_eq!(exit, 1, "{error}");
    let told: Vec<Vec<&str>> = out.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let told: Vec<_> = told.iter().map(|row| (row[1], row[5], row[6], row[8])).collect();
    assert_eq!(told, [("3", "lot_number", "JUR001", "warn"), ("4", "responsible_org", "JUR002", "error")]);
}

#[test]
fn a_profile_that_is_none_is_wrong_usage_in_one_line() {
    let folder = folder();
    fs::write(folder.path().join("bad.toml"), "[level]\nXR010 = \"off\"\n").expect("written");
    for (name, wanted) in [
        ("bad.toml", "profile bad.toml: unknown key level; did you mean levels?"),
        ("none.toml", "profile none.toml: No such file"),
        ("recomended", "did you mean recommended?"),
    ] {
        let (exit, out, error) = cvrs(folder.path(), &[&CHECK[..], &["--profile", name]].concat());
        assert_eq!((exit, out.as_str()), (2, ""), "{name}");
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn a_configuration_gives_what_is_not_typed() {
    let folder = folder();
    let below = folder.path().join("below");
    fs::create_dir(&below).expect("a folder");
    fs::write(folder.path().join("cvrs.toml"), "quiet = true\n[validate]\nformat = \"jsonl\"\nlevel = [\"XR=off\"]\n")
        .expect("written");
    let words = ["validate", "../20210128_01_GAA.txt", "--today=2021-01-29"];
    assert_eq!(cvrs(&below, &words), (0, String::new(), String::new()));
    // What is typed counts, `--isolated` reads no file, `--config` another one.
    assert!(cvrs(&below, &[&words[..], &["--format", "text"]].concat()).1.contains("no errors"));
    assert!(cvrs(&below, &[&words[..], &["--isolated"]].concat()).1.contains("no errors"));
    fs::write(below.join("other.toml"), "[check]\nformat = \"tsv\"\n").expect("written");
    let (_, out, _) = cvrs(&below, &[&words[..], &["--config", "other.toml"]].concat());
    assert!(out.starts_with("file\t"), "{out}");
    // The one typed silences its opposite in the file.
    assert_eq!(cvrs(&below, &[&words[..], &["-v"]].concat()).0, 0);
}

#[test]
fn a_profile_in_a_configuration_is_seen_from_it() {
    let folder = folder();
    let below = folder.path().join("below");
    fs::create_dir(&below).expect("a folder");
    fs::write(folder.path().join("own.toml"), "extends = \"dch\"\n[required]\ncolumns = [\"lot_number\"]\n")
        .expect("written");
    fs::write(folder.path().join("cvrs.toml"), "[validate]\nprofile = \"own.toml\"\n").expect("written");
    let (exit, out, error) = cvrs(&below, &["validate", "../20210128_01_GAA.txt", "--today=2021-01-29"]);
    assert_eq!(exit, 1, "{error}");
    assert!(out.contains("JUR001") && out.contains("own.toml (dch), today"), "{out}");
    // A built-in name stays one.
    fs::write(folder.path().join("cvrs.toml"), "[validate]\nprofile = \"dch\"\n").expect("written");
    assert_eq!(cvrs(&below, &["validate", "../20210128_01_GAA.txt", "--today=2021-01-29"]).0, 0);
}

#[test]
fn what_must_be_asked_for_each_time_cannot_be_kept_in_a_file() {
    let folder = folder();
    for key in ["show-values", "today", "report", "output", "rejects", "config"] {
        fs::write(folder.path().join("cvrs.toml"), format!("[validate]\n{key} = true\n")).expect("written");
        let (exit, _, error) = cvrs(folder.path(), &CHECK);
        assert_eq!(exit, 2, "{key}");
        assert!(error.contains(&format!("unknown key {key}")), "{error}");
    }
}

#[test]
fn a_profile_may_build_on_the_cdc_tools() {
    let folder = folder();
    let profile =
        "extends = \"tool\"\n[required]\ncolumns = [\"lot_number\"]\nlevel = \"warn\"\n[levels]\nBUSR = \"off\"\n";
    fs::write(folder.path().join("own.toml"), profile).expect("written");
    let (exit, out, error) = cvrs(folder.path(), &[&CHECK[..], &["--profile", "own.toml"]].concat());
    assert_eq!(exit, 0, "{error}");
    let told: Vec<Vec<&str>> = out.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!(told.iter().map(|row| (row[2], row[6], row[8])).collect::<Vec<_>>(), [("2", "JUR001", "warn")]);
}

#[test]
fn a_configuration_with_an_unknown_key_is_wrong_usage() {
    let folder = folder();
    for (text, wanted) in [
        ("thread = 2\n", "unknown key thread; did you mean threads?"),
        ("[validate]\nfromat = \"tsv\"\n", "unknown key fromat; did you mean format?"),
        ("threads = [[2]]\n", "threads must be a list of texts"),
        ("validate = 3\n", "validate must be a table"),
        ("threads", "configuration "),
    ] {
        fs::write(folder.path().join("cvrs.toml"), text).expect("written");
        let (exit, out, error) = cvrs(folder.path(), &CHECK);
        assert_eq!((exit, out.as_str()), (2, ""), "{text}");
        assert!(error.contains(wanted) && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn the_files_of_the_documentation_are_right() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = fs::read_to_string(page).expect("the page");
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let folder = folder();
    fs::write(folder.path().join("georgia.toml"), blocks[0]).expect("written");
    fs::write(folder.path().join("cvrs.toml"), blocks[1]).expect("written");
    let (exit, out, error) = cvrs(folder.path(), &["validate", "20210128_01_GAA.txt", "--today", "2021-01-29"]);
    assert_eq!(exit, 1, "{error}");
    assert!(out.contains("JUR001") && out.contains("JUR002") && out.contains("georgia.toml (recommended)"), "{out}");
}

#[test]
fn a_jurisdiction_names_its_files_in_its_own_way() {
    let folder = folder();
    let own = "CVRS-GAA-20210128.txt";
    fs::copy(folder.path().join("20210128_01_GAA.txt"), folder.path().join(own)).expect("copied");
    let told = |profile: &str, name: &str| {
        fs::write(folder.path().join("own.toml"), profile).expect("written");
        let words = ["validate", name, "--today", "2021-01-29", "-q", "--format=tsv", "--profile", "own.toml"];
        let (exit, out, error) = cvrs(folder.path(), &words);
        (exit, out.lines().skip(1).filter(|line| line.contains("XR010")).count(), error)
    };
    let profile = "file-name = \"CVRS-{jurisdiction}-{date}*.txt\"\n";
    assert_eq!(told(profile, own), (0, 0, String::new()));
    assert_eq!(told(profile, "20210128_01_GAA.txt"), (0, 1, String::new()));
    assert_eq!(told("", own), (0, 1, String::new()));
    let (exit, _, error) = told("file-name = \"{dates}.txt\"\n", own);
    assert_eq!(exit, 2);
    assert!(error.contains("file-name: unknown part {dates}; did you mean {date}?"), "{error}");
}

#[test]
fn rules_are_listed_as_a_profile_of_ones_own_has_them() {
    let folder = folder();
    let profile = "extends = \"dch\"\noff = [\"DATA007\"]\n[levels]\nXR012 = \"info\"\n";
    fs::write(folder.path().join("own.toml"), profile).expect("written");
    let rules = |profile: &str| {
        let (exit, out, error) = cvrs(folder.path(), &["rules", "--profile", profile, "--format", "json"]);
        assert_eq!(exit, 0, "{error}");
        serde_json::from_str::<Vec<serde_json::Value>>(&out).expect("JSON")
    };
    let level = |rules: &[serde_json::Value], code: &str| {
        rules.iter().find(|rule| rule["code"] == code).and_then(|rule| rule["level"].as_str()).map(str::to_owned)
    };
    let own = rules("own.toml");
    assert_eq!(level(&own, "DATA007"), None);
    assert_eq!(level(&own, "XR012").as_deref(), Some("info"));
    assert_eq!(level(&own, "REQD001").as_deref(), Some("error"));
    for profile in cvrs_rules::Profile::ALL {
        for rule in rules(profile.name()) {
            assert_eq!(rule["level"], rule["levels"][profile.name()], "{} in {}", rule["code"], profile.name());
        }
    }
    let (exit, out, _) = cvrs(folder.path(), &["rules", "--profile", "own.toml"]);
    assert!(exit == 0 && out.contains("of profile own.toml (dch)"), "{out}");
}
