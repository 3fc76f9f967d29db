//! A column of texts as the pages of a Parquet file.
//!
//! The library's own writer looks up every value of every row in a table of its own. Here a dictionary that a batch comes
//! with is taken as it is, and a column in which most values differ (ids) is never tried as one. Which form a column has
//! depends on its values alone.

use super::builder::Interner;
use super::hybrid;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use parquet::basic::{Compression, Encoding, Type, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::ops::Range;

/// The level of Zstandard.
pub(super) const LEVEL: i32 = 3;

/// Rows and bytes of a page, of which the last text may go beyond the latter.
const PAGE_ROWS: usize = 20_000;
const PAGE_BYTES: usize = 1 << 20;

/// The most text of a dictionary that is made here.
const DICTIONARY_BYTES: usize = 1 << 20;

/// Of so many texts at the beginning of a column at most half may differ, else it gets no dictionary.
const SAMPLE: usize = 4096;

/// The least and the greatest text are told by so many bytes at most.
const BOUND_BYTES: usize = 64;

/// Packs pages. It keeps its memory from page to page.
pub struct Packer(zstd::bulk::Compressor<'static>);

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
        zstd::bulk::Compressor::new(LEVEL).map(Self)
    }
}

/// Whether a column is encoded here.
pub(super) fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 => true,
        DataType::Dictionary(key, value) => **key == DataType::Int32 && **value == DataType::Utf8,
        _ => false,
    }
}

/// The pages of a column that [`is_text`], and what is to be told of them.
pub(super) fn encode(
    array: &ArrayRef,
    descr: &ColumnDescPtr,
    packer: &mut Packer,
) -> Result<(Vec<u8>, ColumnCloseResult), ParquetError> {
    let mut chunk = Chunk::new(array.nulls(), packer);
    if let Some(array) = array.as_dictionary_opt::<Int32Type>() {
        let values = array.values().as_string::<i32>();
        let texts: Vec<&[u8]> = (0..values.len()).map(|at| values.value(at).as_bytes()).collect();
        let keys: Vec<u32> = array.keys().values().iter().map(|key| key.cast_unsigned()).collect();
        chunk.coded(&texts, &keys)?;
    } else {
        let array = array.as_string::<i32>();
        match interned(array) {
            Some((distinct, keys)) => {
                let texts: Vec<&[u8]> = (0..distinct.len()).map(|at| distinct.texts.get(at)).collect();
                chunk.coded(&texts, &keys)?;
            }
            None => chunk.plain(array)?,
        }
    }
    chunk.finish(array.len(), descr)
}

/// Offsets are never negative.
const fn offset(at: i32) -> usize {
    at.cast_unsigned() as usize
}

/// Counts and sizes as the format has them.
const fn signed(n: usize) -> i64 {
    (n as u64).cast_signed()
}

fn text(array: &StringArray, row: usize) -> &[u8] {
    let [start, end] = [row, row + 1].map(|at| offset(array.value_offsets()[at]));
    &array.value_data()[start..end]
}

/// The different texts of a column and their numbers row by row, unless there are too many; a null's number is 0.
fn interned(array: &StringArray) -> Option<(Interner, Vec<u32>)> {
    let mut distinct = Interner::default();
    let mut keys = Vec::with_capacity(array.len());
    let mut n_values = 0;
    for row in 0..array.len() {
        if array.is_null(row) {
            keys.push(0);
            continue;
        }
        keys.push(distinct.number(text(array, row)));
        n_values += 1;
        let is_sampled = n_values == SAMPLE && distinct.len() > SAMPLE / 2;
        if is_sampled || distinct.texts.bytes.len() > DICTIONARY_BYTES {
            return None;
        }
    }
    Some((distinct, keys))
}

/// The least and the greatest of some texts.
#[derive(Clone, Copy, Default)]
struct Bounds<'a>(Option<[(u64, &'a [u8]); 2]>);

