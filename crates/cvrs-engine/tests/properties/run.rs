//! One run over a text in memory, a file or a stream, with everything that comes out of it gathered.

use cvrs_engine::io::Input;
use cvrs_engine::{Checked, Control, Format, Request, Result, Show, Sinks, Tuning, check_input};
use cvrs_rules::Book;
use cvrs_spec::Version;
use std::io::{Cursor, Read, Write};
use std::path::Path;

pub(crate) const FORMATS: &[Format] = &[Format::Json, Format::JsonLines, Format::Tsv { values: true }];

/// Everything that a run gives out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gathered {
    pub(crate) reports: [Vec<u8>; 3],
    pub(crate) clean: Vec<u8>,
    pub(crate) rejects: Vec<u8>,
    /// The numbers of the lines in `clean`.
    pub(crate) clean_lines: Vec<u64>,
    /// The version and all counts, or the failure's words.
    pub(crate) end: String,
    /// Whether what was given out can be taken back.
    can_restart: bool,
}

impl Gathered {
    /// Where the two first differ, in words short enough to be read.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let parts = |gathered: &Self| {
            let [json, jsonl, tsv] = gathered.reports.clone();
            [gathered.end.clone().into_bytes(), jsonl, json, tsv, gathered.clean.clone(), gathered.rejects.clone()]
        };
        let names = ["end", "jsonl", "json", "tsv", "clean", "rejects"];
        let (own, others) = (parts(self), parts(other));
        let at = (0..names.len()).find(|&at| own[at] != others[at])?;
        let first = own[at].iter().zip(&others[at]).position(|(own, other)| own != other);
        let first = first.unwrap_or(own[at].len().min(others[at].len()));
        let around = |bytes: &[u8]| {
            let end = bytes.len().min(first + 200);
            bytes[first.saturating_sub(100).min(end)..end].escape_ascii().to_string()
        };
        Some(format!("{} at {first}: {} | {}", names[at], around(&own[at]), around(&others[at])))
    }
}

impl Sinks for Gathered {
    fn header(&mut self, line: &[u8]) -> Result<()> {
        self.clean.extend_from_slice(line);
        self.rejects.extend_from_slice(line);
        Ok(())
    }

    fn findings(&mut self, report: usize, bytes: &[u8], ends: &[u32]) -> Result<()> {
        assert_eq!(ends.last().map_or(0, |&end| end as usize), bytes.len());
        self.reports[report].extend_from_slice(bytes);
        Ok(())
    }

    fn lines(&mut self, numbers: std::ops::Range<u64>, held_back: &[u64]) -> Result<()> {
        assert!(held_back.is_sorted() && held_back.iter().all(|line| numbers.contains(line)), "{held_back:?}");
        self.clean_lines.extend(numbers.filter(|line| !held_back.contains(line)));
        Ok(())
    }

    fn clean(&mut self, lines: &[u8]) -> Result<()> {
        self.clean.extend_from_slice(lines);
        Ok(())
    }

    fn rejects(&mut self, lines: &[u8]) -> Result<()> {
        self.rejects.extend_from_slice(lines);
        Ok(())
    }

    fn can_restart(&self) -> bool {
        self.can_restart
    }

    fn restart(&mut self) -> Result<()> {
        *self = Self { can_restart: true, ..Self::default() };
        Ok(())
    }
}

/// Checks an input with all formats.
pub(crate) fn run(input: Input, book: &Book, version: Option<Version>, tuning: Tuning) -> Gathered {
    let request = Request {
        book,
        version,
        formats: FORMATS,
        show: Show { file: "-", ids: true, values: true },
        keep_lines: 5,
        parts: true,
        figures: true,
        name: None,
        tuning,
    };
    // Half of all runs can take back what they gave out, so that the survey, or a glance, goes along with their first pass.
    let mut gathered = Gathered { can_restart: tuning.chunk_bytes % 2 == 1, ..Gathered::default() };
    match check_input(input, &request, None, &Control::default(), &mut gathered) {
        Ok(checked) => gathered.end = told(&checked),
        Err(error) => gathered = Gathered { end: error.to_string(), ..Gathered::default() },
    }
    gathered.can_restart = false;
    gathered
}

fn told(Checked { summary, version, figures }: &Checked) -> String {
    format!(
        "{version:?} {} {} {} {} {} {:?} {figures:?}",
        summary.conservation(),
        summary.errors,
        summary.warnings,
        summary.infos,
        summary.blank_lines,
        summary.cells()
    )
}

/// A reader that gives a few bytes at a time, so that nothing may hang on how much a read returns.
struct Drip {
    text: Cursor<Vec<u8>>,
    most: usize,
}

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.most);
        self.text.read(&mut buffer[..most])
    }
}

/// The bytes as a stream that gives `most` bytes a read.
pub(crate) fn stream(bytes: Vec<u8>, most: usize) -> Option<Input> {
    Input::from_reader("-".to_owned(), Box::new(Drip { text: Cursor::new(bytes), most })).ok()
}

/// The bytes as a file, read by place.
pub(crate) fn file(path: &Path, bytes: &[u8]) -> Option<Input> {
    std::fs::write(path, bytes).expect("a temporary file");
    Input::open(path).ok()
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

pub(crate) fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).expect("memory")
}

pub(crate) fn zip(text: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("a.txt", zip::write::SimpleFileOptions::default()).expect("memory");
    writer.write_all(text).expect("memory");
    writer.finish().expect("memory").into_inner()
}
