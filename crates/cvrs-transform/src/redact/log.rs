//! The log of changes: tab-separated, one line a changed cell.

use super::Change;
use cvrs_report::{push_number, push_printable};
use cvrs_spec::{Field, SetId};

/// Writes the log's lines.
#[derive(Clone, Debug)]
pub struct Log {
    file: Vec<u8>,
    shows_values: bool,
}

impl Log {
    /// The header line, with its line feed.
    pub const HEADER: &'static str = "file\tline\trecord\tfield\trule\tbefore\tafter\n";

    /// A log for the input of that name. Without values it shows lengths.
    pub fn new(file: &str, shows_values: bool) -> Self {
        let mut name = Vec::new();
        push_printable(&mut name, file.as_bytes());
        Self { file: name, shows_values }
    }

    /// Appends the line for one change.
    pub fn write(&self, out: &mut Vec<u8>, change: &Change<'_>) {
        out.extend_from_slice(&self.file);
        for number in [change.line, change.record] {
            out.push(b'\t');
            push_number(out, number);
        }
        for text in [change.field.name(), change.rule.id] {
            out.push(b'\t');
            out.extend_from_slice(text.as_bytes());
        }
        for value in [change.before, change.after] {
            out.push(b'\t');
            self.push_value(out, change.field, value);
        }
        out.push(b'\n');
    }

    /// Every cell that redaction changes is a person's but the model's letter, and in a row whose cells have slipped even
    /// that may be.
    fn push_value(&self, out: &mut Vec<u8>, field: Field, value: &[u8]) {
        let is_harmless = field == Field::ExtType && (value.is_empty() || SetId::ExtType.find(value).is_some());
        if self.shows_values || is_harmless {
            return push_printable(out, value);
        }
        let length = cvrs_parse::char_count(value);
        out.push(b'(');
        push_number(out, length as u64);
        out.extend_from_slice(if length == 1 { b" character)" } else { b" characters)" });
    }
}
