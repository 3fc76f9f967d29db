//! Getting records back.

use super::auth::{Caller, authorise};
use super::finish::Note;
use super::token::json_body;
use super::{Shared, accept, json};
use crate::export::{Form, day_of, stream_export, stream_file};
use crate::refusal::{Refusal, Result};
use crate::store::Days;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cvrs_api::{ExportFormat, Scope};
use serde_json::Value;
use std::sync::Arc;

/// Any of the three.
const ANY: [Scope; 3] = [Scope::ExportRedacted, Scope::ExportNonRedacted, Scope::ExportSummarization];

fn note(caller: &Caller, action: &'static str) -> Note {
    Note {
        client: caller.client.clone(),
        acts_as: caller.account.id.clone(),
        jurisdiction: caller.account.jurisdiction.clone(),
        action,
        id: None,
    }
}

fn object(bytes: &[u8]) -> Result<serde_json::Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::invalid("the body must be a JSON object")),
        Err(_) => Err(Refusal::invalid("the body is no JSON; quote names and values")),
    }
}

fn day(object: &serde_json::Map<String, Value>, name: &str) -> Result<Option<String>> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            day_of(text).map(Some).ok_or_else(|| Refusal::invalid(format!("{name} must be a day as yyyy-mm-dd")))
        }
        Some(_) => Err(Refusal::invalid(format!("{name} must be a day as yyyy-mm-dd"))),
    }
}

fn asked(bytes: &[u8]) -> Result<(Days, ExportFormat)> {
    let object = object(bytes)?;
    let needed =
        |name: &str| day(&object, name)?.ok_or_else(|| Refusal::invalid(format!("{name} is needed, as yyyy-mm-dd")));
    let (first, last) = (needed("startDate")?, needed("endDate")?);
    let format = object.get("format").cloned().and_then(|format| serde_json::from_value(format).ok());
    let format = format.ok_or_else(|| {
        let names: Vec<&str> = ExportFormat::ALL.iter().map(|format| format.name()).collect();
        Refusal::invalid(format!("format is needed, one of {}", names.join(", ")))
    })?;
    if last < first {
        return Err(Refusal::invalid("endDate is before startDate"));
    }
    Ok((Days { first, last }, format))
}

pub(super) async fn export(State(server): Shared, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let caller = authorise(&server, &parts.headers, &[Scope::ExportNonRedacted, Scope::ExportRedacted])?;
    accept::wants_json(&parts.headers)?;
    accept::wants_json_body(&parts.headers)?;
    let (days, format) = asked(&json_body(body, &server).await?)?;
    if format != ExportFormat::CvrsProcessedRedacted && !caller.scopes.has(Scope::ExportNonRedacted) {
        return Err(Refusal::forbidden(format!("the format {} needs the scope EXPORT_NON_REDACTED", format.name())));
    }
    let note = note(&caller, "export");
    let body = stream_export(Arc::clone(&server), caller.account.jurisdiction.clone(), days, format);
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(note.on(response))
}

pub(super) async fn history(State(server): Shared, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    let caller = authorise(&server, &parts.headers, &ANY)?;
    accept::wants_json(&parts.headers)?;
    accept::wants_json_body(&parts.headers)?;
    let object = object(&json_body(body, &server).await?)?;
    day(&object, "startDate")?;
    day(&object, "endDate")?;
    match object.get("siteKey") {
        None | Some(Value::Null) => {}
        Some(Value::String(key)) if *key == caller.account.jurisdiction => {}
        Some(Value::String(_)) => return Err(Refusal::forbidden("siteKey is another jurisdiction's")),
        Some(_) => return Err(Refusal::invalid("siteKey must be a string")),
    }
    // There is no feed to the data lake here, so nothing was ever exported to it.
    Ok(note(&caller, "history").on(json(StatusCode::OK, b"[]".to_vec())))
}

pub(super) async fn file(State(server): Shared, Path(id): Path<String>, request: Request) -> Result<Response> {
    let headers = request.headers().clone();
    let caller = authorise(&server, &headers, &[Scope::ExportNonRedacted])?;
    let none = || Refusal::not_found("there is no such file");
    let id = super::jobs::id_of(&id).ok_or_else(none)?;
    let shared = Arc::clone(&server);
    let found = crate::blocking(move || Ok(shared.store.find(id)?)).await?;
    let mine = found.filter(|found| found.upload.keeps_raw && found.upload.jurisdiction == caller.account.jurisdiction);
    let upload = mine.ok_or_else(none)?.upload;
    let media = upload.media.name();
    let form = if accept::accepts(&headers, media) {
        Form::AsReceived
    } else if accept::accepts(&headers, "application/json") {
        Form::Json
    } else {
        return Err(Refusal::not_acceptable(&format!("{media} or application/json")));
    };
    let shared = Arc::clone(&server);
    let body = crate::blocking(move || stream_file(&shared, &upload, form)).await?;
    let mut response = body.into_response();
    let media = if form == Form::Json { "application/json" } else { media };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(Note { id: Some(id), ..note(&caller, "file") }.on(response))
}
