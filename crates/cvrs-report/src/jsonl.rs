//! JSON Lines: one finding a line, keys that do not apply left out.

use crate::escape::push_again;
use crate::{Entry, push_json, push_number};

/// Appends the line for one entry, with its line feed.
pub fn write(out: &mut Vec<u8>, entry: &Entry<'_>) {
    let finding = entry.finding;
    out.extend_from_slice(b"{\"file\":\"");
    push_json(out, entry.file.as_bytes());
    out.extend_from_slice(b"\",\"line\":");
    push_number(out, entry.line);
    for (key, number) in [
        (&b",\"record\":"[..], entry.record),
        (b",\"byte\":", entry.byte),
        (b",\"column\":", entry.column.map(u64::from)),
    ] {
        if let Some(number) = number {
            out.extend_from_slice(key);
            push_number(out, number);
        }
    }
    if !entry.field_name().is_empty() {
        push_text(out, b",\"field\":\"", entry.field_name().as_bytes());
    }
    push_text(out, b",\"code\":\"", finding.code.as_bytes());
    if let Some(dch) = finding.dch {
        push_text(out, b",\"dch\":\"", dch.as_bytes());
    }
    push_text(out, b",\"level\":\"", finding.level.name().as_bytes());
    if entry.show_ids {
        push_text(out, b",\"vax_event_id\":\"", entry.vax_event_id);
        push_text(out, b",\"recip_id\":\"", entry.recip_id);
    }
    out.extend_from_slice(b",\"message\":\"");
    match &finding.message {
        crate::Message::Template(text, _) if !text.contains(['{', '"', '\\']) => out.extend_from_slice(text.as_bytes()),
        _ => {
            let start = out.len();
            entry.push_message(out);
            push_again(out, start, push_json);
        }
    }
    out.push(b'"');
    if let Some(value) = entry.value {
        push_text(out, b",\"value\":\"", value);
    }
    out.extend_from_slice(b"}\n");
}

fn push_text(out: &mut Vec<u8>, key: &[u8], text: &[u8]) {
    out.extend_from_slice(key);
    push_json(out, text);
    out.push(b'"');
}
