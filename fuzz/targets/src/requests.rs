//! Requests that are answered before hyper sees them.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io::Cursor;
use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Version};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use realtime_relay::http::lane::head;
use realtime_relay::http::operation::Operation;
use tokio::io::{join, sink};
use tokio::runtime::Builder;

/// What hyper reads of a request.
#[derive(Debug)]
struct Read {
    method: Method,
    path: String,
    version: Version,
    headers: HeaderMap,
    body: Bytes,
}

/// Bytes of a connection. What the lane takes for a request that is there whole hyper takes for the same one, and it is not
/// there whole without its last byte.
pub fn plain_request(bytes: &[u8]) {
    let Some(plain) = head::read(bytes) else { return };
    let whole = bytes.len() - plain.behind.len();
    let read = by_hyper(&bytes[..whole]).expect("hyper reads no request");
    let method = match plain.operation {
        Operation::Publish => Method::POST,
        Operation::Realtime => Method::GET,
        other => panic!("{other:?} is not the lane's"),
    };
    assert_eq!((read.method, read.path.as_str()), (method, plain.operation.path()));
    assert_eq!((read.version, &read.headers), (Version::HTTP_11, &plain.headers));
    assert_eq!(read.body, plain.body);
    assert!(head::read(&bytes[..whole - 1]).is_none(), "whole without its last byte");
}

/// The first request that hyper reads of these bytes, whole.
fn by_hyper(bytes: &[u8]) -> Option<Read> {
    let first = Rc::new(RefCell::new(None));
    let service = service_fn(|request: Request<Incoming>| {
        let first = Rc::clone(&first);
        async move {
            let (head, body) = request.into_parts();
            if let Ok(body) = body.collect().await {
                first.borrow_mut().get_or_insert(Read {
                    method: head.method,
                    path: head.uri.to_string(),
                    version: head.version,
                    headers: head.headers,
                    body: body.to_bytes(),
                });
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let connection = TokioIo::new(join(Cursor::new(bytes.to_vec()), sink()));
    let runtime = Builder::new_current_thread().build().unwrap();
    // However the connection ends: it is the first request that counts. Nothing comes behind it, and it is answered all
    // the same.
    let _ = runtime.block_on(http1::Builder::new().half_close(true).serve_connection(connection, service));
    first.take()
}
