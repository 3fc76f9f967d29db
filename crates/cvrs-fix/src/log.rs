//! The log of changes: tab-separated, one line a changed cell.

use crate::{Change, Shown};
use cvrs_report::{push_number, push_printable};

/// Writes the log's lines.
#[derive(Clone, Debug)]
pub struct Log {
    file: String,
    show: Shown,
}

impl Log {
    /// The header line, with its line feed.
    pub const HEADER: &'static str = "file\tline\trecord\tfield\trule\tbefore\tafter\n";

    /// A log for the input of that name.
    pub fn new(file: &str, show: Shown) -> Self {
        Self { file: file.to_owned(), show }
    }

    /// Appends the line for one change.
    pub fn write(&self, out: &mut Vec<u8>, change: &Change<'_>) {
        push_printable(out, self.file.as_bytes());
        out.push(b'\t');
        push_number(out, change.line);
        out.push(b'\t');
        if let Some(record) = change.record {
            push_number(out, record);
        }
        for text in [change.field_name(), change.fix.id] {
            out.push(b'\t');
            out.extend_from_slice(text.as_bytes());
        }
        for text in [change.shown_before(self.show), change.shown_after(self.show)] {
            out.push(b'\t');
            out.extend_from_slice(&text);
        }
        out.push(b'\n');
    }
}
