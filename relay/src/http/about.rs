//! What the relay says of itself.

use std::time::Duration;

use http::{HeaderValue, header};
use warp::reply::{Reply, Response};

use crate::http::problem::{Code, Problem};
use crate::measure::scrape::Measured;
use crate::ready::Readiness;

/// The contract of this API: OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("../../openapi.yaml");

/// `GET /healthz`: the relay runs.
pub fn health() -> Response {
    json(concat!("{\"status\":\"ok\",\"version\":\"", env!("CARGO_PKG_VERSION"), "\"}"))
}

fn json(text: &'static str) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `GET /readyz`: the relay is ready for more.
///
/// # Errors
/// 503 with what keeps it from being ready.
pub fn ready(readiness: &Readiness) -> Result<Response, Problem> {
    match readiness.why_not() {
        None => Ok(json("{\"status\":\"ready\"}")),
        Some(why) => Err(Problem::new(Code::Unavailable, why).retry_after(Duration::from_secs(1))),
    }
}

/// `GET /metrics`, in the text format of Prometheus.
pub fn metrics(measured: &Measured) -> Response {
    let mut response = measured.to_text().into_response();
    let media_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

/// `GET /v1/openapi.yaml`: this API's contract. The media type is that of RFC 9512.
pub fn contract() -> Response {
    let mut response = OPENAPI.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    response
}
