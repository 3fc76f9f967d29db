//! Ranges of a text, checked by whoever holds them: the threads of another program, the tasks of a cluster, a browser.
//!
//! ```text
//! header line ─► Ranges ─┬─ survey_range, each ─► merge in order ─► facts   (if the rules ask for all records)
//!                        └─ check_range, each ──► merge in order ─► finish ─► Report
//! ```
//!
//! The line that spans a cut belongs to the range that holds its first byte (the rule by which Hadoop splits files), so
//! ranges need neither end at lines nor know of each other. Numbers of lines and records are counted from the range's
//! own first line; merging shifts them. However a text is cut, what is merged is what [`Validator::check`] finds.

use crate::chunk::{Chunk, ReadAt, read_range};
use crate::error::{Error, Result};
use crate::run::explain_header;
use crate::survey::{Facts, RangeSurvey, Surveyor};
use crate::validator::{Found, KEEP_LINES, Report, STEP_BYTES, Validator};
use crate::work::{Counts, Look, Outcome, Show, Task, Worker};
use cvrs_parse::{Header, Tier};
use cvrs_report::{Entry, Finding, Summary};
use cvrs_rules::{MAX_RECORDS, Patterns, Screen};
use cvrs_spec::Version;
use std::ops::Range;

/// What records are counted from where nothing is known of those before: no number that a rule looks at is reached.
const NOWHERE: u64 = MAX_RECORDS + 2;

/// A text's header bound to the rules, for checking the text range by range.
///
/// Shared by reference between threads; checking changes nothing in it.
///
/// ```
/// use cvrs_engine::Validator;
/// use cvrs_parse::Date;
/// use cvrs_rules::{Options, Profile};
///
/// let text = b"vax_event_id\trecip_id\trecip_sex\nA1\tB1\tX\nA2\tB2\tX\n";
/// let validator = Validator::new(&Options::new(Profile::Dch, Date::parse(b"2021-01-29").expect("a date")));
/// let ranges = validator.ranges(text)?;
/// let length = text.len() as u64;
/// // Bytes 0 to 44 and the rest, on two threads or two machines; the cut is within a record.
/// let mut report = ranges.check_range(&&text[..], length, 0..45, None)?;
/// let later = ranges.check_range(&&text[..], length, 45..length, None)?;
/// assert_eq!((report.counts().records(), later.counts().records()), (2, 0));
/// report.merge(later);
/// assert_eq!(ranges.finish(report, None)?, validator.check(text)?);
/// # Ok::<(), cvrs_engine::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ranges {
    validator: Validator,
    screen: Screen,
    surveyor: Surveyor,
    tier: Tier,
    about_header: Vec<Finding>,
}

/// Where a range stands among all records, known from the survey.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// What all records together show; `None` where the rules do not ask for it.
    pub facts: Option<&'a Facts>,
    /// The lines and records of all ranges before it, as [`RangeSurvey::counts`] tells them.
    pub before: Counts,
}

/// What was found in a range: its findings, and its counts.
///
/// Lines and records are numbered from the range's own first one, bytes from the beginning of the text.
#[derive(Clone, Debug)]
pub struct RangeReport {
    summary: Summary,
    findings: Vec<Found>,
    counts: Counts,
    patterns: Patterns,
}

impl Validator {
    /// Binds the header line of a text that is to be checked in ranges; `head` is the text or its beginning, with all
    /// of the first line.
    ///
    /// # Errors
    /// [`Error::NotCvrs`] if no name in the first line is a column.
    pub fn ranges(&self, head: &[u8]) -> Result<Ranges> {
        self.ranges_for(head, Tier::best())
    }

    /// As [`Validator::ranges`], with the instructions of a tier.
    ///
    /// # Errors
    /// As [`Validator::ranges`].
    ///
    /// # Panics
    /// If this machine does not have the tier.
    pub fn ranges_for(&self, head: &[u8], tier: Tier) -> Result<Ranges> {
        let request = self.request();
        let header = crate::run::read_header(head, &request)?;
        Ok(Ranges {
            screen: Screen::for_tier(self.book(), &header, tier),
            surveyor: Surveyor::new(self.book()),
            tier,
            about_header: explain_header(&header, &request),
            validator: self.clone(),
        })
    }
}

impl Ranges {
    /// How long the header line is, in bytes, its line end included.
    pub fn header_bytes(&self) -> u64 {
        self.header().byte_len() as u64
    }

    /// The version that the header was read by.
    pub fn version(&self) -> Version {
        self.header().version()
    }

    /// Whether some rules look at all records together, so that a range can be checked in full only with its
    /// [`Place`]: repeated ids, mixed models, patterns above rows, too many records.
    ///
    /// Where not, one pass over the ranges is enough.
    pub fn needs_survey(&self) -> bool {
        self.screen.book().needs_survey() || self.screen.book().is_on("XR009")
    }