/// The beginning of a text, which mostly says already which of two is less.
#[inline]
fn beginning(text: &[u8]) -> u64 {
    if let Some(start) = text.first_chunk::<8>() {
        return u64::from_be_bytes(*start);
    }
    let mut start = [0; 8];
    start[..text.len()].copy_from_slice(text);
    u64::from_be_bytes(start)
}

impl<'a> Bounds<'a> {
    #[inline]
    fn add(&mut self, text: &'a [u8]) {
        let own = (beginning(text), text);
        match &mut self.0 {
            None => self.0 = Some([own; 2]),
            Some([least, greatest]) => {
                // Of equal beginnings one may be filled up with zeros, so that the texts decide.
                if own < *least {
                    *least = own;
                }
                if own > *greatest {
                    *greatest = own;
                }
            }
        }
    }
}

/// A text's beginning, which is not greater; whether it is the text itself.
fn lower(text: &[u8]) -> (Vec<u8>, bool) {
    let end = cut(text);
    (text[..end].to_vec(), end == text.len())
}

/// A text that is not less, mostly not longer; whether it is the text itself.
fn upper(text: &[u8]) -> (Vec<u8>, bool) {
    let end = cut(text);
    // The last character of ASCII that has a successor there is raised.
    let raised = text[..end].iter().rposition(|&byte| byte < 0x7F).filter(|_| end < text.len());
    match raised {
        Some(at) => ([&text[..at], &[text[at] + 1]].concat(), false),
        None => (text.to_vec(), true),
    }
}

/// Where a text is cut, between two characters.
fn cut(text: &[u8]) -> usize {
    if text.len() <= BOUND_BYTES {
        return text.len();
    }
    (0..=BOUND_BYTES).rev().find(|&at| text[at] & 0xC0 != 0x80).unwrap_or(BOUND_BYTES)
}

/// The pages of a column, as they are written.
struct Chunk<'a> {
    nulls: Option<&'a NullBuffer>,
    packer: &'a mut Packer,
    sink: TrackedWrite<Vec<u8>>,
    column_index: ColumnIndexBuilder,
    offset_index: OffsetIndexBuilder,
    dictionary: Option<u64>,
    first_page: Option<u64>,
    n_nulls: usize,
    /// Bytes of all texts.
    n_bytes: usize,
    /// Bytes of all pages with their heads, before and after they are packed.
    sizes: [usize; 2],
    least: Option<Vec<u8>>,
    greatest: Option<Vec<u8>>,
}

impl<'a> Chunk<'a> {
    fn new(nulls: Option<&'a NullBuffer>, packer: &'a mut Packer) -> Self {
        Self {
            nulls,
            packer,
            sink: TrackedWrite::new(Vec::new()),
            column_index: ColumnIndexBuilder::new(Type::BYTE_ARRAY),
            offset_index: OffsetIndexBuilder::new(),
            dictionary: None,
            first_page: None,
            n_nulls: 0,
            n_bytes: 0,
            sizes: [0; 2],
            least: None,
            greatest: None,
        }
    }

