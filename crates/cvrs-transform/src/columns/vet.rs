//! What a file of Arrow's own format says of its parts, looked at before the parts are read.
//!
//! The reader takes lengths at their word: it asks for as much memory as they say, and stops the program where there is not
//! so much. So each message's place, each buffer's place in it, and how long each packed buffer is without its packing must
//! be true first. A packed buffer that tells no more than its packing can well hold is believed; of any other the length is
//! found out by unpacking it into nothing.

use super::Error;
use super::read::columns_of_cvrs;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::{Block, Buffer, CompressionType, Message, MessageHeader, RecordBatch, root_as_footer, root_as_message};
use arrow_schema::Schema;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// What a file ends with: the length of its footer, and six letters.
const TAIL_BYTES: u64 = 10;
/// What a packed buffer begins with: its length without the packing.
const PREFIX_BYTES: u64 = 8;
/// A packed buffer is believed to be so long,
const BELIEVED_BYTES: u64 = 1 << 20;
/// or so many times as long as with its packing.
const BELIEVED_TIMES: u64 = 16;
/// All buffers of a message together may be so long without their packing,
const MOST_BYTES: u64 = 1 << 30;
/// or so many times as long as the message.
const MOST_TIMES: u64 = 256;
/// Rows that may come without a byte, and rows that may come of one.
const FREE_ROWS: u64 = 1 << 16;
const ROWS_OF_BYTE: u64 = 8;

fn damaged() -> Error {
    Error::IpcError("damaged".to_owned())
}

/// A length or a place, which is never below zero.
fn natural(number: i64) -> Result<u64, Error> {
    u64::try_from(number).map_err(|_| damaged())
}

/// Goes through the messages that the footer of a file names, and back to its beginning. Tells which columns are those of
/// CVRS.
pub(super) fn vet_file<R: Read + Seek>(file: &mut R) -> Result<Vec<usize>, Error> {
    let end = file.seek(SeekFrom::End(0))?;
    let tail_at = end.checked_sub(TAIL_BYTES).ok_or_else(damaged)?;
    let tail = read_at(file, tail_at, TAIL_BYTES, end)?;
    let length = i32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    let footer_at = tail_at.checked_sub(natural(length.into())?).ok_or_else(damaged)?;
    let footer = read_at(file, footer_at, tail_at - footer_at, end)?;
    let footer = root_as_footer(&footer).map_err(|_| damaged())?;
    let schema = try_fb_to_schema(footer.schema().ok_or_else(damaged)?)?;
    let blocks = footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten());
    for block in blocks {
        vet_block(file, block, footer_at)?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(columns(&schema))
}

/// Goes through the messages of a stream, and back to its beginning. Tells which columns are those of CVRS.
pub(super) fn vet_stream<R: Read + Seek>(stream: &mut R) -> Result<Vec<usize>, Error> {
    let end = stream.seek(SeekFrom::End(0))?;
    let (mut at, mut schema) = (0, None);
    // A stream may lack the mark of its end.
    while let Some((length, head_at)) = message_length(stream, at, end)? {
        let head = read_at(stream, head_at, length, end)?;
        let message = root_as_message(&head).map_err(|_| damaged())?;
        let body = natural(message.bodyLength())?;
        at = (head_at + length).checked_add(body).filter(|next| *next <= end).ok_or_else(damaged)?;
        if let Some(found) = message.header_as_schema() {
            schema.get_or_insert(try_fb_to_schema(found)?);
        }
        vet_message(stream, message, at - body, body)?;
    }
    stream.seek(SeekFrom::Start(0))?;
    Ok(columns(&schema.ok_or_else(damaged)?))
}

fn columns(schema: &Schema) -> Vec<usize> {
    columns_of_cvrs(schema.fields().iter().map(|field| field.name().as_str()))
}