    /// Surveys the lines whose first byte lies in `range` of a text of `length` bytes.
    ///
    /// Cost: one pass that only splits, on the calling thread; memory for a quarter of a megabyte of text, or the
    /// longest line, and for the ids.
    ///
    /// # Errors
    /// [`Error::Read`] as `text` reports it, and [`Error::LineTooLong`].
    ///
    /// # Panics
    /// If the range reaches beyond the text.
    pub fn survey_range(&self, text: &dyn ReadAt, length: u64, range: Range<u64>) -> Result<RangeSurvey> {
        let mut survey = if holds_header(&range) { self.header_survey() } else { RangeSurvey::default() };
        let each = |act: Act<'_>| self.each_piece(text, length, range, act);
        survey.merge(self.surveyor.survey(self.header(), self.tier, each)?);
        Ok(survey)
    }

    /// As [`Ranges::survey_range`], of whole lines in memory, none of them the header.
    ///
    /// # Errors
    /// None at present.
    pub fn survey_lines(&self, lines: &[u8]) -> Result<RangeSurvey> {
        self.surveyor.survey(self.header(), self.tier, |act| each_step(lines, 0, act))
    }

    /// The survey of the header line, which precedes that of the first line given to [`Ranges::survey_lines`].
    pub fn header_survey(&self) -> RangeSurvey {
        RangeSurvey::of_lines(Counts { lines: 1, ..Counts::default() })
    }

    /// What the survey of a whole text, merged of all its ranges, shows; `None` where the rules do not ask.
    ///
    /// Only surveys made by this value or a clone of it can be merged: ids are hashed with keys of its own.
    ///
    /// # Errors
    /// None at present.
    pub fn facts(&self, whole: RangeSurvey) -> Result<Option<Facts>> {
        self.surveyor.facts(self.screen.book(), self.header(), whole)
    }

    /// Checks the lines whose first byte lies in `range` of a text of `length` bytes. The header's line belongs to the
    /// range that holds byte 0.
    ///
    /// Without a `place`, what [only all records together](Ranges::needs_survey) show is not told.
    ///
    /// Cost: one pass on the calling thread, and up to two reads for each quarter of a megabyte; memory for as much, or
    /// for the longest line, and for the findings. Reads beyond the range to the end of its last line.
    ///
    /// # Errors
    /// [`Error::Read`] as `text` reports it, and [`Error::LineTooLong`].
    ///
    /// # Panics
    /// If the range reaches beyond the text.
    pub fn check_range(
        &self,
        text: &dyn ReadAt,
        length: u64,
        range: Range<u64>,
        place: Option<Place<'_>>,
    ) -> Result<RangeReport> {
        let (mut report, place) = match (holds_header(&range), place) {
            (true, Some(Place { facts, mut before })) => {
                before += self.header_survey().counts();
                (self.header_report(), Some(Place { facts, before }))
            }
            (true, None) => (self.header_report(), None),
            (false, place) => (RangeReport::default(), place),
        };
        report.merge(self.check(place, |act| self.each_piece(text, length, range, act))?);
        Ok(report)
    }

    /// As [`Ranges::check_range`], of whole lines in memory, none of them the header, the first of them at offset
    /// `byte` of the text.
    ///
    /// Only the last line of the text may lack its line feed; in lines that are not its end it is a finding, too.
    ///
    /// # Errors
    /// None at present.
    pub fn check_lines(&self, lines: &[u8], byte: u64, place: Option<Place<'_>>) -> Result<RangeReport> {
        self.check(place, |act| each_step(lines, byte, act))
    }

    /// The report on the header line and the file's name, which precedes that of the first line given to
    /// [`Ranges::check_lines`].
    pub fn header_report(&self) -> RangeReport {
        let mut report = RangeReport { counts: self.header_survey().counts(), ..RangeReport::default() };
        for finding in &self.about_header {
            report.tell(finding, 1);
        }
        report
    }

    /// The report on a whole text, merged of the reports on all its ranges; with the facts, where there are any.
    ///
    /// # Errors
    /// [`Error::NotConserved`] if ranges are missing that the facts know of.
    pub fn finish(&self, whole: RangeReport, facts: Option<&Facts>) -> Result<Report> {
        let mut whole = whole;
        if let Some(facts) = facts.and_then(|facts| facts.of_input(0)) {
            let mut patterns = facts.patterns().clone();
            patterns.merge(&whole.patterns);
            for (finding, line) in patterns.tell(self.screen.book(), self.validator.name()) {
                whole.tell(&finding, line);
            }
            if facts.n_records() != whole.summary.records {
                return Err(Error::NotConserved(whole.summary.conservation()));
            }
        }
        if !whole.summary.is_conserved() {
            return Err(Error::NotConserved(whole.summary.conservation()));
        }
        let RangeReport { summary, findings, .. } = whole;
        Ok(Report { summary, findings, version: self.version() })
    }

