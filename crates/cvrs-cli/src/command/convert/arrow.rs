//! `--to arrow`: the stream form as it comes, the file form when its dictionaries are complete.

use super::columns::{Plan, ToColumns, sha256, unwritable};
use super::output::Output;
use super::{Conversion, Result};
use crate::args::CompressionName;
use crate::fault::{Exit, Fault};
use crate::outputs::Place;
use cvrs_engine::io::{Input, OutputError, Spool};
use cvrs_engine::{Checked, Error};
use cvrs_transform::columns::{
    ARROW_BATCH_ROWS, Compression, Dictionaries, FileWriter, Gatherer, Part, RecordBatch, StreamWriter,
};
use std::ffi::OsStr;
use std::io::Write;

/// A dictionary of a stream begins anew beyond so many entries.
const MOST_ENTRIES: usize = 1 << 20;

/// The most text that a dictionary of a file may have.
const MOST_DICTIONARY_BYTES: usize = 64 << 20;

/// How much of a file is held in memory until its dictionaries are complete; the rest waits in a temporary file.
const KEPT_BYTES: usize = 32 << 20;

pub(super) fn run(conversion: &Conversion<'_>, input: Input) -> Result<Exit> {
    let mut plan = Plan::new(conversion)?;
    let output = conversion.args.output.as_deref();
    let place = output.map_or_else(|| Ok(Place::stdout()), Place::file)?;
    let is_stream = !place.is_readable() || output.is_some_and(|path| path.extension() == Some(OsStr::new("arrows")));
    if input.name() != "-" {
        let input = &input;
        plan.sha256 = if input.is_rewindable() { Some(sha256(input.again()?)?) } else { None };
    }
    let compression = conversion.args.columns.compression.map_or(Compression::default(), CompressionName::compression);
    let converter = ToColumns::new(conversion, &plan, false)?;
    conversion.drive(input, &converter, ArrowOutput { plan, place, is_stream, compression, begun: None })
}

struct ArrowOutput {
    plan: Plan,
    place: Place,
    is_stream: bool,
    compression: Compression,
    begun: Option<Begun>,
}

/// What has been begun.
struct Begun {
    gatherer: Gatherer,
    form: Form,
}

enum Form {
    Stream(Box<StreamWriter>),
    File { writer: Box<FileWriter>, kept: Spool, buffer: Vec<u8> },
}

fn kept_fault(error: std::io::Error) -> Error {
    Error::Write { what: "a temporary file for the batches", error }
}

impl Form {
    fn batch(&mut self, batch: &RecordBatch, place: &mut Place) -> cvrs_engine::Result<()> {
        match self {
            Self::Stream(writer) => {
                writer.batch(batch).map_err(|error| unwritable(&error))?;
                place.put(writer.buffer())?;
                writer.buffer().clear();
                Ok(())
            }
            Self::File { writer, kept, buffer } => {
                buffer.clear();
                writer.batch(batch, buffer).map_err(|error| unwritable(&error))?;
                kept.write_all(buffer).map_err(kept_fault)
            }
        }
    }
}

impl Output for ArrowOutput {
    type Product = Part;

    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()> {
        let facts = self.plan.facts(header);
        let dictionaries =
            if self.is_stream { Dictionaries::UpTo(MOST_ENTRIES) } else { Dictionaries::Whole(MOST_DICTIONARY_BYTES) };
        let gatherer = self.plan.gatherer(&facts, ARROW_BATCH_ROWS, dictionaries);
        let (schema, metadata) = (gatherer.schema(), facts.metadata());
        let form = if self.is_stream {
            StreamWriter::new(schema, metadata, self.compression).map(|writer| Form::Stream(Box::new(writer)))
        } else {
            FileWriter::new(schema, metadata, self.compression).map(|writer| Form::File {
                writer: Box::new(writer),
                kept: Spool::new(KEPT_BYTES, None),
                buffer: Vec::new(),
            })
        };
        self.begun = Some(Begun { form: form.map_err(|error| unwritable(&error))?, gatherer });
        Ok(())
    }

    fn put(&mut self, part: &mut Part) -> cvrs_engine::Result<()> {
        let Some(Begun { gatherer, form }) = &mut self.begun else { return Ok(()) };
        let place = &mut self.place;
        let added = gatherer.add(part, |batch| form.batch(&batch, place).map_err(Failure::Ours));
        added.map_err(|failure| match failure {
            Failure::Ours(error) => error,
            Failure::Theirs(error) => too_much(&error),
        })
    }

    fn can_restart(&self) -> bool {
        self.place.can_restart()
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.begun = None;
        self.place.restart()
    }

    fn finish(mut self, checked: &Checked) -> Result<()> {
        let Some(Begun { mut gatherer, mut form }) = self.begun.take() else { return Ok(()) };
        let fault = |error| Fault::engine("", error);
        if let Some(batch) = gatherer.finish().map_err(|error| fault(too_much(&error)))? {
            form.batch(&batch, &mut self.place).map_err(fault)?;
        }
        let (rows, clean) = (gatherer.n_rows(), checked.summary.clean);
        if rows != clean {
            return Err(Fault::file(format!("{clean} records and {rows} rows; please report this")));
        }
        match form {
            Form::Stream(mut writer) => {
                writer.finish().map_err(|error| fault(unwritable(&error)))?;
                self.place.write(writer.buffer())?;
            }
            Form::File { writer, mut kept, .. } => {
                let ended = writer.finish(&gatherer.dictionaries());
                let (start, end) = ended.map_err(|error| fault(unwritable(&error)))?;
                self.place.write(&start)?;
                if let Place::File(file) = &mut self.place {
                    let name = file.name().to_owned();
                    kept.copy_to(file.as_mut()).map_err(|error| OutputError::from_write(&name, error))?;
                }
                self.place.write(&end)?;
            }
        }
        self.place.commit()
    }
}

/// Why a batch was not written.
enum Failure {
    Ours(Error),
    Theirs(cvrs_transform::columns::Error),
}

impl From<cvrs_transform::columns::Error> for Failure {
    fn from(error: cvrs_transform::columns::Error) -> Self {
        Self::Theirs(error)
    }
}

/// What a batch cannot hold, with the way around it.
fn too_much(error: &cvrs_transform::columns::Error) -> Error {
    unwritable(&format!("{error}; try --no-dictionary, or the stream form (.arrows)"))
}
