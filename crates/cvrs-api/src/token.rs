//! Asking for a token.

use crate::Scope;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The body of a token call. `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// The account.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// What the token is to permit.
    pub scopes: Vec<Scope>,
    /// Another account that the caller works for.
    #[serde(rename = "onBehalfOfClientID", default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of_client_id: Option<String>,
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .field("on_behalf_of_client_id", &self.on_behalf_of_client_id)
            .finish_non_exhaustive()
    }
}

/// A token and the end of its life. `Debug` hides the token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenResponse {
    /// What goes into the header `Authorization`, bare.
    pub token: String,
    /// Unix time in seconds.
    pub expiration: i64,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse").field("expiration", &self.expiration).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_secret_nor_token() {
        let request = TokenRequest {
            client_id: "gaa".into(),
            client_secret: "hush".into(),
            scopes: vec![Scope::Upload],
            on_behalf_of_client_id: None,
        };
        assert!(!format!("{request:?}").contains("hush"));
        let wire = serde_json::to_string(&request).unwrap();
        assert_eq!(wire, r#"{"clientID":"gaa","clientSecret":"hush","scopes":["UPLOAD"]}"#);
        let reply = TokenResponse { token: "hush".into(), expiration: 1 };
        assert!(!format!("{reply:?}").contains("hush"));
    }
}
