//! Synchronous uploads.

use super::auth::{Caller, authorise};
use super::finish::Note;
use super::{Shared, accept, json};
use crate::intake::{Body as Received, Kind, Media, receive};
use crate::refusal::{Refusal, Result};
use crate::server::Server;
use crate::store::Operation;
use crate::upload::{Rendered, SHORT_BYTES};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cvrs_api::Scope;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;

/// Of a refused body, so much is still read, so that the client reads why instead of a broken connection.
const DRAIN_BYTES: u64 = 320_000_000;

/// And for so long.
const DRAIN_TIME: Duration = Duration::from_secs(20);

/// The scope that an operation needs.
pub(super) const fn scope(operation: Operation) -> Scope {
    match operation {
        Operation::Create => Scope::Upload,
        Operation::Update => Scope::Update,
        Operation::Delete => Scope::Delete,
    }
}

pub(super) async fn create(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Create, Kind::Cvrs).await
}

pub(super) async fn update(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Update, Kind::Cvrs).await
}

pub(super) async fn delete(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Delete, Kind::Cvrs).await
}

/// Reads what is left of a refused body, unless the client waits to be asked for it.
pub(super) async fn drain(headers: &HeaderMap, mut body: Body) {
    if headers.contains_key(header::EXPECT) {
        return;
    }
    let read = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            if bytes > DRAIN_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIME, read).await;
}

/// What an upload's header must say, and who sends it.
pub(super) struct Admitted {
    pub(super) caller: Caller,
    media: Option<Media>,
}

/// Judges a call by its header alone.
pub(super) fn admit(server: &Server, headers: &HeaderMap, operation: Operation, takes_json: bool) -> Result<Admitted> {
    let caller = authorise(server, headers, &[scope(operation)])?;
    accept::wants_json(headers)?;
    let media = accept::media(headers, operation == Operation::Delete, takes_json)?;
    Ok(Admitted { caller, media })
}

/// Whether a body is of a length that is taken, as far as its header says it.
fn judge_length(server: &Server, headers: &HeaderMap) -> Result<()> {
    let limit = server.config.limits.body_bytes;
    let length = accept::text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length >= limit) {
        return Err(Refusal::too_large(format!("the body must be smaller than {limit} bytes; split the file")));
    }
    Ok(())
}

/// Receives the body of an admitted call.
pub(super) async fn take(
    server: &Arc<Server>,
    headers: &HeaderMap,
    body: Body,
    admitted: &Admitted,
    may_keep: bool,
) -> Result<Received> {
    let coding = accept::text(headers, header::CONTENT_ENCODING);
    let media = admitted.media.unwrap_or(Media::Text);
    if let Err(refusal) = judge_length(server, headers) {
        drain(headers, body).await;
        return Err(refusal);
    }
    let mut received = receive(body, coding, media, server.config.limits, Arc::clone(&server.folder), may_keep).await?;
    if admitted.media.is_none() && received.starts_like_zip()? {
        received.media = Media::Zip;
    }
    Ok(received)
}

/// Takes an upload of that kind. What is no CVRS becomes it on its way into the check.
async fn upload(server: Arc<Server>, request: Request, operation: Operation, kind: Kind) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let admitted = match admit(&server, &headers, operation, kind == Kind::Hl7Json) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            drain(&headers, body).await;
            return refusal.into_response();
        }
    };
    let account = Arc::clone(&admitted.caller.account);
    let mut note = note(&admitted.caller, operation, false);
    let received = take(&server, &headers, body, &admitted, account.modes.keeps_raw()).await;
    let ended = match received {
        Err(refusal) => Err(refusal),
        Ok(mut body) => {
            body.kind = kind;
            let upload = server.arrived(&account, operation, &body, false);
            note.id = Some(upload.id);
            // A thread for each of very many would make all of them slow, and some of them very slow.
            let is_short = body.media == Media::Text && body.bytes <= SHORT_BYTES;
            let turn = if is_short { server.turns.acquire().await.ok() } else { None };
            let working = Arc::clone(&server);
            let done = crate::blocking(move || working.upload(&upload, body)).await;
            drop(turn);
            done
        }
    };
    note.on(match ended {
        Err(refusal) => refusal.into_response(),
        Ok(Rendered::Bytes(reply)) => json(StatusCode::OK, reply),
        // The name goes, the file stays until it is sent.
        Ok(Rendered::File(file, bytes)) => super::json_file(file.into_file(), bytes),
    })
}

pub(super) fn note(caller: &Caller, operation: Operation, is_job: bool) -> Note {
    let action = match (operation, is_job) {
        (Operation::Create, false) => "create",
        (Operation::Update, false) => "update",
        (Operation::Delete, false) => "delete",
        (Operation::Create, true) => "create job",
        (Operation::Update, true) => "update job",
        (Operation::Delete, true) => "delete job",
    };
    Note {
        client: caller.client.clone(),
        acts_as: caller.account.id.clone(),
        jurisdiction: caller.account.jurisdiction.clone(),
        action,
        id: None,
    }
}

pub(super) async fn hl7_create(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Create, Kind::Hl7).await
}

pub(super) async fn hl7_update(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Update, Kind::Hl7).await
}

pub(super) async fn hl7_delete(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Delete, Kind::Hl7).await
}

pub(super) async fn hl7_json_create(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Create, Kind::Hl7Json).await
}

pub(super) async fn hl7_json_update(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Update, Kind::Hl7Json).await
}

pub(super) async fn hl7_json_delete(State(server): Shared, request: Request) -> Response {
    upload(server, request, Operation::Delete, Kind::Hl7Json).await
}
