//! Damaged files of columns: whatever a byte is changed to and wherever a file ends, reading it ends with an error or with
//! rows, in little memory, and never with a panic.
//!
//! A test binary of its own, since memory is bounded for all of it: what asks for more ends it.

use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use bytes::Bytes;
use cap::Cap;
use cvrs_transform::columns::{Batches, FileForm, TextWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use std::alloc::System;
use std::io::Cursor;
use std::sync::Arc;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// What a file of a few kilobytes may take while it is read, in bytes.
const MOST_BYTES: usize = 192 << 20;

/// So many bytes of text are made of a file at most before it is left.
const MOST_TEXT_BYTES: usize = 1 << 20;

/// Three columns of CVRS and one of another kind.
fn batch() -> RecordBatch {
    let codes: DictionaryArray<Int32Type> = vec![Some("207"), None, Some("208"), Some("207")].into_iter().collect();
    let ids: Vec<String> = (0..4).map(|n| format!("GA-{n}-{}", "x".repeat(40))).collect();
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("vax_event_id", Arc::new(StringArray::from(ids)), true),
        ("cvx", Arc::new(codes), true),
        ("lot_number", Arc::new(StringArray::from(vec![Some("A"), None, Some(""), Some("EL1283")])), true),
        ("other", Arc::new(Int64Array::from(vec![1, 2, 3, 4])), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

fn arrow_file(packing: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(packing).expect("a packing");
    let mut writer = FileWriter::try_new_with_options(Vec::new(), &batch().schema(), options).expect("a schema");
    writer.write(&batch()).and_then(|()| writer.finish()).expect("a batch");
    writer.into_inner().expect("bytes")
}

fn arrow_stream(packing: Option<CompressionType>) -> Vec<u8> {
    let options = IpcWriteOptions::default().try_with_compression(packing).expect("a packing");
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch().schema(), options).expect("a schema");
    writer.write(&batch()).and_then(|()| writer.finish()).expect("a batch");
    writer.into_inner().expect("bytes")
}

fn parquet(packing: Compression, encoding: Option<Encoding>) -> Vec<u8> {
    let properties = WriterProperties::builder().set_compression(packing);
    let properties = match encoding {
        None => properties,
        Some(encoding) => {
            let properties = properties.set_dictionary_enabled(false).set_encoding(encoding);
            properties.set_writer_version(WriterVersion::PARQUET_2_0)
        }
    };
    let columns = batch().project(&[0, 1, 2]).expect("columns of text");
    let mut writer = ArrowWriter::try_new(Vec::new(), columns.schema(), Some(properties.build())).expect("a schema");
    writer.write(&columns).expect("a batch");
    writer.into_inner().expect("bytes")
}

/// Reads a file to its end, or until it has become a long text; tells the text of a sound one.
fn read(bytes: &[u8]) -> Option<Vec<u8>> {
    let batches = match FileForm::of(bytes)? {
        FileForm::Parquet => Batches::parquet(Bytes::copy_from_slice(bytes)),
        FileForm::ArrowFile => Batches::arrow_file(Cursor::new(bytes.to_vec())),
        FileForm::ArrowStream => Batches::arrow_stream(Cursor::new(bytes.to_vec())),
    };
    let batches = batches.ok()?;
    let mut writer = TextWriter::new(batches.schema()).ok()?;
    let mut text = writer.header().to_vec();
    for batch in batches {
        if !writer.push_in_pieces(&batch.ok()?, &mut text, MOST_TEXT_BYTES, |_| false) {
            return None;
        }
    }
    Some(text)
}

/// Numbers that anyone gets again: a linear congruence, its high bits.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

#[test]
fn a_damaged_file_ends_with_an_error_or_with_rows_and_asks_for_little_memory() {
    let zstd = || Compression::ZSTD(ZstdLevel::default());
    let files = [
        arrow_file(None),
        arrow_file(Some(CompressionType::LZ4_FRAME)),
        arrow_file(Some(CompressionType::ZSTD)),
        arrow_stream(None),
        arrow_stream(Some(CompressionType::LZ4_FRAME)),
        arrow_stream(Some(CompressionType::ZSTD)),
        parquet(Compression::UNCOMPRESSED, None),
        parquet(zstd(), None),
        parquet(Compression::SNAPPY, None),
        parquet(Compression::UNCOMPRESSED, Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)),
        parquet(zstd(), Some(Encoding::DELTA_BYTE_ARRAY)),
    ];
    // What a panic says would only be in the way; none gets out of the reader.
    std::panic::set_hook(Box::new(|_| {}));
    let mut numbers = Numbers(20_210_115);
    for file in files {
        let rows = |text: &[u8]| text.split(|&byte| byte == b'\n').count() - 1;
        assert_eq!(read(&file).map(|text| rows(&text)), Some(5), "a sound file is read");
        MEMORY.set_limit(MEMORY.allocated() + MOST_BYTES).expect("less is in use");
        for end in 0..file.len() {
            read(&file[..end]);
        }
        let mut damaged = file.clone();
        for at in 0..file.len() {
            for change in [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xFF] {
                damaged[at] ^= change;
                read(&damaged);
                damaged[at] = file[at];
            }
        }
        // Several bytes together: a word of all ones, of zeros, of anything.
        for _ in 0..file.len() * 2 {
            let at = numbers.next() as usize % (file.len() - 8);
            let length = [2, 4, 8][numbers.next() as usize % 3];
            let word = match numbers.next() % 3 {
                0 => u64::MAX,
                1 => 0,
                _ => numbers.next() << 31 | numbers.next(),
            };
            damaged[at..at + length].copy_from_slice(&word.to_le_bytes()[..length]);
            read(&damaged);
            damaged[at..at + length].copy_from_slice(&file[at..at + length]);
        }
        MEMORY.set_limit(usize::MAX).expect("more may be used");
    }
    drop(std::panic::take_hook());
}
