//! Requests for the lane and for hyper.

use std::fmt::Write as _;

/// A field that means nothing beside a length, and that the lane leaves to hyper all the same.
const FOR_HYPER: &str = "Trailer: x\r\n";

pub(crate) const KEY: &str = "Authorization: Bearer dev\r\n";
pub(crate) const JSON: &str = "Content-Type: application/json\r\n";
pub(crate) const UPGRADE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
pub(crate) const OURS: &str = "Sec-WebSocket-Protocol: realtime.v1.json\r\n";

pub(crate) fn publish(headers: &str, body: &str) -> String {
    format!(
        "POST /v1/publish HTTP/1.1\r\nHost: relay\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

pub(crate) fn handshake(headers: &str) -> String {
    format!("GET /v1/realtime HTTP/1.1\r\nHost: relay\r\n{headers}\r\n")
}

/// A publish that is answered, with a head of so many bytes and fields; for the lane, or for hyper.
pub(crate) fn publish_with_head(bytes: usize, fields: usize, is_for_hyper: bool) -> String {
    // As long as the other one, which the lane leaves to hyper.
    let field = if is_for_hyper { FOR_HYPER } else { "Trailex: x\r\n" };
    let more = "F: 1\r\n".repeat(fields.saturating_sub(6));
    let padded = |padding: usize| {
        publish(&format!("{KEY}{JSON}{field}{more}X: {}\r\n", "x".repeat(padding)), &message("c", ""))
    };
    padded(bytes.saturating_sub(head_bytes(&padded(0))))
}

/// Bytes of a request's head.
pub(crate) fn head_bytes(request: &str) -> usize {
    request.find("\r\n\r\n").unwrap() + 4
}

/// The same request, for hyper.
pub(crate) fn for_hyper(request: &str) -> String {
    request.replacen("\r\n", &format!("\r\n{FOR_HYPER}"), 1)
}

pub(crate) fn message(channel: &str, more: &str) -> String {
    format!(r#"{{"channel":{{"name":"{channel}"}},"payload":{{"n":1}}{more}}}"#)
}

/// Requests that are whole and plain, right and wrong.
pub(crate) fn plain_requests() -> Vec<String> {
    let key_and_json = format!("{KEY}{JSON}");
    let mut requests: Vec<String> = [
        message("c", ""),
        message("c", r#","id":"i1""#),
        message("c", r#","id":"i1","options":{"users":[]}"#),
        message("c", r#","options":{"users":["anna"],"includePublisher":true},"publisher":{"id":"ben"}"#),
        message("a:b", ""),
        message("c", r#","unknown":1"#),
        "{}".to_owned(),
        "[]".to_owned(),
        "no json".to_owned(),
        String::new(),
        r#"{"channel":"c","payload":1}"#.to_owned(),
        format!(r#"{{"channel":{{"name":"c"}},"payload":"{}"}}"#, "x".repeat(300)),
        format!(r#"{{"channel":{{"name":"c"}},"payload":"{}"}}"#, "x".repeat(3000)),
    ]
    .iter()
    .map(|body| publish(&key_and_json, body))
    .collect();
    let body = message("c", "");
    for headers in [
        "",
        KEY,
        JSON,
        "Authorization: Bearer wrong\r\nContent-Type: application/json\r\n",
        "Authorization: Basic dev\r\nContent-Type: application/json\r\n",
        "Authorization: Bearer dev\r\nAuthorization: Bearer wrong\r\nContent-Type: application/json\r\n",
        "authorization: bearer dev\r\nCONTENT-TYPE: application/json; charset=utf-8\r\nUser-Agent: x\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json; charset=latin1\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n",
        "Authorization: Bearer dev\r\nContent-Type: text/plain\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nIdempotency-Key: \"i2\"\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nIdempotency-Key: \"i2\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nIdempotency-Key: \u{fc}\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nConnection: Keep-Alive\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nCookie:\r\n",
    ] {
        requests.push(publish(headers, &body));
    }
    for headers in [
        format!("{UPGRADE}{OURS}Origin: https://evil.example\r\n"),
        format!("{UPGRADE}Sec-WebSocket-Protocol: other\r\n"),
        UPGRADE.to_owned(),
        format!("{UPGRADE}{OURS}").replace("Version: 13", "Version: 8"),
        format!("{UPGRADE}{OURS}").replace("Upgrade: websocket", "Upgrade: h2c"),
        format!("{UPGRADE}{OURS}").replace(", Upgrade", ""),
    ] {
        requests.push(handshake(&headers));
    }
    requests
}

/// Requests that are anything but plain, which hyper gets whoever looks at them first.
pub(crate) fn other_requests() -> Vec<String> {
    let body = message("c", "");
    let whole = publish(&format!("{KEY}{JSON}"), &body);
    let with = |field: &str| publish(&format!("{KEY}{JSON}{field}"), &body);
    let mut many = String::new();
    for field in 0..120 {
        let _ = write!(many, "X-{field}: 1\r\n");
    }
    vec![
        with("Connection: close\r\n"),
        with("Host: other\r\nConnection: close\r\n"),
        with("Expect: something\r\nConnection: close\r\n"),
        with(&format!("Content-Length: {}\r\nConnection: close\r\n", body.len())),
        with("Content-Length: 1\r\nConnection: close\r\n"),
        with(&many),
        with(&format!("X: {}\r\n", "x".repeat(40_000))),
        with("no field\r\n"),
        with(" folded: 1\r\n"),
        with("Connection: close\r\n").replace("HTTP/1.1", "HTTP/1.0"),
        with("Connection: close\r\n").replace("/v1/publish", "/v1/publish?a=b"),
        with("Connection: close\r\n").replace("/v1/publish", "http://relay/v1/publish"),
        with("Connection: close\r\n").replace("POST", "PUT"),
        with("Connection: close\r\n").replace("Host: relay\r\n", ""),
        whole.replace("HTTP/1.1", "HTTP/2.0"),
        whole.replace("Content-Length: ", "Content-Length: +"),
        "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
        handshake("Connection: close\r\n"),
        "NONSENSE\r\n\r\n".to_owned(),
        with("Expect: 100-continue\r\nConnection: close\r\n"),
        with("").replace("HTTP/1.1", "HTTP/1.0"),
        with("").replace("HTTP/1.1", "HTTP/1.0").replace("Host: relay\r\n", ""),
        handshake(&format!("{UPGRADE}{OURS}")).replace("HTTP/1.1", "HTTP/1.0").replace("keep-alive, ", ""),
    ]
    .into_iter()
    .chain(chunked_requests())
    .collect()
}

/// Publishes whose bodies say their length as they come, right and wrong.
fn chunked_requests() -> impl Iterator<Item = String> {
    let body = message("c", "");
    let (first, second) = body.split_at(5);
    let chunks = format!("5\r\n{first}\r\n{:x};a=b\r\n{second}\r\n", second.len());
    let wrong = body.len();
    [
        ("", format!("{chunks}0\r\n\r\n")),
        ("Trailer: X\r\n", format!("{chunks}0\r\nX: 1\r\n\r\n")),
        ("", "zz\r\n".to_owned()),
        ("", format!("{chunks}\r\n")),
        (&format!("Content-Length: {wrong}\r\n"), format!("{chunks}0\r\n\r\n")),
        ("Transfer-Encoding: chunked\r\n", format!("{chunks}0\r\n\r\n")),
        ("Transfer-Encoding: gzip\r\n", format!("{chunks}0\r\n\r\n")),
        ("Expect: 100-continue\r\n", format!("{chunks}0\r\n\r\n")),
    ]
    .map(|(more, chunks)| {
        format!(
            "POST /v1/publish HTTP/1.1\r\nHost: relay\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\
             {KEY}{JSON}{more}\r\n{chunks}"
        )
    })
    .into_iter()
}
