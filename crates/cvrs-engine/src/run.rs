//! One run over one text: header, survey if asked for, check, in that order.

use crate::chunk::Chunk;
use crate::convert::{Convert, Make, RecordPlace, Target};
use crate::error::{Error, Result};
use crate::figures::Figures;
use crate::origin::{self, Origin};
use crate::pipeline::{self, Job};
use crate::survey::{
    Facts, Gathered, Gathering, Glance, GlanceTaking, Glanced, Glancing, Impression, InputFacts, Survey, Taking,
};
use crate::text::{Opened, Text};
use crate::work::{Counts, Format, Look, Outcome, Rendered, Show, Task, Worker};
use cvrs_parse::{Header, Record, Tier};
use cvrs_report::{Entry, Finding, Summary};
use cvrs_rules::{Book, Patterns, Screen};
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
    /// Which instructions are used; `None` for the fastest that the machine has.
    ///
    /// A run with a tier that the machine does not have panics.
    pub tier: Option<Tier>,
}

impl Tuning {
    /// One thread, as a test or a small embedder wants it.
    pub const SEQUENTIAL: Self = Self { threads: 1, ..Self::DEFAULT };

    const DEFAULT: Self = Self { threads: 1, chunk_bytes: 256 << 10, survey_bytes: 64 << 20, tier: None };
}

impl Tuning {
    /// The instructions to be used.
    pub(crate) fn tier(&self) -> Tier {
        self.tier.unwrap_or_else(Tier::best)
    }
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
    /// The numbers of the lines that come next, and which of them are not clean: blank ones and those of records with
    /// an error. Comes before the findings of these lines and before the lines themselves, if records are parted.
    fn lines(&mut self, numbers: std::ops::Range<u64>, held_back: &[u64]) -> Result<()> {
        let _ = (numbers, held_back);
        Ok(())
    }
    /// Lines of clean records.
    fn clean(&mut self, lines: &[u8]) -> Result<()>;
    /// Lines of records with an error.
    fn rejects(&mut self, lines: &[u8]) -> Result<()>;

    /// Whether all that was handed over can be taken back. Where it cannot, the text is read for the rules about all
    /// records before any of it is checked.
    fn can_restart(&self) -> bool {
        false
    }

    /// Forgets all that was handed over: it comes again from the header on.
    fn restart(&mut self) -> Result<()> {
        Ok(())
    }
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

struct CheckJob<'a, C> {
    task: Task<'a>,
    converter: &'a C,
    /// What of the survey goes along.
    along: Along<'a>,
    /// Set when what else this pass makes will not be used: a survey goes on alone, and a glance ends.
    is_hopeless: AtomicBool,
    formats: &'a [Format],
    control: &'a Control,
}

