//! `--from parquet` and `--from arrow`: columns read back as CVRS text, which then is checked and converted like any.
//!
//! ```text
//! file of columns → a thread: batch → lines → blocks → Input → the engine
//! ```

use super::output::{Output, TextOutput};
use super::{Conversion, Result};
use crate::args::{Convert, SourceForm};
use crate::fault::{Exit, Fault};
use crate::terminal;
use cvrs_engine::io::{Body, Compression, Input, InputCause, InputError};
use cvrs_engine::{Checked, RecordPlace};
use cvrs_parse::{Header, Record};
use cvrs_report::Finding;
use cvrs_transform::columns::{BadColumn, Batches, FileForm, LineEnd, TextWriter};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, Once, PoisonError};

/// How large the blocks of text are, and how many wait at most.
const BLOCK_BYTES: usize = 1 << 20;
const BLOCKS: usize = 4;

/// The name of the thread that reads columns.
const READER: &str = "columns";

/// What the reading has to tell when it is over.
#[derive(Clone, Default)]
pub(super) struct Told {
    /// In how many values of each column tabs and line breaks have become blanks.
    mended: Arc<Mutex<BTreeMap<&'static str, u64>>>,
    line_end: LineEnd,
}

impl Told {
    /// Says it.
    pub(super) fn tell(&self, conversion: &Conversion<'_>) {
        let mended = self.mended.lock().unwrap_or_else(PoisonError::into_inner);
        if mended.is_empty() || conversion.common.quiet {
            return;
        }
        let columns: Vec<String> = mended.iter().map(|(column, n)| format!("{column} {n}")).collect();
        terminal::note(&format!(
            "{}: tabs and line breaks, which no cell can hold, have become blanks: {}",
            conversion.name,
            columns.join(", ")
        ));
    }
}

/// The input as it is, or where it holds columns the text that they stand for.
pub(super) fn open(args: &Convert, mut input: Input) -> Result<(Input, Option<Told>)> {
    let found = if input.compression() == Compression::None { FileForm::of(&input.first_bytes()?) } else { None };
    let wanted = match args.from {
        Some(SourceForm::Parquet) => Some("Parquet"),
        Some(SourceForm::Arrow) => Some("Arrow"),
        Some(_) => return Ok((input, None)),
        None => found.map(FileForm::name),
    };
    let Some(wanted) = wanted else { return Ok((input, None)) };
    let Some(form) = found.filter(|form| form.name() == wanted) else {
        if input.compression() != Compression::None {
            let remedy = format!("unpack it first, since {wanted} is read by place");
            return Err(Fault::file(format!("{}: this file is packed; {remedy}", input.name())));
        }
        return Err(Fault::file(format!("{}: this is no {wanted} file", input.name())));
    };
    let name = input.name().to_owned();
    let mut input = input.rewindable(None)?;
    let Body::Plain { mut file, .. } = input.body()? else {
        return Err(Fault::file(format!("{name}: this is no {wanted} file")));
    };
    file.rewind().map_err(|error| InputError::new(&name, error))?;
    let fault = |cause: String| Fault::file(format!("{name}: {cause}"));
    let batches = guarded(form, || batches(form, file)).map_err(fault)?;
    let writer = TextWriter::new(batches.schema()).map_err(|error| {
        let remedy = match error {
            BadColumn::Twice(_) => "leave one of them out",
            BadColumn::NoText { .. } => "write it as text, so that no zero is lost",
            _ => "name them as CVRS does",
        };
        fault(format!("{error}; {remedy}"))
    })?;
    let line_end = LineEnd::of_header(writer.header());
    let told = Told { line_end, ..Told::default() };
    let (sender, blocks) = sync_channel(BLOCKS);
    let reading = Reading { form, batches, writer, told: told.clone() };
    let spawned = std::thread::Builder::new().name(READER.to_owned()).spawn(move || reading.run(&sender));
    spawned.map_err(|error| InputError::new(&name, error))?;
    let input = Input::from_reader(name, Box::new(Text { blocks, block: Vec::new(), at: 0 }))?;
    Ok((input, Some(told)))
}

