//! What those who run the server look at.

use super::{Shared, json};
use crate::refusal::{Refusal, Result};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use std::sync::Arc;

pub(super) async fn health(State(server): Shared) -> Result<Response> {
    let shared = Arc::clone(&server);
    crate::blocking(move || Ok(shared.store.waiting()?)).await.map_err(|_| Refusal::unavailable())?;
    Ok(json(StatusCode::OK, br#"{"status":"UP"}"#.to_vec()))
}

pub(super) async fn metrics(State(server): Shared) -> Response {
    let text = server.metrics.text(server.queue.n_running());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

pub(super) async fn openapi() -> Response {
    json(StatusCode::OK, serde_json::to_vec(&crate::openapi::openapi()).unwrap_or_default())
}

pub(super) async fn page(State(server): Shared) -> Result<Response> {
    if !server.config.status_page {
        return Err(Refusal::not_found("there is nothing under this path; the status page is off"));
    }
    let shared = Arc::clone(&server);
    let html = crate::blocking(move || crate::page::render(&shared)).await?;
    let policy = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((policy, Html(html)).into_response())
}
