//! Batches out of files, whichever of the three forms they have.

use super::Error;
use super::parquet_pages::Groups;
use super::read::columns_of_cvrs;
use super::vet::{vet_file, vet_stream};
use arrow_array::RecordBatch;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::file::reader::ChunkReader;
use std::io::{Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
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
    reader: Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send>,
    /// Whether an error ended it.
    has_failed: bool,
}

impl std::fmt::Debug for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batches({} columns)", self.schema.fields().len())
    }
}

/// Reads something. The readers panic on some of what is damaged, which is an error as any other.
fn caught<T>(read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(Error::IpcError("damaged".to_owned())))
}

impl Batches {
    /// Reads Parquet; other columns than those of CVRS are not looked at.
    ///
    /// # Errors
    /// What is no Parquet, or damaged where its columns are described.
    pub fn parquet<R: ChunkReader + 'static>(file: R) -> Result<Self, Error> {
        caught(|| {
            let described = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())?;
            let wanted = columns_of_cvrs(described.schema().fields().iter().map(|field| field.name().as_str()));
            let mask = ProjectionMask::roots(described.parquet_schema(), wanted.iter().copied());
            // The metadata of the file is that of the whole schema.
            let fields: Vec<_> = wanted.iter().map(|&at| Arc::clone(&described.schema().fields()[at])).collect();
            let schema = Arc::new(Schema::new_with_metadata(fields, described.schema().metadata().clone()));
            let levels =
                parquet_to_arrow_field_levels(described.parquet_schema(), mask, Some(described.schema().fields()))?;
            let groups = Groups::new(file, Arc::clone(described.metadata()))?;
            let reader = ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, READ_ROWS, None)?;
            Ok(Self { schema, reader: Box::new(reader), has_failed: false })
        })
    }

    /// Reads Arrow's file form; other columns than those of CVRS are not looked at.
    ///
    /// # Errors
    /// What is no such file, or damaged where its columns or its parts are described.
    pub fn arrow_file<R: Read + Seek + Send + 'static>(mut file: R) -> Result<Self, Error> {
        caught(|| {
            let columns = vet_file(&mut file)?;
            let reader = FileReader::try_new(file, Some(columns))?;
            Ok(Self { schema: reader.schema(), reader: Box::new(reader), has_failed: false })
        })
    }

    /// Reads Arrow's stream form; other columns than those of CVRS are not looked at.
    ///
    /// # Errors
    /// What is no such stream, or damaged where its columns or its parts are described.
    pub fn arrow_stream<R: Read + Seek + Send + 'static>(mut stream: R) -> Result<Self, Error> {
        caught(|| {
            let columns = vet_stream(&mut stream)?;
            let reader = StreamReader::try_new(stream, Some(columns))?;
            Ok(Self { schema: reader.schema(), reader: Box::new(reader), has_failed: false })
        })
    }

    /// The schema of the batches.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let next = caught(|| self.reader.next().transpose());
        self.has_failed = next.is_err();
        next.transpose()
    }
}
