//! The relay's WebSocket: a client's bytes, and the headers of its opening handshake.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use realtime_relay::websocket::handshake::{NoHandshake, answer};
use realtime_relay::websocket::reader::{Flow, Reader, Violation};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::heads::headers;
use crate::{choice, pieces};

/// The limit for a message; small, so that a short input can exceed it.
const MAX_MESSAGE_BYTES: usize = 300;

/// The largest header of a frame (RFC 6455 section 5.2).
const MAX_HEADER_BYTES: usize = 14;

/// What a reader may hold: one incomplete frame, and the fragments before it in a buffer that has doubled.
const MAX_HELD_BYTES: usize = MAX_HEADER_BYTES + MAX_MESSAGE_BYTES + 2 * MAX_MESSAGE_BYTES;

/// The suffix of a key that is answered (RFC 6455 section 1.3).
const KEY_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What came out of a reader.
#[derive(Debug, PartialEq)]
struct Outcome {
    messages: Vec<String>,
    end: Result<(), Violation>,
}

/// The first byte cuts the others in pieces: the same messages and the same violation come out as of the whole, no
/// message is larger than the limit, and no more memory is held than one message can need.
pub fn reader(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let whole = read(&[bytes]);
    let cut = read(&pieces(bytes, choice));
    assert_eq!(whole, cut, "the pieces matter");
}

fn read(pieces: &[&[u8]]) -> Outcome {
    let mut reader = Reader::new(MAX_MESSAGE_BYTES);
    let mut messages = Vec::new();
    for piece in pieces {
        let flow = reader.feed(&mut piece.to_vec(), &mut |incoming| {
            messages.push(format!("{incoming:?}"));
            assert!(size(&incoming) <= MAX_MESSAGE_BYTES, "a message is larger than the limit");
            Flow::Continue(())
        });
        assert!(reader.held_bytes() <= MAX_HELD_BYTES, "{} bytes are held", reader.held_bytes());
        if let Err(violation) = flow {
            return Outcome { messages, end: Err(violation) };
        }
    }
    Outcome { messages, end: Ok(()) }
}

fn size(incoming: &realtime_relay::websocket::reader::Incoming<'_>) -> usize {
    use realtime_relay::websocket::reader::Incoming;
    match incoming {
        Incoming::Text(text) => text.len(),
        Incoming::Binary(data) | Incoming::Ping(data) => data.len(),
        Incoming::Part | Incoming::Pong | Incoming::Close(_) => 0,
    }
}

/// Headers, one a line. Who is answered has sent what RFC 6455 section 4.2.1 demands, and gets the accept key of
/// section 4.2.2.
pub fn handshake(bytes: &[u8]) {
    let headers = headers(bytes);
    let text = |name: &str| headers.get(name).map_or(&[] as &[u8], |value| value.as_bytes());
    let response = match answer::<()>(&headers) {
        Ok(response) => response,
        Err(NoHandshake::Version) => return assert_ne!(text("sec-websocket-version"), b"13"),
        Err(_) => return,
    };
    assert_eq!(response.status(), 101);
    assert!(text("upgrade").eq_ignore_ascii_case(b"websocket"));
    assert_eq!(text("sec-websocket-version"), b"13");
    let mut accepted = text("sec-websocket-key").to_vec();
    accepted.extend_from_slice(KEY_SUFFIX.as_bytes());
    let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &accepted));
    assert_eq!(response.headers()["sec-websocket-accept"].as_bytes(), accept.as_bytes());
    assert_eq!(response.headers()["sec-websocket-protocol"], "realtime.v1.json");
    let offered = headers.get_all("sec-websocket-protocol").iter();
    let is_ours =
        |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).contains("realtime.v1.json");
    assert!(offered.into_iter().any(is_ours), "a sub-protocol that was not offered");
}
