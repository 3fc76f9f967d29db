//! `cvrs redact`.
//!
//! ```text
//! input ─ header → redactor → rows, in parallel ─┬─→ product
//!                                                ├─→ rejects, log, reports
//!                                                └─→ counts ─ checked against what was read ─→ notes
//! ```

use super::validate::refuse_same;
use crate::args::{Common, FailOn, FindingsFormat, ModelName, Redact};
use crate::fault::{Exit, Fault, Result};
use crate::interrupt;
use crate::outputs::Place;
use crate::progress::{Progress, Watched};
use crate::terminal;
use cvrs_engine::io::{AtomicFile, Body, Input, InputError, OutputError};
use cvrs_engine::{Control, Counts, Error, Position, Rewrite, Tuning, rewrite_input};
use cvrs_parse::{Header, Index};
use cvrs_report::{Entry, Level, jsonl, tsv};
use cvrs_transform::redact::{
    Before, Found, Kind, Log, Options, PprlMap, Pseudonym, Redactor, Refusal, Tally, Target, Told, Totals, Worker,
};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

pub(crate) fn run(args: &Redact, common: &Common) -> Result<Exit> {
    let path = match &args.file {
        None if std::io::stdin().is_terminal() => {
            return Err(Fault::usage("no file named, and stdin is a terminal; name a file, or `-` to type one"));
        }
        file => file.clone().unwrap_or_else(|| PathBuf::from("-")),
    };
    refuse_clashes(args, &path)?;
    let control = Arc::new(Control::default());
    interrupt::watch(&control);
    let options = options(args)?;
    let input = Input::from_argument(&path)?;
    Run { args, common, name: path.display().to_string(), control }.redact(input, options)
}

/// No output may be an input, and no two outputs the same file.
fn refuse_clashes(args: &Redact, input: &Path) -> Result<()> {
    let named = [("--output", &args.output), ("--rejects", &args.rejects), ("--log", &args.log)];
    let mut outputs: Vec<(&str, &Path)> =
        named.iter().filter_map(|(option, path)| Some((*option, path.as_deref()?))).collect();
    outputs.extend(args.report.iter().map(|(_, path)| ("--report", path.as_path())));
    let further = [&args.pprl_map, &args.pseudonym_key].into_iter().flatten().cloned();
    let inputs: Vec<PathBuf> = std::iter::once(input.to_owned()).chain(further).collect();
    if inputs.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Fault::usage("stdin can be read for one thing only"));
    }
    refuse_same(&outputs, &inputs)
}

/// Resolves what is asked for, and reads the map and the key.
fn options(args: &Redact) -> Result<Options> {
    let to = match (args.to, &args.pprl_map) {
        (None | Some(ModelName::D), None) => Target::D,
        (None | Some(ModelName::P), Some(path)) => Target::P(Arc::new(read_map(path)?)),
        (Some(ModelName::P), None) => {
            return Err(Fault::usage("--to P needs --pprl-map FILE: a linkage id comes from outside, never from here"));
        }
        (Some(ModelName::D), Some(_)) => {
            return Err(Fault::usage("model D has no linkage id: take --to D or --pprl-map, not both"));
        }
    };
    let pseudonym = match &args.pseudonym_key {
        None => None,
        Some(path) => {
            let key = if path.as_os_str() == "-" {
                let mut key = Vec::new();
                std::io::stdin().read_to_end(&mut key).map(|_| key)
            } else {
                std::fs::read(path)
            };
            let key = key.map_err(|error| Fault::from(InputError::from_stream(&path.display().to_string(), error)))?;
            let pseudonym = Pseudonym::new(&key);
            Some(pseudonym.map_err(|error| Fault::usage(format!("--pseudonym-key {}: {error}", path.display())))?)
        }
    };
    Ok(Options {
        dob_month: args.dob_month,
        zip5: args.zip5,
        pseudonym,
        home_admin: args.home_admin,
        ..Options::new(to)
    })
}

