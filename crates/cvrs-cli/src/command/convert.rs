//! `cvrs convert`: records in another form.
//!
//! ```text
//! input ─ check (the engine, as in cvrs validate) ─┬─ clean ─ target's converter ─→ product, in the order of the text
//!                                                  └─ with an error, or unsayable in the target ─→ rejects
//! ```
//!
//! A target is a file of this folder: a converter for the workers, and an [`Output`] that takes what they made.

mod arrow;
mod columns;
mod cvrs;
mod fhir;
mod from_columns;
mod hl7;
mod name;
mod output;
mod parquet;

use super::validate::{operation, refuse_same};
use crate::args::{Common, Convert, DialectName, Hl7, InfoSourceName, OperationName, SourceForm, TargetForm};
use crate::csv_input;
use crate::fault::{Exit, Fault, Result};
use crate::hl7_input::{self, Further};
use crate::interrupt;
use crate::outputs::Place;
use crate::progress::{Progress, Watched};
use crate::stored_codes;
use crate::terminal;
use cvrs_engine::io::{AtomicFile, Input};
use cvrs_engine::{Checked, Control, Origin, Request, Show, Tuning, convert_input};
use cvrs_report::{CellCount, Level};
use cvrs_rules::Book;
use cvrs_spec::Version;
use cvrs_transform::hl7::{Deletes, ReadOptions};
use output::{Output, Outs};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// How many lines are named for each rule and column.
const LINES: usize = 5;

/// How many kinds of findings are named.
const KINDS: usize = 20;

pub(crate) fn run(args: &Convert, common: &Common) -> Result<Exit> {
    let path = match &args.file {
        None if std::io::stdin().is_terminal() => {
            return Err(Fault::usage("no file named, and stdin is a terminal; name a file, or `-` to type one"));
        }
        file => file.clone().unwrap_or_else(|| PathBuf::from("-")),
    };
    refuse_strangers(args)?;
    refuse_clashes(args, path.clone())?;
    let control = Arc::new(Control::default());
    interrupt::watch(&control);
    let (mut input, told) = from_columns::open(args, Input::from_argument(&path)?)?;
    let options = args.judging.options(operation(args.operation))?;
    let source = match &told {
        Some(_) => SourceForm::Cvrs,
        None => source(args, &mut input)?,
    };
    refuse_useless(args, source)?;
    let (input, reading) = match source {
        SourceForm::Cvrs | SourceForm::Parquet | SourceForm::Arrow => (input, Reading::Cvrs),
        SourceForm::Hl7 => {
            let (text, reading) = hl7_input::open(input, read_options(args)?, further(args)?)?;
            (text, Reading::Hl7(reading))
        }
        SourceForm::Csv => {
            let (text, reading) = csv_input::open(input)?;
            (text, Reading::Csv(reading))
        }
    };
    let book = Book::with_codes(&options, stored_codes::current()?);
    let conversion = Conversion {
        args,
        common,
        reading,
        is_of_columns: told.is_some(),
        name: path.display().to_string(),
        file_name: path.file_name().and_then(|name| name.to_str()).filter(|_| path.as_os_str() != "-"),
        // A resource's id is made of the record's, so no two may have the same.
        book: if args.to == TargetForm::Fhir { book.relating_ids() } else { book },
        control,
    };
    let exit = match args.to {
        TargetForm::Cvrs => match &told {
            Some(told) if args.cvrs_version.is_none() => from_columns::run(&conversion, input, told),
            _ => cvrs::run(&conversion, input),
        },
        TargetForm::Hl7 => hl7::run(&conversion, input),
        TargetForm::Fhir => fhir::run(&conversion, input),
        TargetForm::Parquet => parquet::run(&conversion, input),
        TargetForm::Arrow => arrow::run(&conversion, input),
    }?;
    if let Some(told) = told {
        told.tell(&conversion);
    }
    Ok(exit)
}

/// What the input is: told by the content, unless it is named.
fn source(args: &Convert, input: &mut Input) -> Result<SourceForm> {
    match args.from {
        None => Ok(if hl7_input::is_input_hl7(input)? { SourceForm::Hl7 } else { SourceForm::Cvrs }),
        Some(SourceForm::Hl7) => hl7_input::refuse_other(input).map(|()| SourceForm::Hl7),
        Some(named) => Ok(named),
    }
}

