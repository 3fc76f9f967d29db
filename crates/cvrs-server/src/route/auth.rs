//! Who calls, and what they may.

use crate::account::Account;
use crate::fault::Fault;
use crate::refusal::{Refusal, Result};
use crate::server::Server;
use crate::token::{BadToken, Claims};
use axum::http::{HeaderMap, header};
use cvrs_api::{Scope, Scopes};
use std::sync::Arc;

/// A call with a good token.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The account that asked for the token.
    pub(super) client: String,
    /// The account that it works as.
    pub(super) account: Arc<Account>,
    pub(super) scopes: Scopes,
}

/// The token of a call: bare, as the clearinghouse wants it, or after `Bearer`.
pub(super) fn token(headers: &HeaderMap) -> Result<&str> {
    let value = super::accept::text(headers, header::AUTHORIZATION).unwrap_or_default().trim();
    let token = match value.split_once(char::is_whitespace) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value,
    };
    if token.is_empty() {
        return Err(Refusal::credentials("the header Authorization must hold a token; POST /v0/token/gen gives one"));
    }
    Ok(token)
}

pub(super) fn refuse(bad: BadToken) -> Refusal {
    Refusal::credentials(match bad {
        BadToken::Unknown => "the token is not one of this server's; POST /v0/token/gen gives one",
        BadToken::Expired => "the token has expired; POST /v0/token/gen gives a new one",
    })
}

/// What a token still permits: accounts may have gone or changed since it was made.
pub(super) fn caller_of(server: &Server, claims: &Claims) -> Result<Caller> {
    let gone = || Refusal::credentials("the account of this token is not there any more");
    let asked_by = server.accounts.get(&claims.client).ok_or_else(gone)?;
    let account = server.accounts.get(&claims.acts_as).ok_or_else(gone)?;
    if claims.client != claims.acts_as && !asked_by.may_act_for.contains(&claims.acts_as) {
        return Err(Refusal::credentials("the account may not work for the other one any more"));
    }
    let scopes = claims.scopes.and(asked_by.scopes).and(account.scopes);
    Ok(Caller { client: claims.client.clone(), account, scopes })
}

/// The caller, if the token is good.
pub(super) fn authenticate(server: &Server, headers: &HeaderMap) -> Result<Caller> {
    let claims = server.tokens.read(token(headers)?, server.now()).map_err(refuse)?;
    if server.config.faults.happens(Fault::ExpiredToken) {
        server.metrics.faulted(Fault::ExpiredToken.name());
        return Err(refuse(BadToken::Expired));
    }
    caller_of(server, &claims)
}

/// The caller, if the token is good and permits one of these.
pub(super) fn authorise(server: &Server, headers: &HeaderMap, scopes: &[Scope]) -> Result<Caller> {
    let caller = authenticate(server, headers)?;
    if !caller.scopes.has_any(scopes) {
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        return Err(Refusal::forbidden(format!("the token lacks the scope {}", names.join(" or "))));
    }
    Ok(caller)
}
