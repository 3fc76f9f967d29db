//! Validation of bytes in memory, for embedders.

use crate::chunk::{Chunk, ReadAt, Source};
use crate::error::Result;
use crate::run::{Request, Tuning, explain_header, read_header};
use crate::survey::Survey;
use crate::work::{Counts, Outcome, Show, Task, Worker};
use cvrs_report::{Entry, Finding, Summary};
use cvrs_rules::{Book, Options, Screen};
use cvrs_spec::Version;
use std::sync::atomic::AtomicBool;

/// How much of the text is split at a time, in bytes: what a core's second cache holds.
const STEP_BYTES: usize = 256 << 10;

/// A rule book ready to check texts.
#[derive(Clone, Debug)]
pub struct Validator {
    book: Book,
    version: Option<Version>,
    name: Option<String>,
}

/// A finding with its place, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was found.
    pub finding: Finding,
    /// The message, its marks filled in; it holds no cell's value.
    pub message: String,
    /// Physical line, the header being line 1.
    pub line: u64,
    /// Number among the data rows, from 1; `None` for a finding about the header or the file.
    pub record: Option<u64>,
    /// 0-based offset of the record in the text, in bytes.
    pub byte: Option<u64>,
    /// 1-based position of the column in the text.
    pub column: Option<u32>,
}

/// What came of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The counts.
    pub summary: Summary,
    /// All findings in the order of the text.
    pub findings: Vec<Found>,
    /// The version that the header was read by.
    pub version: Version,
}

impl Validator {
    /// A validator with the rules and levels that `options` ask for.
    pub fn new(options: &Options) -> Self {
        Self::with_book(Book::new(options))
    }

    /// A validator with a book of one's own.
    pub const fn with_book(book: Book) -> Self {
        Self { book, version: None, name: None }
    }

    /// The same, for texts of that version whatever their header says.
    #[must_use]
    pub fn for_version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// The same, for a file of that name: the convention of names and the day in it count.
    #[must_use]
    pub fn for_name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The rule book in use.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Checks a text on the calling thread.
    ///
    /// Memory: the findings, and four bytes for each cell of a quarter of a megabyte of text.
    ///
    /// # Errors
    /// [`Error::NotCvrs`](crate::Error::NotCvrs) if no name in the first line is a column.
    pub fn check(&self, text: &[u8]) -> Result<Report> {
        let request = Request {
            book: &self.book,
            version: self.version,
            formats: &[],
            show: Show { file: "-", ids: true, values: false },
            keep_lines: 10,
            parts: false,
            figures: false,
            name: self.name.as_deref(),
            tuning: Tuning::SEQUENTIAL,
        };
        let header = read_header(text, &request)?;
        let body = &text[header.byte_len()..];
        let file: &dyn ReadAt = &text;
        let source = Source::ranges(file, header.byte_len() as u64, text.len() as u64, STEP_BYTES);
        let mut survey = Survey::new(&self.book, 1, usize::MAX);
        if let Some(survey) = &mut survey {
            survey.add(&source, &header, &AtomicBool::new(false))?;
        }
        let facts = survey.map(Survey::finish).transpose()?;
        let facts = facts.as_ref().and_then(|facts| facts.of_input(0));
        let screen = Screen::new(&self.book, &header);
        let task = Task {
            screen: &screen,
            show: request.show,
            keep_lines: 10,
            parts: false,
            facts,
            patterns: facts.is_some(),
            figures: None,
        };
        let mut patterns = facts.map(|facts| facts.patterns().clone()).unwrap_or_default();
        let mut summary = Summary::new(10);
        let mut findings = Vec::new();
        for finding in explain_header(&header, &request) {
            summary.count(&finding, 1);
            findings.push(Found::new(&Entry::new(&finding)));
        }
        let (mut worker, mut outcome, mut before, mut at) =
            (Worker::default(), Outcome::default(), Counts::default(), 0);
        before.lines = 1;
        while at < body.len() {
            let wanted = (at + STEP_BYTES).min(body.len());
            let end = memchr::memchr(b'\n', &body[wanted - 1..]).map_or(body.len(), |line_feed| wanted + line_feed);
            let lines = &body[at..end];
            let chunk = Chunk { sequence: 0, range: 0..lines.len(), byte: (header.byte_len() + at) as u64 };
            let counts = worker.screen(lines, &screen);
            worker.explain(lines, &chunk, counts, before, &task, &mut outcome, &mut |entry| {
                findings.push(Found::new(entry));
            });
            summary.merge(&outcome.summary);
            patterns.merge(&outcome.patterns);
            before += counts;
            at = end;
        }
        if facts.is_some() {
            for (finding, line) in patterns.tell(&self.book, request.name) {
                summary.count(&finding, line);
                findings.push(Found::new(&Entry { line, ..Entry::new(&finding) }));
            }
        }
        Ok(Report { summary, findings, version: header.version() })
    }
}

impl Found {
    fn new(entry: &Entry<'_>) -> Self {
        Self {
            finding: entry.finding.clone(),
            message: entry.message(),
            line: entry.line,
            record: entry.record,
            byte: entry.byte,
            column: entry.column,
        }
    }
}
