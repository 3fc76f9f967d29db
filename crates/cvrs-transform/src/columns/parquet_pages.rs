//! Pages of Parquet, of which what they say of themselves is looked at before it is acted upon.
//!
//! The reader takes three numbers of a page at their word, and asks for as much memory as they say: how long a page is
//! without its packing, how many values a dictionary has, and how many values lengths are told of. Where the first two stand
//! is a page's header, where the last stands is the page itself.

use super::Error;
use bytes::Bytes;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use std::io::Read;
use std::sync::Arc;

/// A page may be so long without its packing: a mebibyte, with which writers are content, and the longest line of CVRS.
const MOST_BYTES: u64 = 66 << 20;
/// Or it may be so many times as long as with it.
const MOST_TIMES: u64 = 256;
/// What a text in a dictionary takes up at least: its length.
const VALUE_BYTES: u64 = 4;
/// The header of a page is told by so many bytes from its beginning.
const HEADER_BYTES: usize = 64;

fn damaged() -> ParquetError {
    ParquetError::General("damaged".to_owned())
}

/// The row groups of a file.
pub(super) struct Groups<R: ChunkReader> {
    file: Arc<Vetted<R>>,
    metadata: Arc<ParquetMetaData>,
}

impl<R: ChunkReader> Groups<R> {
    pub(super) fn new(file: R, metadata: Arc<ParquetMetaData>) -> std::result::Result<Self, Error> {
        // What has more rows than fit a number is read no further.
        let rows = metadata.row_groups().iter().try_fold(0_i64, |sum, group| sum.checked_add(group.num_rows()));
        let is_sound = metadata.row_groups().iter().all(|group| group.num_rows() >= 0) && rows.is_some();
        if is_sound { Ok(Self { file: Arc::new(Vetted(file)), metadata }) } else { Err(damaged().into()) }
    }
}

impl<R: ChunkReader + 'static> RowGroups for Groups<R> {
    fn num_rows(&self) -> usize {
        self.metadata.row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or_default()).sum()
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let (file, metadata) = (Arc::clone(&self.file), Arc::clone(&self.metadata));
        Ok(Box::new(Chunks { file, metadata, column, next: 0 }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of a column, row group by row group.
struct Chunks<R: ChunkReader> {
    file: Arc<Vetted<R>>,
    metadata: Arc<ParquetMetaData>,
    column: usize,
    next: usize,
}

impl<R: ChunkReader + 'static> Iterator for Chunks<R> {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.metadata.row_groups().get(self.next)?;
        self.next += 1;
        let chunk = group.column(self.column);
        let rows = usize::try_from(group.num_rows()).unwrap_or_default();
        let pages = SerializedPageReader::new(Arc::clone(&self.file), chunk, rows, None);
        let column = chunk.column_descr();
        let has_levels = (column.max_rep_level() > 0, column.max_def_level() > 0);
        Some(pages.map(|pages| Box::new(Pages { pages, has_levels }) as Box<dyn PageReader>))
    }
}

impl<R: ChunkReader + 'static> PageIterator for Chunks<R> {}

/// The pages of a column of a row group.
struct Pages<R: ChunkReader> {
    pages: SerializedPageReader<Vetted<R>>,
    /// Whether levels of repetition and of definition stand before the values.
    has_levels: (bool, bool),
}

impl<R: ChunkReader + 'static> Iterator for Pages<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<R: ChunkReader + 'static> PageReader for Pages<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        match &page {
            Some(page) if !has_sound_lengths(page, self.has_levels) => Err(damaged()),
            _ => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

/// Whether a page whose lengths stand in blocks of their own tells of no more lengths than it has values.
fn has_sound_lengths(page: &Page, (has_repetition, has_definition): (bool, bool)) -> bool {
    let (values, most) = match page {
        Page::DataPage { buf, num_values, .. } => {
            let mut values = &buf[..];
            for _ in 0..usize::from(has_repetition) + usize::from(has_definition) {
                let Some((length, rest)) = values.split_first_chunk::<4>() else { return false };
                let Some(rest) = rest.get(u32::from_le_bytes(*length) as usize..) else { return false };
                values = rest;
            }
            (values, *num_values)
        }
        Page::DataPageV2 { buf, num_values, def_levels_byte_len, rep_levels_byte_len, .. } => {
            let start = (*def_levels_byte_len as usize).saturating_add(*rep_levels_byte_len as usize);
            let Some(values) = buf.get(start..) else { return false };
            (values, *num_values)
        }
        Page::DictionaryPage { .. } => return true,
    };
    let is_sound = |values: &mut &[u8]| skip_packed(values).is_some_and(|count| count <= u64::from(most));
    let mut rest = values;
    match page.encoding() {
        Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY => is_sound(&mut rest),
        // Lengths of what is shared come first, those of the rest behind them.
        Encoding::DELTA_BYTE_ARRAY => is_sound(&mut rest) && is_sound(&mut rest),
        _ => true,
    }
}

/// Skips whole numbers that are packed as differences, and says how many there are.
fn skip_packed(bytes: &mut &[u8]) -> Option<u64> {
    let (block, per_block, count) = (varint(bytes)?, varint(bytes)?, varint(bytes)?);
    varint(bytes)?;
    if per_block == 0 || block == 0 || !block.is_multiple_of(per_block) {
        return None;
    }
    let per_miniblock = block / per_block;
    // The first stands in the header; each block has at least a byte, so that this ends.
    let mut left = count.saturating_sub(1);
    while left > 0 {
        varint(bytes)?;
        let widths = bytes.split_off(..usize::try_from(per_block).ok()?)?;
        for &width in widths {
            if left == 0 {
                break;
            }
            let length = per_miniblock.checked_mul(width.into())?.div_ceil(8);
            // The last one may lack what it has no values for.
            let length = usize::try_from(length).ok()?.min(bytes.len());
            *bytes = &bytes[length..];
            left = left.saturating_sub(per_miniblock);
        }
    }
    Some(count)
}

/// A number of seven bits a byte, the lowest first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let &byte = bytes.split_off_first()?;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// A file of which nothing is asked that it does not have, and whose page headers are looked at.
struct Vetted<R>(R);

impl<R: ChunkReader> Length for Vetted<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Vetted<R> {
    type T = R::T;

