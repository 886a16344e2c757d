//! What a request is answered that hyper cannot read, and that therefore reaches no route.

use bytes::Bytes;
use headers::{Date, HeaderMapExt};
use http::StatusCode;
use warp::reply::Reply;

use crate::http::problem::{Code, Problem};

/// Bytes of a request's head. Browsers send a site's cookies along, and keep up to 4 KiB of each.
pub const MAX_HEAD_BYTES: usize = 32 * 1024;

/// How long a client may take to send a request's head, an idle keep-alive connection included.
pub const HEAD_TIMEOUT_SECONDS: u64 = 30;

/// The answer in place of one that hyper has begun.
pub fn in_place_of(head: &[u8]) -> Bytes {
    let status = head.get("HTTP/1.1 ".len()..).and_then(|rest| rest.get(..3));
    let status = status.and_then(|digits| StatusCode::from_bytes(digits).ok());
    let problem = match status {
        Some(StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => {
            let detail = format!("a request's head has at most 100 fields and {MAX_HEAD_BYTES} bytes");
            Problem::new(Code::HeadTooLarge, detail)
        }
        _ => Problem::new(Code::BadInput, "this is not a request of HTTP/1.1"),
    };
    answer(problem)
}

/// What to answer when hyper gives up without saying anything; nothing when nobody waits for it.
pub fn after(error: &hyper::Error, has_begun: bool) -> Option<Bytes> {
    if error.is_timeout() && has_begun {
        let detail = format!("the request's head did not arrive within {HEAD_TIMEOUT_SECONDS} seconds");
        return Some(answer(Problem::new(Code::RequestTimeout, detail)));
    }
    if error.is_parse() {
        let detail = "this relay speaks HTTP/1.1 and not HTTP/2";
        return Some(answer(Problem::new(Code::BadInput, detail)));
    }
    if error.is_incomplete_message() && has_begun {
        return Some(answer(Problem::new(Code::BadInput, "the request breaks off in its head")));
    }
    None
}

/// A problem's document as it is written to a connection that ends with it.
pub fn answer(problem: Problem) -> Bytes {
    let body = problem.to_json();
    let mut response = problem.into_response();
    let status = response.status();
    response.headers_mut().typed_insert(Date::from(std::time::SystemTime::now()));
    let mut text =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for (name, value) in response.headers() {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    text.extend_from_slice(body.as_bytes());
    text.into()
}
