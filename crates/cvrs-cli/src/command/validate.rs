//! `cvrs validate`.

use crate::args::{Common, DialectName, FailOn, FormatName, OperationName, ReportName, Validate};
use crate::fault::{Exit, Fault, Result};
use crate::hl7_input;
use crate::interrupt;
use crate::outputs::{Outputs, Place, Report};
use crate::progress::{Progress, Watched};
use crate::stored_codes;
use crate::terminal;
use cvrs_engine::io::{AtomicFile, Input, same_file};
use cvrs_engine::{Checked, Control, Error, Facts, Format, Request, Show, Survey, Tuning, check_input, survey_input};
use cvrs_parse::Date;
use cvrs_report::text::{Heading, Palette};
use cvrs_report::{Advice, CellCount, Summary, text, tsv};
use cvrs_rules::{Book, Operation, Patterns};
use cvrs_spec::Version;
use cvrs_transform::hl7::{Deletes, ReadOptions};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// How many lines the text report lists for each rule and column.
const LINES: u64 = 10;

pub(crate) fn run(args: &Validate, common: &Common) -> Result<Exit> {
    let files = inputs(args)?;
    refuse_clashes(args, &files)?;
    let mut run = Run::new(args, common)?;
    run.outputs.is_shared = files.len() > 1;
    let facts = run.survey(&files)?;
    let mut worst = Exit::Done;
    for (number, file) in files.iter().enumerate() {
        let facts = facts.as_ref().map(|facts| (facts, number));
        let ended = run.check(file, facts).and_then(|checked| run.tell(file, &checked));
        worst = worst.max(match ended {
            Ok(exit) => exit,
            // An input that cannot be read does not keep the others from being checked.
            Err(fault) if fault.exit == Exit::File && !fault.is_closed_pipe() && files.len() > 1 => {
                terminal::error(&fault.message);
                fault.exit
            }
            Err(fault) => return Err(fault),
        });
    }
    run.commit()?;
    Ok(worst)
}

/// The inputs named; stdin if none is.
fn inputs(args: &Validate) -> Result<Vec<PathBuf>> {
    if args.files.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(Fault::usage("no file named, and stdin is a terminal; name a file, or `-` to type one"));
        }
        return Ok(vec![PathBuf::from("-")]);
    }
    expand(&args.files)
}

/// The inputs named, with patterns expanded that the shell left alone.
pub(crate) fn expand(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        let pattern = path.to_str().filter(|name| name.contains(['*', '?', '[']) && !path.exists());
        let matches = pattern.and_then(|pattern| glob::glob(pattern).ok());
        let found: Vec<PathBuf> = matches.into_iter().flatten().filter_map(std::result::Result::ok).collect();
        if found.is_empty() { files.push(path.clone()) } else { files.extend(found) }
    }
    if files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
        return Err(Fault::usage("stdin can be read only once"));
    }
    Ok(files)
}

/// No output may be an input, and no two outputs the same file.
fn refuse_clashes(args: &Validate, files: &[PathBuf]) -> Result<()> {
    if (args.clean.is_some() || args.rejects.is_some()) && files.len() != 1 {
        return Err(Fault::usage("--clean and --rejects take one input file"));
    }
    let named = [("--clean", &args.clean), ("--rejects", &args.rejects), ("--output", &args.output)];
    let mut outputs: Vec<(&str, &Path)> =
        named.iter().filter_map(|(option, path)| Some((*option, path.as_deref()?))).collect();
    outputs.extend(args.report.iter().map(|(_, path)| ("--report", path.as_path())));
    refuse_same(&outputs, files)
}

/// No output, given with its option, may be one of the inputs, and no two outputs the same file.
pub(crate) fn refuse_same(outputs: &[(&str, &Path)], inputs: &[PathBuf]) -> Result<()> {
    for (at, (option, path)) in outputs.iter().enumerate() {
        // Where there is such a name, it stands for the file that the shell opened as stdin.
        let input = |file: &'_ Path| if file.as_os_str() == "-" { Path::new("/dev/stdin") } else { file }.to_owned();
        if inputs.iter().any(|file| is_same(&input(file), path)) {
            return Err(Fault::usage(format!("{option} names an input file, which is never overwritten")));
        }
        if let Some((other, _)) = outputs[..at].iter().find(|(_, other)| is_same(other, path)) {
            return Err(Fault::usage(format!("{other} and {option} name the same file")));
        }
    }
    Ok(())
}