    /// Of row groups only page headers are read so.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut head = Vec::with_capacity(HEADER_BYTES);
        self.0.get_read(start)?.take(HEADER_BYTES as u64).read_to_end(&mut head)?;
        if is_sound_header(&head) { self.0.get_read(start) } else { Err(damaged()) }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let is_there = start.checked_add(length as u64).is_some_and(|end| end <= self.len());
        if is_there { self.0.get_bytes(start, length) } else { Err(damaged()) }
    }
}

/// Whether a page's header, a struct in Thrift's compact protocol, tells lengths that can be.
fn is_sound_header(mut head: &[u8]) -> bool {
    /// A field's number is one more than that of the last, and it is a whole number of 32 bits.
    const NEXT_NUMBER: u8 = 0x15;
    /// A struct, in the low four bits.
    const STRUCT: u8 = 0x0C;
    const DICTIONARY_HEADER: u8 = 7;
    let number = |head: &mut &[u8]| -> Option<u64> {
        let is_next = head.split_off_first() == Some(&NEXT_NUMBER);
        let zigzag = if is_next { varint(head)? } else { return None };
        (zigzag.is_multiple_of(2)).then_some(zigzag / 2)
    };
    let lengths = (number(&mut head), number(&mut head), number(&mut head));
    let (Some(_), Some(length), Some(packed)) = lengths else { return false };
    if length > MOST_BYTES.max(packed.saturating_mul(MOST_TIMES)) {
        return false;
    }
    let mut field = 3;
    // A checksum may come between.
    if head.first() == Some(&NEXT_NUMBER) {
        head = &head[1..];
        if varint(&mut head).is_none() {
            return false;
        }
        field = 4;
    }
    let Some(&next) = head.split_off_first() else { return false };
    let is_dictionary = next & 0x0F == STRUCT && field + (next >> 4) == DICTIONARY_HEADER;
    !is_dictionary || number(&mut head).is_some_and(|values| values <= length / VALUE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number as [`varint`] reads it.
    fn packed(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    /// A header of a page of that type with these lengths, and behind them more.
    fn header(kind: u64, length: u64, short: u64, more: &[u8]) -> Vec<u8> {
        let fields = [kind, length, short].map(|number| [vec![0x15], packed(number * 2)].concat());
        [fields.concat(), more.to_vec()].concat()
    }

    #[test]
    fn a_header_that_promises_too_much_is_told() {
        let data = [0x2C, 0x15, 2, 0];
        assert!(is_sound_header(&header(0, 66 << 20, 1, &data)));
        assert!(!is_sound_header(&header(0, (66 << 20) + 1, 1, &data)));
        assert!(is_sound_header(&header(0, 256 << 20, 1 << 20, &data)));
        assert!(!is_sound_header(&header(0, (256 << 20) + 1, 1 << 20, &data)));
        // Three values of a dictionary take twelve bytes at least, with a checksum before them or not.
        for start in [vec![0x4C], [vec![0x15], packed(99), vec![0x3C]].concat()] {
            let values = |count: u64| [start.clone(), vec![0x15], packed(count * 2)].concat();
            assert!(is_sound_header(&header(2, 12, 12, &values(3))));
            assert!(!is_sound_header(&header(2, 12, 12, &values(4))));
        }
        let whole = header(2, 12, 12, &[0x4C, 0x15, 2]);
        assert!(is_sound_header(&whole));
        assert!((0..whole.len()).all(|end| !is_sound_header(&whole[..end])));
        // A length below zero.
        assert!(!is_sound_header(&[0x15, 0, 0x15, 1, 0x15, 2, 0x2C]));
    }

    #[test]
    fn packed_numbers_are_skipped_to_their_end() {
        // 128 numbers a block in four parts; five numbers: the first, and four differences of two bits.
        let numbers = [packed(128), packed(4), packed(5), packed(0), packed(0), vec![2, 0, 0, 0], vec![0; 8]].concat();
        let all = [&numbers[..], b"rest"].concat();
        let mut rest = &all[..];
        assert_eq!((skip_packed(&mut rest), rest), (Some(5), &b"rest"[..]));
        for bytes in [vec![], packed(128), [packed(128), packed(0), packed(5), packed(0)].concat()] {
            assert_eq!(skip_packed(&mut &bytes[..]), None);
        }
        // A count without the blocks for it.
        let bytes = [packed(128), packed(4), packed(1 << 40), packed(0)].concat();
        assert_eq!(skip_packed(&mut &bytes[..]), None);
    }
}
