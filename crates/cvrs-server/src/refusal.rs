//! Everything that is not a success: status and words in one place.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt;

/// Why a request is not served. The message holds no value of a record.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    message: String,
    retry_after: Option<u32>,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({}: {})", self.status.as_u16(), self.message)
    }
}

/// A result that can be a refusal.
pub(crate) type Result<T> = std::result::Result<T, Refusal>;

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after: None }
    }

    /// 400: missing or invalid information.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401: missing or invalid credentials.
    pub(crate) fn credentials(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 403: no authorisation for the request.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 404: nothing there.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 405: the verb is not one of the path's.
    pub(crate) fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this path does not take that method; the header Allow lists those it takes",
        )
    }

    /// 406: no acceptable form of the reply.
    pub(crate) fn not_acceptable(offered: &str) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, format!("the reply is {offered}, which the header Accept does not allow"))
    }

    /// 408: the body did not come.
    pub(crate) fn too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not arrive in time; send it again over a better connection",
        )
    }

    /// 413: more than the limit.
    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// 415: a media type that the operation does not take.
    pub(crate) fn media_type(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// 429: too often.
    pub(crate) fn too_often(seconds: u32) -> Self {
        let message = format!("too many token calls for this client; try again in {seconds} s");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, message) }
    }

    /// 500: our own failure; what it was goes to the log and not to the client.
    pub(crate) fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(cause = %cause, "internal failure");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why")
    }

    /// 503: not now.
    pub(crate) fn unavailable() -> Self {
        let message = "the service is not available at the moment; try again later";
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// The status.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// The message.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The body that a client gets.
    pub(crate) fn body(&self, path: &str, millis: i64) -> Vec<u8> {
        let body = cvrs_api::ErrorBody {
            timestamp: crate::clock::rfc3339(millis),
            status: self.status.as_u16(),
            error: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            message: self.message.clone(),
            path: path.to_owned(),
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    /// The status and the headers; `route::finish` writes the body, since only there the path is known.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 asks for the scheme; the clearinghouse takes the token bare, and this server either way.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<crate::store::StoreError> for Refusal {
    fn from(error: crate::store::StoreError) -> Self {
        Self::internal(&error)
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::internal(&error)
    }
}