fn is_same(left: &Path, right: &Path) -> bool {
    let is_sink = |path: &Path| path == Path::new("/dev/null");
    !is_sink(left) && (left == right || same_file(left, right))
}

struct Run<'a> {
    args: &'a Validate,
    common: &'a Common,
    book: Book,
    control: Arc<Control>,
    outputs: Outputs,
    formats: Vec<Format>,
    texts: Vec<Place>,
    stats: Vec<Place>,
    /// Stdin, if it has been surveyed together with other inputs.
    stdin: Option<Input>,
}

impl<'a> Run<'a> {
    fn new(args: &'a Validate, common: &'a Common) -> Result<Self> {
        let control = Arc::new(Control::default());
        interrupt::watch(&control);
        let mut run = Self {
            args,
            common,
            book: Book::with_codes(&args.judging.options(operation(args.operation))?, stored_codes::current()?),
            control,
            outputs: Outputs::default(),
            formats: Vec::new(),
            texts: Vec::new(),
            stats: Vec::new(),
            stdin: None,
        };
        let main = args.output.as_deref().map_or_else(|| Ok(Place::stdout()), Place::file)?;
        run.add_report(args.format, main)?;
        for (format, path) in &args.report {
            let place = Place::file(path)?;
            match format {
                ReportName::Findings(format) => run.add_report(*format, place)?,
                ReportName::Stats => run.stats.push(place),
            }
        }
        run.formats = run.outputs.reports.iter().map(|report| report.format).collect();
        run.outputs.clean = args.clean.as_deref().map(AtomicFile::create).transpose()?;
        run.outputs.rejects = args.rejects.as_deref().map(AtomicFile::create).transpose()?;
        Ok(run)
    }

    fn add_report(&mut self, name: FormatName, place: Place) -> Result<()> {
        let values = self.args.show_values;
        let format = match name {
            FormatName::Text => {
                self.texts.push(place);
                return Ok(());
            }
            FormatName::Json => Format::Json,
            FormatName::Jsonl => Format::JsonLines,
            FormatName::Tsv => Format::Tsv { values },
        };
        let start = match format {
            Format::Tsv { values } => tsv::header(!self.args.no_ids, values).into_bytes(),
            _ => Vec::new(),
        };
        self.outputs.reports.push(Report::new(format, place, start, self.args.limit.unwrap_or(u64::MAX))?);
        Ok(())
    }

    /// Surveys several inputs together, so that what repeats from one to the other is found. An input that cannot be
    /// read is told when it is checked.
    fn survey(&mut self, files: &[PathBuf]) -> Result<Option<Facts>> {
        let tuning = self.tuning();
        let Some(mut survey) = Survey::new(&self.book, tuning.threads, tuning.survey_bytes)
            .filter(|_| files.len() > 1 && self.book.relates_inputs())
        else {
            return Ok(None);
        };
        for path in files {
            let Ok(mut input) = Input::from_argument(path) else {
                survey.skip();
                continue;
            };
            if matches!(hl7_input::is_input_hl7(&mut input), Ok(true)) {
                // It is surveyed by itself when it is checked.
                survey.skip();
                self.stdin = self.stdin.take().or((path.as_os_str() == "-").then_some(input));
                continue;
            }
            let name = path.display().to_string();
            let mut input = input.rewindable(None)?;
            let surveyed = survey_input(&mut input, &self.request(path, &name), &self.control, &mut survey);
            match surveyed {
                Err(error @ Error::Interrupted) => return Err(Fault::engine(&name, error)),
                // Stdin cannot be opened again.
                _ if path.as_os_str() == "-" => self.stdin = Some(input),
                _ => {}
            }
        }
        survey.finish().map(Some).map_err(|error| Fault::engine("", error))
    }

