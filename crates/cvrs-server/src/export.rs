//! Exports: streams of JSON with one long string, made while they are sent.

use crate::intake::{Kind, LineLimits, TextReader, messages, open_received};
use crate::refusal::{Refusal, Result};
use crate::server::Server;
use crate::store::{Days, Operation, Upload};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use cvrs_api::{ExportFormat, Store, parse_day};
use cvrs_parse::{Date, Header};
use cvrs_report::push_json;
use cvrs_spec::{Field, Version};
use http_body_util::BodyExt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How much is sent at a time, in bytes.
const PIECE_BYTES: usize = 64 << 10;

/// The form in which a kept upload is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Its bytes.
    AsReceived,
    /// Its text in JSON.
    Json,
}

/// A day as `YYYY-MM-DD`, if it is one.
pub(crate) fn day_of(text: &str) -> Option<String> {
    let (year, month, day) = parse_day(text)?;
    Date::from_ymd(u32::from(year), u32::from(month), u32::from(day))?;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

type Piece = std::result::Result<Bytes, io::Error>;

/// A body that comes through a channel.
struct Stream(Receiver<Piece>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<hyper::body::Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(hyper::body::Frame::data)))
    }
}

/// Gathers bytes and sends them in pieces.
struct Sending {
    sender: Sender<Piece>,
    buffer: Vec<u8>,
}

impl Sending {
    /// Sends what has been gathered if it is enough; `false` when nobody listens any more.
    fn send_if_full(&mut self) -> bool {
        self.buffer.len() < PIECE_BYTES || self.send()
    }

    fn send(&mut self) -> bool {
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE_BYTES * 2));
        self.sender.blocking_send(Ok(piece.into())).is_ok()
    }
}

/// Makes a body of what `make` writes; a failure breaks the connection, since the status has been sent.
fn stream(make: impl FnOnce(&mut Sending) -> Result<bool> + Send + 'static) -> Body {
    let (sender, receiver) = channel(4);
    tokio::task::spawn_blocking(move || {
        let mut sending = Sending { sender, buffer: Vec::with_capacity(PIECE_BYTES * 2) };
        match make(&mut sending) {
            Ok(true) => {
                sending.send();
            }
            Ok(false) => {}
            Err(refusal) => {
                tracing::error!(cause = refusal.message(), "an export broke off");
                let _ = sending.sender.blocking_send(Err(io::Error::other("the export broke off")));
            }
        }
    });
    Body::new(Stream(receiver).boxed_unsync())
}

/// The header line of exports.
fn header_line() -> String {
    let names: Vec<String> = Version::V3.columns().iter().map(|field| field.name().to_ascii_uppercase()).collect();
    names.join("\t") + "\n"
}

/// `{"data":"…"}` for a jurisdiction.
pub(crate) fn stream_export(server: Arc<Server>, jurisdiction: String, days: Days, format: ExportFormat) -> Body {
    stream(move |sending| {
        sending.buffer.extend_from_slice(b"{\"data\":\"");
        if format != ExportFormat::Hl7Raw {
            push_json(&mut sending.buffer, header_line().as_bytes());
        }
        let is_heard = match format {
            ExportFormat::Hl7Raw => send_messages(&server, &jurisdiction, &days, sending)?,
            ExportFormat::CvrsRaw => send_raw(&server, &jurisdiction, &days, sending)?,
            ExportFormat::CvrsProcessedRedacted => {
                send_stored(&server, Store::Redacted, &jurisdiction, &days, sending)?
            }
            ExportFormat::CvrsProcessedNonRedacted => {
                send_stored(&server, Store::NonRedacted, &jurisdiction, &days, sending)?
            }
        };
        sending.buffer.extend_from_slice(b"\"}");
        Ok(is_heard)
    })
}

fn send_stored(server: &Server, store: Store, jurisdiction: &str, days: &Days, sending: &mut Sending) -> Result<bool> {
    let mut is_heard = true;
    server.store.export(store, jurisdiction, days, &mut |row| {
        push_json(&mut sending.buffer, row);
        sending.buffer.extend_from_slice(b"\\n");
        is_heard = sending.send_if_full();
        is_heard
    })?;
    Ok(is_heard)
}

fn text_of(server: &Server, upload: &Upload) -> Result<TextReader> {
    open_received(server.received(upload.id)?, upload.bytes, upload.media, &server.config.limits, LineLimits::Off)
}

/// The messages of all uploads of HL7, as they were received and one after the other.
fn send_messages(server: &Server, jurisdiction: &str, days: &Days, sending: &mut Sending) -> Result<bool> {
    for upload in server.store.raw(jurisdiction, days)? {
        if upload.operation == Operation::Delete || upload.kind == Kind::Cvrs {
            continue;
        }
        let mut reader = messages(text_of(server, &upload)?, upload.kind)?;
        let mut last = b'\r';
        let is_heard = send_text(&mut reader, sending, &mut last)?;
        if !is_heard {
            return Ok(false);
        }
        if !matches!(last, b'\r' | b'\n') {
            // The next message begins a line.
            sending.buffer.extend_from_slice(b"\\r");
        }
    }
    Ok(true)
}

