//! Asynchronous uploads, and where they stand.

use super::auth::authorise;
use super::upload::{admit, drain, note, take};
use super::{Shared, accept, json};
use crate::refusal::{Refusal, Result};
use crate::server::Server;
use crate::store::{Logged, Operation};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cvrs_api::Scope;
use std::fs::File;
use std::io::ErrorKind;
use std::sync::Arc;
use uuid::Uuid;

pub(super) async fn create(State(server): Shared, request: Request) -> Response {
    submit(server, request, Operation::Create).await
}

pub(super) async fn update(State(server): Shared, request: Request) -> Response {
    submit(server, request, Operation::Update).await
}

pub(super) async fn delete(State(server): Shared, request: Request) -> Response {
    submit(server, request, Operation::Delete).await
}

async fn submit(server: Arc<Server>, request: Request, operation: Operation) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let admitted = match admit(&server, &headers, operation, false) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            drain(&headers, body).await;
            return refusal.into_response();
        }
    };
    let mut note = note(&admitted.caller, operation, true);
    let account = Arc::clone(&admitted.caller.account);
    // The body of a job outlives the call in any case.
    let submitted = match take(&server, &headers, body, &admitted, true).await {
        Err(refusal) => Err(refusal),
        Ok(body) => {
            let upload = server.arrived(&account, operation, &body, true);
            note.id = Some(upload.id);
            let shared = Arc::clone(&server);
            let location = cvrs_api::route::job(&upload.id.to_string());
            crate::blocking(move || shared.submit(&upload, body)).await.map(|reply| (location, reply))
        }
    };
    let response = match submitted {
        Err(refusal) => refusal.into_response(),
        Ok((location, reply)) => {
            let status = if server.config.async_ok { StatusCode::OK } else { StatusCode::ACCEPTED };
            let mut response = json(status, reply);
            if let Ok(location) = HeaderValue::try_from(location) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
    };
    note.on(response)
}

/// An id in the shape that the reference gives: 8-4-4-4-12 hexadecimal digits.
pub(super) fn id_of(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// A reply in a file of so many bytes.
type Long = Option<(File, u64)>;

/// A job as it stands, and its reply if that is too long for the store.
fn found(server: &Server, id: Uuid) -> Result<Option<(Logged, Long)>> {
    loop {
        let Some(found) = server.store.find(id)? else { return Ok(None) };
        if !found.reply.is_empty() || !found.upload.is_job {
            return Ok(Some((found, None)));
        }
        match server.folder.reply(id, found.state) {
            Ok(file) => {
                let bytes = file.metadata()?.len();
                return Ok(Some((found, Some((file, bytes)))));
            }
            // It went on meanwhile.
            Err(error)
                if error.kind() == ErrorKind::NotFound
                    && server.store.find(id)?.is_some_and(|now| now.state != found.state) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

pub(super) async fn status(State(server): Shared, Path(id): Path<String>, request: Request) -> Result<Response> {
    let headers = request.headers();
    let caller = authorise(&server, headers, &[Scope::Upload, Scope::Update, Scope::Delete])?;
    accept::wants_json(headers)?;
    let id = id_of(&id).ok_or_else(|| Refusal::invalid("a job's id is a UUID: 8-4-4-4-12 hexadecimal digits"))?;
    let shared = Arc::clone(&server);
    let found = crate::blocking(move || found(&shared, id)).await?;
    let (found, long) = found.map_or((None, None), |(found, long)| (Some(found), long));
    let mine = found.filter(|found| found.upload.is_job && found.upload.jurisdiction == caller.account.jurisdiction);
    let found = mine.ok_or_else(|| Refusal::not_found("there is no such job"))?;
    Ok(match long {
        Some((file, bytes)) => super::json_file(file, bytes),
        None => json(StatusCode::OK, found.reply),
    })
}