/// What of a survey goes along with a check.
enum Along<'a> {
    Nothing,
    Glance(Glancing<'a>),
    Survey(Gathering<'a>),
}

/// Takes what came along from the chunks in their order.
enum TakingAlong<'s> {
    Nothing,
    Glance(GlanceTaking<'s>),
    Survey(Taking<'s>),
}

/// After so many records what goes along is judged: it does so in the hope that it has nothing to tell, since all else
/// must then be made again.
const HOPEFUL_RECORDS: u64 = 10_000;
/// There is no hope if more than one record in so many was rejected: such a text most likely repeats ids too.
const HOPELESS_SHARE: u64 = 50;

/// What a worker knows of a chunk before it knows what precedes it.
#[derive(Default)]
struct Seen {
    look: Look,
    glanced: Glanced,
}

#[derive(Default)]
struct Product<P> {
    gathered: Gathered,
    glanced: Glanced,
    outcome: Outcome,
    rendered: Vec<Rendered>,
    made: P,
}

impl<C: Convert> Job for CheckJob<'_, C> {
    type Worker = (Worker, C::Worker);
    type Look = Seen;
    type Outcome = Product<C::Product>;

    fn worker(&self) -> Self::Worker {
        (Worker::default(), self.converter.worker(self.task.screen.header()))
    }

    fn look(&self, (worker, _): &mut Self::Worker, text: &[u8], upcoming: &[u8], seen: &mut Seen) -> Counts {
        let Seen { look, glanced } = seen;
        if let Along::Glance(glancing) = &self.along {
            if self.is_hopeless.load(Ordering::Relaxed) {
                return Counts::default();
            }
            let counts = worker.screen(text, upcoming, self.task.screen, look);
            worker.glance(look, text, glancing, glanced);
            return counts;
        }
        worker.screen(text, upcoming, self.task.screen, look)
    }

    fn make(
        &self,
        (worker, maker): &mut Self::Worker,
        Seen { look, glanced: seen }: &mut Seen,
        text: &[u8],
        chunk: &Chunk,
        counts: Counts,
        before: Counts,
        product: &mut Self::Outcome,
    ) -> Result<()> {
        let Product { gathered, glanced, outcome, rendered, made } = product;
        rendered.resize_with(self.formats.len(), Rendered::default);
        rendered.iter_mut().for_each(Rendered::clear);
        self.converter.begin(maker, made);
        if self.is_hopeless.load(Ordering::Relaxed) {
            *outcome = Outcome::default();
        } else {
            let mut make = |record: &Record<'_>, place: &RecordPlace, findings: &mut Vec<Finding>| {
                self.converter.record(maker, record, place, made, findings);
            };
            let make: Option<Make<'_>> = if C::IS_ASKED { Some(&mut make) } else { None };
            worker.explain(look, text, chunk, counts, before, &self.task, outcome, make, &mut |entry| {
                for (rendered, &format) in rendered.iter_mut().zip(self.formats) {
                    rendered.push(format, entry);
                }
            })?;
        }
        self.converter.end(maker, made)?;
        match &self.along {
            Along::Nothing => {}
            Along::Glance(_) => {
                std::mem::swap(seen, glanced);
                glanced.settle(before.lines)?;
            }
            Along::Survey(gathering) => worker.gather(look, text, counts, before, gathering, gathered)?,
        }
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

/// What a run is asked, and what is known of it from outside.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request<'a>,
    /// Where the lines of the text come from, if it was made from another one.
    pub(crate) origin: Option<&'a dyn Origin>,
    pub(crate) control: &'a Control,
}

/// Counts and renders a finding about the header or the whole file.
fn tell(
    finding: &Finding,
    line: u64,
    Asked { request, origin, .. }: Asked<'_>,
    summary: &mut Summary,
    sinks: &mut dyn Sinks,
) -> Result<()> {
    let line = origin::told(origin, line);
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

/// How a text is opened, and what looks at its first bytes.
struct Opening<'o, 't> {
    open: &'o mut dyn FnMut() -> Result<Text<'t>>,
    judge: &'o dyn Fn(&[u8], bool) -> Result<()>,
}

/// What is made of the records of a run, and how.
pub(crate) struct Conversion<'c, C> {
    pub(crate) converter: &'c C,
    /// Whether records with an error are taken too.
    pub(crate) takes_all: bool,
}

/// Checks a text that `open` opens, as often as it must be read; `judge` looks at its first bytes. What `conversion`
/// makes of the records on the way goes to `target` with all else.
///
/// `facts` are those of a survey of all inputs, with this one's number among them; without them, the text is surveyed
/// by itself if the rules ask for it.
pub(crate) fn run<'t, C: Convert>(
    open: &mut dyn FnMut() -> Result<Text<'t>>,
    judge: &dyn Fn(&[u8], bool) -> Result<()>,
    asked: Asked<'_>,
    facts: Option<(&Facts, usize)>,
    conversion: &Conversion<'_, C>,
    target: &mut dyn Target<C::Product>,
) -> Result<Checked> {
    let Asked { request, control, .. } = asked;
    let Tuning { threads, survey_bytes, .. } = request.tuning;
    let mut run = Run { opening: Opening { open, judge }, asked, conversion };
    if let Some((facts, number)) = facts {
        return run.pass(facts.of_input(number), target)?.conclude(None, asked, target.sinks());
    }
    let Some(own) = Survey::new(request.book, threads, survey_bytes) else {
        return run.pass(None, target)?.conclude(None, asked, target.sinks());
    };
    let mut own = own.for_tier(request.tuning.tier());
    if own.goes_along() && target.sinks().can_restart() {
        return run.hopefully(own, target);
    }
    survey(run.opening.open, judge, request, control, &mut own)?;
    let own_facts = own.finish()?;
    run.pass(own_facts.of_input(0), target)?.conclude(None, asked, target.sinks())
}

