//! Which requests are plain, and what they say. httparse, hyper's own parser, reads their heads.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use httparse::{EMPTY_HEADER, Header, Status};

use crate::http::operation::Operation;

/// Fields of a head. Browsers send some fifteen with a handshake; who sends more than this is served by hyper.
const MAX_FIELDS: usize = 32;

/// Bytes of a head, which is far from the relay's limit: what comes near it is hyper's to judge.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A request that is there whole, and plain.
#[derive(Debug)]
pub struct Plain<'a> {
    /// What it asks for: a publish or a handshake.
    pub operation: Operation,
    /// Its fields.
    pub headers: HeaderMap,
    /// Its body, which only a publish has.
    pub body: &'a [u8],
    /// What was read behind it.
    pub behind: &'a [u8],
}

/// What a head's fields say about the request itself.
#[derive(Debug, Default)]
struct Frame {
    hosts: usize,
    connections: usize,
    body_bytes: Option<usize>,
    upgrades: usize,
}

/// Reads the request that these bytes begin with; `None` when it is not there whole, or is anything but plain.
pub fn read(bytes: &[u8]) -> Option<Plain<'_>> {
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let head_bytes = match request.parse(bytes) {
        Ok(Status::Complete(length)) if length <= MAX_HEAD_BYTES => length,
        _ => return None,
    };
    let operation = operation(&request)?;
    let (headers, frame) = read_fields(operation, request.headers)?;
    let body_bytes = frame.body_bytes(operation)?;
    let (body, behind) = bytes.get(head_bytes..)?.split_at_checked(body_bytes)?;
    Some(Plain { operation, headers, body, behind })
}

/// What a request line asks for.
fn operation(request: &httparse::Request<'_, '_>) -> Option<Operation> {
    let asked = (request.version?, request.method?, request.path?);
    [(Operation::Publish, "POST"), (Operation::Realtime, "GET")]
        .into_iter()
        .find(|(operation, method)| asked == (1, *method, operation.path()))
        .map(|(operation, _)| operation)
}

/// The fields, and what they say of the request; `None` for what changes how a request is read or answered. All of them
/// are kept: a list of those that routes look at could be forgotten when one looks at another.
fn read_fields(operation: Operation, fields: &[Header<'_>]) -> Option<(HeaderMap, Frame)> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    let mut frame = Frame::default();
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        frame.note(operation, &name, field.value)?;
        headers.append(name, HeaderValue::from_bytes(field.value).ok()?);
    }
    Some((headers, frame))
}

impl Frame {
    /// Notes what a field says of the request; `None` when the request is not plain by it.
    fn note(&mut self, operation: Operation, name: &HeaderName, value: &[u8]) -> Option<()> {
        match *name {
            header::HOST => self.hosts += 1,
            header::UPGRADE => self.upgrades += 1,
            header::CONNECTION => {
                self.connections += 1;
                return keeps_alive(operation, value).then_some(());
            }
            header::CONTENT_LENGTH => {
                let body_bytes = length(value)?;
                return self.body_bytes.replace(body_bytes).is_none().then_some(());
            }
            header::TRANSFER_ENCODING | header::EXPECT | header::TRAILER => return None,
            _ => {}
        }
        Some(())
    }

    /// The length of the body of a request that is plain: a publish says it, a handshake has none.
    fn body_bytes(&self, operation: Operation) -> Option<usize> {
        let is_plain = self.hosts == 1 && self.connections <= 1;
        match (operation, self.body_bytes, self.upgrades) {
            (Operation::Publish, Some(length), 0) if is_plain => Some(length),
            (Operation::Realtime, None, 1) if is_plain => Some(0),
            _ => None,
        }
    }
}

/// A length in digits and nothing else, far below what would overflow.
fn length(value: &[u8]) -> Option<usize> {
    let is_short = (1..=9).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value).ok().filter(|_| is_short)?.parse().ok()
}

