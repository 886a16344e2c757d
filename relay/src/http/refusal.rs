//! What a request is answered that hyper cannot read, and that therefore reaches no route.

use bytes::Bytes;
use http::StatusCode;
use warp::reply::Reply;

use crate::http::answer::{self, Then};
use crate::http::problem::{Code, Problem};
use crate::log::pace::Pace;

/// Bytes of a request's head. Browsers send a site's cookies along, and keep up to 4 KiB of each.
pub const MAX_HEAD_BYTES: usize = 32 * 1024;

/// How long a client may take to send a request's head, an idle keep-alive connection included.
pub const HEAD_TIMEOUT_SECONDS: u64 = 30;

/// The problem that hyper has begun to tell in its own way.
pub fn in_place_of(head: &[u8]) -> Problem {
    let status = head.get("HTTP/1.1 ".len()..).and_then(|rest| rest.get(..3));
    let status = status.and_then(|digits| StatusCode::from_bytes(digits).ok());
    match status {
        Some(StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => {
            let detail = format!("a request's head has at most 100 fields and {MAX_HEAD_BYTES} bytes");
            Problem::new(Code::HeadTooLarge, detail)
        }
        _ => Problem::new(Code::BadInput, "this is not a request of HTTP/1.1"),
    }
}

/// The problem when hyper gives up without saying anything; none when nobody waits for an answer.
pub fn after(error: &hyper::Error, has_begun: bool) -> Option<Problem> {
    if error.is_timeout() && has_begun {
        let detail = format!("the request's head did not arrive within {HEAD_TIMEOUT_SECONDS} seconds");
        return Some(Problem::new(Code::RequestTimeout, detail));
    }
    if error.is_parse() {
        let detail = "this relay speaks HTTP/1.1 and not HTTP/2";
        return Some(Problem::new(Code::BadInput, detail));
    }
    if error.is_incomplete_message() && has_begun {
        return Some(Problem::new(Code::BadInput, "the request breaks off in its head"));
    }
    None
}

/// Says in the log that a request was more than it may be. Strangers can cause that at will, so each limit has a pace.
pub fn tell_limit(code: Code) {
    static HEAD: Pace = Pace::new();
    static TIME: Pace = Pace::new();
    static SIZE: Pace = Pace::new();
    let (pace, what) = match code {
        Code::HeadTooLarge => (&HEAD, "a request's head was too large"),
        Code::RequestTimeout => (&TIME, "a request did not arrive in time"),
        Code::PayloadTooLarge => (&SIZE, "a payload or a body was too large (--max-payload-bytes)"),
        _ => return,
    };
    if let Some(left_out) = pace.turn() {
        tracing::info!(left_out, "{what}");
    }
}

/// A problem's document as it is written to a connection that ends with it.
pub fn answer(problem: Problem) -> Bytes {
    let body = problem.to_json();
    let response = problem.into_response();
    let mut text = Vec::new();
    answer::write(&mut text, response.status(), response.headers(), Some(&body), Then::Closes);
    text.into()
}
