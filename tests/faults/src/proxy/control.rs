//! The control port: faults by HTTP, for tests in other languages. See [the room](super) for what it takes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::fault::Fault;
use super::server::Proxy;

/// Bytes of an order: a portal's page is the longest.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Answers orders until the task is dropped.
pub async fn serve(listener: TcpListener, proxy: Arc<Proxy>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &proxy));
            // Whoever ends a connection to the control port in the middle has its reasons.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

/// `POST /to`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Destination {
    to: SocketAddr,
}

async fn answer(request: Request<Incoming>, proxy: &Proxy) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map(|body| body.to_bytes());
    let outcome = match body {
        Ok(body) => carry_out(&head.method, head.uri.path(), &body, proxy),
        Err(error) => Err(error.to_string()),
    };
    let (status, value) = match outcome {
        Ok(value) => (StatusCode::OK, value),
        Err(error) => (StatusCode::BAD_REQUEST, json!({ "error": error })),
    };
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(response)
}

fn carry_out(method: &Method, path: &str, body: &[u8], proxy: &Proxy) -> Result<Value, String> {
    match (method.as_str(), path) {
        ("POST", "/fault") => {
            let fault: Fault = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            proxy.apply(&fault);
        }
        ("POST", "/heal") => proxy.heal(),
        ("POST", "/to") => {
            let Destination { to } = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            proxy.lead_to(to);
        }
        ("GET", "/state") => return serde_json::to_value(proxy.counts()).map_err(|error| error.to_string()),
        _ => {
            return Err(format!("{method} {path} is none of POST /fault, POST /heal, POST /to, GET /state"));
        }
    }
    Ok(json!({}))
}
