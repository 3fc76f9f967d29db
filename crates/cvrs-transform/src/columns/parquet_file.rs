//! Parquet: row groups, whose columns can be encoded side by side.
//!
//! The form is the one that most readers know: data pages of version 1, Zstandard, dictionaries, statistics. Nothing of
//! the moment goes into it, so that the same text gives the same file.

use super::builder::Part;
use super::column::{Column, EncodedColumn, Place, Slice};
use super::layout::{Facts, Options, Source, What, described, schema};
use super::pages::LEVEL;
use arrow_schema::SchemaRef;
use cvrs_codes::CodeSets;
use cvrs_spec::Field;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter, encode_arrow_schema};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use std::io::Write;
use std::sync::Arc;

/// Rows of a row group.
pub const ROW_GROUP_ROWS: usize = 131_072;

/// A row group of more text than that ends before it has all its rows, so that no text takes all memory.
const ROW_GROUP_BYTES: usize = 128 << 20;

/// Writes parts of a [`super::Builder::for_parquet`] as row groups.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    schema: SchemaRef,
    facts: Facts,
    source: String,
    codes: &'static CodeSets,
    /// The columns of the parts.
    sent: Vec<What>,
    /// The columns of the file.
    columns: Vec<What>,
    group_rows: usize,
    /// What has been added and not yet written.
    parts: Vec<Part>,
    /// How many rows of the first part have been written.
    n_skipped: usize,
    n_pending: usize,
    n_bytes: usize,
    spare: Vec<Part>,
    n_rows: u64,
}

impl<W: Write + Send> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParquetWriter({} rows)", self.n_rows)
    }
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file with row groups of so many rows, the last one of which may have fewer. What is to be told of its
    /// source is written at its end.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn new(
        out: W,
        options: &Options,
        source: Option<Source>,
        facts: &Facts,
        created_by: &str,
        codes: &'static CodeSets,
        group_rows: usize,
    ) -> Result<Self, ParquetError> {
        let (columns, sent) = (What::all(facts.version, options), What::sent(facts.version, options));
        let schema = schema(&columns, options);
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
            .set_dictionary_enabled(true)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_max_row_group_row_count(Some(group_rows))
            .set_created_by(created_by.to_owned())
            .build();
        let of_arrow = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(out, Arc::clone(&schema), of_arrow)?;
        let (file, _) = writer.into_serialized_writer()?;
        Ok(Self {
            file,
            schema,
            facts: facts.clone(),
            source: source.map(|source| source.name).unwrap_or_default(),
            codes,
            sent,
            columns,
            group_rows,
            parts: Vec::new(),
            n_skipped: 0,
            n_pending: 0,
            n_bytes: 0,
            spare: Vec::new(),
            n_rows: 0,
        })
    }

    /// Adds a part, and leaves another one in its place whose memory may be used again. Row groups that are full then
    /// are to be written before more is added.
    pub fn add(&mut self, part: &mut Part) {
        let taken = std::mem::replace(part, self.spare.pop().unwrap_or_default());
        self.n_rows += taken.n_rows as u64;
        self.n_pending += taken.n_rows;
        self.n_bytes += taken.n_bytes;
        self.parts.push(taken);
    }

    /// How many rows have been added.
    pub const fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// How many of them have not been written.
    pub const fn n_pending(&self) -> usize {
        self.n_pending
    }

    /// Whether there are rows enough for a row group.
    pub const fn is_full(&self) -> bool {
        self.n_pending >= self.group_rows || self.n_bytes > ROW_GROUP_BYTES && self.n_pending > 0
    }

    /// The columns of the next row group, those with most to do first; none if no rows are left.
    pub fn columns(&self) -> Vec<Column<'_>> {
        if self.n_pending == 0 {
            return Vec::new();
        }
        let place = |at: usize| -> Place { (at, self.columns[at], self.file.schema_descr().column(at)) };
        let (n_rows, mut columns) = (self.n_pending.min(self.group_rows), Vec::with_capacity(self.sent.len()));
        for (at, &what) in self.sent.iter().enumerate() {
            let mut own = None;
            let mut derived = Vec::new();
            for other in 0..self.columns.len() {
                if self.columns[other] == what {
                    own = Some(place(other));
                } else if what.field().is_some_and(|field| self.columns[other].field() == Some(field)) {
                    derived.push(place(other));
                }
            }
            let Some(own) = own else { continue };
            let is_drug = derived.iter().any(|(_, what, _)| *what == What::Ndc11);
            let cvx = self.sent.iter().position(|&what| is_drug && what == What::Cell(Field::Cvx));
            let cvx = cvx.map_or_else(Vec::new, |cvx| self.slices(cvx, n_rows));
            let (slices, codes, source) = (self.slices(at, n_rows), self.codes, self.source.as_str());
            columns.push(Column { slices, n_rows, own, derived, cvx, codes, source });
        }
        columns.sort_by_key(|column| std::cmp::Reverse(column.weight()));
        columns
    }

    /// The next rows of a column.
    fn slices(&self, at: usize, n_rows: usize) -> Vec<Slice<'_>> {
        let (mut left, mut start) = (n_rows, self.n_skipped);
        let mut slices = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let end = part.n_rows.min(start + left);
            if end > start {
                slices.push((&part.columns[at], start..end));
            }
            left -= end - start;
            start = 0;
        }
        slices
    }

    /// Writes a row group, whose columns come in any order.
    ///
    /// # Errors
    /// What the writer reports, and a column that is missing.
    pub fn write_group(&mut self, mut columns: Vec<EncodedColumn>) -> Result<(), ParquetError> {
        columns.sort_unstable_by_key(|column| column.at);
        let mut group = self.file.next_row_group()?;
        for column in columns {
            group.append_column(&bytes::Bytes::from(column.bytes), *column.told)?;
        }
        group.close()?;
        let mut left = self.n_pending.min(self.group_rows);
        self.n_pending -= left;
        left += self.n_skipped;
        let n_done = self
            .parts
            .iter()
            .take_while(|part| {
                let is_done = part.n_rows <= left;
                left -= if is_done { part.n_rows } else { 0 };
                is_done
            })
            .count();
        self.n_skipped = left;
        self.n_bytes = self.parts[n_done..].iter().map(|part| part.n_bytes).sum();
        self.spare.extend(self.parts.drain(..n_done));
        Ok(())
    }

    /// Ends the file; `sha256` is that of its source, if it is known by now. All rows have been written before.
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
