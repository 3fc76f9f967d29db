//! Tokens: asked for when needed, renewed before they run out, forgotten when they are called expired.

use crate::answer::Object;
use crate::body::Body;
use crate::call::{Call, CallError, CallKind, Connection};
use crate::error::{Error, Result};
use crate::secret::Secret;
use cvrs_api::{Scope, route};
use serde::Serialize;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use ureq::http::Method;
use zeroize::Zeroizing;

/// A token is used for so long at most, whatever it says of itself: clocks differ.
const LONGEST: Duration = Duration::from_mins(10);
/// Numbers above this are milliseconds (as one stand-in for the service has it).
const SECONDS_BELOW: u64 = 100_000_000_000;

/// Who calls.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The account.
    pub client_id: String,
    /// Its secret.
    pub secret: Secret,
    /// Another account that it works for.
    pub on_behalf_of: Option<String>,
}

/// The tokens of one client for certain scopes.
#[derive(Debug)]
pub struct Tokens<'c> {
    connection: &'c Connection,
    credentials: Credentials,
    scopes: Vec<Scope>,
    current: Option<(Secret, Instant)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(rename = "clientID")]
    client_id: &'a str,
    client_secret: &'a str,
    scopes: &'a [Scope],
    #[serde(rename = "onBehalfOfClientID", skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a str>,
}

impl<'c> Tokens<'c> {
    /// Tokens for these scopes alone.
    pub fn new(connection: &'c Connection, credentials: Credentials, scopes: &[Scope]) -> Self {
        Self { connection, credentials, scopes: scopes.to_vec(), current: None }
    }

    /// Tokens of the same client for other scopes.
    pub(crate) fn for_scope(&self, scope: Scope) -> Self {
        Self::new(self.connection, self.credentials.clone(), &[scope])
    }

    /// A token that is good for a while.
    ///
    /// # Errors
    /// Credentials that are refused, and what any call may meet.
    pub fn get(&mut self) -> Result<Secret> {
        if let Some((token, until)) = &self.current
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let (token, life) = self.generate()?;
        self.current = Some((token.clone(), Instant::now() + life));
        Ok(token)
    }

    /// The service calls the present token expired.
    pub fn forget(&mut self) {
        self.current = None;
    }

    fn generate(&self) -> Result<(Secret, Duration)> {
        let request = Request {
            client_id: &self.credentials.client_id,
            client_secret: self.credentials.secret.reveal(),
            scopes: &self.scopes,
            on_behalf_of: self.credentials.on_behalf_of.as_deref(),
        };
        let json = serde_json::to_vec(&request).map_err(|_| Error::Defect("a token call cannot be written"))?;
        let json = Zeroizing::new(json);
        let mut body = Body::from_bytes(&json).map_err(Error::Temporary)?;
        let call = Call { method: Method::POST, path: route::TOKEN_GEN, token: None, media: Some("application/json") };
        let reply = self.connection.call(&call, Some(&mut body))?;
        if !(200..300).contains(&reply.status) {
            return Err(self.refusal(&self.connection.refused(&reply), reply.status).into());
        }
        let text = Zeroizing::new(reply.body);
        let object = serde_json::from_slice(&text).ok().and_then(Object::new);
        let token = object.as_ref().and_then(|object| object.text("token")).map(Secret::new);
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            let message = format!("{} gives no token; check the URL", self.connection.url());
            return Err(CallError::new(CallKind::Service, message).into());
        };
        let expires = object.as_ref().and_then(|object| object.count("expiration"));
        Ok((token, life(expires, now())))
    }

    fn refusal(&self, error: &CallError, status: u16) -> CallError {
        let id = &self.credentials.client_id;
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.name()).collect();
        let told =
            |remedy: String| CallError::new(CallKind::Credentials, format!("{error}; {remedy}")).with_status(status);
        match status {
            401 => told(format!("check the client id ({id}) and its secret")),
            403 => told(format!("{id} needs the scope {}, which the service's administrator gives", scopes.join(", "))),
            _ => error.clone(),
        }
    }
}

/// For how long a token is used: two thirds of its life.
fn life(expires: Option<u64>, now: u64) -> Duration {
    let expires = expires.map(|at| if at > SECONDS_BELOW { at / 1000 } else { at });
    let left = expires.and_then(|at| at.checked_sub(now)).filter(|&left| left > 0);
    left.map_or(LONGEST, |left| Duration::from_secs(left) * 2 / 3).min(LONGEST)
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_runs_out() {
        let now = 1_700_000_000;
        assert_eq!(life(Some(now + 900), now), Duration::from_mins(10));
        assert_eq!(life(Some(now + 30), now), Duration::from_secs(20));
        assert_eq!(life(Some((now + 30) * 1000), now), Duration::from_secs(20));
        // A clock that goes wrong, here or there.
        assert_eq!(life(Some(now - 5), now), Duration::from_mins(10));
        assert_eq!(life(None, now), Duration::from_mins(10));
    }
}