/// Options about HL7 mean nothing elsewhere, and one that is not heeded would mislead.
fn refuse_useless(args: &Convert, source: SourceForm) -> Result<()> {
    let Hl7 { dialect, eligibility, info_source, no_batch, .. } = &args.hl7;
    let writes = args.to == TargetForm::Hl7;
    if dialect.is_some() && !writes && source != SourceForm::Hl7 {
        return Err(Fault::usage("--dialect is about reading and writing HL7, and here is none"));
    }
    let of_ig =
        [("--eligibility", eligibility.is_some()), ("--info-source", *info_source != InfoSourceName::default())];
    let given = of_ig.into_iter().chain([("--no-batch", *no_batch)]);
    if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given && !writes) {
        return Err(Fault::usage(format!("{option} is about --to hl7")));
    }
    if let Some((option, _)) = of_ig.into_iter().find(|(_, is_given)| *is_given && *dialect == Some(DialectName::Cdc)) {
        return Err(Fault::usage(format!("{option} is about --dialect ig; the other dialect has no place for it")));
    }
    let given = [
        ("--deletes", args.hl7.deletes.is_some()),
        ("--make-event-ids", args.hl7.make_event_ids),
        ("--defaults", args.hl7.defaults),
    ];
    if let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given && source != SourceForm::Hl7) {
        return Err(Fault::usage(format!("{option} is about reading HL7, and the input is none")));
    }
    let of_version_1 = [
        ("--admin-type-map", args.admin_type_map.is_some()),
        ("--accept-proposed", args.accept_proposed),
        ("--keep-dropped", args.keep_dropped.is_some()),
        ("--log", args.log.is_some() && source != SourceForm::Hl7),
    ];
    let changes_version = args.to == TargetForm::Cvrs && args.cvrs_version.as_deref().is_some_and(|name| name != "1");
    if let Some((option, _)) = of_version_1.into_iter().find(|(_, is_given)| *is_given && !changes_version) {
        return Err(Fault::usage(format!("{option} is about --to cvrs with a --cvrs-version above 1")));
    }
    if args.cvrs_version.is_some() && args.to != TargetForm::Cvrs && source != SourceForm::Hl7 {
        return Err(Fault::usage("--cvrs-version is about --to cvrs, and about reading HL7"));
    }
    Ok(())
}

/// How HL7 is read.
fn read_options(args: &Convert) -> Result<ReadOptions> {
    Ok(ReadOptions {
        dialect: args.hl7.dialect.map(DialectName::dialect),
        is_v1: args.cvrs_version.as_deref() == Some("1"),
        makes_event_ids: args.hl7.make_event_ids,
        fills_defaults: args.hl7.defaults,
        deletes: if args.operation == OperationName::Delete { Deletes::AsRows } else { Deletes::Apart },
        codes: Some(stored_codes::current()?),
    })
}

fn further(args: &Convert) -> Result<Further> {
    let place = |path: &Option<PathBuf>| path.as_deref().map(Place::file).transpose();
    Ok(Further { deletes: place(&args.hl7.deletes)?, log: place(&args.log)? })
}

/// No output may be the input, and no two outputs the same file.
fn refuse_clashes(args: &Convert, input: PathBuf) -> Result<()> {
    let Hl7 { deletes, .. } = &args.hl7;
    let named = [
        ("--output", &args.output),
        ("--rejects", &args.rejects),
        ("--keep-dropped", &args.keep_dropped),
        ("--deletes", deletes),
        ("--log", &args.log),
    ];
    let outputs: Vec<(&str, &Path)> =
        named.iter().filter_map(|(option, path)| Some((*option, path.as_deref()?))).collect();
    refuse_same(&outputs, &[input])
}

/// No option that says nothing to the target.
fn refuse_strangers(args: &Convert) -> Result<()> {
    let (columns, fhir) = (args.columns.given(), args.fhir.given());
    let strange = match args.to {
        TargetForm::Fhir => columns,
        TargetForm::Parquet => {
            let strange = columns.into_iter().filter(|name| *name == "--compression").chain(fhir);
            strange.collect()
        }
        TargetForm::Arrow => fhir,
        TargetForm::Cvrs | TargetForm::Hl7 => [columns, fhir].concat(),
    };
    strange.first().map_or(Ok(()), |name| Err(Fault::usage(format!("{name} says nothing to this form of --to"))))
}

/// What all targets need.
struct Conversion<'a> {
    args: &'a Convert,
    common: &'a Common,
    /// The input's name as given.
    name: String,
    /// The file's own name, for the convention of names.
    file_name: Option<&'a str>,
    book: Book,
    control: Arc<Control>,
    /// Whether the input is a file of columns.
    is_of_columns: bool,
    reading: Reading,
}

/// How the input is read.
enum Reading {
    Cvrs,
    Hl7(hl7_input::Reading),
    Csv(csv_input::Reading),
}

