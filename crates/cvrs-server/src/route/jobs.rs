//! Asynchronous uploads, and where they stand.

use super::auth::authorise;
use super::upload::{admit, drain, note, take};
use super::{Shared, accept, json};
use crate::refusal::{Refusal, Result};
use crate::server::Server;
use crate::store::Operation;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cvrs_api::Scope;
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

pub(super) async fn status(State(server): Shared, Path(id): Path<String>, request: Request) -> Result<Response> {
    let headers = request.headers();
    let caller = authorise(&server, headers, &[Scope::Upload, Scope::Update, Scope::Delete])?;
    accept::wants_json(headers)?;
    let id = id_of(&id).ok_or_else(|| Refusal::invalid("a job's id is a UUID: 8-4-4-4-12 hexadecimal digits"))?;
    let shared = Arc::clone(&server);
    let found = crate::blocking(move || Ok(shared.store.find(id)?)).await?;
    let mine = found.filter(|found| found.upload.is_job && found.upload.jurisdiction == caller.account.jurisdiction);
    let found = mine.ok_or_else(|| Refusal::not_found("there is no such job"))?;
    Ok(json(StatusCode::OK, found.reply))
}
