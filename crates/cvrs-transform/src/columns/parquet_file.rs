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
use parquet::schema::types::ColumnDescPtr;
use std::io::Write;
use std::sync::Arc;

/// Rows of a row group.
pub const ROW_GROUP_ROWS: usize = 131_072;

/// A row group of more text than that ends before it has all its rows, so that no text takes all memory.
const ROW_GROUP_BYTES: usize = 96 << 20;

/// What the columns are and are made with.
#[derive(Debug)]
struct Layout {
    source: String,
    codes: &'static CodeSets,
    /// The columns of the parts.
    sent: Vec<What>,
    /// The columns of the file.
    columns: Vec<(What, ColumnDescPtr)>,
}

/// The rows of a row group, which need nothing of the writer until they are encoded.
#[derive(Debug)]
pub struct RowGroup {
    layout: Arc<Layout>,
    parts: Vec<Arc<Part>>,
    /// How many rows of the first part are in the row group before.
    n_skipped: usize,
    n_rows: usize,
}

/// Writes parts of a [`super::Builder::for_parquet`] as row groups.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    schema: SchemaRef,
    facts: Facts,
    layout: Arc<Layout>,
    group_rows: usize,
    group_bytes: usize,
    /// What has been added and is in no row group yet.
    parts: Vec<Arc<Part>>,
    /// How many rows of the first part are in one.
    n_skipped: usize,
    n_pending: usize,
    /// How many of the pending rows have been measured, and how many bytes they have.
    measured: (usize, usize),
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
        let source = source.map(|source| source.name).unwrap_or_default();
        let columns = columns.into_iter().enumerate().map(|(at, what)| (what, file.schema_descr().column(at)));
        let layout = Arc::new(Layout { source, codes, sent, columns: columns.collect() });
        Ok(Self {
            file,
            schema,
            facts: facts.clone(),
            layout,
            group_rows,
            group_bytes: ROW_GROUP_BYTES,
            parts: Vec::new(),
            n_skipped: 0,
            n_pending: 0,
            measured: (0, 0),
            spare: Vec::new(),
            n_rows: 0,
        })
    }

    /// The same, with row groups that end beyond so many bytes of text.
    #[must_use]
    pub fn with_group_bytes(self, group_bytes: usize) -> Self {
        Self { group_bytes, ..self }
    }

    /// Adds a part, and leaves another one in its place whose memory may be used again. Row groups that are full then
    /// are to be taken before more is added.
    pub fn add(&mut self, part: &mut Part) {
        let taken = std::mem::replace(part, self.spare.pop().unwrap_or_default());
        self.n_rows += taken.n_rows as u64;
        self.n_pending += taken.n_rows;
        self.parts.push(Arc::new(taken));
    }

    /// How many rows have been added.
    pub const fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// The next row group that is full. Where it ends is told by its rows alone, however they came in parts.
    pub fn full_group(&mut self) -> Option<RowGroup> {
        let (mut n_rows, mut n_bytes) = self.measured;
        let mut n_done = self.n_skipped + n_rows;
        for part in &self.parts {
            let done = n_done.min(part.n_rows);
            n_done -= done;
            for &length in &part.lengths[done..] {
                n_rows += 1;
                n_bytes += length as usize;
                if n_rows == self.group_rows || n_bytes > self.group_bytes {
                    return Some(self.group(n_rows));
                }
            }
        }
        self.measured = (n_rows, n_bytes);
        None
    }

    /// The next row group, full or not; none if no rows are left.
    pub fn last_group(&mut self) -> Option<RowGroup> {
        let full = self.full_group();
        full.or_else(|| (self.n_pending > 0).then(|| self.group(self.n_pending)))
    }

    /// The next row group, of so many rows.
    fn group(&mut self, n_rows: usize) -> RowGroup {
        self.n_pending -= n_rows;
        let n_skipped = self.n_skipped;
        let (mut left, mut n_done) = (n_skipped + n_rows, 0);
        while let Some(part) = self.parts.get(n_done).filter(|part| part.n_rows <= left) {
            left -= part.n_rows;
            n_done += 1;
        }
        self.n_skipped = left;
        let mut parts: Vec<Arc<Part>> = self.parts.drain(..n_done).collect();
        // The part in which the next row group begins.
        parts.extend(self.parts.first().filter(|_| left > 0).map(Arc::clone));
        self.measured = (0, 0);
        RowGroup { layout: Arc::clone(&self.layout), parts, n_skipped, n_rows }
    }

    /// Writes a row group, whose columns come in any order.
    ///
    /// # Errors
    /// What the writer reports, and a column that is missing.
    pub fn write_group(&mut self, group: RowGroup, mut columns: Vec<EncodedColumn>) -> Result<(), ParquetError> {
        columns.sort_unstable_by_key(|column| column.at);
        let mut file_group = self.file.next_row_group()?;
        for column in columns {
            file_group.append_column(&bytes::Bytes::from(column.bytes), *column.told)?;
        }
        file_group.close()?;
        self.spare.extend(group.parts.into_iter().filter_map(Arc::into_inner));
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

impl RowGroup {
    /// The columns that were sent, those with most to do first.
    pub fn columns(&self) -> Vec<Column<'_>> {
        let Layout { source, codes, sent, columns } = &*self.layout;
        let mut all = Vec::with_capacity(sent.len());
        for (at, &what) in sent.iter().enumerate() {
            let (mut own, mut derived) = (None, Vec::new());
            for (other, (of, descr)) in columns.iter().enumerate() {
                let place: Place = (other, *of, Arc::clone(descr));
                if *of == what {
                    own = Some(place);
                } else if what.field().is_some_and(|field| of.field() == Some(field)) {
                    derived.push(place);
                }
            }
            let Some(own) = own else { continue };
            let is_drug = derived.iter().any(|(_, what, _)| *what == What::Ndc11);
            let cvx = sent.iter().position(|&what| is_drug && what == What::Cell(Field::Cvx));
            let cvx = cvx.map_or_else(Vec::new, |cvx| self.slices(cvx));
            all.push(Column { slices: self.slices(at), n_rows: self.n_rows, own, derived, cvx, codes, source });
        }
        all.sort_by_key(|column| std::cmp::Reverse(column.weight()));
        all
    }

    /// The rows of a column.
    fn slices(&self, at: usize) -> Vec<Slice<'_>> {
        let (mut left, mut start) = (self.n_rows, self.n_skipped);
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
}
