//! As much of HTTP/1.1 as a load generator and a reference server need: heads with a content length.

use memchr::memmem;

/// A message's head and where its body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The request line or status line, and the header lines.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
    /// Bytes of all of it.
    pub bytes: usize,
}

impl Message<'_> {
    /// The status code of a response.
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.head.get(9..12)?).ok()?.parse().ok()
    }
}

/// The message that these bytes begin with, or `None` while it is incomplete. One without a content length has no
/// body: chunked bodies are not read.
pub fn first(bytes: &[u8]) -> Option<Message<'_>> {
    let head_bytes = memmem::find(bytes, b"\r\n\r\n")? + 4;
    let (head, rest) = bytes.split_at_checked(head_bytes)?;
    let length = content_length(head).unwrap_or(0);
    rest.get(..length).map(|body| Message { head, body, bytes: head_bytes + length })
}

fn content_length(head: &[u8]) -> Option<usize> {
    header(head, b"content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok())
}

/// The value of a header, whose name is given in lower case.
fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    memchr::memchr_iter(b'\n', head).find_map(|end| {
        let line = head.get(end + 1..)?;
        let (found, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":").filter(|_| found.eq_ignore_ascii_case(name))?;
        value.split(|byte| *byte == b'\r').next().map(<[u8]>::trim_ascii)
    })
}

/// Writes a POST request with a JSON body. `headers` are whole lines.
pub fn push_post(out: &mut Vec<u8>, path: &str, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(body);
}

/// The request that opens a WebSocket (RFC 6455 section 4.1). The key is that of the RFC's example: a server has the
/// same work with any.
pub fn upgrade_request(path: &str, sub_protocol: Option<&str>) -> String {
    let sub_protocol =
        sub_protocol.map(|name| format!("sec-websocket-protocol: {name}\r\n")).unwrap_or_default();
    format!(
        "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{sub_protocol}\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_read_once_its_body_is_there() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ndate: now\r\n\r\n{}HTTP/1.1 404";
        let whole = bytes.len() - b"HTTP/1.1 404".len();
        for cut in 0..whole {
            assert_eq!(first(&bytes[..cut]), None, "{cut}");
        }
        let message = first(bytes).unwrap();
        assert_eq!((message.status(), message.body), (Some(200), &b"{}"[..]));
        assert_eq!(message.bytes, whole);
    }

    #[test]
    fn a_head_without_a_length_has_no_body() {
        let message =
            first(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n\x81\x00").unwrap();
        assert_eq!((message.status(), message.body), (Some(101), &b""[..]));
    }
}