/// Sends a text as part of a JSON string; `last` is its last byte then.
fn send_text(reader: &mut dyn Read, sending: &mut Sending, last: &mut u8) -> Result<bool> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut carry: Vec<u8> = Vec::new();
    loop {
        let read = reader.read(&mut piece)?;
        carry.extend_from_slice(&piece[..read]);
        // A character that was cut in two waits for its other half.
        let whole = if read == 0 { carry.len() } else { whole_characters(&carry) };
        push_json(&mut sending.buffer, &carry[..whole]);
        *last = carry[..whole].last().copied().unwrap_or(*last);
        carry.drain(..whole);
        if !sending.send_if_full() {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

fn send_raw(server: &Server, jurisdiction: &str, days: &Days, sending: &mut Sending) -> Result<bool> {
    for upload in server.store.raw(jurisdiction, days)? {
        if upload.operation == Operation::Delete || upload.kind != Kind::Cvrs {
            continue;
        }
        let mut lines = Lines::open(text_of(server, &upload)?)?;
        while let Some(line) = lines.next()? {
            push_json(&mut sending.buffer, line);
            if !sending.send_if_full() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Rows of a text as they were received, but with their cells in the canonical columns.
struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    /// For each canonical column, where the text has it; `None` if they stand in that order anyway.
    places: Option<Vec<Option<usize>>>,
    line: Vec<u8>,
    moved: Vec<u8>,
}

impl Lines {
    fn open(text: TextReader) -> Result<Self> {
        let mut reader = BufReader::with_capacity(PIECE_BYTES, text.reader()?);
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        let header = Header::parse(&line, Some(Version::V3));
        let columns = Version::V3.columns();
        let places: Vec<Option<usize>> = columns.iter().map(|&field: &Field| header.position(field)).collect();
        let stands =
            header.n_columns() == columns.len() && places.iter().enumerate().all(|(at, place)| *place == Some(at));
        Ok(Self { reader, places: (!stands).then_some(places), line, moved: Vec::new() })
    }

    fn next(&mut self) -> Result<Option<&[u8]>> {
        loop {
            self.line.clear();
            if self.reader.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            if self.line != b"\n" && self.line != b"\r\n" {
                break;
            }
        }
        if !self.line.ends_with(b"\n") {
            self.line.push(b'\n');
        }
        let Some(places) = &self.places else { return Ok(Some(&self.line)) };
        let end = if self.line.ends_with(b"\r\n") { self.line.len() - 2 } else { self.line.len() - 1 };
        let cells: Vec<&[u8]> = self.line[..end].split(|&byte| byte == b'\t').collect();
        self.moved.clear();
        for (at, place) in places.iter().enumerate() {
            if at > 0 {
                self.moved.push(b'\t');
            }
            self.moved.extend_from_slice(place.and_then(|place| cells.get(place)).copied().unwrap_or_default());
        }
        self.moved.extend_from_slice(&self.line[end..]);
        Ok(Some(&self.moved))
    }
}

/// A whole file.
pub(crate) fn stream_whole(file: File, bytes: u64) -> Response {
    let body = stream(move |sending| {
        let mut at = 0;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = cvrs_engine::io::read_at_most(&file, &mut piece, at)?;
            if read == 0 {
                return Ok(true);
            }
            at += read as u64;
            sending.buffer.extend_from_slice(&piece[..read]);
            if !sending.send_if_full() {
                return Ok(false);
            }
        }
    });
    ([(header::CONTENT_LENGTH, bytes.to_string())], body).into_response()
}

/// A kept upload.
pub(crate) fn stream_file(server: &Server, upload: &Upload, form: Form) -> Result<Response> {
    let open = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Refusal::not_found("there is no such file"),
        _ => Refusal::internal(&error),
    };
    let file = server.received(upload.id).map_err(open)?;
    if form == Form::Json {
        let mut reader = text_of(server, upload)?.reader()?;
        let body = stream(move |sending| {
            sending.buffer.extend_from_slice(b"{\"data\":\"");
            if !send_text(&mut reader, sending, &mut 0)? {
                return Ok(false);
            }
            sending.buffer.extend_from_slice(b"\"}");
            Ok(true)
        });
        return Ok(body.into_response());
    }
    Ok(stream_whole(file, upload.bytes))
}

/// How many bytes do not end within a character.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for at in (tail..bytes.len()).rev() {
        let wanted = match bytes[at] {
            0xF0.. => 4,
            0xE0.. => 3,
            0xC0.. => 2,
            0x80.. => continue,
            _ => 1,
        };
        return if at + wanted > bytes.len() { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cut_anywhere_keeps_its_characters() {
        let text = "aé€😀z".as_bytes();
        for end in 0..=text.len() {
            let whole = whole_characters(&text[..end]);
            assert!(std::str::from_utf8(&text[..whole]).is_ok() && end - whole < 4, "{end}");
        }
        assert_eq!(whole_characters(b"a\x80\x80\x80\x80"), 5);
    }

    #[test]
    fn days_must_be_in_the_calendar() {
        assert_eq!(day_of("2024/02/29").as_deref(), Some("2024-02-29"));
        assert_eq!(day_of("2023-02-29"), None);
    }
}