    /// Texts by their numbers in a dictionary.
    fn coded(&mut self, texts: &[&[u8]], keys: &[u32]) -> Result<(), ParquetError> {
        if !texts.is_empty() {
            let mut page = Vec::new();
            for text in texts {
                push(text, &mut page);
            }
            let buf = self.pack(&page)?.into();
            let num_values = texts.len() as u32;
            let told = Page::DictionaryPage { buf, num_values, encoding: Encoding::PLAIN, is_sorted: false };
            self.dictionary = Some(self.put(told, page.len())?.offset);
        }
        let width = hybrid::width(texts.len().saturating_sub(1) as u32);
        let mut seen = vec![usize::MAX; texts.len()];
        let mut present: Vec<u32> = Vec::with_capacity(PAGE_ROWS);
        let mut page = Vec::new();
        for start in (0..keys.len()).step_by(PAGE_ROWS) {
            let rows = start..keys.len().min(start + PAGE_ROWS);
            let n_nulls = self.begin(&rows, &mut page);
            present.clear();
            match self.nulls.filter(|_| n_nulls > 0) {
                None => present.extend_from_slice(&keys[rows.clone()]),
                Some(nulls) => present.extend(rows.clone().filter(|&row| nulls.is_valid(row)).map(|row| keys[row])),
            }
            let (mut bounds, mut n_bytes) = (Bounds::default(), 0);
            for &key in &present {
                let key = key as usize;
                n_bytes += texts[key].len();
                if std::mem::replace(&mut seen[key], start) != start {
                    bounds.add(texts[key]);
                }
            }
            // Of nothing but nulls there is no dictionary either.
            let encoding = if texts.is_empty() { Encoding::PLAIN } else { Encoding::RLE_DICTIONARY };
            if !texts.is_empty() {
                page.push(width);
                hybrid::encode(&present, width, &mut page);
            }
            self.end(&page, rows, encoding, n_nulls, n_bytes, bounds)?;
        }
        Ok(())
    }

    /// Texts as they are.
    fn plain(&mut self, array: &StringArray) -> Result<(), ParquetError> {
        let mut page = Vec::with_capacity(PAGE_BYTES + PAGE_BYTES / 4);
        let mut start = 0;
        while start < array.len() {
            let limit = offset(array.value_offsets()[start]) + PAGE_BYTES;
            let most = array.len().min(start + PAGE_ROWS);
            let n_rows = array.value_offsets()[start + 1..=most].partition_point(|&end| offset(end) < limit);
            let rows = start..most.min(start + n_rows + 1);
            let n_nulls = self.begin(&rows, &mut page);
            let (mut bounds, mut n_bytes) = (Bounds::default(), 0);
            for row in rows.clone() {
                if n_nulls == 0 || array.is_valid(row) {
                    let text = text(array, row);
                    push(text, &mut page);
                    n_bytes += text.len();
                    bounds.add(text);
                }
            }
            start = rows.end;
            self.end(&page, rows, Encoding::PLAIN, n_nulls, n_bytes, bounds)?;
        }
        Ok(())
    }

    /// Begins a page with what says which rows are null: how many are.
    fn begin(&self, rows: &Range<usize>, page: &mut Vec<u8>) -> usize {
        page.clear();
        page.extend_from_slice(&[0; 4]);
        let nulls = self.nulls.map(|nulls| nulls.slice(rows.start, rows.len()));
        let n_nulls = nulls.as_ref().map_or(0, NullBuffer::null_count);
        match nulls.filter(|_| n_nulls > 0 && n_nulls < rows.len()) {
            None => hybrid::repeat(u32::from(n_nulls == 0), rows.len(), 1, page),
            Some(nulls) => {
                let levels: Vec<u32> = nulls.iter().map(u32::from).collect();
                hybrid::encode(&levels, 1, page);
            }
        }
        let length = page.len() as u32 - 4;
        page[..4].copy_from_slice(&length.to_le_bytes());
        n_nulls
    }

