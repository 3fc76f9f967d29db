//! `--to parquet`: row groups of an exact size, their columns encoded side by side.

use super::columns::{Plan, TOOL, ToColumns, sha256, unwritable};
use super::output::Output;
use super::{Conversion, Result};
use crate::fault::{Exit, Fault};
use crate::outputs::Place;
use crate::stored_codes;
use cvrs_codes::CodeSets;
use cvrs_engine::io::Input;
use cvrs_engine::{Checked, Error};
use cvrs_transform::columns::{Column, EncodedColumn, Packer, ParquetWriter, Part, ROW_GROUP_ROWS};
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
    let converter = ToColumns::new(conversion, &plan, true)?;
    let out = Shared(Arc::new(Mutex::new(Out { place, failure: None })));
    let threads = conversion.tuning().threads;
    let codes = stored_codes::current()?;
    conversion.drive(
        input,
        &converter,
        ParquetOutput { plan, codes, out, threads, packers: Vec::new(), hash, file: None },
    )
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
    codes: &'static CodeSets,
    out: Shared,
    threads: usize,
    /// One for each thread that encodes columns.
    packers: Vec<Packer>,
    /// The hash of the input's text, in the making.
    hash: JoinHandle<Result<String>>,
    file: Option<ParquetWriter<Shared>>,
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

/// Writes a row group; as many threads encode its columns as there are packers.
fn write_group(
    writer: &mut ParquetWriter<Shared>,
    packers: &mut [Packer],
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let todo = Mutex::new(writer.columns().into_iter());
    let done = Mutex::new(Vec::new());
    let work = |packer: &mut Packer| {
        loop {
            let next: Option<Column<'_>> = todo.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(column) = next else { return };
            let encoded = column.encode(packer);
            done.lock().unwrap_or_else(PoisonError::into_inner).push(encoded);
        }
    };
    std::thread::scope(|scope| {
        let mut packers = packers.iter_mut();
        let own = packers.next();
        packers.for_each(|packer| drop(scope.spawn(|| work(packer))));
        own.map(work);
    });
    drop(todo);
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let encoded: std::result::Result<Vec<Vec<EncodedColumn>>, _> = done.into_iter().collect();
    Ok(writer.write_group(encoded?.into_iter().flatten().collect())?)
}

impl Output for ParquetOutput {
    type Product = Part;

    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()> {
        let facts = self.plan.facts(header);
        let created_by = TOOL.replace(' ', " version ");
        let (options, source) = (&self.plan.options, self.plan.source.clone());
        let writer =
            ParquetWriter::new(self.out.clone(), options, source, &facts, &created_by, self.codes, ROW_GROUP_ROWS);
        self.file = Some(writer.map_err(|error| self.failed(&error))?);
        Ok(())
    }

    fn put(&mut self, part: &mut Part) -> cvrs_engine::Result<()> {
        let Some(writer) = &mut self.file else { return Ok(()) };
        writer.add(part);
        while writer.is_full() {
            while self.packers.len() < self.threads {
                self.packers.push(Packer::new().map_err(|error| unwritable(&error))?);
            }
            write_group(writer, &mut self.packers).map_err(|error| failed(&self.out, &error))?;
        }
        Ok(())
    }

    fn can_restart(&self) -> bool {
        self.out.lock().place.can_restart()
    }

    fn restart(&mut self) -> cvrs_engine::Result<()> {
        self.file = None;
        self.out.lock().place.restart()
    }

    fn finish(mut self, checked: &Checked) -> Result<()> {
        let Some(mut writer) = self.file.take() else { return Ok(()) };
        if self.packers.is_empty() {
            self.packers.push(Packer::new().map_err(|error| self.fault(&error))?);
        }
        while writer.n_pending() > 0 {
            write_group(&mut writer, &mut self.packers).map_err(|error| self.fault(&error))?;
        }
        let (rows, clean) = (writer.n_rows(), checked.summary.clean);
        if rows != clean {
            return Err(Fault::file(format!("{clean} records and {rows} rows; please report this")));
        }
        let ParquetOutput { hash, out, .. } = self;
        let hash = hash.join().map_err(|_| Fault::engine("", Error::WorkerPanicked))??;
        let ended = writer.finish(Some(hash)).map(drop);
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
