//! Validation of bytes in memory, for embedders.

use crate::error::Result;
use crate::range::Place;
use crate::run::{Request, Tuning};
use crate::work::Show;
use cvrs_report::{Entry, Finding, Summary};
use cvrs_rules::{Book, Options};
use cvrs_spec::Version;

/// How much of the text is split at a time, in bytes: what a core's second cache holds.
pub(crate) const STEP_BYTES: usize = 256 << 10;

/// How many lines a summary keeps for each rule and column.
pub(crate) const KEEP_LINES: usize = 10;

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
        let ranges = self.ranges(text)?;
        let body = &text[ranges.header_bytes() as usize..];
        let (mut report, mut survey) = (ranges.header_report(), ranges.header_survey());
        let before = survey.counts();
        let facts = if self.book.needs_survey() {
            survey.merge(ranges.survey_lines(body)?);
            ranges.facts(survey)?
        } else {
            None
        };
        let place = Place { facts: facts.as_ref(), before };
        report.merge(ranges.check_lines(body, ranges.header_bytes(), Some(place))?);
        ranges.finish(report, facts.as_ref())
    }

    /// The name of the file that the texts are.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What a run over a text would be asked.
    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            book: &self.book,
            version: self.version,
            formats: &[],
            show: Show { file: "-", ids: true, values: false },
            keep_lines: KEEP_LINES,
            parts: false,
            figures: false,
            name: self.name(),
            tuning: Tuning::SEQUENTIAL,
        }
    }
}

impl Found {
    pub(crate) fn new(entry: &Entry<'_>) -> Self {
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
