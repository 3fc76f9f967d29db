//! `--to parquet`: row groups of an exact size, their columns encoded side by side.

use super::columns::{Plan, TOOL, ToColumns, sha256, unwritable};
use super::output::Output;
use super::{Conversion, Result};
use crate::fault::{Exit, Fault};
use crate::outputs::Place;
use cvrs_engine::io::Input;
use cvrs_engine::{Checked, Error};
use cvrs_transform::columns::{
    Column, Dictionaries, EncodedColumn, Gatherer, Packer, ParquetWriter, Part, ROW_GROUP_ROWS, RecordBatch,
};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

pub(super) fn run(conversion: &Conversion<'_>, input: Input) -> Result<Exit> {
    let plan = Plan::new(conversion)?;
    let place = conversion.args.output.as_deref().map_or_else(|| Ok(Place::stdout()), Place::file)?;
    let input = input.rewindable(None)?;
    // The hash is told at the end of the file, so that the text can be hashed while it is converted.
    let reading = input.again()?;
    let hash = std::thread::spawn(move || sha256(reading));
    let converter = ToColumns::new(conversion, &plan)?;
    let out = Shared(Arc::new(Mutex::new(Out { place, failure: None })));
    let threads = conversion.tuning().threads;
    conversion.drive(input, &converter, ParquetOutput { plan, out, threads, hash, file: None })
}

/// Where the bytes go, and why they did not: the library that writes Parquet gives only words for it.
struct Out {
    place: Place,
    failure: Option<Error>,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<Out>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut out = self.lock();
        out.place.put(bytes).map_err(|error| {
            let told = io::Error::other(error.to_string());
            out.failure.get_or_insert(error);
            told
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct ParquetOutput {
    plan: Plan,
    out: Shared,
    threads: usize,
    /// The hash of the input's text, in the making.
    hash: JoinHandle<Result<String>>,
    file: Option<ParquetFile>,
}

/// A file that has been begun.
struct ParquetFile {
    gatherer: Gatherer,
    writer: ParquetWriter<Shared>,
}

/// What was behind an error of the library, if it was the writing.
fn failed(out: &Shared, error: &impl ToString) -> Error {
    out.lock().failure.take().unwrap_or_else(|| unwritable(error))
}

impl ParquetOutput {
    fn failed(&self, error: &impl ToString) -> Error {
        failed(&self.out, error)
    }
}

/// Writes a row group; so many threads encode its columns.
fn write_group(
    writer: &mut ParquetWriter<Shared>,
    batch: &RecordBatch,
    threads: usize,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let columns = writer.begin_group(batch)?;
    let n_columns = columns.len();
    let todo = Mutex::new(columns.into_iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(n_columns));
    let work = || {
        let mut packer = Packer::new();
        loop {
            let next: Option<(usize, Column)> = todo.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((at, column)) = next else { return };
            let encoded = match &mut packer {
                Ok(packer) => column.encode(packer).map_err(Box::<dyn std::error::Error + Send + Sync>::from),
                Err(error) => Err(error.to_string().into()),
            };
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, encoded));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(n_columns) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    let encoded: std::result::Result<Vec<EncodedColumn>, _> = done.into_iter().map(|(_, encoded)| encoded).collect();
    let encoded = encoded.map_err(|error| -> Box<dyn std::error::Error> { error })?;
    Ok(writer.write_group(encoded)?)
}

impl Output for ParquetOutput {
    type Product = Part;

    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()> {
        let facts = self.plan.facts(header);
        let gatherer = self.plan.gatherer(&facts, ROW_GROUP_ROWS, Dictionaries::OfBatch);
        let created_by = TOOL.replace(' ', " version ");
        let writer = ParquetWriter::new(self.out.clone(), gatherer.schema(), &facts, &created_by);
        let writer = writer.map_err(|error| self.failed(&error))?;
        self.file = Some(ParquetFile { gatherer, writer });
        Ok(())
    }

    fn put(&mut self, part: &mut Part) -> cvrs_engine::Result<()> {
        let threads = self.threads;
        let Some(ParquetFile { gatherer, writer, .. }) = &mut self.file else { return Ok(()) };
        let added: std::result::Result<(), Box<dyn std::error::Error>> =
            gatherer.add(part, |batch| write_group(writer, &batch, threads));
        added.map_err(|error| self.failed(&error))
    }

    fn can_restart(&self) -> bool {
        self.out.lock().place.can_restart()
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.file = None;
        self.out.lock().place.restart()
    }

    fn finish(mut self, checked: &Checked) -> Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let last = file.gatherer.finish().map_err(|error| self.fault(&error))?;
        if let Some(batch) = last {
            write_group(&mut file.writer, &batch, self.threads).map_err(|error| self.fault(&error))?;
        }
        let rows = file.gatherer.n_rows();
        if rows != checked.summary.clean {
            let clean = checked.summary.clean;
            return Err(Fault::file(format!("{clean} records and {rows} rows; please report this")));
        }
        let ParquetOutput { hash, out, .. } = self;
        let hash = hash.join().map_err(|_| Fault::engine("", Error::WorkerPanicked))??;
        let ended = file.writer.finish(Some(hash)).map(drop);
        ended.map_err(|error| Fault::engine("", failed(&out, &error)))?;
        let out = Arc::into_inner(out.0).map(|out| out.into_inner().unwrap_or_else(PoisonError::into_inner));
        out.map_or(Ok(()), |out| out.place.commit())
    }
}

impl ParquetOutput {
    fn fault(&self, error: &impl ToString) -> Fault {
        Fault::engine("", self.failed(error))
    }
}