fn read_map(path: &Path) -> Result<PprlMap> {
    let mut input = Input::from_argument(path)?;
    let name = input.name().to_owned();
    let mut text = Vec::new();
    let read = match input.body()? {
        Body::Plain { mut file, .. } => file.read_to_end(&mut text),
        Body::Stream(mut reader) => reader.read_to_end(&mut text),
    };
    read.map_err(|error| InputError::from_stream(&name, error))?;
    PprlMap::parse(text).map_err(|error| Fault::file(format!("{name}: {error}")))
}

/// What comes of a block of the text.
#[derive(Default)]
struct Block {
    redacted: cvrs_transform::redact::Block,
    /// Lines of the text, of what is written and of the rejects.
    lines: [u64; 3],
    log: Vec<u8>,
    /// What is found, as lines of each report.
    reports: Vec<Vec<u8>>,
}

/// What workers do with the lines below the header.
struct Redacting {
    redactor: Redactor,
    telling: Telling,
}

/// How changes and findings are told.
#[derive(Clone)]
struct Telling {
    name: String,
    log: Option<Log>,
    reports: Vec<FindingsFormat>,
}

impl Telling {
    fn write(&self, format: FindingsFormat, out: &mut Vec<u8>, found: &Found) {
        let finding = found.finding();
        let entry = Entry {
            file: &self.name,
            line: found.line,
            record: Some(found.record),
            byte: Some(found.byte),
            column: found.field.map(|(_, column)| column),
            // Some findings say what an id gives away.
            show_ids: false,
            ..Entry::new(&finding)
        };
        match format {
            FindingsFormat::Jsonl => jsonl::write(out, &entry),
            FindingsFormat::Tsv => tsv::write(out, &entry, false),
        }
    }
}

fn n_lines(text: &[u8]) -> u64 {
    let is_cut = text.last().is_some_and(|&last| last != b'\n');
    memchr::memchr_iter(b'\n', text).count() as u64 + u64::from(is_cut)
}

impl Rewrite for Redacting {
    type Worker = Worker;
    type Look = Index;
    type Product = Block;

    fn worker(&self) -> Worker {
        self.redactor.worker()
    }

    fn look(&self, _: &mut Worker, text: &[u8], index: &mut Index) -> Counts {
        index.build(text);
        let n_records = index.lines(text).filter(|line| !line.is_blank()).count();
        Counts::of_lines(index.n_lines() as u64, n_records as u64)
    }

    fn rewrite(
        &self,
        worker: &mut Worker,
        index: &mut Index,
        text: &[u8],
        before: Position,
        block: &mut Block,
    ) -> cvrs_engine::Result<()> {
        let Block { redacted, lines, log, reports } = block;
        log.clear();
        reports.resize(self.telling.reports.len(), Vec::new());
        reports.iter_mut().for_each(Vec::clear);
        let before = Before { lines: before.lines, records: before.records, byte: before.byte };
        self.redactor.redact_lines(worker, index, text, before, redacted, &mut |told| match told {
            Told::Changed(change) => {
                if let Some(writer) = &self.telling.log {
                    writer.write(log, &change);
                }
            }
            Told::Found(found) => {
                for (&format, out) in self.telling.reports.iter().zip(&mut *reports) {
                    self.telling.write(format, out, &found);
                }
            }
        });
        *lines = [index.n_lines() as u64, n_lines(&redacted.text), n_lines(&redacted.rejects)];
        Ok(())
    }
}

/// Where everything goes.
struct Outs {
    product: Place,
    rejects: Option<AtomicFile>,
    log: Option<Place>,
    reports: Vec<Place>,
}

