//! The pages of one column of a row group, and what is told of them.
//!
//! A page is no longer than what Zstandard looks at in the nearest memory. Which rows are null is told by a bit each,
//! unless all are or none.

use super::builder::NO_KEY;
use super::hybrid;
use super::value::{Bounds, Value};
use parquet::basic::{Compression, Encoding, Type, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

/// The level of Zstandard.
pub(super) const LEVEL: i32 = 3;

/// Rows and bytes of a page, of which the last text may go beyond the latter.
const PAGE_ROWS: usize = 20_000;
const PAGE_BYTES: usize = 120 << 10;

/// Packs pages. It keeps its memory from page to page.
pub struct Packer {
    zstd: Compressor<'static>,
    packed: Vec<u8>,
    page: Vec<u8>,
    /// What follows the levels in a page.
    body: Vec<u8>,
    /// One bit a row.
    levels: Vec<u8>,
    /// The keys of the rows that are not null.
    present: Vec<u32>,
    /// Vectors of keys that nobody uses.
    pub(super) spare_keys: Vec<Vec<u32>>,
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Packer")
    }
}

impl Packer {
    /// One for a thread.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new() -> Result<Self, std::io::Error> {
        Ok(Self {
            zstd: Compressor::new(LEVEL)?,
            packed: Vec::new(),
            page: Vec::new(),
            body: Vec::new(),
            levels: Vec::new(),
            present: Vec::new(),
            spare_keys: Vec::new(),
        })
    }
}

/// The pages of a column of such values, as they are written.
pub(super) struct Pages<'p, V: Value> {
    packer: &'p mut Packer,
    sink: TrackedWrite<Vec<u8>>,
    column_index: ColumnIndexBuilder,
    offset_index: OffsetIndexBuilder,
    dictionary: Option<u64>,
    first_page: Option<u64>,
    n_rows: usize,
    n_nulls: usize,
    /// Bytes of all texts.
    n_bytes: usize,
    /// Bytes of all pages with their heads, before and after they are packed.
    sizes: [usize; 2],
    bounds: Bounds<V>,
}

/// What is told of a page.
struct Told<V: Value> {
    n_rows: usize,
    n_nulls: usize,
    n_bytes: usize,
    bounds: Bounds<V>,
}

/// Parts rows in those that are null, told by a bit each, and the keys of those that are not.
fn part(keys: &[u32], levels: &mut Vec<u8>, present: &mut Vec<u32>) {
    levels.clear();
    levels.extend(keys.chunks(8).map(|keys| {
        let bits = keys.iter().rev().fold(0, |bits, &key| bits << 1 | u32::from(key != NO_KEY));
        bits as u8
    }));
    present.clear();
    present.resize(keys.len(), 0);
    let mut n_present = 0;
    for &key in keys {
        present[n_present] = key;
        n_present += usize::from(key != NO_KEY);
    }
    present.truncate(n_present);
}

/// Counts and sizes as the format has them.
const fn signed(n: usize) -> i64 {
    (n as u64).cast_signed()
}

impl<'p, V: Value> Pages<'p, V> {
    pub(super) fn new(packer: &'p mut Packer) -> Self {
        Self {
            packer,
            sink: TrackedWrite::new(Vec::new()),
            column_index: ColumnIndexBuilder::new(V::TYPE),
            offset_index: OffsetIndexBuilder::new(),
            dictionary: None,
            first_page: None,
            n_rows: 0,
            n_nulls: 0,
            n_bytes: 0,
            sizes: [0; 2],
            bounds: Bounds::NONE,
        }
    }

