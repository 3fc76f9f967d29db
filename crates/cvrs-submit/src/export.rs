//! Getting records, lists and states back.

use crate::answer::Object;
use crate::body::Body;
use crate::call::{Call, CallError, CallKind, Connection, Reply, Streamed};
use crate::error::{Error, Result};
use crate::submit::job_reply;
use crate::token::Tokens;
use cvrs_api::{ExportRequest, HistoryRequest, route};
use serde::Serialize;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use ureq::http::Method;

mod unquote;

const JSON: Option<&str> = Some("application/json");

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The service.
    #[error(transparent)]
    Service(#[from] Error),
    /// What it is written to.
    #[error("{0}")]
    Write(std::io::Error),
}

/// Writes an export as it comes; how many bytes there were. Memory does not grow with it.
///
/// # Errors
/// A refusal, a reply that is cut or none, and what the writer reports.
pub fn export(
    connection: &Connection,
    tokens: &mut Tokens<'_>,
    request: &ExportRequest,
    out: &mut dyn Write,
) -> std::result::Result<u64, ExportError> {
    let json = serde_json::to_vec(request).map_err(|_| Error::Defect("an export call cannot be written"))?;
    let mut expired = connection.pauses();
    loop {
        let token = tokens.get()?;
        let call = Call { method: Method::POST, path: route::EXPORT, token: Some(token.reveal()), media: JSON };
        match connection.stream(&call, &json)? {
            Streamed::Body(body) => {
                let mut body = BufReader::with_capacity(256 << 10, body);
                return copy(connection, &mut body, out);
            }
            Streamed::Reply(reply) if reply.status == 401 && expired.next(None).is_some() => tokens.forget(),
            Streamed::Reply(reply) => return Err(Error::from(connection.refused(&reply)).into()),
        }
    }
}

fn copy(connection: &Connection, body: &mut dyn BufRead, out: &mut dyn Write) -> std::result::Result<u64, ExportError> {
    use unquote::Fault;
    let fault =
        |kind, what: &str| ExportError::Service(CallError::new(kind, format!("{}: {what}", connection.url())).into());
    unquote::data(body, out).map_err(|error| match error {
        Fault::Write(error) => ExportError::Write(error),
        Fault::Read(error) => fault(CallKind::Network, &format!("the export broke off ({error}); try again")),
        Fault::Cut => fault(CallKind::Network, "the export broke off; try again"),
        Fault::NoData => fault(CallKind::Service, "the reply is no export; check the URL"),
    })
}

fn ask(connection: &Connection, tokens: &mut Tokens<'_>, path: &str, request: &impl Serialize) -> Result<Reply> {
    let json = serde_json::to_vec(request).map_err(|_| Error::Defect("a call cannot be written"))?;
    let mut body = Body::from_bytes(&json).map_err(Error::Temporary)?;
    let mut expired = connection.pauses();
    loop {
        let token = tokens.get()?;
        let call = Call { method: Method::POST, path, token: Some(token.reveal()), media: JSON };
        let reply = connection.call(&call, Some(&mut body))?;
        match reply.status {
            200..300 => return Ok(reply),
            401 if expired.next(None).is_some() => tokens.forget(),
            _ => return Err(connection.refused(&reply).into()),
        }
    }
}

fn read(connection: &Connection, reply: &Reply) -> Result<Value> {
    serde_json::from_slice(&reply.body).map_err(|_| {
        let message = format!("{}: the reply is no JSON; check the URL", connection.url());
        CallError::new(CallKind::Service, message).into()
    })
}

/// The exports to the data lake, as the service lists them.
///
/// # Errors
/// A refusal, and what any call may meet.
pub fn history(connection: &Connection, tokens: &mut Tokens<'_>, request: &HistoryRequest) -> Result<Value> {
    let reply = ask(connection, tokens, route::IZDL_HISTORY, request)?;
    read(connection, &reply)
}

/// What the service says of a job, as it says it.
///
/// # Errors
/// A job that it does not know, a refusal, and what any call may meet.
pub fn job_status(connection: &Connection, tokens: &mut Tokens<'_>, job: &str) -> Result<Value> {
    let reply = job_reply(connection, tokens, job)?;
    if !(200..300).contains(&reply.status) {
        return Err(connection.refused(&reply).into());
    }
    let value = read(connection, &reply)?;
    let is_status = Object::new(value.clone()).is_some_and(|object| object.get("status").is_some());
    if is_status {
        return Ok(value);
    }
    Err(CallError::new(CallKind::Service, format!("{}: the reply is no job's state", connection.url())).into())
}

/// Reads all of a reader; for tests of the streamed path.
#[cfg(test)]
fn unquoted(json: &[u8], piece: usize) -> std::result::Result<Vec<u8>, unquote::Fault> {
    let mut out = Vec::new();
    unquote::data(&mut BufReader::with_capacity(piece, json), &mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_in_an_export_is_what_a_json_reader_finds() {
        let text = "VAX_EVENT_ID\tCVX\r\nA\"1\\\t207\n\u{e9}\u{1F600}\u{7}é/\n".repeat(50);
        let escaped: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        let escaped = escaped.concat();
        for json in [
            serde_json::json!({ "data": text }).to_string(),
            serde_json::to_string_pretty(&serde_json::json!({ "a": [1, {"data": "no"}], "data": text })).unwrap(),
            format!("{{\"data\": \"{escaped}\"}}\n"),
        ] {
            for piece in [1, 2, 3, 7, 64, 100_000] {
                assert_eq!(unquoted(json.as_bytes(), piece).unwrap(), text.as_bytes(), "{piece}");
            }
        }
    }

    #[test]
    fn an_export_that_breaks_off_is_none() {
        let json = serde_json::json!({ "data": "abc\n" }).to_string();
        for end in 0..json.len() {
            assert!(unquoted(&json.as_bytes()[..end], 4).is_err(), "{end}");
        }
        assert!(matches!(unquoted(b"{\"message\":\"no\"}", 4), Err(unquote::Fault::NoData)));
        assert!(matches!(unquoted(b"<html>", 4), Err(unquote::Fault::NoData)));
    }
}