/// So many bytes from a place on, which must be there.
fn read_at<R: Read + Seek>(file: &mut R, at: u64, length: u64, end: u64) -> Result<Vec<u8>, Error> {
    if at.checked_add(length).is_none_or(|last| last > end) {
        return Err(damaged());
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| damaged())?];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// How long the head of the message at that place is, and where it begins; `None` at the end of a stream.
fn message_length<R: Read + Seek>(file: &mut R, at: u64, end: u64) -> Result<Option<(u64, u64)>, Error> {
    const MARK: [u8; 4] = [0xFF; 4];
    if end - at < MARK.len() as u64 {
        return Ok(None);
    }
    let mut head_at = at + MARK.len() as u64;
    let mut word = read_at(file, at, MARK.len() as u64, end)?;
    // Streams of before 2019 have no mark.
    if word == MARK {
        word = read_at(file, head_at, MARK.len() as u64, end)?;
        head_at += MARK.len() as u64;
    }
    let length = natural(i32::from_le_bytes([word[0], word[1], word[2], word[3]]).into())?;
    Ok((length > 0).then_some((length, head_at)))
}

/// Looks at the message of a block of a file.
fn vet_block<R: Read + Seek>(file: &mut R, block: &Block, end: u64) -> Result<(), Error> {
    let (at, body) = (natural(block.offset())?, natural(block.bodyLength())?);
    let head = read_at(file, at, natural(block.metaDataLength().into())?, end)?;
    let body_at = at + head.len() as u64;
    if body_at.checked_add(body).is_none_or(|last| last > end) {
        return Err(damaged());
    }
    let skipped = if head.starts_with(&[0xFF; 4]) { 8 } else { 4 };
    let message = root_as_message(head.get(skipped..).ok_or_else(damaged)?).map_err(|_| damaged())?;
    vet_message(file, message, body_at, body)
}

/// Looks at what a message says of its buffers.
fn vet_message<R: Read + Seek>(file: &mut R, message: Message<'_>, body_at: u64, body: u64) -> Result<(), Error> {
    let batch: Option<RecordBatch<'_>> = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
        _ => return Ok(()),
    };
    let batch = batch.ok_or_else(damaged)?;
    for node in batch.nodes().into_iter().flatten() {
        if natural(node.null_count())? > natural(node.length())? {
            return Err(damaged());
        }
    }
    let codec = batch.compression().map(|compression| compression.codec());
    let most = MOST_BYTES.max(body.saturating_mul(MOST_TIMES));
    let mut total = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let (at, length) = place(buffer, body)?;
        let told = match codec {
            Some(codec) if length > 0 => vet_packed(file, codec, body_at + at, length)?,
            _ => length,
        };
        total = total.checked_add(told).filter(|total| *total <= most).ok_or_else(damaged)?;
    }
    // A column of nothing but nulls has no buffer, however many there are said to be.
    let has_rows = natural(batch.length())? <= FREE_ROWS.max(total.saturating_mul(ROWS_OF_BYTE));
    if has_rows { Ok(()) } else { Err(damaged()) }
}

/// Where a buffer lies in its message's body, and how long it is.
fn place(buffer: &Buffer, body: u64) -> Result<(u64, u64), Error> {
    let (at, length) = (natural(buffer.offset())?, natural(buffer.length())?);
    let is_within = at.checked_add(length).is_some_and(|last| last <= body);
    if is_within { Ok((at, length)) } else { Err(damaged()) }
}

/// How long a packed buffer is without its packing.
fn vet_packed<R: Read + Seek>(file: &mut R, codec: CompressionType, at: u64, length: u64) -> Result<u64, Error> {
    let packed = length.checked_sub(PREFIX_BYTES).ok_or_else(damaged)?;
    let mut told = [0; PREFIX_BYTES as usize];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut told)?;
    // It stands as it is where packing did not make it shorter.
    let told = match i64::from_le_bytes(told) {
        -1 => return Ok(packed),
        told => natural(told)?,
    };
    if told <= BELIEVED_BYTES.max(packed.saturating_mul(BELIEVED_TIMES)) {
        return Ok(told);
    }
    let packed = BufReader::new(file.take(packed));
    let is_true = match codec {
        CompressionType::LZ4_FRAME => is_as_long(lz4_flex::frame::FrameDecoder::new(packed), told),
        CompressionType::ZSTD => is_as_long(zstd::stream::read::Decoder::with_buffer(packed)?, told),
        // The reader says that it does not know it.
        _ => true,
    };
    if is_true { Ok(told) } else { Err(damaged()) }
}

/// Whether a text can be read and is so long.
fn is_as_long(text: impl Read, length: u64) -> bool {
    let mut text = text.take(length.saturating_add(1));
    std::io::copy(&mut text, &mut std::io::sink()).is_ok_and(|found| found == length)
}