/// A run, pass by pass.
struct Run<'a, 'o, 't, C> {
    opening: Opening<'o, 't>,
    asked: Asked<'a>,
    conversion: &'a Conversion<'a, C>,
}

/// What one pass over the text came to, before what only all of it shows is told.
struct Passed {
    summary: Summary,
    version: Version,
    figures: Option<Figures>,
    /// What was seen of patterns, if they are looked for.
    patterns: Option<Patterns>,
    /// How many records the survey saw, if there was one.
    n_surveyed: Option<u64>,
    /// Whether the check went on to the end.
    is_whole: bool,
}

impl Passed {
    /// Tells the patterns and proves that no record was lost. `along` are how many records and which patterns were seen
    /// by what went along.
    fn conclude(mut self, along: Option<(u64, &Patterns)>, asked: Asked<'_>, sinks: &mut dyn Sinks) -> Result<Checked> {
        let Asked { request, .. } = asked;
        if let (Some((_, seen)), Some(patterns)) = (along, &mut self.patterns) {
            patterns.merge(seen);
        }
        for (finding, line) in self.patterns.iter().flat_map(|patterns| patterns.tell(request.book, request.name)) {
            tell(&finding, line, asked, &mut self.summary, sinks)?;
        }
        let n_surveyed = along.map(|(n_records, _)| n_records).or(self.n_surveyed);
        if !self.summary.is_conserved() || n_surveyed.is_some_and(|n_records| n_records != self.summary.records) {
            return Err(Error::NotConserved(self.summary.conservation()));
        }
        Ok(Checked { summary: self.summary, version: self.version, figures: self.figures })
    }
}

