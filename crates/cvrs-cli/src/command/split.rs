//! `cvrs split`.
//!
//! A part begins with a record: blank lines stay behind the record that they follow, so that the parts without their
//! headers, one after the other, are the text below its header.

mod names;

use crate::args::{Common, Split};
use crate::fault::{Exit, Fault, Result};
use crate::interrupt;
use crate::progress::{Progress, Watched};
use crate::terminal;
use cvrs_engine::io::{Compression, Input, InputError, OutputError, PartFiles, same_file};
use cvrs_engine::{Control, Error, Position, Rewrite, Tuning, rewrite_input};
use cvrs_parse::Header;
use names::Names;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

pub(crate) fn run(args: &Split, common: &Common) -> Result<Exit> {
    let path = match &args.file {
        None if std::io::stdin().is_terminal() => {
            return Err(Fault::usage("no file named, and stdin is a terminal; name a file, or `-` to type one"));
        }
        file => file.clone().unwrap_or_else(|| PathBuf::from("-")),
    };
    if args.output.as_os_str() == "-" {
        return Err(Fault::usage("-o takes a folder; several files cannot go to stdout"));
    }
    let control = Arc::new(Control::default());
    interrupt::watch(&control);
    let input = Input::from_argument(&path)?;
    let start = Instant::now();
    let cutter = cut(args, common, &path, input, &control)?;
    tell(&path.display().to_string(), &cutter, common);
    if common.verbose {
        let seconds = start.elapsed().as_secs_f64();
        let bytes = control.bytes.load(Ordering::Relaxed) as f64;
        terminal::note(&format!("{}: {seconds:.3} s, {:.0} MB/s", path.display(), bytes / 1e6 / seconds));
    }
    Ok(Exit::Done)
}

/// Lines as they are.
struct Lines;

impl Rewrite for Lines {
    type Worker = ();
    type Look = ();
    type Product = Vec<u8>;

    fn worker(&self) {}

    fn rewrite(
        &self,
        (): &mut (),
        (): &mut (),
        text: &[u8],
        _: Position,
        out: &mut Vec<u8>,
    ) -> cvrs_engine::Result<()> {
        out.clear();
        out.extend_from_slice(text);
        Ok(())
    }
}

/// Writes lines to part after part.
struct Cutter {
    names: Names,
    files: Option<PartFiles>,
    header: Option<Vec<u8>>,
    max_records: u64,
    /// Path and records of each part begun.
    parts: Vec<(PathBuf, u64)>,
    blank_lines: u64,
    /// Why there can be no further part, where that is not the system's fault.
    refusal: Option<String>,
}

impl Cutter {
    fn begin(&mut self) -> cvrs_engine::Result<()> {
        let Some(name) = self.names.name(self.parts.len()) else {
            self.refusal = Some(format!(
                "more than {} parts, and the number in the name ends at 99; raise --max-records, or rename the file",
                self.parts.len()
            ));
            return Err(Error::NotCvrs);
        };
        let files = self.files.as_mut().ok_or(Error::NotCvrs)?;
        self.parts.push((files.begin(&name)?, 0));
        let header = self.header.clone().unwrap_or_default();
        self.put(&header)
    }

    fn put(&mut self, bytes: &[u8]) -> cvrs_engine::Result<()> {
        let Some(files) = self.files.as_mut().filter(|_| !bytes.is_empty()) else { return Ok(()) };
        Ok(files.write_all(bytes).map_err(|error| OutputError::from_write("a part", error))?)
    }

    /// Takes the header line first, whole lines from then on.
    fn take(&mut self, text: &[u8]) -> cvrs_engine::Result<()> {
        if self.header.is_none() {
            self.header = Some(text.to_vec());
            return self.begin();
        }
        let (mut start, mut from) = (0, 0);
        while start < text.len() {
            let next = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at + 1);
            if matches!(&text[start..next], b"\n" | b"\r\n") {
                self.blank_lines += 1;
            } else {
                if self.parts.last().is_some_and(|(_, records)| *records == self.max_records) {
                    self.put(&text[from..start])?;
                    from = start;
                    self.begin()?;
                }
                if let Some((_, records)) = self.parts.last_mut() {
                    *records += 1;
                }
            }
            start = next;
        }
        self.put(&text[from..])
    }

    fn records(&self) -> u64 {
        self.parts.iter().map(|(_, records)| records).sum()
    }
}

fn cut(args: &Split, common: &Common, path: &Path, mut input: Input, control: &Arc<Control>) -> Result<Cutter> {
    let name = path.display().to_string();
    let own = path.file_name().filter(|_| path.as_os_str() != "-").map(|name| name.to_string_lossy().into_owned());
    let mut cutter = Cutter {
        names: Names::new(own.as_deref().unwrap_or("stdin.txt"), input.compression() != Compression::None),
        files: Some(PartFiles::in_folder(&args.output)?),
        header: None,
        max_records: args.max_records.get(),
        parts: Vec::new(),
        blank_lines: 0,
        refusal: None,
    };
    let first = cutter.names.name(0).map(|first| args.output.join(first));
    if own.is_some() && first.is_some_and(|first| same_file(path, &first)) {
        let why = "the first part would have the name of the input itself; write to another folder";
        return Err(Fault::file(format!("{name}: {why}")));
    }
    let watched = Watched {
        name: name.clone(),
        total: input.stored_len(),
        consumed: input.consumed(),
        control: Arc::clone(control),
    };
    let progress = Progress::start(!common.no_progress && !common.quiet, watched);
    let begin = |line: &[u8]| {
        let is_cvrs = Header::parse(line, None).n_bound() > 0;
        if is_cvrs { Ok((Lines, line.to_vec())) } else { Err(Error::NotCvrs) }
    };
    let tuning = Tuning::default();
    let tuning = Tuning { threads: common.threads.map_or(tuning.threads, usize::from), ..tuning };
    let ran = rewrite_input(&mut input, tuning, control, begin, &mut |text: &mut Vec<u8>| cutter.take(text));
    drop(progress);
    ran.map_err(|error| match (error, cutter.refusal.take()) {
        (_, Some(refusal)) => Fault::file(format!("{name}: {refusal}")),
        (Error::Read(error), None) => InputError::from_stream(&name, error).into(),
        (other, None) => Fault::engine(&name, other),
    })?;
    let (read, written) = (control.records.load(Ordering::Relaxed), cutter.records());
    if read != written {
        return Err(Fault::file(format!("{name}: {read} records read and {written} written; please report this")));
    }
    cutter.files.take().map(PartFiles::commit).transpose()?;
    Ok(cutter)
}

fn tell(name: &str, cutter: &Cutter, common: &Common) {
    if common.quiet {
        return;
    }
    let records = cutter.records();
    if records == 0 {
        terminal::note(&format!("{name}: a header and no record"));
    }
    for (path, records) in &cutter.parts {
        terminal::note(&format!("  {}: {records} {}", path.display(), plural(*records, "record")));
    }
    let blanks = match cutter.blank_lines {
        0 => String::new(),
        n => format!("; {n} blank {}", plural(n, "line")),
    };
    let n_parts = cutter.parts.len() as u64;
    terminal::note(&format!(
        "{name}: {records} {} read = {records} written in {n_parts} {}{blanks}",
        plural(records, "record"),
        plural(n_parts, "part")
    ));
}

fn plural(n: u64, word: &str) -> String {
    if n == 1 { word.to_owned() } else { format!("{word}s") }
}