fn batches(form: FileForm, file: File) -> std::result::Result<Batches, cvrs_transform::columns::Error> {
    match form {
        FileForm::Parquet => Batches::parquet(file),
        FileForm::ArrowFile => Batches::arrow_file(io::BufReader::new(file)),
        FileForm::ArrowStream => Batches::arrow_stream(io::BufReader::with_capacity(BLOCK_BYTES, file)),
    }
}

/// Does what may fail on damaged files, and says why in a line. What the libraries say may quote the file.
fn guarded<T>(
    form: FileForm,
    read: impl FnOnce() -> std::result::Result<T, cvrs_transform::columns::Error>,
) -> std::result::Result<T, String> {
    hush();
    let is_reader = IS_READING.replace(true);
    let read = read();
    IS_READING.set(is_reader);
    match read {
        Ok(read) => Ok(read),
        Err(error) if error.to_string().contains("Disabled feature") => {
            Err(format!("the {} data are packed in a way that is not read here; pack with zstd or snappy", form.name()))
        }
        Err(_) => Err(format!("the {} data are damaged; copy or write the file again", form.name())),
    }
}

std::thread_local! {
    static IS_READING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Keeps the words of a panic that is caught, which may quote the file, from stderr.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !IS_READING.get() {
                before(info);
            }
        }));
    });
}

/// The thread that makes text of batches.
struct Reading {
    form: FileForm,
    batches: Batches,
    writer: TextWriter,
    told: Told,
}

type Block = std::result::Result<Vec<u8>, InputCause>;

impl Reading {
    fn run(mut self, blocks: &SyncSender<Block>) {
        let mut block = self.writer.header().to_vec();
        // Nobody listens any more if the run has ended for another reason.
        let send = |block: &mut Vec<u8>| blocks.send(Ok(std::mem::take(block))).is_ok();
        loop {
            match guarded(self.form, || self.batches.next().transpose()) {
                Ok(Some(batch)) => {
                    if !self.writer.push_in_pieces(&batch, &mut block, BLOCK_BYTES, send) {
                        return;
                    }
                }
                Ok(None) => break,
                Err(cause) => {
                    let _ = blocks.send(Err(InputCause::Columns(cause.into())));
                    return;
                }
            }
        }
        *self.told.mended.lock().unwrap_or_else(PoisonError::into_inner) = self.writer.n_mended().clone();
        let _ = blocks.send(Ok(block));
    }
}

/// The text, block by block.
struct Text {
    blocks: Receiver<Block>,
    block: Vec<u8>,
    at: usize,
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            match self.blocks.recv() {
                Ok(Ok(block)) => (self.block, self.at) = (block, 0),
                Ok(Err(cause)) => return Err(cause.into()),
                Err(_) => return Ok(0),
            }
        }
        let n = buffer.len().min(self.block.len() - self.at);
        buffer[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// Writes the text as it stands: header and line ends are those that the columns tell.
pub(super) fn run(conversion: &Conversion<'_>, input: Input, told: &Told) -> Result<Exit> {
    let text = TextOutput::new(conversion.args.output.as_deref(), Vec::new())?;
    conversion.drive(input, &ToLines(told.line_end), LineOutput(text))
}

/// Copies lines.
struct ToLines(LineEnd);

impl cvrs_engine::Convert for ToLines {
    type Worker = ();
    type Product = Vec<u8>;

    fn worker(&self, _: &Header) {}

    fn begin(&self, (): &mut (), product: &mut Vec<u8>) {
        product.clear();
    }

    fn record(&self, (): &mut (), record: &Record<'_>, _: &RecordPlace, product: &mut Vec<u8>, _: &mut Vec<Finding>) {
        product.extend_from_slice(record.line());
        product.extend_from_slice(self.0.bytes());
    }
}

/// Lines under the header line as it stands.
struct LineOutput(TextOutput);

impl Output for LineOutput {
    type Product = Vec<u8>;

    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()> {
        self.0.put(&mut header.to_vec())
    }

    fn put(&mut self, product: &mut Vec<u8>) -> cvrs_engine::Result<()> {
        self.0.put(product)
    }

    fn can_restart(&self) -> bool {
        self.0.can_restart()
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.0.restart()
    }

    fn finish(self, checked: &Checked) -> Result<()> {
        self.0.finish(checked)
    }
}