    /// Values by their numbers in a dictionary, or what is as short as a number as it is. A null's key is [`NO_KEY`].
    pub(super) fn coded(&mut self, values: &[V], keys: &[u32]) -> Result<(), ParquetError> {
        let is_bits = V::TYPE == Type::BOOLEAN;
        if !values.is_empty() && !is_bits {
            self.packer.page.clear();
            for value in values {
                value.push(&mut self.packer.page);
            }
            let buf = self.pack()?.into();
            let num_values = values.len() as u32;
            let told = Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false };
            self.dictionary = Some(self.put(told)?.offset);
        }
        // Of nothing but nulls there is no dictionary either.
        let encoding = if self.dictionary.is_none() { Encoding::PLAIN } else { Encoding::RLE_DICTIONARY };
        let width = hybrid::width(values.len().saturating_sub(1) as u32);
        let mut counts = vec![0u32; values.len()];
        for keys in keys.chunks(PAGE_ROWS) {
            let n_nulls = keys.iter().filter(|key| **key == NO_KEY).count();
            let mut told = Told { n_rows: keys.len(), n_nulls, n_bytes: 0, bounds: Bounds::NONE };
            let Packer { present, body, levels, .. } = &mut *self.packer;
            let present: &[u32] = match n_nulls {
                0 => keys,
                all if all == keys.len() => &[],
                _ => {
                    part(keys, levels, present);
                    present
                }
            };
            body.clear();
            // A page mostly has many values, or the same all over.
            let only = present.first().filter(|first| present.iter().all(|key| key == *first));
            if let Some(&key) = only {
                told.bounds.add(values[key as usize]);
                told.n_bytes = values[key as usize].n_bytes() * present.len();
            } else {
                for &key in present {
                    counts[key as usize] += 1;
                }
                for (value, count) in values.iter().zip(&mut counts).filter(|(_, count)| **count > 0) {
                    told.bounds.add(*value);
                    told.n_bytes += value.n_bytes() * std::mem::take(count) as usize;
                }
            }
            if is_bits {
                // False has the number zero.
                hybrid::pack_bare(present, 1, body);
                body.truncate(present.len().div_ceil(8));
            } else if self.dictionary.is_some() {
                body.push(width);
                match only {
                    Some(&key) => hybrid::repeat(key, present.len(), width, body),
                    None => hybrid::encode(present, width, body),
                }
            }
            self.end(encoding, &told)?;
        }
        Ok(())
    }

    /// Values as they are.
    pub(super) fn plain(&mut self, rows: impl Iterator<Item = Option<V>>) -> Result<(), ParquetError> {
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            let Packer { body, levels, .. } = &mut *self.packer;
            body.clear();
            levels.clear();
            let mut told = Told { n_rows: 0, n_nulls: 0, n_bytes: 0, bounds: Bounds::NONE };
            while told.n_rows < PAGE_ROWS && body.len() < PAGE_BYTES {
                let Some(row) = rows.next() else { break };
                if told.n_rows.is_multiple_of(8) {
                    levels.push(0);
                }
                if let Some(level) = levels.last_mut() {
                    *level |= u8::from(row.is_some()) << (told.n_rows % 8);
                }
                told.n_rows += 1;
                match row {
                    None => told.n_nulls += 1,
                    Some(value) => {
                        value.push(body);
                        told.n_bytes += value.n_bytes();
                        told.bounds.add(value);
                    }
                }
            }
            self.end(Encoding::PLAIN, &told)?;
        }
        Ok(())
    }

    /// Ends a page.
    fn end(&mut self, encoding: Encoding, told: &Told<V>) -> Result<(), ParquetError> {
        let Packer { page, body, levels, .. } = &mut *self.packer;
        page.clear();
        page.extend_from_slice(&[0; 4]);
        if (1..told.n_rows).contains(&told.n_nulls) {
            hybrid::bits(levels, page);
        } else {
            hybrid::repeat(u32::from(told.n_nulls == 0), told.n_rows, 1, page);
        }
        let length = page.len() as u32 - 4;
        page[..4].copy_from_slice(&length.to_le_bytes());
        page.extend_from_slice(body);

        let bounds = told.bounds.get();
        let [least, greatest] =
            bounds.map_or([Vec::new(), Vec::new()], |[least, greatest]| [least.lower().0, greatest.upper().0]);
        self.bounds.add_all(told.bounds);
        self.column_index.append(bounds.is_none(), least, greatest, signed(told.n_nulls), None);
        self.offset_index.append_row_count(signed(told.n_rows));
        let is_text = V::TYPE == Type::BYTE_ARRAY;
        self.offset_index.append_unencoded_byte_array_data_bytes(is_text.then_some(signed(told.n_bytes)));
        self.n_rows += told.n_rows;
        self.n_nulls += told.n_nulls;
        self.n_bytes += told.n_bytes;
        let page = Page::DataPage {
            buf: self.pack()?.into(),
            num_values: told.n_rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let written = self.put(page)?;
        self.first_page.get_or_insert(written.offset);
        self.offset_index
            .append_offset_and_size(written.offset.cast_signed(), (written.compressed_size as u32).cast_signed());
        Ok(())
    }

    /// Packs the page.
    fn pack(&mut self) -> Result<Vec<u8>, ParquetError> {
        let Packer { zstd, page, packed, .. } = &mut *self.packer;
        packed.clear();
        packed.reserve(compress_bound(page.len()));
        zstd.compress_to_buffer(page, packed)?;
        Ok(packed.clone())
    }

    fn put(&mut self, page: Page) -> Result<PageWriteSpec, ParquetError> {
        let page = CompressedPage::new(page, self.packer.page.len());
        let written = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        self.sizes[0] += written.uncompressed_size;
        self.sizes[1] += written.compressed_size;
        Ok(written)
    }

    /// The bytes of the pages, and what the file tells of them.
    pub(super) fn finish(self, descr: &ColumnDescPtr) -> Result<(Vec<u8>, ColumnCloseResult), ParquetError> {
        let coded = self.dictionary.map(|_| Encoding::RLE_DICTIONARY);
        let is_text = V::TYPE == Type::BYTE_ARRAY;
        let metadata = ColumnChunkMetaData::builder(descr.clone())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
            .set_encodings([Encoding::PLAIN, Encoding::RLE].into_iter().chain(coded).collect())
            .set_total_uncompressed_size(signed(self.sizes[0]))
            .set_total_compressed_size(signed(self.sizes[1]))
            .set_num_values(signed(self.n_rows))
            .set_data_page_offset(self.first_page.unwrap_or_default().cast_signed())
            .set_dictionary_page_offset(self.dictionary.map(u64::cast_signed))
            .set_statistics(V::statistics(self.bounds.get(), self.n_nulls as u64))
            .set_unencoded_byte_array_data_bytes(is_text.then_some(signed(self.n_bytes)))
            .build()?;
        let bytes = self.sink.into_inner()?;
        let told = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.n_rows as u64,
            metadata,
            bloom_filter: None,
            column_index: Some(self.column_index.build()?),
            offset_index: Some(self.offset_index.build()),
        };
        Ok((bytes, told))
    }
}
