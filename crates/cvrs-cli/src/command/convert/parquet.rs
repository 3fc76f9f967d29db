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
use cvrs_transform::columns::{Column, EncodedColumn, Packer, ParquetWriter, Part, ROW_GROUP_ROWS, RowGroup};
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
    conversion.drive(input, &converter, ParquetOutput { plan, codes, out, threads, hash, file: None })
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
    /// The hash of the input's text, in the making.
    hash: JoinHandle<Result<String>>,
    file: Option<Begun>,
}

/// A file that has been begun.
struct Begun {
    writer: ParquetWriter<Shared>,
    /// One for each thread that encodes columns.
    packers: Vec<Packer>,
    /// The row group before the one that is gathered.
    encoding: Option<JoinHandle<Encoding>>,
}

/// A row group, its columns as they stand in the file, and the packers to be used again.
struct Encoding {
    group: RowGroup,
    columns: std::result::Result<Vec<EncodedColumn>, String>,
    packers: Vec<Packer>,
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

/// Encodes a row group; as many threads do as there are packers.
fn encode(group: RowGroup, mut packers: Vec<Packer>) -> Encoding {
    let todo = Mutex::new(group.columns().into_iter());
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
    let columns: std::result::Result<Vec<Vec<EncodedColumn>>, _> = done.into_iter().collect();
    let columns = columns.map(|columns| columns.into_iter().flatten().collect()).map_err(|error| error.to_string());
    Encoding { group, columns, packers }
}

impl Begun {
    /// Has a row group encoded, on threads of its own if there is more than one: the next one is gathered meanwhile.
    fn encode(&mut self, group: RowGroup, threads: usize, out: &Shared) -> cvrs_engine::Result<()> {
        self.write_encoded(out)?;
        let mut packers = std::mem::take(&mut self.packers);
        while packers.len() < threads {
            packers.push(Packer::new().map_err(|error| unwritable(&error))?);
        }
        if threads == 1 {
            return self.write(encode(group, packers), out);
        }
        self.encoding = Some(std::thread::spawn(move || encode(group, packers)));
        Ok(())
    }

    /// Writes the row group that is being encoded, if there is one, once it is.
    fn write_encoded(&mut self, out: &Shared) -> cvrs_engine::Result<()> {
        let Some(encoding) = self.encoding.take() else { return Ok(()) };
        self.write(encoding.join().map_err(|_| Error::WorkerPanicked)?, out)
    }

    fn write(&mut self, encoding: Encoding, out: &Shared) -> cvrs_engine::Result<()> {
        let Encoding { group, columns, packers } = encoding;
        self.packers = packers;
        let columns = columns.map_err(|error| unwritable(&error))?;
        self.writer.write_group(group, columns).map_err(|error| failed(out, &error))
    }
}

impl Output for ParquetOutput {
    type Product = Part;

    fn begin(&mut self, header: &[u8]) -> cvrs_engine::Result<()> {
        let facts = self.plan.facts(header);
        let created_by = TOOL.replace(' ', " version ");
        let (options, source) = (&self.plan.options, self.plan.source.clone());
        let writer =
            ParquetWriter::new(self.out.clone(), options, source, &facts, &created_by, self.codes, ROW_GROUP_ROWS);
        let writer = writer.map_err(|error| self.failed(&error))?;
        self.file = Some(Begun { writer, packers: Vec::new(), encoding: None });
        Ok(())
    }

    fn put(&mut self, part: &mut Part) -> cvrs_engine::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.writer.add(part);
        while let Some(group) = file.writer.full_group() {
            file.encode(group, self.threads, &self.out)?;
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
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let fault = |error| Fault::engine("", error);
        while let Some(group) = file.writer.last_group() {
            file.encode(group, self.threads, &self.out).map_err(fault)?;
        }
        file.write_encoded(&self.out).map_err(fault)?;
        let writer = file.writer;
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
