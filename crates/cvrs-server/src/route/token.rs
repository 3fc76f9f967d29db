//! Token calls.

use super::auth::{caller_of, refuse, token};
use super::finish::Note;
use super::{Shared, accept, json};
use crate::refusal::{Refusal, Result};
use crate::server::Server;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cvrs_api::{Scope, Scopes, TokenResponse};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The longest JSON body of a call, in bytes.
const JSON_BYTES: usize = 64 << 10;

/// A JSON body of modest length.
pub(super) async fn json_body(body: Body, server: &Server) -> Result<Bytes> {
    let gathered = Limited::new(body, JSON_BYTES).collect();
    let patience = Duration::from_secs(server.config.limits.pause_seconds);
    let gathered = tokio::time::timeout(patience, gathered).await.map_err(|_| Refusal::too_slow())?;
    Ok(gathered
        .map_err(|_| Refusal::too_large(format!("the body is cut or longer than {JSON_BYTES} bytes")))?
        .to_bytes())
}

struct Asked {
    client: String,
    secret: String,
    scopes: Vec<Scope>,
    behalf: Option<String>,
}

/// Reads a body; what is wrong with it is told without quoting it.
fn read(bytes: &[u8]) -> Result<Asked> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|_| Refusal::invalid("the body is no JSON; quote names and values"))?;
    let Value::Object(object) = value else { return Err(Refusal::invalid("the body must be a JSON object")) };
    let text = |name: &str| match object.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        _ => Err(Refusal::invalid(format!("{name} is needed, as a string"))),
    };
    let Some(Value::Array(names)) = object.get("scopes") else {
        return Err(Refusal::invalid("scopes is needed, as an array of strings"));
    };
    let scope = |name: &Value| match name {
        Value::String(name) => name.parse::<Scope>().map_err(|error| Refusal::invalid(format!("scopes: {error}"))),
        _ => Err(Refusal::invalid("scopes is needed, as an array of strings")),
    };
    let behalf = match object.get("onBehalfOfClientID") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id.clone()).filter(|id| !id.is_empty()),
        Some(_) => return Err(Refusal::invalid("onBehalfOfClientID must be a string")),
    };
    let scopes = names.iter().map(scope).collect::<Result<Vec<Scope>>>()?;
    if scopes.is_empty() {
        return Err(Refusal::invalid("scopes must name at least one scope"));
    }
    Ok(Asked { client: text("clientID")?, secret: text("clientSecret")?, scopes, behalf })
}

fn reply(response: &TokenResponse) -> Response {
    json(StatusCode::OK, serde_json::to_vec(response).unwrap_or_default())
}

pub(super) async fn generate(State(server): Shared, request: Request) -> Result<Response> {
    let (parts, body) = request.into_parts();
    accept::wants_json(&parts.headers)?;
    accept::wants_json_body(&parts.headers)?;
    let asked = read(&json_body(body, &server).await?)?;
    let mut note = Note {
        client: asked.client.clone(),
        acts_as: asked.behalf.clone().unwrap_or_else(|| asked.client.clone()),
        jurisdiction: String::new(),
        action: "token",
        id: None,
    };
    let generated = generate_for(&server, asked, &mut note).await;
    Ok(note.on(generated.map_or_else(IntoResponse::into_response, |token| reply(&token))))
}

async fn generate_for(server: &Arc<Server>, asked: Asked, note: &mut Note) -> Result<TokenResponse> {
    let clock = &server.config.clock;
    server.limiter.call(&asked.client, clock.millis()).map_err(Refusal::too_often)?;
    let _permit = server.hashing.acquire().await.map_err(|error| Refusal::internal(&error))?;
    let (shared, client, secret) = (Arc::clone(server), asked.client.clone(), asked.secret);
    let account = crate::blocking(move || Ok(shared.accounts.authenticate(&client, &secret))).await?;
    let Some(account) = account else {
        server.limiter.fail(&asked.client, clock.millis());
        return Err(Refusal::credentials("clientID or clientSecret is wrong"));
    };
    let acts_as = match &asked.behalf {
        Some(other) if *other != account.id => {
            account.may_act_for.contains(other).then(|| server.accounts.get(other)).flatten().ok_or_else(|| {
                Refusal::forbidden("the account may not work for the client named in onBehalfOfClientID")
            })?
        }
        _ => Arc::clone(&account),
    };
    note.jurisdiction.clone_from(&acts_as.jurisdiction);
    let provisioned = account.scopes.and(acts_as.scopes);
    if let Some(scope) = asked.scopes.iter().find(|&&scope| !provisioned.has(scope)) {
        return Err(Refusal::forbidden(format!("the scope {scope} is not provisioned to the account")));
    }
    Ok(server.tokens.generate(&account.id, &acts_as.id, Scopes::of(&asked.scopes), server.now()))
}

pub(super) async fn refresh(State(server): Shared, request: Request) -> Result<Response> {
    let headers = request.headers();
    accept::wants_json(headers)?;
    let (claims, response) = server.tokens.refresh(token(headers)?, server.now()).map_err(refuse)?;
    let caller = caller_of(&server, &claims)?;
    server.limiter.call(&claims.client, server.config.clock.millis()).map_err(Refusal::too_often)?;
    let note = Note {
        client: caller.client,
        acts_as: caller.account.id.clone(),
        jurisdiction: caller.account.jurisdiction.clone(),
        action: "refresh",
        id: None,
    };
    Ok(note.on(reply(&response)))
}
