//! Batches out of files, whichever of the three forms they have.

use super::Error;
use super::read::columns_of_cvrs;
use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;
use std::io::{Read, Seek};
use std::sync::Arc;

/// Rows that are read from Parquet at once.
const READ_ROWS: usize = 8192;

/// What a file of columns is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileForm {
    /// Parquet.
    Parquet,
    /// Arrow's file form.
    ArrowFile,
    /// Arrow's stream form.
    ArrowStream,
}

impl FileForm {
    /// How many bytes tell it.
    pub const MAGIC_BYTES: usize = 4;

    /// Tells the form by the first bytes of a file.
    pub fn of(head: &[u8]) -> Option<Self> {
        match head.get(..Self::MAGIC_BYTES)? {
            b"PAR1" => Some(Self::Parquet),
            b"ARRO" => Some(Self::ArrowFile),
            [0xFF, 0xFF, 0xFF, 0xFF] => Some(Self::ArrowStream),
            _ => None,
        }
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::ArrowFile | Self::ArrowStream => "Arrow",
        }
    }
}

/// The batches of a file, with the columns of CVRS at least.
pub struct Batches {
    schema: SchemaRef,
    batches: Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send>,
}

impl std::fmt::Debug for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batches({} columns)", self.schema.fields().len())
    }
}

impl Batches {
    /// Reads Parquet; other columns than those of CVRS are not looked at.
    ///
    /// # Errors
    /// What is no Parquet, or damaged where its columns are described.
    pub fn parquet<R: ChunkReader + 'static>(file: R) -> Result<Self, Error> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let wanted = columns_of_cvrs(builder.schema().fields().iter().map(|field| field.name().as_str()));
        let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.iter().copied());
        // The metadata of the file is that of the whole schema.
        let fields: Vec<_> = wanted.iter().map(|&at| Arc::clone(&builder.schema().fields()[at])).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, builder.schema().metadata().clone()));
        let reader = builder.with_projection(mask).with_batch_size(READ_ROWS).build()?;
        Ok(Self { schema, batches: Box::new(reader) })
    }

    /// Reads Arrow's file form.
    ///
    /// # Errors
    /// What is no such file, or damaged where its columns are described.
    pub fn arrow_file<R: Read + Seek + Send + 'static>(file: R) -> Result<Self, Error> {
        let reader = FileReader::try_new(file, None)?;
        Ok(Self { schema: reader.schema(), batches: Box::new(reader) })
    }

    /// Reads Arrow's stream form.
    ///
    /// # Errors
    /// What is no such stream, or damaged where its columns are described.
    pub fn arrow_stream<R: Read + Send + 'static>(stream: R) -> Result<Self, Error> {
        let reader = StreamReader::try_new(stream, None)?;
        Ok(Self { schema: reader.schema(), batches: Box::new(reader) })
    }

    /// The schema of the batches.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.next()
    }
}