impl<C: Convert> Run<'_, '_, '_, C> {
    /// One pass with what a survey found before.
    fn pass(&mut self, facts: Option<InputFacts<'_>>, target: &mut dyn Target<C::Product>) -> Result<Passed> {
        let patterns = facts.map(|facts| facts.patterns().clone());
        self.one_pass(facts, patterns, None, target)
    }

    /// A pass in the hope that a survey that goes along, or a glance at what it asks, has nothing to tell. If it has,
    /// all is taken back and checked with it.
    fn hopefully(&mut self, mut own: Survey, target: &mut dyn Target<C::Product>) -> Result<Checked> {
        let Asked { request, control, .. } = self.asked;
        let counters = [&control.bytes, &control.records].map(|counter| (counter, counter.load(Ordering::Relaxed)));
        let count_again = || counters.iter().for_each(|(counter, before)| counter.store(*before, Ordering::Relaxed));
        let mut glance = own.glance();
        let passed = self.one_pass(None, Some(Patterns::default()), Some((&mut own, &mut glance)), target)?;
        let facts = if own.n_inputs() > 0 {
            drop(glance);
            let facts = own.finish()?;
            if passed.is_whole && facts.is_silent() {
                let whole = facts.of_input(0).map(|facts| (facts.n_records(), facts.patterns()));
                return passed.conclude(whole, self.asked, target.sinks());
            }
            facts
        } else {
            if passed.is_whole {
                let Impression { doubts, n_records, patterns } = glance.finish()?;
                let Some(doubts) = doubts else {
                    return passed.conclude(Some((n_records, &patterns)), self.asked, target.sinks());
                };
                own.settle(doubts);
            } else {
                drop(glance);
            }
            count_again();
            survey(self.opening.open, self.opening.judge, request, control, &mut own)?;
            own.finish()?
        };
        target.sinks().restart()?;
        count_again();
        self.pass(facts.of_input(0), target)?.conclude(None, self.asked, target.sinks())
    }

    fn one_pass(
        &mut self,
        facts: Option<InputFacts<'_>>,
        mut patterns: Option<Patterns>,
        along: Option<(&mut Survey, &mut Glance)>,
        target: &mut dyn Target<C::Product>,
    ) -> Result<Passed> {
        let Self { opening, asked, conversion } = self;
        let Asked { request, origin, control } = *asked;
        let Tuning { threads, chunk_bytes, .. } = request.tuning;
        let (mut opened, header) = open_text(opening.open, opening.judge, request)?;
        target.sinks().header(&opened.head()[..header.byte_len()])?;
        let mut summary = Summary::new(request.keep_lines);
        for finding in explain_header(&header, request) {
            tell(&finding, 1, *asked, &mut summary, target.sinks())?;
        }
        let screen = Screen::for_tier(request.book, &header, request.tuning.tier());
        let mut figures = request.figures.then(|| {
            // A file's own day is told by its name, else it is taken for today's.
            let day = request.name.and_then(|name| request.book.day_of_name(name)).unwrap_or(request.book.today());
            Figures::new(header.version(), Some(day))
        });
        let empty = figures.clone();
        let source = opened.body(header.byte_len(), chunk_bytes);
        let task = Task {
            screen: &screen,
            show: request.show,
            keep_lines: request.keep_lines,
            parts: request.parts,
            is_in_memory: source.bytes().is_some(),
            takes_all: conversion.takes_all,
            origin,
            facts,
            patterns: patterns.is_some(),
            figures: empty.as_ref(),
        };
        let mut surveys = None;
        let (along, mut taking) = match along {
            None => (Along::Nothing, TakingAlong::Nothing),
            Some((_, glance)) if !source.is_stream() => {
                let (glancing, taking) = glance.begin(&header);
                (Along::Glance(glancing), TakingAlong::Glance(taking))
            }
            Some((survey, _)) => {
                let (gathering, taking) = surveys.insert(survey).begin(&header);
                (Along::Survey(gathering), TakingAlong::Survey(taking))
            }
        };
        let converter = conversion.converter;
        let is_hopeless = AtomicBool::new(false);
        let job = CheckJob { task, converter, along, is_hopeless, formats: request.formats, control };
        pipeline::run(&source, &job, threads, &control.cancel, &mut |product: &mut Product<C::Product>| {
            summary.merge(&product.outcome.summary);
            if let Some(patterns) = &mut patterns {
                patterns.merge(&product.outcome.patterns);
            }
            match &mut taking {
                TakingAlong::Nothing => {}
                TakingAlong::Glance(taking) => taking.take(&product.glanced),
                TakingAlong::Survey(taking) => taking.take(&product.gathered),
            }
            let is_doubtful = summary.records > HOPEFUL_RECORDS && summary.rejected > summary.records / HOPELESS_SHARE;
            if is_doubtful && !matches!(taking, TakingAlong::Nothing) {
                job.is_hopeless.store(true, Ordering::Relaxed);
            }
            // Hope does not return, though chunks that were made meanwhile may lower the share.
            if job.is_hopeless.load(Ordering::Relaxed) {
                return Ok(());
            }
            if let (Some(figures), Some(part)) = (&mut figures, &product.outcome.figures) {
                figures.merge(part);
            }
            if request.parts {
                target.sinks().lines(product.outcome.lines.clone(), &product.outcome.held_back)?;
            }
            for (report, rendered) in
                product.rendered.iter().enumerate().filter(|(_, rendered)| !rendered.ends.is_empty())
            {
                target.sinks().findings(report, &rendered.bytes, &rendered.ends)?;
            }
            if request.parts {
                let runs = product.outcome.clean_runs.iter().filter(|run| !run.is_empty());
                for (run, text) in runs.zip(std::iter::repeat(source.bytes().unwrap_or_default())) {
                    target.sinks().clean(&text[run.clone()])?;
                }
                target.sinks().clean(&product.outcome.clean)?;
                target.sinks().rejects(&product.outcome.rejects)?;
            }
            if C::IS_ASKED { target.product(&mut product.made) } else { Ok(()) }
        })?;
        let is_whole = !job.is_hopeless.load(Ordering::Relaxed);
        if let Some(survey) = surveys {
            survey.end();
        }
        Ok(Passed {
            summary,
            version: header.version(),
            figures,
            patterns,
            n_surveyed: facts.map(InputFacts::n_records),
            is_whole,
        })
    }
}
