//! A folder of its own for each test, and the command run in it.

use assert_cmd::Command;
use cvrs_rules::example;
use cvrs_spec::{Field, Version};
use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use tempfile::TempDir;

/// A name that the convention allows, so that it is no finding.
pub(crate) const NAME: &str = "20210129_01_GAA.txt";

/// Cells that differ from the known-good record's.
pub(crate) type Cells = &'static [(Field, &'static str)];

/// A file of version 3 with one row for each set of cells.
pub(crate) fn text(rows: &[Cells]) -> Vec<u8> {
    example::file(Version::V3, rows)
}

/// Four records: the second has two errors, the third a warning.
pub(crate) fn faulty() -> Vec<u8> {
    use Field::{LotNumber, RecipDob, RecipId, RecipSex, VaxEventId};
    text(&[
        &[(VaxEventId, "A1"), (RecipId, "B1")],
        &[(VaxEventId, "A2"), (RecipId, "B2"), (RecipDob, "5/27/1968"), (RecipSex, "UNK")],
        &[(VaxEventId, "A3"), (RecipId, "B3"), (LotNumber, "EL1283 ")],
        &[(VaxEventId, "A4"), (RecipId, "B4")],
    ])
}

/// So many good records with ids of their own.
pub(crate) fn good(n_records: usize) -> Vec<u8> {
    let row = example::row(Version::V3, &[(Field::VaxEventId, "?"), (Field::RecipId, "!")]);
    let mut text = example::header(Version::V3) + "\n";
    for number in 1..=n_records {
        text += &row.replacen('?', &format!("A{number}"), 1).replacen('!', &format!("B{number}"), 1);
        text.push('\n');
    }
    text.into_bytes()
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts the exit code and gives itself back.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Asserts that nothing is on stdout and exactly one line on stderr, which holds all these words.
    #[track_caller]
    pub(crate) fn fails_with(self, code: i32, words: &[&str]) {
        let ran = self.exits(code);
        assert_eq!(ran.stdout, "", "{ran:#?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:#?}");
        for word in words {
            assert!(ran.stderr.contains(word), "{word:?} is not in {ran:#?}");
        }
    }

    /// Asserts that it was refused as wrong usage, with these words.
    #[track_caller]
    pub(crate) fn fails_as_usage(self, words: &[&str]) {
        let ran = self.exits(2);
        assert_eq!(ran.stdout, "", "{ran:#?}");
        for word in words {
            assert!(ran.stderr.contains(word), "{word:?} is not in {ran:#?}");
        }
    }
}

/// A temporary folder in which the command runs.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A folder with one file under a name that is no finding.
    pub(crate) fn with(bytes: &[u8]) -> Self {
        let sandbox = Self::new();
        sandbox.put(NAME, bytes);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("a file in a temporary folder");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }

    /// The names in the folder, sorted: nothing else may be left behind.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a temporary folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The command with these words, to be run in the folder.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cvrs"));
        command.current_dir(self.0.path()).args(words).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.run_with(words, b"")
    }

    pub(crate) fn run_with(&self, words: &[&str], stdin: &[u8]) -> Ran {
        let output = self.command(words).write_stdin(stdin.to_vec()).output().expect("the command starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("all output is UTF-8");
        Ran {
            code: output.status.code().expect("the command ends by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// `cvrs validate` on the day of the examples, with these words besides.
    pub(crate) fn validate(&self, words: &[&str]) -> Ran {
        self.run(&[&["validate", "--today", "2021-01-29"], words].concat())
    }

    /// The same on the one file of [`Sandbox::with`].
    pub(crate) fn validate_it(&self, words: &[&str]) -> Ran {
        self.validate(&[words, &[NAME]].concat())
    }
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in members {
        if name.ends_with('/') {
            writer.add_directory(*name, options).expect("memory");
        } else {
            writer.start_file(*name, options).expect("memory");
            writer.write_all(bytes).expect("memory");
        }
    }
    writer.finish().expect("memory").into_inner()
}