    fn tuning(&self) -> Tuning {
        let mut tuning = Tuning::default();
        if let Some(threads) = self.common.threads {
            tuning.threads = usize::from(threads);
        }
        tuning
    }

    /// How HL7 is read.
    fn read_options(&self) -> ReadOptions {
        ReadOptions {
            dialect: self.args.dialect.map(DialectName::dialect),
            is_v1: self.args.judging.version() == Some(Version::V1),
            deletes: if self.args.operation == OperationName::Delete { Deletes::AsRows } else { Deletes::Apart },
            ..ReadOptions::default()
        }
    }

    fn request<'r>(&'r self, path: &'r Path, name: &'r str) -> Request<'r> {
        Request {
            book: &self.book,
            version: self.args.judging.version(),
            formats: &self.formats,
            show: Show { file: name, ids: !self.args.no_ids, values: self.args.show_values },
            keep_lines: self.args.limit.unwrap_or(LINES).try_into().unwrap_or(usize::MAX),
            parts: self.args.clean.is_some() || self.args.rejects.is_some(),
            figures: self.args.stats || !self.stats.is_empty(),
            name: path.file_name().and_then(|name| name.to_str()).filter(|_| path.as_os_str() != "-"),
            tuning: self.tuning(),
        }
    }

    fn check(&mut self, path: &Path, facts: Option<(&Facts, usize)>) -> Result<Checked> {
        let start = Instant::now();
        let name = path.display().to_string();
        let kept = if path.as_os_str() == "-" { self.stdin.take() } else { None };
        let mut input = kept.map_or_else(|| Input::from_argument(path), Ok)?;
        let reading = if hl7_input::is_input_hl7(&mut input)? {
            let (text, reading) = hl7_input::open(input, self.read_options(), hl7_input::Further::default())?;
            input = text;
            Some(reading)
        } else {
            None
        };
        // A survey of all inputs has no part in what was made of HL7, and the convention for names is about CVRS files.
        let facts = facts.filter(|_| reading.is_none());
        let watched = Watched {
            name: name.clone(),
            total: input.stored_len(),
            consumed: input.consumed(),
            control: Arc::clone(&self.control),
        };
        let progress = Progress::start(!self.common.no_progress && !self.common.quiet, watched);
        self.outputs.reports.iter_mut().for_each(Report::begin);
        let mut outputs = std::mem::take(&mut self.outputs);
        let before = self.control.bytes.load(std::sync::atomic::Ordering::Relaxed);
        let request = self.request(path, &name);
        let request = Request { name: request.name.filter(|_| reading.is_none()), ..request };
        let checked = check_input(input, &request, facts, &self.control, &mut outputs);
        self.outputs = outputs;
        drop(progress);
        let checked = checked.map_err(|error| Fault::engine(&name, error))?;
        if let Some(reading) = reading.filter(|_| !self.common.quiet) {
            reading.tell();
        }
        if self.common.verbose {
            let seconds = start.elapsed().as_secs_f64();
            let bytes = self.control.bytes.load(std::sync::atomic::Ordering::Relaxed) - before;
            terminal::note(&format!("{name}: {seconds:.3} s, {:.0} MB/s", bytes as f64 / 1e6 / seconds));
        }
        Ok(checked)
    }

    /// Ends the reports of one input.
    fn tell(&mut self, path: &Path, checked: &Checked) -> Result<Exit> {
        let summary = &checked.summary;
        let name = path.display().to_string();
        for report in &mut self.outputs.reports {
            let id = self.args.id.unwrap_or_else(uuid::Uuid::new_v4).to_string();
            report.end(&id, summary.records, summary.errors)?;
        }
        let facts = format!(
            "CVRS {}, profile {}, today {}, rule book {}, code sets {}",
            checked.version.name(),
            self.args.judging.profile.label(self.book.profile()),
            shown_day(self.book.today()),
            cvrs_rules::RULE_BOOK_VERSION,
            self.book.codes().sets().version(),
        );
        for place in &mut self.texts {
            let is_coloured = matches!(place, Place::Stdout(_)) && self.common.color.is_for_stdout();
            let palette = if is_coloured { Palette::ANSI } else { Palette::default() };
            let mut text = text::write(Heading { file: &name, facts: &facts }, summary, palette, &RuleBook);
            if let Some(figures) = checked.figures.as_ref().filter(|_| self.args.stats) {
                text += &figures.text();
            }
            place.write(text.as_bytes())?;
        }
        for place in &mut self.stats {
            place.write(&stats(&name, &self.args.judging.profile.label(self.book.profile()), checked, &self.book))?;
        }
        if self.texts.is_empty() && !self.common.quiet {
            terminal::note(&format!("{name}: {}", summary.conservation()));
            if summary.records == 0 {
                terminal::note(&format!("{name}: a header and no record"));
            }
        }
        Ok(exit(self.args.fail_on, summary))
    }

    /// Makes all files appear under their names.
    fn commit(self) -> Result<()> {
        for report in self.outputs.reports {
            report.place.commit()?;
        }
        for place in self.texts.into_iter().chain(self.stats) {
            place.commit()?;
        }
        for file in [self.outputs.clean, self.outputs.rejects].into_iter().flatten() {
            file.commit()?;
        }
        Ok(())
    }
}

