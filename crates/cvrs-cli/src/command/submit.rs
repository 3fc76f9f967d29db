//! `cvrs submit`.

mod clean;
mod locate;
mod tell;
mod watch;

use super::connect::Line;
use super::fix::stream::reader;
use super::validate::refuse_same;
use crate::args::{Common, ModeName, OperationName, ReceiptFormat, Submit};
use crate::fault::{Exit, Fault, Remedy, Result};
use crate::outputs::Place;
use crate::progress::{Progress, Watched};
use crate::{interrupt, stored_codes, terminal};
use clean::{Clean, Rejects};
use cvrs_engine::io::{Input, InputError};
use cvrs_engine::{Checked, Control, Format, Request, Show, Tuning, check_input};
use cvrs_rules::{Book, Operation as RuleOperation};
use cvrs_submit::{
    Coverage, Cutting, Error, Event, Facts, Feed, InputFacts, Ledger, Limits, Mode, Operation, PartRow, Parts, Receipt,
    Sender, Sending, State, Target, Tokens, Versions, cut,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(crate) fn run(args: &Submit, common: &Common) -> Result<Exit> {
    let control = Arc::new(Control::default());
    interrupt::watch(&control);
    let context = Context::new(args, common, control)?;
    if let Some(folder) = &args.watch {
        return watch::watch(&context, folder);
    }
    let files = super::validate::expand(&args.files)?;
    if args.rejects.is_some() && files.len() != 1 {
        return Err(Fault::usage("--rejects takes one input file"));
    }
    if args.connect.secret_stdin && files.iter().any(|file| file.as_os_str() == "-") {
        return Err(Fault::usage("stdin cannot be both the secret and the file"));
    }
    let mut outputs: Vec<(&str, &Path)> = Vec::new();
    outputs.extend(args.rejects.as_deref().map(|path| ("--rejects", path)));
    outputs.extend(args.receipt.as_deref().map(|path| ("--receipt", path)));
    refuse_same(&outputs, &files)?;
    let mut tokens = context.tokens();
    let mut worst = Exit::Done;
    let mut receipts = String::new();
    for (at, file) in files.iter().enumerate() {
        let rejects = Rejects::new(args.rejects.as_deref(), file);
        let ended = context.submit(file, rejects, tokens.as_mut()).and_then(|done| {
            receipts += &done.receipt.json();
            context.tell(&done)?;
            Ok(done)
        });
        let fault = match ended {
            Ok(done) => {
                worst = worst.max(done.exit);
                done.fault
            }
            Err(fault) if fault.is_closed_pipe() => return Err(fault),
            Err(fault) => Some(fault),
        };
        if let Some(fault) = fault {
            worst = worst.max(fault.exit);
            terminal::error(&fault.message);
            // Where the way or the right to send is missing, it is missing for the next file too.
            if matches!(fault.exit, Exit::Interrupted | Exit::Credentials | Exit::Service | Exit::Usage) {
                let left = files.len() - at - 1;
                if left > 0 {
                    context.note(&format!("{left} more files were not tried"));
                }
                break;
            }
        }
    }
    if let Some(path) = &args.receipt {
        let mut place = Place::file(path)?;
        place.write(receipts.as_bytes())?;
        place.commit()?;
    }
    Ok(worst)
}

/// What became of one input.
struct Done {
    receipt: Receipt,
    exit: Exit,
    /// What ended it early.
    fault: Option<Fault>,
    /// The files of what was held back, if they were written.
    rejects: Option<(PathBuf, Option<PathBuf>)>,
    is_dry: bool,
}

/// All that is the same for every input.
struct Context<'a> {
    args: &'a Submit,
    common: &'a Common,
    book: Book,
    line: Option<Line>,
    ledger: PathBuf,
    control: Arc<Control>,
}

