//! Parquet: each batch is a row group, and its columns can be encoded side by side.
//!
//! The form is the one that most readers know: data pages of version 1, Zstandard, dictionaries, statistics. Nothing of
//! the moment goes into it, so that the same text gives the same file.

use super::Error;
use super::layout::{Facts, described};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowLeafColumn, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use std::io::Write;
use std::sync::Arc;

/// Rows of a row group.
pub const ROW_GROUP_ROWS: usize = 131_072;

/// Writes batches as row groups.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    n_groups: usize,
}

impl<W: Write + Send> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParquetWriter({} row groups)", self.n_groups)
    }
}

/// One column of a row group, to be encoded.
#[derive(Debug)]
pub struct Column {
    writer: ArrowColumnWriter,
    leaf: ArrowLeafColumn,
}

/// One column of a row group, encoded and compressed.
pub struct EncodedColumn(ArrowColumnChunk);

impl std::fmt::Debug for EncodedColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EncodedColumn")
    }
}

impl Column {
    /// Does the work, which needs nothing of the other columns.
    ///
    /// # Errors
    /// None that a batch of a [`super::Gatherer`] can cause.
    pub fn encode(mut self) -> Result<EncodedColumn, Error> {
        self.writer.write(&self.leaf)?;
        Ok(EncodedColumn(self.writer.close()?))
    }
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file of that schema, with what is to be told of its source.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn new(out: W, schema: &SchemaRef, facts: &Facts, created_by: &str) -> Result<Self, ParquetError> {
        // Some readers look for the facts in the schema that Arrow keeps in the file, others in the file's own pairs.
        let schema = described(schema, facts.metadata());
        let pairs = facts.pairs().into_iter().map(|(key, value)| KeyValue::new(key.to_owned(), value));
        let level = ZstdLevel::try_new(3)?;
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::ZSTD(level))
            .set_dictionary_enabled(true)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(created_by.to_owned())
            .set_key_value_metadata(Some(pairs.collect()))
            .build();
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties))?;
        let (file, columns) = writer.into_serialized_writer()?;
        Ok(Self { file, columns, schema, n_groups: 0 })
    }

    /// The columns of a batch, which is to be the next row group.
    ///
    /// # Errors
    /// None that a batch of that schema can cause.
    pub fn begin_group(&mut self, batch: &RecordBatch) -> Result<Vec<Column>, ParquetError> {
        let mut writers = self.columns.create_column_writers(self.n_groups)?.into_iter();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, array)? {
                let writer = writers.next().ok_or_else(|| ParquetError::General("a column too many".to_owned()))?;
                columns.push(Column { writer, leaf });
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
            column.0.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.n_groups += 1;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What the writer reports.
    pub fn finish(self) -> Result<W, ParquetError> {
        self.file.into_inner()
    }
}
