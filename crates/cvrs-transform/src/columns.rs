//! Records as columns: Arrow record batches of exact sizes, and Parquet and Arrow files of them, and the way back.
//!
//! ```text
//! record → Builder → Part (a chunk's columns) ─┬─ Gatherer → RecordBatch of exactly n rows → StreamWriter, FileWriter
//!            workers, in parallel              └─ ParquetWriter: row groups of exactly n rows
//!                                                 in the order of the text
//! RecordBatch → TextWriter → CVRS text
//! ```
//!
//! The 45 columns stand first, under their own names, as text: an empty cell is null, anything else is the cell byte for
//! byte, so that the way back is exact. What is derived from them stands behind. Where chunks are cut does not show in a
//! batch: rows are counted, and dictionaries are filled in the order of the text.

mod batches;
mod block;
mod builder;
mod column;
mod derive;
mod gather;
mod hybrid;
mod interner;
mod ipc;
mod layout;
mod pages;
mod parquet_file;
mod parquet_pages;
mod read;
mod value;
mod vet;

pub use arrow_array::RecordBatch;
pub use batches::{Batches, FileForm};
pub use builder::{Builder, Part};
pub use column::{Column, EncodedColumn};
pub use gather::{Dictionaries, Gatherer};
pub use ipc::{Compression, FileWriter, StreamWriter};
pub use layout::{Facts, LineEnd, Options, Source};
pub use pages::Packer;
pub use parquet_file::{ParquetWriter, ROW_GROUP_ROWS, RowGroup};
pub use read::{BadColumn, TextWriter};

/// Rows of a batch of the Arrow forms.
pub const ARROW_BATCH_ROWS: usize = 65_536;

/// What goes wrong with columns: the row is too much for a batch, or what is read is damaged.
pub type Error = arrow_schema::ArrowError;
