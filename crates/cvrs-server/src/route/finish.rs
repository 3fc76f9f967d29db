//! What every call goes through: faults on purpose, the body of refusals, counts and the log.

use super::name_of;
use crate::audit::Deed;
use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::server::Server;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Marks a reply in whose place the connection is broken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut;

/// What the log says of a call besides its route and status.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) client: String,
    pub(crate) acts_as: String,
    pub(crate) jurisdiction: String,
    pub(crate) action: &'static str,
    pub(crate) id: Option<uuid::Uuid>,
}

impl Note {
    /// Puts it onto a reply.
    pub(crate) fn on(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether faults on purpose concern a path: those who watch the server are spared.
fn is_api(path: &str) -> bool {
    path.starts_with("/v0/")
}

pub(super) async fn finish(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let faults = &server.config.faults;
    let happens = |fault: Fault| {
        let happens = is_api(&path) && faults.happens(fault);
        if happens {
            server.metrics.faulted(fault.name());
        }
        happens
    };
    let is_cut = happens(Fault::Cut);
    let is_cut_before = is_cut && faults.draw() < 0.5;
    let mut response = if is_cut_before || happens(Fault::Unavailable) {
        Refusal::unavailable().into_response()
    } else {
        next.run(request).await
    };
    if happens(Fault::Slow) {
        tokio::time::sleep(Duration::from_secs_f64(0.5 + 2.5 * faults.draw())).await;
    }
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let bytes = refusal.body(&path, server.config.clock.millis());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        *response.body_mut() = Body::from(bytes);
    }
    tell(&server, name_of(&path), method.as_str(), &response, start.elapsed());
    if is_cut {
        response.extensions_mut().insert(Cut);
    }
    response
}

fn tell(server: &Server, route: &'static str, method: &str, response: &Response, took: Duration) {
    let status = response.status().as_u16();
    let method = match method {
        "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "OPTIONS" => method,
        _ => "other",
    };
    server.metrics.requested(route, method, status, took.as_secs_f64());
    let note = response.extensions().get::<Note>();
    let client = note.map(|note| note.client.as_str());
    let id = note.and_then(|note| note.id).map(|id| id.to_string());
    tracing::info!(route, method, status, millis = took.as_millis() as u64, client, id, "request");
    if let Some(note) = note {
        server.audit.tell(&Deed {
            time: crate::clock::rfc3339(server.config.clock.millis()),
            client: &note.client,
            acts_as: Some(note.acts_as.as_str()).filter(|acts_as| *acts_as != note.client),
            jurisdiction: Some(note.jurisdiction.as_str()).filter(|name| !name.is_empty()),
            action: note.action,
            id,
            status,
        });
    }
}