    fn end(
        &mut self,
        page: &[u8],
        rows: Range<usize>,
        encoding: Encoding,
        n_nulls: usize,
        n_bytes: usize,
        bounds: Bounds<'_>,
    ) -> Result<(), ParquetError> {
        let (least, greatest) = match bounds.0 {
            None => (Vec::new(), Vec::new()),
            Some([(_, least), (_, greatest)]) => {
                if self.least.as_deref().is_none_or(|known| least < known) {
                    self.least = Some(least.to_vec());
                }
                if self.greatest.as_deref().is_none_or(|known| greatest > known) {
                    self.greatest = Some(greatest.to_vec());
                }
                (lower(least).0, upper(greatest).0)
            }
        };
        self.column_index.append(bounds.0.is_none(), least, greatest, signed(n_nulls), None);
        self.offset_index.append_row_count(signed(rows.len()));
        self.offset_index.append_unencoded_byte_array_data_bytes(Some(signed(n_bytes)));
        self.n_nulls += n_nulls;
        self.n_bytes += n_bytes;
        let told = Page::DataPage {
            buf: self.pack(page)?.into(),
            num_values: rows.len() as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let written = self.put(told, page.len())?;
        self.first_page.get_or_insert(written.offset);
        self.offset_index
            .append_offset_and_size(written.offset.cast_signed(), (written.compressed_size as u32).cast_signed());
        Ok(())
    }

    fn pack(&mut self, page: &[u8]) -> Result<Vec<u8>, ParquetError> {
        Ok(self.packer.0.compress(page)?)
    }

    fn put(&mut self, page: Page, n_bytes: usize) -> Result<PageWriteSpec, ParquetError> {
        let written = SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, n_bytes))?;
        self.sizes[0] += written.uncompressed_size;
        self.sizes[1] += written.compressed_size;
        Ok(written)
    }

    fn finish(self, n_rows: usize, descr: &ColumnDescPtr) -> Result<(Vec<u8>, ColumnCloseResult), ParquetError> {
        let (least, is_least) = self.least.as_deref().map(lower).unzip();
        let (greatest, is_greatest) = self.greatest.as_deref().map(upper).unzip();
        let nulls = Some(self.n_nulls as u64);
        let statistics =
            ValueStatistics::new(least.map(ByteArray::from), greatest.map(ByteArray::from), None, nulls, false)
                .with_min_is_exact(is_least.unwrap_or(true))
                .with_max_is_exact(is_greatest.unwrap_or(true));
        let coded = self.dictionary.map(|_| Encoding::RLE_DICTIONARY);
        let metadata = ColumnChunkMetaData::builder(descr.clone())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
            .set_encodings([Encoding::PLAIN, Encoding::RLE].into_iter().chain(coded).collect())
            .set_total_uncompressed_size(signed(self.sizes[0]))
            .set_total_compressed_size(signed(self.sizes[1]))
            .set_num_values(signed(n_rows))
            .set_data_page_offset(self.first_page.unwrap_or_default().cast_signed())
            .set_dictionary_page_offset(self.dictionary.map(u64::cast_signed))
            .set_statistics(Statistics::ByteArray(statistics))
            .set_unencoded_byte_array_data_bytes(Some(signed(self.n_bytes)))
            .build()?;
        let bytes = self.sink.into_inner()?;
        let told = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: n_rows as u64,
            metadata,
            bloom_filter: None,
            column_index: Some(self.column_index.build()?),
            offset_index: Some(self.offset_index.build()),
        };
        Ok((bytes, told))
    }
}

/// Appends a text after its length.
#[inline]
fn push(text: &[u8], page: &mut Vec<u8>) {
    page.extend_from_slice(&(text.len() as u32).to_le_bytes());
    page.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn bounds_lie_around_the_texts_and_are_text(texts in proptest::collection::vec("[ab\\x00\\x7f\u{e9}\u{20ac}]{0,80}", 1..20)) {
            let mut bounds = Bounds::default();
            for text in &texts {
                bounds.add(text.as_bytes());
            }
            let [(_, least), (_, greatest)] = bounds.0.expect("a text");
            proptest::prop_assert_eq!(Some(least), texts.iter().map(String::as_bytes).min());
            proptest::prop_assert_eq!(Some(greatest), texts.iter().map(String::as_bytes).max());
            let ((below, is_least), (above, is_greatest)) = (lower(least), upper(greatest));
            proptest::prop_assert!(below.as_slice() <= least && above.as_slice() >= greatest);
            proptest::prop_assert_eq!(is_least, below == least);
            proptest::prop_assert_eq!(is_greatest, above == greatest);
            proptest::prop_assert!(String::from_utf8(below).is_ok() && String::from_utf8(above).is_ok());
        }
    }
}