impl Outs {
    fn new(args: &Redact) -> Result<Self> {
        let place = |path: &Option<PathBuf>| path.as_deref().map(Place::file).transpose();
        let product = place(&args.output)?.unwrap_or_else(Place::stdout);
        let mut log = place(&args.log)?;
        if let Some(log) = &mut log {
            log.write(Log::HEADER.as_bytes())?;
        }
        let mut reports = Vec::new();
        for (format, path) in &args.report {
            let mut report = Place::file(path)?;
            if *format == FindingsFormat::Tsv {
                report.write(tsv::header(false, false).as_bytes())?;
            }
            reports.push(report);
        }
        let rejects = args.rejects.as_deref().map(AtomicFile::create).transpose()?;
        Ok(Self { product, rejects, log, reports })
    }

    fn put(&mut self, block: &Block) -> cvrs_engine::Result<()> {
        if !block.redacted.text.is_empty() {
            self.product.put(&block.redacted.text)?;
        }
        if let Some(file) = self.rejects.as_mut().filter(|_| !block.redacted.rejects.is_empty()) {
            file.write_all(&block.redacted.rejects).map_err(|error| OutputError::from_write(file.name(), error))?;
        }
        if let Some(log) = self.log.as_mut().filter(|_| !block.log.is_empty()) {
            log.put(&block.log)?;
        }
        for (report, lines) in self.reports.iter_mut().zip(&block.reports).filter(|(_, lines)| !lines.is_empty()) {
            report.put(lines)?;
        }
        Ok(())
    }

    fn commit(self) -> Result<()> {
        for place in [Some(self.product), self.log].into_iter().flatten().chain(self.reports) {
            place.commit()?;
        }
        Ok(self.rejects.map(AtomicFile::commit).transpose().map(drop)?)
    }
}

struct Run<'a> {
    args: &'a Redact,
    common: &'a Common,
    name: String,
    control: Arc<Control>,
}

