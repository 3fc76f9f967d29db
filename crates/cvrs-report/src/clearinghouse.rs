//! The clearinghouse's own words: the strings of `validationErrors` and the reply that holds them.
//!
//! Shape of a string (a captured reply of winter 2020-21):
//! `line#<n>: vaxEventId=<id> recipId=<id> field=<name> message=<text>`; of the reply: `UploadStatusResponse` of the
//! REST guide of 2021-22, compact, on one line.

use crate::escape::push_again;
use crate::{Entry, push_json, push_number};

/// Appends the string for one entry. Bytes that are not UTF-8 stay as they are.
pub fn write_string(out: &mut Vec<u8>, entry: &Entry<'_>) {
    write_parts(out, entry, Vec::extend_from_slice);
}

/// Appends the string for one entry as a JSON string with its quotes.
pub fn write_json_string(out: &mut Vec<u8>, entry: &Entry<'_>) {
    out.push(b'"');
    write_parts(out, entry, push_json);
    out.push(b'"');
}

fn write_parts(out: &mut Vec<u8>, entry: &Entry<'_>, push: impl Fn(&mut Vec<u8>, &[u8])) {
    let finding = entry.finding;
    out.extend_from_slice(b"line#");
    push_number(out, entry.line);
    out.extend_from_slice(b": vaxEventId=");
    if entry.show_ids {
        push(out, entry.vax_event_id);
    }
    out.extend_from_slice(b" recipId=");
    if entry.show_ids {
        push(out, entry.recip_id);
    }
    out.extend_from_slice(b" field=");
    out.extend_from_slice(entry.field_name().as_bytes());
    out.extend_from_slice(b" message=");
    match &finding.message {
        crate::Message::Template(text, _) if !text.contains(['{', '"', '\\']) => out.extend_from_slice(text.as_bytes()),
        _ => {
            let start = out.len();
            entry.push_message(out);
            push_again(out, start, push);
        }
    }
}

/// The reply up to the list: `{"id":…,"totalRecords":…,"validationErrors":[`.
pub fn write_reply_start(out: &mut Vec<u8>, id: &str, total_records: u64) {
    out.extend_from_slice(b"{\"id\":\"");
    push_json(out, id.as_bytes());
    out.extend_from_slice(b"\",\"totalRecords\":");
    push_number(out, total_records);
    out.extend_from_slice(b",\"validationErrors\":[");
}

/// The reply after the list: `],"validationErrorsCount":…,"storageResult":{}}`.
pub fn write_reply_end(out: &mut Vec<u8>, count: u64) {
    out.extend_from_slice(b"],\"validationErrorsCount\":");
    push_number(out, count);
    out.extend_from_slice(b",\"storageResult\":{}}");
}
