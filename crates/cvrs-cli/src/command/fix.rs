//! `cvrs fix`.
//!
//! ```text
//! input ─ scan: line ends, encoding
//!       ├ mend ─→ product (or diff), log, counts            workers mend, what they made is written in order
//!       ├ check as it stands ─→ counts before
//!       └ check what was written ─→ counts after, rejects   only if anything changed
//! ```
//!
//! What is left is told by the very check of `cvrs validate`, whole-file rules and all, on the text that was written.

mod blocks;
pub(crate) mod stream;

use super::validate::refuse_same;
use crate::args::{Common, Fix};
use crate::fault::{Exit, Fault, Result};
use crate::interrupt;
use crate::outputs::Place;
use crate::progress::{Progress, Watched};
use crate::stored_codes;
use crate::terminal;
use blocks::{Block, Mending, Telling};
use cvrs_engine::io::{AtomicFile, Input, InputError, Kept, NotCvrs, OutputError, SNIFF_BYTES, sniff_text};
use cvrs_engine::{Checked, Control, Error, Request, Show, Sinks, Tuning, check_input, rewrite_input};
use cvrs_fix::{Diff, Encoding, Fixer, Log, Plan, Reading, Scan, Shown, Totals};
use cvrs_parse::Header;
use cvrs_report::Summary;
use cvrs_rules::Book;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use stream::{Mended, Stream, each_piece, reader};

pub(crate) fn run(args: &Fix, common: &Common) -> Result<Exit> {
    let path = match &args.file {
        None if std::io::stdin().is_terminal() => {
            return Err(Fault::usage("no file named, and stdin is a terminal; name a file, or `-` to type one"));
        }
        file => file.clone().unwrap_or_else(|| PathBuf::from("-")),
    };
    refuse_clashes(args, path.clone())?;
    let control = Arc::new(Control::default());
    interrupt::watch(&control);
    let input = Input::from_argument(&path)?.rewindable(None)?;
    let options = args.judging.options(cvrs_rules::Operation::default())?;
    let plan = Plan::new(&cvrs_fix::Options {
        named: args.named.clone(),
        unsafe_fixes: args.unsafe_fixes,
        normalise: !args.no_normalise,
    });
    let mut run = Run {
        args,
        common,
        name: path.display().to_string(),
        file_name: path.file_name().and_then(|name| name.to_str()).filter(|_| path.as_os_str() != "-"),
        book: Book::with_codes(&options, stored_codes::current()?),
        plan,
        reading: Reading::default(),
        control,
        input,
    };
    run.fix()
}

/// No output may be the input, and no two outputs the same file.
fn refuse_clashes(args: &Fix, input: PathBuf) -> Result<()> {
    let named = [("--output", &args.output), ("--rejects", &args.rejects), ("--log", &args.log)];
    let outputs: Vec<(&str, &Path)> =
        named.iter().filter_map(|(option, path)| Some((*option, path.as_deref()?))).collect();
    refuse_same(&outputs, &[input])
}

struct Run<'a> {
    args: &'a Fix,
    common: &'a Common,
    name: String,
    /// The file's own name, for the convention of names.
    file_name: Option<&'a str>,
    book: Book,
    plan: Plan,
    reading: Reading,
    control: Arc<Control>,
    input: Input,
}

/// Where clean and rejected records go while the mended text is checked.
struct Parts<'a> {
    product: &'a mut Place,
    rejects: Option<&'a mut AtomicFile>,
}

impl Parts<'_> {
    fn reject(&mut self, bytes: &[u8]) -> cvrs_engine::Result<()> {
        let Some(file) = &mut self.rejects else { return Ok(()) };
        file.write_all(bytes).map_err(|error| OutputError::from_write(file.name(), error).into())
    }
}

