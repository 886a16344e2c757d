//! What the relay says of itself.

use http::{HeaderValue, header};
use warp::reply::{Reply, Response};

/// The contract of this API: OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("../../openapi.yaml");

/// `GET /healthz`: the relay runs.
pub fn health() -> Response {
    let text = concat!("{\"status\":\"ok\",\"version\":\"", env!("CARGO_PKG_VERSION"), "\"}");
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `GET /v1/openapi.yaml`: this API's contract. The media type is that of RFC 9512.
pub fn contract() -> Response {
    let mut response = OPENAPI.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    response
}
