//! Parquet: each batch is a row group, and its columns can be encoded side by side. Texts are encoded by `text_chunk`, all
//! others by the library's own writer.
//!
//! The form is the one that most readers know: data pages of version 1, Zstandard, dictionaries, statistics. Nothing of
//! the moment goes into it, so that the same text gives the same file.

use super::Error;
use super::layout::{Facts, described};
use super::text_chunk::{self, LEVEL, Packer, is_text};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowLeafColumn, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter, encode_arrow_schema};
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescPtr;
use std::io::Write;
use std::sync::Arc;

/// Rows of a row group.
pub const ROW_GROUP_ROWS: usize = 131_072;

/// Writes batches as row groups.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    facts: Facts,
    n_groups: usize,
}

impl<W: Write + Send> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParquetWriter({} row groups)", self.n_groups)
    }
}

/// One column of a row group, to be encoded.
#[derive(Debug)]
pub struct Column(ToEncode);

#[derive(Debug)]
enum ToEncode {
    Text { array: ArrayRef, descr: ColumnDescPtr },
    Other { writer: Box<ArrowColumnWriter>, leaf: ArrowLeafColumn },
}

/// One column of a row group, encoded and compressed.
pub struct EncodedColumn(Encoded);

enum Encoded {
    Text(Bytes, Box<ColumnCloseResult>),
    Other(Box<ArrowColumnChunk>),
}

impl std::fmt::Debug for EncodedColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EncodedColumn")
    }
}

impl Column {
    /// Does the work, which needs nothing of the other columns. A thread has one packer for all columns.
    ///
    /// # Errors
    /// None that a batch of a [`super::Gatherer`] can cause.
    pub fn encode(self, packer: &mut Packer) -> Result<EncodedColumn, Error> {
        Ok(EncodedColumn(match self.0 {
            ToEncode::Text { array, descr } => {
                let (bytes, told) = text_chunk::encode(&array, &descr, packer)?;
                Encoded::Text(bytes.into(), Box::new(told))
            }
            ToEncode::Other { mut writer, leaf } => {
                writer.write(&leaf)?;
                Encoded::Other(Box::new(writer.close()?))
            }
        }))
    }
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file of that schema. What is to be told of its source is written at its end.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn new(out: W, schema: &SchemaRef, facts: &Facts, created_by: &str) -> Result<Self, ParquetError> {
        let level = ZstdLevel::try_new(LEVEL)?;
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::ZSTD(level))
            .set_dictionary_enabled(true)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(created_by.to_owned())
            .build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(out, Arc::clone(schema), options)?;
        let (file, columns) = writer.into_serialized_writer()?;
        Ok(Self { file, columns, schema: Arc::clone(schema), facts: facts.clone(), n_groups: 0 })
    }

    /// The columns of a batch, which is to be the next row group.
    ///
    /// # Errors
    /// None that a batch of that schema can cause.
    pub fn begin_group(&mut self, batch: &RecordBatch) -> Result<Vec<Column>, ParquetError> {
        let mut writers = self.columns.create_column_writers(self.n_groups)?.into_iter();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (at, (field, array)) in self.schema.fields().iter().zip(batch.columns()).enumerate() {
            // No column is nested, so that each is one leaf.
            let writer = writers.next().ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
            if is_text(array.data_type()) {
                let descr = self.file.schema_descr().column(at);
                columns.push(Column(ToEncode::Text { array: Arc::clone(array), descr }));
                continue;
            }
            if let Some(leaf) = compute_leaves(field, array)?.into_iter().next() {
                columns.push(Column(ToEncode::Other { writer: Box::new(writer), leaf }));
            }
        }
        Ok(columns)
    }

    /// Writes a row group; its columns are in their order.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn write_group(&mut self, columns: Vec<EncodedColumn>) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for column in columns {
            match column.0 {
                Encoded::Text(bytes, told) => group.append_column(&bytes, *told)?,
                Encoded::Other(chunk) => chunk.append_to_row_group(&mut group)?,
            }
        }
        group.close()?;
        self.n_groups += 1;
        Ok(())
    }

    /// Ends the file; `sha256` is that of its source, if it is known by now.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn finish(mut self, sha256: Option<String>) -> Result<W, ParquetError> {
        let facts = Facts { sha256: sha256.or(self.facts.sha256), ..self.facts };
        // Some readers look for the facts in the schema that Arrow keeps in the file, others in the file's own pairs.
        let schema = encode_arrow_schema(&described(&self.schema, facts.metadata()));
        for (key, value) in facts.pairs().into_iter().chain([(ARROW_SCHEMA_META_KEY, schema)]) {
            self.file.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        self.file.into_inner()
    }
}
