//! From HTTP to calls and back. Handlers translate; they do not decide.

mod accept;
mod auth;
mod export;
mod finish;
mod jobs;
mod status;
mod token;
mod upload;

pub(crate) use finish::Cut;

use crate::refusal::Refusal;
use crate::server::Server;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cvrs_api::route::{EXPORT, IZDL_HISTORY, TOKEN_GEN, TOKEN_REFRESH, UPLOAD_FILE, UPLOAD_HL7, UPLOAD_HL7_JSON};
use std::sync::Arc;
use tower_http::compression::CompressionLayer;

/// What handlers share.
pub(crate) type Shared = axum::extract::State<Arc<Server>>;

/// All that the server answers to. To be served by [`serve`](crate::serve), or within a program of one's own.
pub fn router(server: Arc<Server>) -> Router {
    let uploads = || post(upload::create).put(upload::update).delete(upload::delete);
    let jobs = || post(jobs::create).put(jobs::update).delete(jobs::delete);
    let job = || get(jobs::status).post(jobs::status);
    let hl7 = || post(upload::hl7_create).put(upload::hl7_update).delete(upload::hl7_delete);
    let hl7_json = || post(upload::hl7_json_create).put(upload::hl7_json_update).delete(upload::hl7_json_delete);
    Router::new()
        .route(TOKEN_GEN, post(token::generate))
        .route(TOKEN_REFRESH, post(token::refresh))
        .route("/v0/upload/cvrs/batch", uploads())
        .route("/v0/upload/crvs/batch", uploads())
        .route(UPLOAD_HL7, hl7())
        .route(UPLOAD_HL7_JSON, hl7_json())
        .route(&format!("{UPLOAD_FILE}{{id}}"), get(export::file))
        .route("/v0/async/cvrs/jobs", jobs())
        .route("/v0/async/crvs/jobs", jobs())
        .route("/v0/async/cvrs/jobs/{id}", job())
        .route("/v0/async/crvs/jobs/{id}", job())
        .route("/v0/async/cvrs/{id}", job())
        .route("/v0/async/crvs/{id}", job())
        .route(EXPORT, post(export::export))
        .route("/v0/upload/export", post(export::export))
        .route(IZDL_HISTORY, post(export::history))
        .route("/", get(status::page))
        .route("/healthz", get(status::health))
        .route("/metrics", get(status::metrics))
        .route("/openapi.json", get(status::openapi))
        .fallback(|| async { Refusal::not_found("there is nothing under this path") })
        .method_not_allowed_fallback(|| async { Refusal::method() })
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&server), finish::finish))
        .layer(CompressionLayer::new())
        .with_state(server)
}

/// The name of a route in metrics and logs: one of a few, whatever is asked for.
pub(crate) fn name_of(path: &str) -> &'static str {
    let path = path.trim_end_matches('/');
    match path {
        "" => "/",
        TOKEN_GEN => TOKEN_GEN,
        TOKEN_REFRESH => TOKEN_REFRESH,
        "/v0/upload/cvrs/batch" | "/v0/upload/crvs/batch" => "/v0/upload/cvrs/batch",
        UPLOAD_HL7 => UPLOAD_HL7,
        UPLOAD_HL7_JSON => UPLOAD_HL7_JSON,
        "/v0/async/cvrs/jobs" | "/v0/async/crvs/jobs" => "/v0/async/cvrs/jobs",
        EXPORT | "/v0/upload/export" => EXPORT,
        IZDL_HISTORY => IZDL_HISTORY,
        "/healthz" => "/healthz",
        "/metrics" => "/metrics",
        "/openapi.json" => "/openapi.json",
        path if path.starts_with("/v0/async/") => "/v0/async/cvrs/jobs/{id}",
        path if path.starts_with(UPLOAD_FILE) => "/v0/upload/file/{id}",
        _ => "other",
    }
}

/// A reply of JSON in a file.
fn json_file(file: std::fs::File, bytes: u64) -> Response {
    let mut response = crate::export::stream_whole(file, bytes);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A reply of JSON bytes.
fn json(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = (status, bytes).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