impl Sinks for Parts<'_> {
    fn header(&mut self, line: &[u8]) -> cvrs_engine::Result<()> {
        if self.rejects.is_some() {
            self.product.put(line)?;
        }
        self.reject(line)
    }

    fn findings(&mut self, _: usize, _: &[u8], _: &[u32]) -> cvrs_engine::Result<()> {
        Ok(())
    }

    fn clean(&mut self, lines: &[u8]) -> cvrs_engine::Result<()> {
        if self.rejects.is_some() && !lines.is_empty() { self.product.put(lines) } else { Ok(()) }
    }

    fn rejects(&mut self, lines: &[u8]) -> cvrs_engine::Result<()> {
        self.reject(lines)
    }
}

/// Where the mended text goes on its way: to its place, and to where it can be read again for the second check.
struct Outs<'a> {
    args: &'a Fix,
    product: &'a mut Place,
    log: Option<&'a mut Place>,
    kept: Option<Kept>,
    /// What stands above the first row of a diff.
    heading: Vec<u8>,
}

fn kept_fault(error: std::io::Error) -> Error {
    Error::Write { what: "a temporary file for the mended text", error }
}

impl<'a> Outs<'a> {
    fn new(product: &'a mut Place, log: Option<&'a mut Place>, args: &'a Fix) -> Result<Self> {
        let is_kept = args.diff || args.rejects.is_some() || !product.is_readable();
        let kept = is_kept.then(|| Kept::new(None)).transpose();
        let kept = kept.map_err(|error| Fault::engine("", kept_fault(error)))?;
        let mut log = log;
        if let Some(log) = &mut log {
            log.write(Log::HEADER.as_bytes())?;
        }
        let name = args.file.as_deref().map_or_else(|| "-".to_owned(), |path| path.display().to_string());
        Ok(Self { args, product, log, kept, heading: Diff::heading(&name) })
    }

    fn put(&mut self, block: &mut Block) -> cvrs_engine::Result<()> {
        if let Some(kept) = &mut self.kept {
            kept.write_all(&block.text).map_err(kept_fault)?;
        }
        if self.args.diff {
            if !block.diff.is_empty() {
                self.heading.append(&mut block.diff);
                self.product.put(&self.heading)?;
                self.heading.clear();
            }
        } else if self.args.rejects.is_none() {
            self.product.put(&block.text)?;
        }
        match &mut self.log {
            Some(log) if !block.log.is_empty() => log.put(&block.log),
            _ => Ok(()),
        }
    }
}