/// Whether the connection goes on behind the answer, or becomes a WebSocket.
fn keeps_alive(operation: Operation, value: &[u8]) -> bool {
    let mut options = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let is = |option: &[u8], word: &str| option.eq_ignore_ascii_case(word.as_bytes());
    let is_upgrade = operation == Operation::Realtime;
    options.all(|option| is(option, "keep-alive") || (is_upgrade && is(option, "upgrade")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISH: &str =
        "POST /v1/publish HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\nContent-Length: 2\r\n\r\n{}";
    const UPGRADE: &str = "GET /v1/realtime HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\
                           Upgrade: websocket\r\nCookie: a=b\r\nOrigin: http://a\r\n\r\n";

    fn is_plain(request: &str) -> bool {
        read(request.as_bytes()).is_some()
    }

    #[test]
    fn what_backends_and_browsers_send_is_plain() {
        let publish = read(PUBLISH.as_bytes()).unwrap();
        assert_eq!(
            (publish.operation, publish.body, publish.behind),
            (Operation::Publish, &b"{}"[..], &b""[..])
        );
        assert_eq!(publish.headers["authorization"], "Bearer k");
        let upgrade = format!("{UPGRADE}frames");
        let upgrade = read(upgrade.as_bytes()).unwrap();
        assert_eq!(
            (upgrade.operation, upgrade.body, upgrade.behind),
            (Operation::Realtime, &b""[..], &b"frames"[..])
        );
        assert_eq!(upgrade.headers["origin"], "http://a");
        assert_eq!(upgrade.headers["cookie"], "a=b");
        assert!(is_plain(&PUBLISH.replace("Host: a", "hOST: a\r\nConnection: Keep-Alive")));
    }

    #[test]
    fn what_is_not_there_whole_is_not_plain() {
        for whole in [PUBLISH, UPGRADE] {
            assert!((0..whole.len()).all(|length| !is_plain(&whole[..length])));
        }
    }

    #[test]
    fn whatever_changes_how_a_request_is_read_or_answered_is_not_plain() {
        for (from, to) in [
            ("POST", "PUT"),
            ("/v1/publish", "/v1/publish?a"),
            ("/v1/publish", "http://a/v1/publish"),
            ("/v1/publish", "/v1/publish/batch"),
            ("/v1/publish", "/v1//publish"),
            ("HTTP/1.1", "HTTP/1.0"),
            ("Host: a", "X: a"),
            ("Host: a", "Host: a\r\nHost: a"),
            ("Host: a", "Host: a\r\nConnection: close"),
            ("Host: a", "Host: a\r\nConnection: keep-alive, close"),
            ("Host: a", "Host: a\r\nConnection: keep-alive\r\nConnection: keep-alive"),
            ("Host: a", "Host: a\r\nConnection: upgrade\r\nUpgrade: websocket"),
            ("Host: a", "Host: a\r\nTransfer-Encoding: chunked"),
            ("Host: a", "Host: a\r\nExpect: 100-continue"),
            ("Host: a", "Host: a\r\nTrailer: x"),
            ("Host: a", "Host: a\r\n folded"),
            ("Host: a", "Host: a\r\nContent-Length: 2"),
            ("Content-Length: 2", "Content-Length: +2"),
            ("Content-Length: 2", "Content-Length: 2, 2"),
            ("Content-Length: 2", "Content-Length: 18446744073709551618"),
            ("Content-Length: 2", "Content-Length:"),
            ("Content-Length: 2\r\n", ""),
        ] {
            assert!(!is_plain(&PUBLISH.replace(from, to)), "{to}");
        }
        for (from, to) in [
            ("GET", "POST"),
            ("Host: a", "Host: a\r\nContent-Length: 0"),
            ("keep-alive, Upgrade", "close, Upgrade"),
            ("Upgrade: websocket\r\n", ""),
            ("Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: websocket"),
        ] {
            assert!(!is_plain(&UPGRADE.replace(from, to)), "{to}");
        }
        let many = "X: 1\r\n".repeat(MAX_FIELDS);
        let long = format!("X: {}\r\n", "x".repeat(MAX_HEAD_BYTES));
        for more in [many, long] {
            assert!(!is_plain(&PUBLISH.replace("Host: a\r\n", &format!("Host: a\r\n{more}"))));
        }
    }
}
