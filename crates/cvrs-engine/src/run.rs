//! One run over one text: header, survey if asked for, check, in that order.

use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::figures::Figures;
use crate::pipeline::{self, Job};
use crate::survey::{Facts, InputFacts, Survey};
use crate::text::{Opened, Text};
use crate::work::{Counts, Format, Outcome, Rendered, Show, Task, Worker};
use cvrs_parse::Header;
use cvrs_report::{Entry, Finding, Summary};
use cvrs_rules::{Book, Screen};
use cvrs_spec::Version;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How a run is carried out; none of it shows in what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// How many threads work.
    pub threads: usize,
    /// How much text a worker takes at a time, in bytes.
    pub chunk_bytes: usize,
    /// How many bytes of ids are held in memory before they go to a temporary file.
    pub survey_bytes: usize,
}

impl Tuning {
    /// One thread, as a test or a small embedder wants it.
    pub const SEQUENTIAL: Self = Self { threads: 1, ..Self::DEFAULT };

    const DEFAULT: Self = Self { threads: 1, chunk_bytes: 256 << 10, survey_bytes: 64 << 20 };
}

impl Default for Tuning {
    /// All cores.
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { threads, ..Self::DEFAULT }
    }
}

/// Where the product of a run goes, part by part in the order of the text.
pub trait Sinks: Send {
    /// The header line as it stands, before any record.
    fn header(&mut self, line: &[u8]) -> Result<()>;
    /// Findings in the `report`-th format asked for; each ends where `ends` says.
    fn findings(&mut self, report: usize, bytes: &[u8], ends: &[u32]) -> Result<()>;
    /// Lines of clean records.
    fn clean(&mut self, lines: &[u8]) -> Result<()>;
    /// Lines of records with an error.
    fn rejects(&mut self, lines: &[u8]) -> Result<()>;
}

/// What a run is asked to do.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The rules.
    pub book: &'a Book,
    /// The version, if told.
    pub version: Option<Version>,
    /// The formats of the reports.
    pub formats: &'a [Format],
    /// How findings are shown.
    pub show: Show<'a>,
    /// How many lines the summary keeps for each rule and column.
    pub keep_lines: usize,
    /// Whether clean and rejected records are parted.
    pub parts: bool,
    /// Whether figures about the file's quality are gathered.
    pub figures: bool,
    /// The file's own name, if the convention for names applies to it.
    pub name: Option<&'a str>,
    /// How the run is carried out.
    pub tuning: Tuning,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The counts.
    pub summary: Summary,
    /// The version that the header was read by.
    pub version: Version,
    /// Figures about the file's quality, if asked for.
    pub figures: Option<Figures>,
}

/// What the outside may see of a run, and tell it.
#[derive(Debug, Default)]
pub struct Control {
    /// Set to stop the run soon; it then fails with [`Error::Interrupted`].
    pub cancel: AtomicBool,
    /// Bytes of text checked so far.
    pub bytes: AtomicU64,
    /// Records checked so far.
    pub records: AtomicU64,
}

struct CheckJob<'a> {
    task: Task<'a>,
    formats: &'a [Format],
    control: &'a Control,
}

#[derive(Default)]
struct Product {
    outcome: Outcome,
    rendered: Vec<Rendered>,
}

impl Job for CheckJob<'_> {
    type Worker = Worker;
    type Outcome = Product;

    fn worker(&self) -> Worker {
        Worker::default()
    }

    fn count(&self, worker: &mut Worker, text: &[u8]) -> Counts {
        worker.screen(text, self.task.screen)
    }

    fn make(
        &self,
        worker: &mut Worker,
        text: &[u8],
        chunk: &Chunk,
        counts: Counts,
        before: Counts,
        product: &mut Product,
    ) -> Result<()> {
        let Product { outcome, rendered } = product;
        rendered.resize_with(self.formats.len(), Rendered::default);
        rendered.iter_mut().for_each(Rendered::clear);
        worker.explain(text, chunk, counts, before, &self.task, outcome, &mut |entry| {
            for (rendered, &format) in rendered.iter_mut().zip(self.formats) {
                rendered.push(format, entry);
            }
        });
        self.control.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        self.control.records.fetch_add(counts.records, Ordering::Relaxed);
        Ok(())
    }
}

/// Binds the header of a text, or says that it is no CVRS.
pub(crate) fn read_header(line: &[u8], request: &Request<'_>) -> Result<Header> {
    let end = memchr::memchr(b'\n', line).map_or(line.len(), |at| at + 1);
    let header = Header::parse(&line[..end], request.book.header_version(request.version));
    if header.n_bound() == 0 { Err(Error::NotCvrs) } else { Ok(header) }
}

/// Findings about the header and the file's name.
pub(crate) fn explain_header(header: &Header, request: &Request<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    request.book.explain_header(header, &mut findings);
    if let Some(name) = request.name {
        request.book.explain_name(name, &mut findings);
    }
    findings
}

