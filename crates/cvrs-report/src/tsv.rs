//! Tab-separated findings under a header: the columns of JSON Lines, empty where a key would be left out.

use crate::escape::push_again;
use crate::{Entry, push_number, push_printable};

/// The header line, with its line feed.
pub fn header(show_ids: bool, show_values: bool) -> String {
    let mut names = vec!["file", "line", "record", "byte", "column", "field", "code", "dch", "level"];
    if show_ids {
        names.extend(["vax_event_id", "recip_id"]);
    }
    names.push("message");
    if show_values {
        names.push("value");
    }
    names.join("\t") + "\n"
}

/// Appends the line for one entry, with its line feed.
pub fn write(out: &mut Vec<u8>, entry: &Entry<'_>, show_values: bool) {
    let finding = entry.finding;
    push_printable(out, entry.file.as_bytes());
    out.push(b'\t');
    push_number(out, entry.line);
    for number in [entry.record, entry.byte, entry.column.map(u64::from)] {
        out.push(b'\t');
        if let Some(number) = number {
            push_number(out, number);
        }
    }
    for text in [entry.field_name(), finding.code, finding.dch.unwrap_or_default(), finding.level.name()] {
        out.push(b'\t');
        out.extend_from_slice(text.as_bytes());
    }
    if entry.show_ids {
        for id in [entry.vax_event_id, entry.recip_id] {
            out.push(b'\t');
            push_printable(out, id);
        }
    }
    out.push(b'\t');
    let start = out.len();
    entry.push_message(out);
    push_again(out, start, push_printable);
    if show_values {
        out.push(b'\t');
        push_printable(out, entry.value.unwrap_or_default());
    }
    out.push(b'\n');
}
