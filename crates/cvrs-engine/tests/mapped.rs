//! Files that are looked at in memory: the same findings as when they are read, and a file that shrinks is an error.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "the test prepares files")]

use cvrs_engine::io::{Input, map_files};
use cvrs_engine::{Control, Format, Request, Result, Show, Sinks, Tuning, check_input};
use cvrs_rules::{Book, Options, Profile};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// What comes out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Gathered {
    report: Vec<u8>,
    clean: Vec<u8>,
    rejects: Vec<u8>,
    counts: String,
}

/// What another program does to the file before the first record is looked at.
#[derive(Clone, Copy)]
enum Meanwhile {
    Nothing,
    CutTo(u64),
    Append,
}

struct Watching<'a> {
    gathered: &'a mut Gathered,
    path: &'a Path,
    meanwhile: Meanwhile,
    n_passes: u32,
}

impl Sinks for Watching<'_> {
    fn header(&mut self, _: &[u8]) -> Result<()> {
        self.n_passes += 1;
        let mut file = File::options().append(true).open(self.path).expect("it is ours");
        match self.meanwhile {
            Meanwhile::CutTo(length) => file.set_len(length).expect("it shrinks"),
            Meanwhile::Append if self.n_passes == 1 => file.write_all(b"a line more\n").expect("it grows"),
            Meanwhile::Append | Meanwhile::Nothing => {}
        }
        Ok(())
    }

    fn can_restart(&self) -> bool {
        true
    }

    fn restart(&mut self) -> Result<()> {
        *self.gathered = Gathered::default();
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

fn check(path: &Path, profile: Profile, tuning: Tuning, parts: bool, meanwhile: Meanwhile) -> Result<(Gathered, u32)> {
    let book = Book::new(&Options::new(profile, cvrs_testkit::strategy::today()));
    let request = Request {
        book: &book,
        version: None,
        formats: &[Format::JsonLines],
        show: Show { file: "a.txt", ids: true, values: true },
        keep_lines: 5,
        parts,
        figures: false,
        name: None,
        tuning,
    };
    let mut gathered = Gathered::default();
    let mut sinks = Watching { gathered: &mut gathered, path, meanwhile, n_passes: 0 };
    let checked = check_input(Input::open(path)?, &request, None, &Control::default(), &mut sinks)?;
    let n_passes = sinks.n_passes;
    gathered.counts = format!("{:?}", checked.summary);
    Ok((gathered, n_passes))
}

/// All in one: whether files are mapped is a matter of the whole process.
#[test]
fn a_mapped_file_is_the_file_that_is_read() {
    let options = cvrs_generate::Options { records: 4000, error_rate: 0.01, ..Default::default() };
    let mut text = Vec::new();
    cvrs_generate::generate(&options, &mut text, None).expect("memory");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.txt");
    let length = text.len() as u64 - 1;
    assert!(length > 1 << 20, "large enough to be mapped");
    let tunings: Vec<Tuning> = [(1, 256 << 10), (5, 1000), (3, 40_000)]
        .map(|(threads, chunk_bytes)| Tuning { threads, chunk_bytes, ..Tuning::SEQUENTIAL })
        .to_vec();
    // The last line lacks its end.
    text.pop();
    let write = || std::fs::write(&path, &text).expect("room");
    let asked = [(Profile::Dch, true), (Profile::Dch, false), (Profile::Recommended, true)];
    let all = |tuning, meanwhile| {
        asked.map(|(profile, parts)| {
            write();
            check(&path, profile, tuning, parts, meanwhile).map_err(|error| error.to_string())
        })
    };
    let read = all(Tuning::SEQUENTIAL, Meanwhile::Nothing);
    let cut_read = all(Tuning::SEQUENTIAL, Meanwhile::CutTo(length / 2));
    assert!(read.iter().all(std::result::Result::is_ok) && cut_read.iter().all(std::result::Result::is_err));
    map_files();
    for tuning in tunings {
        assert!(all(tuning, Meanwhile::Nothing) == read, "{tuning:?}");
        // To the middle of a page, to a page's end, and by a byte, which leaves no page without a file.
        for shorter in [length / 2 + 7, length / 2 / 4096 * 4096, length - 1] {
            let told = all(tuning, Meanwhile::CutTo(shorter));
            assert!(told == cut_read, "{shorter} of {length} bytes, {tuning:?}");
        }
        // What is added is not seen, but parting begins anew, since it might have been written elsewhere.
        for ((grown, read), (profile, parts)) in all(tuning, Meanwhile::Append).iter().zip(&read).zip(asked) {
            let (Ok((grown, n_passes)), Ok((read, usual))) = (grown, read) else { panic!("it can be read") };
            assert!(grown == read, "{profile:?} {tuning:?}");
            assert!(if parts { n_passes > usual } else { n_passes == usual }, "{n_passes} passes, {profile:?}");
        }
    }
}
