//! How a request fails: problem documents (RFC 9457), and the one table that maps codes to statuses.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use warp::reply::{Reply, Response};

/// What went wrong, for a program. These words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The request cannot be understood; `field` names the part.
    BadInput,
    /// A channel's name or resource id breaks the rules.
    BadChannel,
    /// No key, or not one of this relay's.
    Unauthorized,
    /// This page may not connect.
    ForbiddenOrigin,
    /// There is nothing here.
    NotFound,
    /// Not with this method.
    MethodNotAllowed,
    /// The request did not arrive in time.
    RequestTimeout,
    /// A payload or a body is larger than the limit.
    PayloadTooLarge,
    /// The body is not JSON by its content type.
    UnsupportedMediaType,
    /// The id belongs to another message.
    IdTaken,
    /// This address speaks WebSocket.
    UpgradeRequired,
    /// More than the limit allows now.
    TooManyRequests,
    /// The request's head is larger than the limit.
    HeadTooLarge,
    /// Something went wrong inside the relay.
    Internal,
    /// The relay cannot do it now.
    Unavailable,
    /// The relay cannot say now whether it is done.
    Unconfirmed,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 16] = [
        Self::BadInput,
        Self::BadChannel,
        Self::Unauthorized,
        Self::ForbiddenOrigin,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdTaken,
        Self::UpgradeRequired,
        Self::TooManyRequests,
        Self::HeadTooLarge,
        Self::Internal,
        Self::Unavailable,
        Self::Unconfirmed,
    ];

    /// The word, the status and the title.
    const fn row(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::BadInput => ("bad_input", StatusCode::BAD_REQUEST, "The request is not right"),
            Self::BadChannel => ("bad_channel", StatusCode::BAD_REQUEST, "The channel is not right"),
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED, "The key is missing or wrong"),
            Self::ForbiddenOrigin => ("forbidden_origin", StatusCode::FORBIDDEN, "This page may not connect"),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND, "Nothing is here"),
            Self::MethodNotAllowed => {
                ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, "Not with this method")
            }
            Self::RequestTimeout => {
                ("request_timeout", StatusCode::REQUEST_TIMEOUT, "The request took too long to arrive")
            }
            Self::PayloadTooLarge => ("payload_too_large", StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
            Self::IdTaken => {
                ("id_taken", StatusCode::UNPROCESSABLE_ENTITY, "The id belongs to another message")
            }
            Self::UnsupportedMediaType => {
                ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not JSON")
            }
            Self::UpgradeRequired => {
                ("upgrade_required", StatusCode::UPGRADE_REQUIRED, "This address speaks WebSocket")
            }
            Self::TooManyRequests => {
                ("too_many_requests", StatusCode::TOO_MANY_REQUESTS, "Too many requests")
            }
            Self::HeadTooLarge => (
                "head_too_large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The request's head is too large",
            ),
            Self::Internal => {
                ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong inside the relay")
            }
            Self::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE, "Not available now"),
            Self::Unconfirmed => {
                ("unconfirmed", StatusCode::GATEWAY_TIMEOUT, "Not known yet whether it is done")
            }
        }
    }

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.row().1
    }
}

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: String,
    field: Option<&'static str>,
    retry_after: Option<Duration>,
    allow: Option<&'static str>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl Problem {
    /// A problem, and a sentence that says what was wrong and what would be right.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None, retry_after: None, allow: None }
    }

    /// Bad input in a field of the body.
    pub fn bad_input(field: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Code::BadInput, detail).in_field(field)
    }

    /// The problem of a request whose handler panicked, which is said in the log.
    pub fn after_a_panic() -> Self {
        tracing::error!("a request could not be answered: its handler panicked");
        Self::new(Code::Internal, "the relay's log says more")
    }

    /// Names the part of the body that it is about.
    pub const fn in_field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    /// Says when to try again.
    pub const fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Says which methods are allowed.
    pub const fn allow(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    /// When to try again, as the header says it; at least a second.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|after| after.as_secs().max(1))
    }

    /// Its code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The document's JSON.
    pub fn to_json(&self) -> String {
        let (code, status, title) = self.code.row();
        let kind = format!("urn:realtime-relay:problem:{code}");
        let document =
            Document { kind, title, status: status.as_u16(), detail: &self.detail, code, field: self.field };
        serde_json::to_string(&document).unwrap_or_default()
    }
}

impl Reply for Problem {
    fn into_response(self) -> Response {
        let mut response = self.to_json().into_response();
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.code == Code::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.code == Code::UpgradeRequired {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        if let Some(methods) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_a_word_of_its_own_and_the_status_of_its_kind() {
        let table: Vec<_> = Code::ALL.iter().map(|code| (code.as_str(), code.status().as_u16())).collect();
        assert_eq!(
            table,
            [
                ("bad_input", 400),
                ("bad_channel", 400),
                ("unauthorized", 401),
                ("forbidden_origin", 403),
                ("not_found", 404),
                ("method_not_allowed", 405),
                ("request_timeout", 408),
                ("payload_too_large", 413),
                ("unsupported_media_type", 415),
                ("id_taken", 422),
                ("upgrade_required", 426),
                ("too_many_requests", 429),
                ("head_too_large", 431),
                ("internal", 500),
                ("unavailable", 503),
                ("unconfirmed", 504),
            ]
        );
    }

    #[test]
    fn a_problem_is_a_document_with_its_headers() {
        let problem = Problem::bad_input("payload", "it is missing").retry_after(Duration::from_millis(10));
        let document: serde_json::Value = serde_json::from_str(&problem.to_json()).unwrap();
        assert_eq!(
            document,
            serde_json::json!({
                "type": "urn:realtime-relay:problem:bad_input", "title": "The request is not right",
                "status": 400, "detail": "it is missing", "code": "bad_input", "field": "payload",
            })
        );
        let response = problem.into_response();
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
