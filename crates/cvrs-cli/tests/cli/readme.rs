//! What the README shows is what the command prints.

use crate::sandbox::Sandbox;
use std::path::Path;

/// A folder with the test data under `testdata/`, as at the top of the project.
fn sandbox(top: &Path) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("testdata")).expect("a folder");
    for name in ["20210129_01_GAA.txt", "20210129_02_GAA.txt"] {
        sandbox.put(&format!("testdata/{name}"), &std::fs::read(top.join("testdata").join(name)).expect("test data"));
    }
    sandbox
}

/// Runs a command line of the README, and asserts that it prints these lines, up to one with an ellipsis.
fn prints(sandbox: &Sandbox, command: &str, shown: &[&str]) {
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let ran = sandbox.run(&words);
    let mut printed = ran.stdout.lines();
    for line in shown {
        if line.trim() == "…" {
            return;
        }
        assert_eq!(printed.next(), Some(*line), "{command}");
    }
    assert_eq!(printed.next(), None, "{command}");
}

#[test]
fn examples_print_what_they_show() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(top.join("README.md")).expect("the README");
    let sandbox = sandbox(&top);
    let mut n_examples = 0;
    for block in readme.split("```console\n").skip(1) {
        let block = block.split("```").next().expect("a block").replace("\\\n", " ");
        let (command, shown) = block.split_once('\n').expect("a command and its output");
        prints(&sandbox, command.trim_start_matches("$ "), &shown.lines().collect::<Vec<_>>());
        n_examples += 1;
    }
    assert!(n_examples >= 2);
    let job = readme.split("<!-- main job -->").nth(1).expect("the mark").split("```").nth(1).expect("a block");
    let command = job.lines().find(|line| line.starts_with("target/release/cvrs ")).expect("the command");
    let shown: Vec<&str> = job.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    assert_eq!(shown.len(), 3);
    prints(&sandbox, command, &shown);
}
