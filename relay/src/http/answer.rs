//! An answer's bytes, as hyper writes them: names in lower case, a length, and the date.

use std::cell::RefCell;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use headers::{Date, HeaderMapExt};
use http::{HeaderMap, StatusCode, header};

/// Whether a connection goes on behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It may ask for more.
    GoesOn,
    /// It is closed.
    Closes,
}

/// Bytes of a head with few fields.
const HEAD_BYTES: usize = 192;

/// Writes an answer. One without a body is that to an upgrade.
pub fn write(out: &mut Vec<u8>, status: StatusCode, headers: &HeaderMap, body: Option<&str>, then: Then) {
    out.reserve(HEAD_BYTES + body.map_or(0, str::len));
    // Writing to a vector does not fail.
    let _ = write!(out, "HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if let Some(body) = body {
        let _ = write!(out, "content-length: {}\r\n", body.len());
    }
    end(out, body.unwrap_or_default(), then);
}

/// Writes the answer to what has succeeded: a document of JSON.
pub fn write_json(out: &mut Vec<u8>, body: &str, then: Then) {
    out.reserve(HEAD_BYTES + body.len());
    out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    let _ = write!(out, "content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    end(out, body, then);
}

/// Writes what becomes of the connection, the date, the head's end, and the body.
fn end(out: &mut Vec<u8>, body: &str, then: Then) {
    if then == Then::Closes {
        out.extend_from_slice(b"connection: close\r\n");
    }
    with_date(|date| {
        out.extend_from_slice(b"date: ");
        out.extend_from_slice(date);
        out.extend_from_slice(b"\r\n\r\n");
    });
    out.extend_from_slice(body.as_bytes());
}

/// Gives the date as HTTP writes it (RFC 9110 section 5.6.7), which is made once a second and thread.
fn with_date(tell: impl FnOnce(&[u8])) {
    thread_local! {
        static WRITTEN: RefCell<(u64, Vec<u8>)> = const { RefCell::new((0, Vec::new())) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    WRITTEN.with_borrow_mut(|(written_in, date)| {
        if *written_in != second {
            let mut headers = HeaderMap::with_capacity(1);
            headers.typed_insert(Date::from(now));
            *date = headers.get(header::DATE).map_or_else(Vec::new, |value| value.as_bytes().to_vec());
            *written_in = second;
        }
        tell(date);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_writing_a_document_are_one() {
        for then in [Then::GoesOn, Then::Closes] {
            let (mut general, mut direct) = (Vec::new(), Vec::new());
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
            // The second may change between the two.
            while general.is_empty() || general != direct {
                general.clear();
                direct.clear();
                write(&mut general, StatusCode::OK, &headers, Some("{\"a\":1}"), then);
                write_json(&mut direct, "{\"a\":1}", then);
            }
            let text = String::from_utf8(general).unwrap();
            assert!(
                text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with(" GMT\r\n\r\n{\"a\":1}"),
                "{text}"
            );
            assert_eq!(text.contains("connection: close"), then == Then::Closes);
        }
    }
}
