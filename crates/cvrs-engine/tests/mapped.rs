//! Files that are looked at in memory: the same findings as when they are read, and a file that shrinks is an error.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "the test prepares files")]

use cvrs_engine::io::{Input, map_files};
use cvrs_engine::{Control, Format, Request, Result, Show, Sinks, Tuning, check_input};
use cvrs_rules::{Book, Options, Profile};
use std::fs::File;
use std::path::Path;

/// What comes out; before the first record the file may be cut to so many bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Gathered {
    report: Vec<u8>,
    clean: Vec<u8>,
    rejects: Vec<u8>,
    counts: String,
}

struct Cutting<'a> {
    gathered: &'a mut Gathered,
    cut: Option<(&'a Path, u64)>,
}

impl Sinks for Cutting<'_> {
    fn header(&mut self, _: &[u8]) -> Result<()> {
        if let Some((path, length)) = self.cut {
            File::options().write(true).open(path).expect("it is ours").set_len(length).expect("it shrinks");
        }
        Ok(())
    }

    fn findings(&mut self, _: usize, bytes: &[u8], _: &[u32]) -> Result<()> {
        self.gathered.report.extend_from_slice(bytes);
        Ok(())
    }

    fn clean(&mut self, lines: &[u8]) -> Result<()> {
        self.gathered.clean.extend_from_slice(lines);
        Ok(())
    }

    fn rejects(&mut self, lines: &[u8]) -> Result<()> {
        self.gathered.rejects.extend_from_slice(lines);
        Ok(())
    }
}

fn check(path: &Path, profile: Profile, tuning: Tuning, cut: Option<u64>) -> Result<Gathered> {
    let book = Book::new(&Options::new(profile, cvrs_testkit::strategy::today()));
    let request = Request {
        book: &book,
        version: None,
        formats: &[Format::JsonLines],
        show: Show { file: "a.txt", ids: true, values: true },
        keep_lines: 5,
        parts: true,
        figures: false,
        name: None,
        tuning,
    };
    let mut gathered = Gathered::default();
    let mut sinks = Cutting { gathered: &mut gathered, cut: cut.map(|length| (path, length)) };
    let checked = check_input(Input::open(path)?, &request, None, &Control::default(), &mut sinks)?;
    gathered.counts = format!("{:?}", checked.summary);
    Ok(gathered)
}

/// All in one: whether files are mapped is a matter of the whole process.
#[test]
fn a_mapped_file_is_the_file_that_is_read() {
    let options = cvrs_generate::Options { records: 9000, error_rate: 0.2, ..Default::default() };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("memory");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.txt");
    let length = text.len() as u64 - 1;
    assert!(length > 2 << 20, "large enough to be mapped");
    let tunings: Vec<Tuning> = [(1, 256 << 10), (2, 40_000), (5, 1000), (3, 2 << 20)]
        .map(|(threads, chunk_bytes)| Tuning { threads, chunk_bytes, ..Tuning::SEQUENTIAL })
        .to_vec();
    // The last line lacks its end.
    text.pop();
    let write = || std::fs::write(&path, &text).expect("room");
    write();
    let profiles = [Profile::Dch, Profile::Recommended];
    let read = profiles.map(|profile| check(&path, profile, Tuning::SEQUENTIAL, None).expect("readable"));
    let cut_read = check(&path, Profile::Dch, Tuning::SEQUENTIAL, Some(length / 2)).expect_err("it shrank").to_string();
    write();
    map_files();
    for &tuning in &tunings {
        for (profile, read) in profiles.into_iter().zip(&read) {
            let mapped = check(&path, profile, tuning, None).expect("readable");
            assert!(mapped == *read, "{profile:?} {tuning:?}");
        }
    }
    for tuning in tunings {
        // To nothing, to the middle of a page, to a page's end, and by a byte, which leaves no page without a file.
        for shorter in [0, length / 2 + 7, length / 2 / 4096 * 4096, length - 1] {
            let told = check(&path, Profile::Dch, tuning, Some(shorter)).expect_err("it shrank").to_string();
            assert_eq!(told, cut_read, "{shorter} of {length} bytes, {tuning:?}");
            write();
        }
    }
}
