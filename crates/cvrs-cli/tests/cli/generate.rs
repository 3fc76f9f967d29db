//! `cvrs generate`: the same bytes from the same words, and a truth that `cvrs validate` confirms.

use crate::sandbox::Sandbox;

#[test]
fn same_words_same_bytes() {
    let sandbox = Sandbox::new();
    let words = ["generate", "--records", "50", "--seed", "7", "--error-rate", "0.3"];
    let first = sandbox.run(&words).exits(0);
    assert_eq!(first.stdout.lines().count(), 51);
    assert_eq!(sandbox.run(&[&words[..], &["--threads", "3"]].concat()).exits(0).stdout, first.stdout);
    assert!(first.stderr.starts_with("note: 50 records, "), "{first:#?}");
    sandbox.run(&[&words[..], &["-o", "a.txt", "--crlf", "-q"]].concat()).exits(0);
    assert_eq!(sandbox.read_text("a.txt"), first.stdout.replace('\n', "\r\n"));
}

#[test]
fn the_truth_is_what_validate_finds() {
    let sandbox = Sandbox::new();
    for models in ["D", "I", "P", "mix"] {
        let words = ["generate", "--records", "3000", "--error-rate", "0.2", "--ext-type", models];
        sandbox.run(&[&words[..], &["-o", "20221231_01_GAA.txt", "--truth", "truth.tsv"]].concat()).exits(0);
        let words = ["validate", "--today", "2022-12-31", "--format", "tsv", "20221231_01_GAA.txt"];
        let found = sandbox.run(&words).exits(1).stdout;
        let pick = |line: &str, columns: [usize; 6]| {
            let cells: Vec<&str> = line.split('\t').collect();
            columns.map(|at| cells[at].to_owned()).join("\t")
        };
        // The patterns above rows are no planted faults.
        let is_about_a_record = |line: &&str| !line.split('\t').nth(2).is_none_or(str::is_empty);
        let mut found: Vec<String> =
            found.lines().skip(1).filter(is_about_a_record).map(|line| pick(line, [1, 2, 5, 6, 7, 8])).collect();
        let mut truth: Vec<String> = sandbox.read_text("truth.tsv").lines().skip(1).map(str::to_owned).collect();
        found.sort();
        truth.sort();
        assert_eq!(found, truth, "{models}");
    }
}

#[test]
fn what_cannot_be_made_is_wrong_usage() {
    let sandbox = Sandbox::new();
    sandbox.run(&["generate"]).fails_as_usage(&["--records"]);
    for (words, says) in [
        (["--error-rate", "2"], "error rate"),
        (["--ext-type", "Q"], "expected D, I, P or mix"),
        (["--today", "2020-01-01"], "2020-12-14"),
    ] {
        sandbox.run(&[&["generate", "--records", "1"][..], &words].concat()).fails_as_usage(&[says]);
    }
    let same = ["generate", "--records", "1", "-o", "a", "--truth", "a"];
    sandbox.run(&same).fails_as_usage(&["--output and --truth name the same file"]);
    assert!(sandbox.names().is_empty());
}