const fn operation(name: OperationName) -> (Operation, RuleOperation) {
    match name {
        OperationName::Create => (Operation::Create, RuleOperation::Create),
        OperationName::Update => (Operation::Update, RuleOperation::Update),
        OperationName::Delete => (Operation::Delete, RuleOperation::Delete),
    }
}

impl<'a> Context<'a> {
    fn new(args: &'a Submit, common: &'a Common, control: Arc<Control>) -> Result<Self> {
        let options = args.judging.options(operation(args.operation).1)?;
        let book = Book::with_codes(&options, stored_codes::current()?);
        let line = (!args.dry_run).then(|| Line::with_control(&args.connect, &control)).transpose()?;
        let ledger = args.ledger.clone().or_else(default_ledger);
        let ledger = ledger.ok_or_else(|| Fault::usage("no home folder is known; name a ledger with --ledger"))?;
        Ok(Self { args, common, book, line, ledger, control })
    }

    fn tokens(&self) -> Option<Tokens<'_>> {
        let scope = operation(self.args.operation).0.scope();
        self.line.as_ref().map(|line| line.tokens(&[scope]))
    }

    fn note(&self, message: &str) {
        if !self.common.quiet {
            terminal::note(message);
        }
    }

    fn tuning(&self) -> Tuning {
        let tuning = Tuning::default();
        Tuning { threads: self.common.threads.map_or(tuning.threads, usize::from), ..tuning }
    }

    fn check(&self, input: Input, path: &Path, sinks: &mut Clean<'_>) -> cvrs_engine::Result<Checked> {
        let name = path.display().to_string();
        let request = Request {
            book: &self.book,
            version: self.args.judging.version(),
            formats: &[Format::JsonLines],
            show: Show { file: &name, ids: !self.args.no_ids, values: false },
            keep_lines: 0,
            parts: true,
            figures: false,
            name: path.file_name().and_then(|name| name.to_str()).filter(|_| path.as_os_str() != "-"),
            tuning: self.tuning(),
        };
        check_input(input, &request, None, &self.control, sinks)
    }

    /// Submits one input: checks it, sends what is clean, and adds up.
    fn submit(&self, path: &Path, mut rejects: Rejects, tokens: Option<&mut Tokens<'_>>) -> Result<Done> {
        let input = Input::from_argument(path)?.rewindable(None)?;
        let facts = facts_of(&input, path)?;
        rejects.open()?;
        if self.args.abort_on_rejects {
            let mut sinks = Clean::new(None, &mut rejects, Coverage::default());
            let checked = self.check(input.again()?, path, &mut sinks);
            let checked = checked.map_err(|error| Self::fault(path, error))?;
            if checked.summary.rejected > 0 {
                let receipt = self.receipt(facts, &checked, 0, None, &[]);
                let files = (rejects.records.clone(), rejects.findings.clone());
                let is_written = rejects.commit(checked.summary.rejected)?;
                let message = format!(
                    "{}: {} of {} records have errors, and nothing was sent (--abort-on-rejects)",
                    path.display(),
                    checked.summary.rejected,
                    checked.summary.records
                );
                let fault = Fault::new(Exit::Findings, message);
                let rejects = is_written.then_some(files);
                return Ok(Done { receipt, exit: Exit::Findings, fault: Some(fault), rejects, is_dry: false });
            }
            rejects.open()?;
        }
        match (&self.line, tokens) {
            (Some(line), Some(tokens)) => self.send(line, tokens, &input, path, facts, rejects),
            _ => self.rehearse(input, path, facts, rejects),
        }
    }

    fn cutting(&self, coverage: Coverage, again: BTreeMap<i64, Vec<u32>>) -> Cutting {
        Cutting {
            limits: Limits { records: self.args.max_records, bytes: self.args.max_bytes },
            mode: match self.args.mode {
                ModeName::Sync => Some(Mode::Sync),
                ModeName::Async => Some(Mode::Async),
                ModeName::Auto => None,
            },
            threads: self.tuning().threads.min(8),
            coverage,
            again,
        }
    }

    /// Checks on a thread of its own, while this one takes the parts.
    fn part(
        &self,
        input: Input,
        path: &Path,
        rejects: &mut Rejects,
        cutting: Cutting,
        take: &mut dyn FnMut(Parts) -> cvrs_submit::Result<()>,
    ) -> (cvrs_engine::Result<(Checked, u64)>, cvrs_submit::Result<()>) {
        let sent = cutting.coverage.clone();
        let (feed, parts) = cut(cutting);
        let watched = Watched {
            name: path.display().to_string(),
            total: input.stored_len(),
            consumed: input.consumed(),
            control: Arc::clone(&self.control),
        };
        let progress = Progress::start(!self.common.no_progress && !self.common.quiet, watched);
        let (checked, taken) = std::thread::scope(|scope| {
            let checker = scope.spawn(move || {
                let mut sinks = Clean::new(Some(feed), rejects, sent);
                let checked = self.check(input, path, &mut sinks)?;
                let finished = sinks.take_feed().map(Feed::finish);
                if let Some(Err(_)) = finished {
                    return Err(cvrs_engine::Error::Interrupted);
                }
                Ok((checked, sinks.n_sent_before))
            });
            let taken = take(parts);
            (checker.join().unwrap_or(Err(cvrs_engine::Error::WorkerPanicked)), taken)
        });
        drop(progress);
        (checked, taken)
    }

    fn send(
        &self,
        line: &Line,
        tokens: &mut Tokens<'_>,
        input: &Input,
        path: &Path,
        facts: InputFacts,
        mut rejects: Rejects,
    ) -> Result<Done> {
        // Whoever is refused is told so before anything else is done.
        tokens.get()?;
        let mut is_told = false;
        let ledger = Ledger::open(&self.ledger, &mut || {
            if !is_told {
                self.note(&format!("{}: another run uses this ledger; waiting for it", self.ledger.display()));
                is_told = true;
            }
            std::thread::sleep(Duration::from_millis(100));
            !self.control.cancel.load(Ordering::Relaxed)
        })?;
        let operation = operation(self.args.operation).0;
        let target = Target { url: line.connection.url().to_owned(), client: line.client(), operation };
        let submission = ledger.submission(&target, &facts, self.args.resend)?;
        let (coverage, again) = submission.coverage()?;
        let before = submission.parts()?;
        if before.iter().any(|part| part.state == State::Done) {
            let n: u64 = before.iter().filter(|part| part.state == State::Done).map(|part| part.records).sum();
            self.note(&format!(
                "{}: {n} records of it were sent before (since {}); --resend sends them again",
                path.display(),
                submission.begun_at()?
            ));
        }
        let sending = Sending {
            operation,
            wait: !self.args.no_wait,
            timeout: Duration::from_secs(self.args.connect.timeout),
            resend: self.args.resend,
            bisect: self.args.bisect,
        };
        let mut tell = |event: Event| self.tell_event(path, &event);
        let rows = |act: &mut dyn FnMut(u64, &[u8])| {
            let again = input.again().map_err(|error| std::io::Error::other(error.to_string()))?;
            locate::each_line(&mut { again }, act).map_err(|fault| std::io::Error::other(fault.message))
        };
        let sender = Sender::new(&line.connection, tokens, &submission, sending, &mut tell);
        let mut sender = sender.with_rows(&rows);
        sender.take_up(&before);
        let mut unmade: BTreeSet<i64> = again.keys().copied().collect();
        let mut take = |parts: Parts| {
            let mut failure = None;
            for part in parts {
                // After a failure that others would meet too, what is left is counted and not sent.
                if let Ok(Some(id)) = part.as_ref().map(|part| part.again) {
                    unmade.remove(&id);
                }
                let sent = match (part, &failure) {
                    (Ok(_), Some(_)) => Ok(()),
                    (Ok(mut part), None) => sender.send(&mut part),
                    (Err(error), _) => Err(error),
                };
                if let (Err(error), None) = (sent, &failure) {
                    let ends_all = matches!(error, Error::Temporary(_) | Error::TooLong { .. } | Error::Interrupted);
                    failure = Some(error);
                    if ends_all {
                        break;
                    }
                }
            }
            failure.map_or_else(|| sender.finish(), Err)
        };
        let cutting = self.cutting(coverage, again);
        let (checked, taken) = self.part(input.again()?, path, &mut rejects, cutting, &mut take);
        let (checked, n_sent_before) = match (checked, taken.as_ref()) {
            (Ok(checked), _) => checked,
            (Err(cvrs_engine::Error::Interrupted), _) => return Err(Error::Interrupted.into()),
            (Err(error), _) => {
                let parts = submission.parts()?;
                let sent = parts.iter().filter(|part| matches!(part.state, State::Done | State::Queued));
                let n: u64 = sent.map(|part| part.records).sum();
                if n > 0 {
                    self.note(&format!("{}: {n} records were sent before this; the ledger has them", path.display()));
                }
                return Err(Self::fault(path, error));
            }
        };
        let mut fault = taken.err().map(Fault::from);
        if fault.is_none() && !unmade.is_empty() {
            let what = "of a part of an earlier run it is unknown whether it arrived, and it holds records that these \
                        rules reject; submit with the rules of that run first";
            fault = Some(Fault::new(Exit::Service, what));
        }
        let rows = submission.parts()?;
        let begun = submission.begun_at()?;
        let mut receipt = self.receipt(facts, &checked, n_sent_before, Some(begun), &rows);
        locate::locate(&mut input.again()?, checked.version, &rows, &mut receipt)?;
        if self.args.no_ids {
            let errors = receipt.parts.iter_mut().flat_map(|part| &mut part.errors);
            errors.for_each(|error| (error.vax_event_id, error.recip_id) = (None, None));
        }
        self.conclude(receipt, fault, &checked, rejects, false)
    }

    /// Makes the parts, and drops them.
    fn rehearse(&self, input: Input, path: &Path, facts: InputFacts, mut rejects: Rejects) -> Result<Done> {
        let mut rows = Vec::new();
        let mut take = |parts: Parts| {
            for part in parts {
                rows.push(PartRow::unsent(&part?));
            }
            Ok(())
        };
        let cutting = self.cutting(Coverage::default(), BTreeMap::new());
        let (checked, taken) = self.part(input, path, &mut rejects, cutting, &mut take);
        let (checked, _) = checked.map_err(|error| Self::fault(path, error))?;
        let receipt = self.receipt(facts, &checked, 0, None, &rows);
        self.conclude(receipt, taken.err().map(Fault::from), &checked, rejects, true)
    }

    fn receipt(
        &self,
        input: InputFacts,
        checked: &Checked,
        n_sent_before: u64,
        begun: Option<String>,
        rows: &[PartRow],
    ) -> Receipt {
        let facts = Facts {
            input,
            versions: Versions {
                cvrs: env!("CARGO_PKG_VERSION").to_owned(),
                rule_book: cvrs_rules::RULE_BOOK_VERSION.to_owned(),
                code_sets: self.book.codes().sets().version().to_owned(),
                specification: checked.version.name().to_owned(),
            },
            profile: self.args.judging.profile.label(self.book.profile()),
            operation: operation(self.args.operation).0,
            url: self.line.as_ref().map(|line| line.connection.url().to_owned()).unwrap_or_default(),
            client: self.line.as_ref().map(Line::client).unwrap_or_default(),
            begun,
            now: chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            read: checked.summary.records,
            rejected: checked.summary.rejected - n_sent_before,
        };
        Receipt::new(facts, rows)
    }

    /// Says how it ended, and makes the files of what was held back appear.
    fn conclude(
        &self,
        receipt: Receipt,
        fault: Option<Fault>,
        checked: &Checked,
        rejects: Rejects,
        is_dry: bool,
    ) -> Result<Done> {
        let files = (rejects.records.clone(), rejects.findings.clone());
        let rejects = rejects.commit(checked.summary.rejected)?.then_some(files);
        let totals = receipt.totals();
        let name = receipt.name().to_owned();
        if !totals.is_balanced {
            return Err(Fault::file(format!("{name}: records are missing from the count; please report this")));
        }
        let is_waited = !self.args.no_wait && !is_dry;
        let fault = fault.map(|fault| fault.of(&name));
        let fault = fault.or_else(|| (is_waited && !totals.is_complete).then(|| incomplete(&name, &receipt)));
        let exit = match &fault {
            Some(fault) => fault.exit,
            None if totals.has_refusals => Exit::HeldBack,
            None => Exit::Done,
        };
        Ok(Done { receipt, exit, fault, rejects, is_dry })
    }

    fn fault(path: &Path, error: cvrs_engine::Error) -> Fault {
        let name = path.display().to_string();
        match error {
            cvrs_engine::Error::Interrupted => Error::Interrupted.into(),
            cvrs_engine::Error::Read(error) => InputError::from_stream(&name, error).into(),
            other => Fault::engine(&name, other),
        }
    }

    fn tell_event(&self, path: &Path, event: &Event) {
        let name = path.display();
        match event {
            Event::Again { cause } => self.note(&format!("{name}: {cause}; trying again")),
            Event::Unconfirmed { cause } => self.note(&format!(
                "{name}: what the stores hold of a part without a reply could not be asked ({cause}); it is counted instead"
            )),
            Event::Sending { records, bytes } if self.common.verbose => {
                terminal::note(&format!("{name}: sending {records} records in {bytes} bytes"));
            }
            Event::Queued { id } if self.common.verbose || self.args.no_wait => {
                self.note(&format!("{name}: taken as job {id}"));
            }
            _ => {}
        }
    }

    /// Prints the receipt.
    fn tell(&self, done: &Done) -> Result<()> {
        let text = match self.args.format {
            ReceiptFormat::Json => done.receipt.json(),
            ReceiptFormat::Text => tell::text(done),
        };
        Place::stdout().write(text.as_bytes())
    }
}