    const fn header(&self) -> &Header {
        self.screen.header()
    }

    fn check(&self, place: Option<Place<'_>>, each: impl FnOnce(Act<'_>) -> Result<()>) -> Result<RangeReport> {
        let start = place.map_or(Counts { records: NOWHERE, ..Counts::default() }, |place| place.before);
        let start_number = start.records - start.unnumbered;
        let facts = place.and_then(|place| place.facts).and_then(|facts| facts.of_input(0));
        let show = Show { file: "-", ids: true, values: false };
        let task = Task {
            screen: &self.screen,
            show,
            keep_lines: KEEP_LINES,
            parts: false,
            is_in_memory: false,
            takes_all: false,
            origin: None,
            facts,
            patterns: facts.is_some(),
            figures: None,
        };
        let (mut worker, mut look, mut outcome, mut before) =
            (Worker::default(), Look::default(), Outcome::default(), start);
        let mut report = RangeReport::default();
        each(&mut |lines, byte| {
            let counts = worker.screen(lines, &[], &self.screen, &mut look);
            let chunk = Chunk { sequence: 0, range: 0..lines.len(), byte };
            worker.explain(&mut look, lines, &chunk, counts, before, &task, &mut outcome, None, &mut |entry| {
                let found = Found::new(entry);
                report.findings.push(Found {
                    line: found.line - start.lines,
                    record: found.record.map(|record| record - start_number),
                    ..found
                });
            })?;
            report.summary.merge(&outcome.summary);
            report.patterns.merge(&outcome.patterns);
            report.counts += counts;
            before += counts;
            Ok(())
        })?;
        report.summary.shift(-(start.lines.cast_signed()));
        report.patterns.shift(-(start.lines.cast_signed()));
        Ok(report)
    }

    /// Reads the lines of a range, without the header's, a step at a time.
    fn each_piece(&self, text: &dyn ReadAt, length: u64, range: Range<u64>, act: Act<'_>) -> Result<()> {
        assert!(range.end <= length, "the range {range:?} reaches beyond the text of {length} bytes");
        let body = self.header_bytes();
        let mut buffer = Vec::new();
        let mut first = range.start.max(body);
        while first < range.end {
            let last = range.end.min(first + STEP_BYTES as u64);
            let (lines, byte) = read_range(text, first..last, first == body, length, &mut buffer)?;
            if !lines.is_empty() {
                act(&text.bytes().unwrap_or(&buffer)[lines], byte)?;
            }
            first = last;
        }
        Ok(())
    }
}

/// What is done with some whole lines, given with their offset in the text.
type Act<'a> = &'a mut dyn FnMut(&[u8], u64) -> Result<()>;

/// The header's line is that of byte 0.
const fn holds_header(range: &Range<u64>) -> bool {
    range.start == 0 && range.end > 0
}

/// Cuts lines in memory into steps that a core's cache holds.
fn each_step(lines: &[u8], byte: u64, act: Act<'_>) -> Result<()> {
    let mut at = 0;
    while at < lines.len() {
        let wanted = (at + STEP_BYTES).min(lines.len());
        let end = memchr::memchr(b'\n', &lines[wanted - 1..]).map_or(lines.len(), |line_feed| wanted + line_feed);
        act(&lines[at..end], byte + at as u64)?;
        at = end;
    }
    Ok(())
}

impl Default for RangeReport {
    /// The report on no lines.
    fn default() -> Self {
        Self {
            summary: Summary::new(KEEP_LINES),
            findings: Vec::new(),
            counts: Counts::default(),
            patterns: Patterns::default(),
        }
    }
}

impl RangeReport {
    /// The counts of findings, of clean and of rejected records.
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The findings in the order of the text.
    pub fn findings(&self) -> &[Found] {
        &self.findings
    }

    /// How many lines and records the range has.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Moves all lines and records down by those of the ranges before, for findings that are shown as they come.
    ///
    /// A report that has been shifted is no longer to be merged into one on the ranges before it.
    pub fn shift(&mut self, before: Counts) {
        self.summary.shift(before.lines.cast_signed());
        self.patterns.shift(before.lines.cast_signed());
        for found in &mut self.findings {
            found.line += before.lines;
            found.record = found.record.map(|record| record + before.records - before.unnumbered);
        }
    }

    /// Adds the report on the range that follows in the text. Associative; the counts of this range shift the other's
    /// lines and records.
    pub fn merge(&mut self, mut later: Self) {
        later.shift(self.counts);
        self.summary.merge(&later.summary);
        self.patterns.merge(&later.patterns);
        self.findings.append(&mut later.findings);
        self.counts += later.counts;
    }

    fn tell(&mut self, finding: &Finding, line: u64) {
        self.summary.count(finding, line);
        self.findings.push(Found::new(&Entry { line, ..Entry::new(finding) }));
    }
}