/// Counts and renders a finding about the header or the whole file.
fn tell(
    finding: &Finding,
    line: u64,
    request: &Request<'_>,
    summary: &mut Summary,
    sinks: &mut dyn Sinks,
) -> Result<()> {
    summary.count(finding, line);
    let entry = Entry { line, file: request.show.file, show_ids: request.show.ids, ..Entry::new(finding) };
    for (report, &format) in request.formats.iter().enumerate() {
        let mut rendered = Rendered::default();
        rendered.push(format, &entry);
        sinks.findings(report, &rendered.bytes, &rendered.ends)?;
    }
    Ok(())
}

/// Opens a text and binds its header; `judge` looks at the first bytes.
fn open_text<'t>(
    open: &mut dyn FnMut() -> Result<Text<'t>>,
    judge: &dyn Fn(&[u8], bool) -> Result<()>,
    request: &Request<'_>,
) -> Result<(Opened<'t>, Header)> {
    let opened = open()?.open()?;
    judge(opened.head(), opened.is_whole())?;
    let header = read_header(opened.head(), request)?;
    Ok((opened, header))
}

/// Adds a text to a survey.
pub(crate) fn survey<'t>(
    open: &mut dyn FnMut() -> Result<Text<'t>>,
    judge: &dyn Fn(&[u8], bool) -> Result<()>,
    request: &Request<'_>,
    control: &Control,
    survey: &mut Survey,
) -> Result<()> {
    let (mut opened, header) = open_text(open, judge, request)?;
    survey.add(&opened.body(header.byte_len(), request.tuning.chunk_bytes), &header, &control.cancel)
}

/// Checks a text that `open` opens, as often as it must be read; `judge` looks at its first bytes.
///
/// `facts` are those of a survey of all inputs, with this one's number among them; without them, the text is surveyed
/// by itself if the rules ask for it.
pub(crate) fn run<'t>(
    open: &mut dyn FnMut() -> Result<Text<'t>>,
    judge: &dyn Fn(&[u8], bool) -> Result<()>,
    request: &Request<'_>,
    facts: Option<(&Facts, usize)>,
    control: &Control,
    sinks: &mut dyn Sinks,
) -> Result<Checked> {
    let Tuning { threads, chunk_bytes, survey_bytes } = request.tuning;
    let own_facts = match Survey::new(request.book, threads, survey_bytes) {
        Some(mut own) if facts.is_none() => {
            survey(open, judge, request, control, &mut own)?;
            Some(own.finish()?)
        }
        _ => None,
    };
    let (facts, number) = facts.map_or((own_facts.as_ref(), 0), |(facts, number)| (Some(facts), number));
    let facts: Option<InputFacts<'_>> = facts.and_then(|facts| facts.of_input(number));
    let (mut opened, header) = open_text(open, judge, request)?;
    sinks.header(&opened.head()[..header.byte_len()])?;
    let mut summary = Summary::new(request.keep_lines);
    for finding in explain_header(&header, request) {
        tell(&finding, 1, request, &mut summary, sinks)?;
    }
    let screen = Screen::new(request.book, &header);
    let mut figures = request.figures.then(|| {
        // A file's own day is told by its name, else it is taken for today's.
        let day = request.name.and_then(|name| request.book.day_of_name(name)).unwrap_or(request.book.today());
        Figures::new(header.version(), Some(day))
    });
    let empty = figures.clone();
    let task = Task {
        screen: &screen,
        show: request.show,
        keep_lines: request.keep_lines,
        parts: request.parts,
        facts,
        figures: empty.as_ref(),
    };
    let mut patterns = facts.map(|facts| facts.patterns().clone()).unwrap_or_default();
    let job = CheckJob { task, formats: request.formats, control };
    let source = opened.body(header.byte_len(), chunk_bytes);
    pipeline::run(&source, &job, threads, &control.cancel, &mut |product: &mut Product| {
        summary.merge(&product.outcome.summary);
        patterns.merge(&product.outcome.patterns);
        if let (Some(figures), Some(part)) = (&mut figures, &product.outcome.figures) {
            figures.merge(part);
        }
        for (report, rendered) in product.rendered.iter().enumerate().filter(|(_, rendered)| !rendered.ends.is_empty())
        {
            sinks.findings(report, &rendered.bytes, &rendered.ends)?;
        }
        if request.parts {
            sinks.clean(&product.outcome.clean)?;
            sinks.rejects(&product.outcome.rejects)?;
        }
        Ok(())
    })?;
    if facts.is_some() {
        for (finding, line) in patterns.tell(request.book, request.name) {
            tell(&finding, line, request, &mut summary, sinks)?;
        }
    }
    if !summary.is_conserved() || facts.is_some_and(|facts| facts.n_records() != summary.records) {
        return Err(Error::NotConserved(summary.conservation()));
    }
    Ok(Checked { summary, version: header.version(), figures })
}
