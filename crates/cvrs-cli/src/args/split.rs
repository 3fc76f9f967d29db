//! What may be typed after `cvrs split`.

use std::num::NonZeroU64;
use std::path::PathBuf;

/// `cvrs split`.
#[derive(Debug, clap::Args)]
pub(crate) struct Split {
    /// The file to cut: text, gzip, zstd or zip; `-` or none is stdin. It is never changed itself.
    pub(crate) file: Option<PathBuf>,
    /// How many records a file may have.
    #[arg(long, value_name = "N", default_value = "199999")]
    pub(crate) max_records: NonZeroU64,
    /// The folder for the files, made if it is not there. The number in a name such as 20210129_01_GAA.txt counts up from
    /// the input's own; other names get .001, .002, … before the extension. No file is written over.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}
