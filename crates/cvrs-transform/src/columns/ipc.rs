//! The two forms of Arrow's own format.
//!
//! The stream form is written as it comes; a dictionary that has grown is sent anew. The file form has one dictionary a
//! column, and readers want it before the batches, though it is complete only after the last of them. So the caller keeps
//! the encoded batches for a while:
//!
//! ```text
//! FileWriter::batch → bytes to keep … FileWriter::finish → (start: schema, dictionaries; end: footer)
//! file = start + kept bytes + end
//! ```

use super::Error;
use super::layout::described;
use arrow_array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, types::Int32Type};
use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, StreamWriter as Stream, write_message,
};
use arrow_ipc::{Block, CompressionType, FooterBuilder, MetadataVersion};
use arrow_schema::{Metadata, Schema, SchemaRef};
use flatbuffers::FlatBufferBuilder;
use std::sync::Arc;

/// How the buffers of batches are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// LZ4 frames.
    #[default]
    Lz4,
    /// Zstandard.
    Zstd,
}

/// What a file begins and ends with.
const MAGIC: &[u8] = b"ARROW1";
/// Messages start at multiples of this.
const ALIGNMENT: usize = 64;

fn options(compression: Compression) -> Result<IpcWriteOptions, Error> {
    let kind = match compression {
        Compression::None => None,
        Compression::Lz4 => Some(CompressionType::LZ4_FRAME),
        Compression::Zstd => Some(CompressionType::ZSTD),
    };
    IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5)?.try_with_compression(kind)
}

/// Writes the stream form into a buffer that the caller empties.
pub struct StreamWriter(Stream<Vec<u8>>);

impl std::fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StreamWriter")
    }
}

impl StreamWriter {
    /// Begins a stream.
    ///
    /// # Errors
    /// None that a schema of a [`super::Gatherer`] can cause.
    pub fn new(schema: &SchemaRef, metadata: Metadata, compression: Compression) -> Result<Self, Error> {
        let schema = described(schema, metadata);
        Ok(Self(Stream::try_new_with_options(Vec::new(), &schema, options(compression)?)?))
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// A failure of the compression.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.0.write(batch)
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// None that is known of.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
    }

    /// What has been written since it was emptied last.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.0.get_mut()
    }
}

/// Writes the file form.
#[derive(Debug)]
pub struct FileWriter {
    schema: SchemaRef,
    options: IpcWriteOptions,
    tracker: DictionaryTracker,
    context: IpcWriteContext,
    /// Where each batch lies among the kept bytes.
    blocks: Vec<Block>,
    n_kept: usize,
}

impl FileWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// None that a schema of a [`super::Gatherer`] can cause.
    pub fn new(schema: &SchemaRef, metadata: Metadata, compression: Compression) -> Result<Self, Error> {
        let schema = described(schema, metadata);
        let options = options(compression)?;
        let mut tracker = DictionaryTracker::new(false);
        IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(&schema, &mut tracker, &options);
        let context = IpcWriteContext::default();
        Ok(Self { schema, options, tracker, context, blocks: Vec::new(), n_kept: 0 })
    }

    /// Encodes a batch; `out` gets the bytes to keep.
    ///
    /// # Errors
    /// A failure of the compression.
    pub fn batch(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Error> {
        let generator = IpcDataGenerator::default();
        // The dictionaries that come with it are not complete yet.
        let (_, encoded) = generator.encode(batch, &mut self.tracker, &self.options, &mut self.context)?;
        let (header, body) = write_message(out, encoded, &self.options)?;
        self.blocks.push(block(self.n_kept, header, body));
        self.n_kept += header + body;
        Ok(())
    }

    /// Ends the file: what goes before the kept bytes, and what follows them. `dictionaries` are the complete ones, in
    /// the order of the columns, `None` where a column has none.
    ///
    /// # Errors
    /// A failure of the compression.
    pub fn finish(mut self, dictionaries: &[Option<ArrayRef>]) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let generator = IpcDataGenerator::default();
        let mut start = MAGIC.to_vec();
        start.resize(ALIGNMENT, 0);
        let mut tracker = DictionaryTracker::new(true);
        let schema = generator.schema_to_bytes_with_dictionary_tracker(&self.schema, &mut tracker, &self.options);
        write_message(&mut start, schema, &self.options)?;
        let complete = self.batch_of(dictionaries)?;
        let (encoded, _) = generator.encode(&complete, &mut tracker, &self.options, &mut self.context)?;
        let mut dictionary_blocks = Vec::with_capacity(encoded.len());
        for dictionary in encoded {
            let at = start.len();
            let (header, body) = write_message(&mut start, dictionary, &self.options)?;
            dictionary_blocks.push(block(at, header, body));
        }
        let before = start.len().cast_signed() as i64;
        let batches = self
            .blocks
            .iter()
            .map(|block| Block::new(block.offset() + before, block.metaDataLength(), block.bodyLength()));
        let batches: Vec<Block> = batches.collect();
        Ok((start, footer(&self.schema, &dictionary_blocks, &batches)))
    }

    /// A batch without a row that has these dictionaries.
    fn batch_of(&self, dictionaries: &[Option<ArrayRef>]) -> Result<RecordBatch, Error> {
        let empty = RecordBatch::new_empty(Arc::clone(&self.schema));
        let columns = empty.columns().iter().zip(dictionaries).map(|(column, dictionary)| match dictionary {
            Some(values) => {
                let keys = Int32Array::from(Vec::<i32>::new());
                let array = DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(values))?;
                Ok(Arc::new(array) as ArrayRef)
            }
            None => Ok(Arc::clone(column)),
        });
        RecordBatch::try_new(Arc::clone(&self.schema), columns.collect::<Result<_, Error>>()?)
    }
}

/// Where a message lies: its first byte, and how long its head and its body are.
fn block(at: usize, header: usize, body: usize) -> Block {
    Block::new(at.cast_signed() as i64, (header as u32).cast_signed(), body.cast_signed() as i64)
}

/// What follows the last batch: the end of the stream, and where everything is.
fn footer(schema: &Schema, dictionaries: &[Block], batches: &[Block]) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let dictionaries = builder.create_vector(dictionaries);
    let batches = builder.create_vector(batches);
    let mut tracker = DictionaryTracker::new(true);
    let schema =
        IpcSchemaEncoder::new().with_dictionary_tracker(&mut tracker).schema_to_fb_offset(&mut builder, schema);
    let mut footer = FooterBuilder::new(&mut builder);
    footer.add_version(MetadataVersion::V5);
    footer.add_schema(schema);
    footer.add_dictionaries(dictionaries);
    footer.add_recordBatches(batches);
    let root = footer.finish();
    builder.finish(root, None);
    let mut end = Vec::new();
    end.extend_from_slice(&u32::MAX.to_le_bytes());
    end.extend_from_slice(&0u32.to_le_bytes());
    let data = builder.finished_data();
    end.extend_from_slice(data);
    end.extend_from_slice(&(data.len() as u32).to_le_bytes());
    end.extend_from_slice(MAGIC);
    end
}
