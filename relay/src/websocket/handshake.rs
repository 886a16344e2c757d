//! The opening handshake (RFC 6455 section 4.2): what a request must say, and the answer to it.

use headers::{Connection, HeaderMapExt, SecWebsocketAccept, SecWebsocketKey, SecWebsocketVersion, Upgrade};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use realtime_protocol::SUB_PROTOCOL;

/// Why a request is no handshake of ours, as a sentence for its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoHandshake {
    /// Not a WebSocket request at all.
    #[error(
        "this address speaks WebSocket: send \"Connection: Upgrade\", \"Upgrade: websocket\" and a Sec-WebSocket-Key"
    )]
    NotAnUpgrade,
    /// A version other than RFC 6455's.
    #[error("the WebSocket version is not 13")]
    Version,
    /// The sub-protocol is not offered.
    #[error("offer the sub-protocol \"realtime.v1.json\": new WebSocket(url, \"realtime.v1.json\")")]
    SubProtocol,
}

/// The fields of the answer to an opening handshake, which is `101 Switching Protocols`.
///
/// # Errors
/// When it is not one, or offers no sub-protocol of ours.
pub fn accept(headers: &HeaderMap) -> Result<HeaderMap, NoHandshake> {
    let key = key(headers).ok_or(NoHandshake::NotAnUpgrade)?;
    if headers.typed_get::<SecWebsocketVersion>() != Some(SecWebsocketVersion::V13) {
        return Err(NoHandshake::Version);
    }
    if !offers_sub_protocol(headers) {
        return Err(NoHandshake::SubProtocol);
    }
    let mut answer = HeaderMap::with_capacity(4);
    answer.typed_insert(Connection::upgrade());
    answer.typed_insert(Upgrade::websocket());
    answer.typed_insert(SecWebsocketAccept::from(key));
    answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUB_PROTOCOL));
    Ok(answer)
}

/// Answers an opening handshake.
///
/// # Errors
/// Those of [`accept`].
pub fn answer<B: Default>(headers: &HeaderMap) -> Result<Response<B>, NoHandshake> {
    let mut response = Response::new(B::default());
    *response.headers_mut() = accept(headers)?;
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    Ok(response)
}

fn key(headers: &HeaderMap) -> Option<SecWebsocketKey> {
    let is_upgrade = headers.typed_get::<Connection>()?.contains(header::UPGRADE);
    let is_websocket = headers.get(header::UPGRADE)?.as_bytes().eq_ignore_ascii_case(b"websocket");
    headers.typed_get::<SecWebsocketKey>().filter(|_| is_upgrade && is_websocket)
}

fn offers_sub_protocol(headers: &HeaderMap) -> bool {
    let offered =
        headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    offered.flat_map(|value| value.split(',')).any(|name| name.trim() == SUB_PROTOCOL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(changes: &[(&'static str, Option<&'static str>)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let all = [
            ("connection", Some("keep-alive, Upgrade")),
            ("upgrade", Some("websocket")),
            ("sec-websocket-key", Some("dGhlIHNhbXBsZSBub25jZQ==")),
            ("sec-websocket-version", Some("13")),
            ("sec-websocket-protocol", Some("other, realtime.v1.json")),
        ];
        for (name, value) in all.iter().chain(changes) {
            match value {
                Some(value) => drop(headers.insert(*name, HeaderValue::from_static(value))),
                None => drop(headers.remove(*name)),
            }
        }
        headers
    }

    #[test]
    fn the_answer_is_that_of_the_rfc() {
        let response = answer::<()>(&request(&[])).unwrap();
        assert_eq!(response.status(), 101);
        // The example of RFC 6455 section 1.3.
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(response.headers()["sec-websocket-protocol"], "realtime.v1.json");
    }

    #[test]
    fn no_extension_is_ever_accepted_so_nothing_can_be_compressed() {
        let offers = "permessage-deflate; client_max_window_bits, x-webkit-deflate-frame";
        let response = answer::<()>(&request(&[("sec-websocket-extensions", Some(offers))])).unwrap();
        assert_eq!(response.status(), 101);
        assert!(!response.headers().contains_key("sec-websocket-extensions"));
    }

    #[test]
    fn a_request_that_lacks_something_is_refused_by_name() {
        let refused = |changes: &[_]| answer::<()>(&request(changes)).expect_err("a refusal");
        assert_eq!(refused(&[("upgrade", None)]), NoHandshake::NotAnUpgrade);
        assert_eq!(refused(&[("connection", Some("close"))]), NoHandshake::NotAnUpgrade);
        assert_eq!(refused(&[("sec-websocket-key", None)]), NoHandshake::NotAnUpgrade);
        assert_eq!(refused(&[("sec-websocket-version", Some("8"))]), NoHandshake::Version);
        assert_eq!(refused(&[("sec-websocket-protocol", None)]), NoHandshake::SubProtocol);
    }
}
