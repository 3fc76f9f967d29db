//! Records as columns: Arrow record batches of exact sizes, and Parquet and Arrow files of them, and the way back.
//!
//! ```text
//! record → Builder → Part (a chunk's columns) → Gatherer → RecordBatch of exactly n rows ─┬─ ParquetWriter
//!            workers, in parallel                in the order of the text                 └─ StreamWriter, FileWriter
//! RecordBatch → TextWriter → CVRS text
//! ```
//!
//! The 45 columns stand first, under their own names, as text: an empty cell is null, anything else is the cell byte for
//! byte, so that the way back is exact. What is derived from them stands behind. Where chunks are cut does not show in a
//! batch: rows are counted, and dictionaries are filled in the order of the text.

mod batches;
mod builder;
mod derive;
mod gather;
mod hybrid;
mod ipc;
mod layout;
mod parquet_file;
mod parquet_pages;
mod read;
mod text_chunk;
mod vet;

pub use arrow_array::RecordBatch;
pub use batches::{Batches, FileForm};
pub use builder::{Builder, Part};
pub use gather::{Dictionaries, Gatherer};
pub use ipc::{Compression, FileWriter, StreamWriter};
pub use layout::{Facts, LineEnd, Options, Source};
pub use parquet_file::{Column, EncodedColumn, ParquetWriter, ROW_GROUP_ROWS};
pub use read::{BadColumn, TextWriter};
pub use text_chunk::Packer;

/// Rows of a batch of the Arrow forms.
pub const ARROW_BATCH_ROWS: usize = 65_536;

/// What goes wrong with columns: the row is too much for a batch, or what is read is damaged.
pub type Error = arrow_schema::ArrowError;