impl Conversion<'_> {
    /// Checks the input and has its records converted; the output and the rejects get their names when all is done and
    /// counted.
    fn drive<C: cvrs_engine::Convert>(
        &self,
        input: Input,
        converter: &C,
        output: impl Output<Product = C::Product>,
    ) -> Result<Exit> {
        let start = Instant::now();
        let rejects = self.args.rejects.as_deref().map(AtomicFile::create).transpose()?;
        let mut outs = Outs { output, rejects };
        let watched = Watched {
            name: self.name.clone(),
            total: input.stored_len(),
            consumed: input.consumed(),
            control: Arc::clone(&self.control),
        };
        let progress = Progress::start(!self.common.no_progress && !self.common.quiet, watched);
        let request = Request {
            book: &self.book,
            version: self.args.judging.version(),
            formats: &[],
            show: Show { file: &self.name, ids: false, values: false },
            keep_lines: LINES,
            parts: outs.rejects.is_some(),
            figures: false,
            // The convention for names is about CVRS files.
            name: self.file_name.filter(|_| matches!(self.reading, Reading::Cvrs) && !self.is_of_columns),
            tuning: self.tuning(),
        };
        let checked = convert_input(input, &request, &self.control, converter, self.args.all, &mut outs);
        drop(progress);
        let checked = checked.map_err(|error| Fault::engine(&self.name, error))?;
        let Outs { output, rejects } = outs;
        output.finish(&checked)?;
        rejects.map(AtomicFile::commit).transpose()?;
        match &self.reading {
            Reading::Cvrs => {}
            Reading::Hl7(reading) => {
                reading.commit()?;
                if !self.common.quiet {
                    reading.tell();
                }
            }
            Reading::Csv(reading) if !self.common.quiet => reading.tell(&self.name),
            Reading::Csv(_) => {}
        }
        self.tell(&checked);
        if self.common.verbose {
            let seconds = start.elapsed().as_secs_f64();
            let bytes = self.control.bytes.load(Ordering::Relaxed);
            terminal::note(&format!("{}: {seconds:.3} s, {:.0} MB/s", self.name, bytes as f64 / 1e6 / seconds));
        }
        let is_wrong = checked.summary.errors + checked.summary.rejected > 0;
        Ok(if is_wrong { Exit::Findings } else { Exit::Done })
    }

    /// Where the lines come from, if the text was made of another one.
    fn lines(&self) -> Option<&dyn Origin> {
        match &self.reading {
            Reading::Cvrs => None,
            Reading::Hl7(reading) => Some(reading),
            Reading::Csv(reading) => Some(reading),
        }
    }

    /// The version that the header is read by, if it is not told from the header itself.
    fn told_version(&self) -> Option<Version> {
        self.book.header_version(self.args.judging.version())
    }

    fn tuning(&self) -> Tuning {
        let tuning = Tuning::default();
        Tuning { threads: self.common.threads.map_or(tuning.threads, usize::from), ..tuning }
    }

    /// Says what was converted and what was not, and why.
    fn tell(&self, checked: &Checked) {
        if self.common.quiet {
            return;
        }
        let (name, summary) = (&self.name, &checked.summary);
        if summary.records == 0 {
            terminal::note(&format!("{name}: a header and no record"));
        }
        let blanks = match summary.blank_lines {
            0 => String::new(),
            1 => "; 1 blank line".to_owned(),
            n => format!("; {n} blank lines"),
        };
        let word = if summary.records == 1 { "record" } else { "records" };
        terminal::note(&format!(
            "{name}: {} {word} read = {} converted + {} rejected{blanks}",
            summary.records, summary.clean, summary.rejected
        ));
        // What the rule book only warns of does not hinder a conversion.
        let is_ours = |cell: &&CellCount| cvrs_rules::rule(cell.code).is_none();
        let cells = summary.cells();
        let hindered = cells.iter().filter(|cell| cell.level == Level::Error || is_ours(cell));
        hindered.clone().take(KINDS).for_each(|cell| terminal::note(&format!("  {}", told(cell))));
        let kinds = hindered.count().saturating_sub(KINDS);
        if kinds > 0 {
            terminal::note(&format!("  and {kinds} more kinds of findings; cvrs validate lists them"));
        }
        let warnings: u64 =
            cells.iter().filter(|cell| cell.level == Level::Warn && !is_ours(cell)).map(|cell| cell.count).sum();
        if warnings > 0 {
            let word = if warnings == 1 { "warning" } else { "warnings" };
            terminal::note(&format!("  {warnings} {word} besides; cvrs validate lists them"));
        }
    }
}

/// A count of like findings in one line.
fn told(cell: &CellCount) -> String {
    let field = cell.field.map_or("", cvrs_spec::Field::name);
    let message = cell.message.replace("{f}", field).replace("{v}", "").replace("{w}", "");
    let message = message.replace(" ({d})", "").replace("{0}", "n").replace("{1}", "m");
    let lines: Vec<String> = cell.lines.iter().map(u64::to_string).collect();
    let more = cell.count - cell.lines.len() as u64;
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let word = if cell.count == 1 { "line" } else { "lines" };
    let about = if field.is_empty() { String::new() } else { format!(" {field}") };
    format!("{} {}{about}: {message} ({word} {}{more})", cell.level.name(), cell.code, lines.join(", "))
}