/// Parts that have not come to a good end, though nothing kept them from being sent.
fn incomplete(name: &str, receipt: &Receipt) -> Fault {
    let open: Vec<_> = receipt.parts.iter().filter(|part| part.state != "COMPLETED").collect();
    let problem = open.iter().find_map(|part| part.problem.as_deref()).unwrap_or("not answered");
    let (n, all) = (open.len(), receipt.parts.len());
    let message = format!("{name}: {n} of {all} parts failed ({problem}); the same command sends them again");
    Fault::new(Exit::Service, message).with_remedy(Remedy::Again)
}

/// The input's length and hash, of its bytes as they are stored; of a stream, of the text in it.
fn facts_of(input: &Input, path: &Path) -> Result<InputFacts> {
    let name = path.display().to_string();
    let read = if path.is_file() {
        std::fs::File::open(path).and_then(|mut file| InputFacts::read(name.clone(), &mut file))
    } else {
        InputFacts::read(name.clone(), &mut reader(&mut input.again()?)?)
    };
    read.map_err(|error| InputError::from_stream(&name, error).into())
}

/// `cvrs/ledger` in the folder where the platform wants programs to keep what they must remember.
fn default_ledger() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = if cfg!(windows) {
        named("LOCALAPPDATA")?
    } else if cfg!(target_os = "macos") {
        named("HOME")?.join("Library").join("Application Support")
    } else {
        // A relative path is to be ignored, says the XDG Base Directory Specification.
        let xdg = named("XDG_STATE_HOME").filter(|path| path.is_absolute());
        xdg.or_else(|| Some(named("HOME")?.join(".local").join("state")))?
    };
    Some(folder.join("cvrs").join("ledger"))
}