impl Run<'_> {
    fn fix(&mut self) -> Result<Exit> {
        let start = Instant::now();
        let is_header_read = self.look()?;
        let place = |path: &Option<PathBuf>| path.as_deref().map(Place::file).transpose();
        let mut product = place(&self.args.output)?.unwrap_or_else(Place::stdout);
        let mut log = place(&self.args.log)?;
        let mut rejects = self.args.rejects.as_deref().map(AtomicFile::create).transpose()?;
        let mut outs = Outs::new(&mut product, log.as_mut(), self.args)?;
        let totals = self.mend(&mut outs)?;
        let kept = outs.kept;
        let bytes = self.control.bytes.load(std::sync::atomic::Ordering::Relaxed);
        let is_unchanged = totals.changes() == 0;
        let none = &mut Parts { product: &mut Place::stdout(), rejects: None };
        let parts = &mut Parts { product: &mut product, rejects: rejects.as_mut() };
        let (before, after) = if is_unchanged {
            let both = self.check(self.input.again()?, parts)?;
            (both.clone(), both)
        } else {
            let as_it_stands = if self.reading.is_cr_only || !is_header_read {
                self.mended(&Plan::reading())?
            } else {
                self.input.again()?
            };
            let before = self.check(as_it_stands, none)?;
            let mended = match kept {
                Some(kept) => kept.into_input(&self.name).map_err(|error| Fault::engine("", kept_fault(error)))?,
                None => parts.product.written(&self.name)?,
            };
            (before, self.check(mended, parts)?)
        };
        if after.summary.records != totals.records || !after.summary.is_conserved() {
            let (read, written) = (totals.records, after.summary.records);
            let message = format!("{}: {read} records read and {written} written; please report this", self.name);
            return Err(Fault::file(message));
        }
        for place in [Some(product), log].into_iter().flatten() {
            place.commit()?;
        }
        rejects.map(AtomicFile::commit).transpose()?;
        self.tell(&totals, &before.summary, &after.summary);
        if self.common.verbose {
            let seconds = start.elapsed().as_secs_f64();
            terminal::note(&format!("{}: {seconds:.3} s, {:.0} MB/s", self.name, bytes as f64 / 1e6 / seconds));
        }
        let is_wrong = after.summary.errors + after.summary.rejected > 0;
        Ok(if is_wrong { Exit::Findings } else { Exit::Done })
    }

    /// Judges the text and how it is to be read; whether its header can be read as it stands.
    fn look(&mut self) -> Result<bool> {
        let mut head = Vec::new();
        let limit = SNIFF_BYTES as u64;
        let read = reader(&mut self.input)?.take(limit).read_to_end(&mut head);
        let read = read.map_err(|error| InputError::from_stream(&self.name, error))?;
        let has_cr_only = match sniff_text(&head, (read as u64) < limit) {
            Ok(()) => false,
            Err(NotCvrs::CrOnly) => true,
            Err(cause) => return Err(InputError::new(&self.name, cause).into()),
        };
        if has_cr_only || self.plan.asks_for_encoding() {
            let mut scan = Scan::default();
            each_piece(&mut self.input, &self.control, &mut |piece| scan.push(piece))?;
            if has_cr_only && scan.has_line_feed() {
                return Err(InputError::new(&self.name, NotCvrs::CrOnly).into());
            }
            self.reading = Reading { is_cr_only: has_cr_only, ..scan.reading(self.plan.asks_for_encoding()) };
            if self.reading.encoding == Encoding::Mixed && !self.common.quiet {
                let what = "neither UTF-8 nor Windows-1252 as a whole; F37 does nothing, and records with such bytes \
                            stay as they are";
                terminal::note(&format!("{}: {what}", self.name));
            }
        }
        let end = head.iter().position(|&byte| byte == b'\n').unwrap_or(head.len());
        Ok(Header::parse(&head[..end], self.version()).n_bound() > 0)
    }

    fn version(&self) -> Option<cvrs_spec::Version> {
        self.book.header_version(self.args.judging.version())
    }

    fn fixer(&self, plan: &Plan) -> Fixer {
        Fixer::new(plan, self.book.today())
            .with_reading(self.reading)
            .with_codes(self.book.codes().sets())
            .for_version(self.version())
            .for_test_data(self.args.judging.test)
    }

    fn stream(&self, input: &mut Input, plan: &Plan) -> Result<Stream> {
        Ok(Stream::new(reader(input)?, self.fixer(plan), self.reading.is_cr_only, &self.control))
    }

    /// The text as the plan mends it, as an input.
    fn mended(&self, plan: &Plan) -> Result<Input> {
        let stream = self.stream(&mut self.input.again()?, plan)?;
        Ok(Input::from_reader(self.name.clone(), Box::new(Mended::new(stream)))?)
    }

    /// Mends the text once and writes what there is to write on the way.
    fn mend(&self, outs: &mut Outs<'_>) -> Result<Totals> {
        let mut input = self.input.again()?;
        let watched = Watched {
            name: self.name.clone(),
            total: input.stored_len(),
            consumed: input.consumed(),
            control: Arc::clone(&self.control),
        };
        let progress = Progress::start(!self.common.no_progress && !self.common.quiet, watched);
        let show = Shown { ids: !self.args.no_ids, values: self.args.show_values };
        let telling = Telling {
            log: self.args.log.is_some().then(|| Log::new(&self.name, show)),
            diff: self.args.diff.then_some(show),
        };
        let mut totals = Totals::default();
        let mut take = |block: &mut Block| {
            totals.merge(&block.totals);
            outs.put(block)
        };
        if self.reading.is_cr_only {
            // Lines are found by LF; a text without any is mended in one thread.
            let mut stream = self.stream(&mut input, &self.plan)?;
            let mut block = Block::default();
            while telling.tell(&mut block, |out, tell| stream.next(out, tell)).map_err(|error| self.fault(error))? {
                take(&mut block).map_err(|error| self.fault(error))?;
            }
            totals.merge(stream.totals());
        } else {
            let begin = |header: &[u8]| {
                let (mut fixer, mut block) = (self.fixer(&self.plan), Block::default());
                let fed = telling.tell(&mut block, |out, tell| fixer.feed(header, true, out, tell));
                fed.map_err(|error| Error::Write { what: "memory", error })?;
                if fixer.header().is_none_or(|header| header.n_bound() == 0) {
                    return Err(Error::NotCvrs);
                }
                block.totals.clone_from(fixer.totals());
                Ok((Mending { telling: telling.clone(), fixer }, block))
            };
            rewrite_input(&mut input, self.tuning(), &self.control, begin, &mut take)
                .map_err(|error| self.fault(error))?;
        }
        drop(progress);
        Ok(totals)
    }

    fn tuning(&self) -> Tuning {
        let tuning = Tuning::default();
        Tuning { threads: self.common.threads.map_or(tuning.threads, usize::from), ..tuning }
    }

    /// Checks a text as `cvrs validate` does.
    fn check(&self, input: Input, parts: &mut Parts<'_>) -> Result<Checked> {
        let request = Request {
            book: &self.book,
            version: self.args.judging.version(),
            formats: &[],
            show: Show { file: &self.name, ids: false, values: false },
            keep_lines: 0,
            parts: parts.rejects.is_some(),
            figures: false,
            name: self.file_name,
            tuning: self.tuning(),
        };
        check_input(input, &request, None, &Control::default(), parts).map_err(|error| self.fault(error))
    }

    fn fault(&self, error: cvrs_engine::Error) -> Fault {
        match error {
            cvrs_engine::Error::Read(error) => InputError::from_stream(&self.name, error).into(),
            other => Fault::engine(&self.name, other),
        }
    }

    /// Says what was changed and what is left.
    fn tell(&self, totals: &Totals, before: &Summary, after: &Summary) {
        if self.common.quiet {
            return;
        }
        let name = &self.name;
        if totals.records == 0 {
            terminal::note(&format!("{name}: a header and no record"));
        }
        let n = totals.changes();
        let word = if n == 1 { "change" } else { "changes" };
        terminal::note(&format!("{name}: {n} {word}, {} of {} records", totals.records_changed, totals.records));
        for (fix, count) in totals.by_fix() {
            terminal::note(&format!("  {} {}: {count}", fix.id, fix.name));
        }
        terminal::note(&format!(
            "{name}: errors {} before, {} after; warnings {} before, {} after",
            before.errors, after.errors, before.warnings, after.warnings
        ));
        let mut by_rule: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
        for (side, summary) in [before, after].into_iter().enumerate() {
            for cell in summary.cells() {
                by_rule.entry(cell.code).or_default()[side] += cell.count;
            }
        }
        for (code, [before, after]) in by_rule {
            terminal::note(&format!("  {code}: {before} before, {after} after"));
        }
        let rejected = if self.args.rejects.is_some() { after.rejected } else { 0 };
        let written = totals.records - rejected;
        let blanks = match totals.blank_lines {
            0 => String::new(),
            1 => "; 1 blank line".to_owned(),
            n => format!("; {n} blank lines"),
        };
        let word = if totals.records == 1 { "record" } else { "records" };
        terminal::note(&format!(
            "{name}: {} {word} read = {written} written + {rejected} rejected{blanks}",
            totals.records
        ));
    }
}
