//! One file a target, and the desk that they work at.

mod columns;
mod csv;
mod cvrs;
mod fhir;
mod from_hl7;
mod hl7;
mod versions;

use assert_cmd::Command;
use cvrs_rules::example::{header, row};
use cvrs_spec::Field::{self, RecipId, VaxEventId};
use cvrs_spec::Version;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) const INPUT: &str = "20210129_01_GAA.txt";

/// A folder with one input in it.
pub(crate) struct Desk {
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "{words:?} is not in {}", self.stderr);
        self
    }
}

impl Desk {
    pub(crate) fn new(text: &[u8]) -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        desk.put(INPUT, text);
        desk
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("a file");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).expect("an output")
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Runs any subcommand.
    pub(crate) fn cvrs(&self, words: &[&str], stdin: &[u8]) -> Ended {
        let mut command = Command::cargo_bin("cvrs").expect("the binary");
        command.current_dir(self.folder.path()).arg("--isolated").args(words);
        let output = command.write_stdin(stdin).output().expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Ended { code: output.status.code(), stdout: output.stdout, stderr }
    }

    /// Converts the input on a fixed day.
    pub(crate) fn convert(&self, words: &[&str]) -> Ended {
        self.cvrs(&[&["convert", INPUT, "--today", "2021-01-29"], words].concat(), b"")
    }
}

pub(crate) type Cells<'a> = &'a [(Field, &'a str)];

/// A file with these rows, each with ids of its own.
pub(crate) fn rows(rows: &[Cells<'_>]) -> Vec<u8> {
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