impl Run<'_> {
    fn redact(&self, mut input: Input, options: Options) -> Result<Exit> {
        let start = Instant::now();
        let mut outs = Outs::new(self.args)?;
        let telling = Telling {
            name: self.name.clone(),
            log: self.args.log.is_some().then(|| Log::new(&self.name, self.args.show_values)),
            reports: self.args.report.iter().map(|(format, _)| *format).collect(),
        };
        let watched = Watched {
            name: self.name.clone(),
            total: input.stored_len(),
            consumed: input.consumed(),
            control: Arc::clone(&self.control),
        };
        let progress = Progress::start(!self.common.no_progress && !self.common.quiet, watched);
        let (mut refusal, mut says_model) = (None, true);
        let (mut totals, mut lines) = (Totals::default(), [0; 3]);
        let begin = |line: &[u8]| {
            let header = Header::parse(line, None);
            if header.n_bound() == 0 {
                return Err(Error::NotCvrs);
            }
            let redactor = Redactor::new(&header, options).map_err(|cause| {
                refusal = Some(cause);
                Error::NotCvrs
            })?;
            says_model = redactor.says_model();
            let mut first = Block::default();
            first.redacted.text.extend_from_slice(line);
            first.redacted.rejects.extend_from_slice(line);
            let redactor = redactor.telling_changes(telling.log.is_some());
            Ok((Redacting { redactor, telling: telling.clone() }, first))
        };
        let mut take = |block: &mut Block| {
            totals.merge(&block.redacted.totals);
            lines.iter_mut().zip(block.lines).for_each(|(sum, n)| *sum += n);
            outs.put(block)
        };
        let ran = rewrite_input(&mut input, self.tuning(), &self.control, begin, &mut take);
        drop(progress);
        ran.map_err(|error| self.fault(error, refusal.take()))?;
        for (report, &format) in outs.reports.iter_mut().zip(&telling.reports) {
            if let Some(found) = totals.mixed_models() {
                let mut out = Vec::new();
                telling.write(format, &mut out, &found);
                report.write(&out)?;
            }
        }
        let counted = self.control.records.load(Ordering::Relaxed);
        let [read, written, rejected] = lines;
        if counted != totals.records || rejected != totals.rejected || read != written + rejected {
            let (n, more) = (totals.written(), totals.rejected);
            let message =
                format!("{}: {counted} records read, {n} written, {more} rejected; please report this", self.name);
            return Err(Fault::file(message));
        }
        outs.commit()?;
        self.tell(&totals, says_model);
        if self.common.verbose {
            let seconds = start.elapsed().as_secs_f64();
            let bytes = self.control.bytes.load(Ordering::Relaxed) as f64;
            terminal::note(&format!("{}: {seconds:.3} s, {:.0} MB/s", self.name, bytes / 1e6 / seconds));
        }
        let has_warning = totals.told().any(|(kind, _)| kind.level() >= Level::Warn) || totals.mixed_models().is_some();
        let is_failure = match self.args.fail_on {
            FailOn::Never => false,
            FailOn::Error => totals.rejected > 0,
            FailOn::Warn => totals.rejected > 0 || has_warning,
        };
        Ok(if is_failure { Exit::Findings } else { Exit::Done })
    }

    fn tuning(&self) -> Tuning {
        let tuning = Tuning::default();
        Tuning { threads: self.common.threads.map_or(tuning.threads, usize::from), ..tuning }
    }

    fn fault(&self, error: Error, refusal: Option<Refusal>) -> Fault {
        match (error, refusal) {
            (_, Some(refusal)) => Fault::file(format!("{}: {refusal}", self.name)),
            (Error::Read(error), None) => InputError::from_stream(&self.name, error).into(),
            (other, None) => Fault::engine(&self.name, other),
        }
    }

    /// Says what was done, and what the result still tells.
    fn tell(&self, totals: &Totals, says_model: bool) {
        let name = &self.name;
        let note = |text: String| terminal::note(&text);
        let is_quiet = self.common.quiet;
        if !is_quiet {
            if totals.records == 0 {
                note(format!("{name}: a header and no record"));
            }
            let n = totals.changes();
            let word = if n == 1 { "change" } else { "changes" };
            note(format!("{name}: {n} {word}, {} of {} records", totals.records_changed, totals.records));
            for (rule, count) in totals.by_rule() {
                let mark = if rule.is_of_specification { "" } else { " (outside the specification)" };
                note(format!("  {} {}: {count}{mark}", rule.id, rule.name));
            }
            if !says_model {
                note(format!("{name}: there is no column ext_type, so the result does not say its model"));
            }
        }
        // What was left out is told in any case, and so is what went wrong.
        let is_lost = totals.rejected > 0 && self.args.rejects.is_none();
        let mixed = totals.mixed_models().map(|found| (Kind::MixedModels, Tally { count: 1, lines: vec![found.line] }));
        let told = totals.told().map(|(kind, tally)| (kind, tally.clone())).chain(mixed);
        for (kind, Tally { count, lines }) in told.filter(|(kind, _)| !is_quiet || is_lost && kind.rejects()) {
            let shown: Vec<String> = lines.iter().map(u64::to_string).collect();
            let more = if count > lines.len() as u64 { ", …" } else { "" };
            let word = if lines.len() == 1 && count == 1 { "line" } else { "lines" };
            let level = match kind.level() {
                _ if kind.rejects() => "not written",
                Level::Warn | Level::Error => "warning",
                Level::Info | Level::Off => "note",
            };
            note(format!("  {} {level}: {}: {count} ({word} {}{more})", kind.code(), kind.what(), shown.join(", ")));
        }
        if is_quiet && !is_lost {
            return;
        }
        let blanks = match totals.blank_lines {
            0 => String::new(),
            1 => "; 1 blank line".to_owned(),
            n => format!("; {n} blank lines"),
        };
        let word = if totals.records == 1 { "record" } else { "records" };
        let (read, written, rejected) = (totals.records, totals.written(), totals.rejected);
        let lost = if is_lost { "; no --rejects is given, so they are left out" } else { "" };
        note(format!("{name}: {read} {word} read = {written} written + {rejected} rejected{blanks}{lost}"));
    }
}