/// The figures of one input as a JSON object on one line.
fn stats(name: &str, profile: &str, checked: &Checked, book: &Book) -> Vec<u8> {
    let mut out = Vec::new();
    let texts = [
        ("file", name),
        ("version", checked.version.name()),
        ("profile", profile),
        ("rule_book", cvrs_rules::RULE_BOOK_VERSION),
        ("code_sets", book.codes().sets().version()),
    ];
    for (key, text) in texts {
        out.extend_from_slice(if out.is_empty() { b"{\"" } else { b",\"" });
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\":\"");
        cvrs_report::push_json(&mut out, text.as_bytes());
        out.push(b'"');
    }
    let Summary { clean, rejected, blank_lines, errors, warnings, .. } = checked.summary;
    let counts = [
        ("clean", clean),
        ("rejected", rejected),
        ("blank_lines", blank_lines),
        ("errors", errors),
        ("warnings", warnings),
    ];
    for (key, count) in counts {
        out.extend_from_slice(format!(",\"{key}\":{count}").as_bytes());
    }
    if let Some(figures) = &checked.figures {
        out.push(b',');
        out.extend_from_slice(&figures.json_members());
    }
    out.extend_from_slice(b"}\n");
    out
}

fn exit(fail_on: FailOn, summary: &Summary) -> Exit {
    let counted = match fail_on {
        FailOn::Error => summary.errors + summary.rejected,
        FailOn::Warn => summary.errors + summary.rejected + summary.warnings,
        FailOn::Never => 0,
    };
    if counted > 0 { Exit::Findings } else { Exit::Done }
}

/// The rule book as the text report asks it.
struct RuleBook;

impl text::Adviser for RuleBook {
    fn advice(&self, cell: &CellCount) -> Advice {
        Advice { remedy: cvrs_rules::rule(cell.code).map_or("", |rule| rule.remedy) }
    }

    fn folds(&self, pattern: &CellCount, cell: &CellCount) -> bool {
        Patterns::folds(pattern.code, pattern.field, cell.code, cell.field)
    }
}

/// What a file asks the clearinghouse to do, by its name.
pub(crate) const fn operation(name: OperationName) -> Operation {
    match name {
        OperationName::Create => Operation::Create,
        OperationName::Update => Operation::Update,
        OperationName::Delete => Operation::Delete,
    }
}

/// The local date.
pub(crate) fn local_day() -> Date {
    use chrono::Datelike;
    let day = chrono::Local::now().date_naive();
    let year = u32::try_from(day.year()).unwrap_or_default();
    Date::from_ymd(year, day.month(), day.day()).expect("the local date is a day of the calendar")
}

pub(crate) fn shown_day(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day().unwrap_or_default())
}
