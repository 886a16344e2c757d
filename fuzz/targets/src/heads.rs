//! What a request says besides its body: headers and the path.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use realtime_relay::http::address::TrustedProxies;
use realtime_relay::http::key::ApiKeys;
use realtime_relay::http::origin::Origins;
use realtime_relay::http::site::may_serve;

use crate::assert_one_line;

/// The key of the relay that is asked.
const KEY: &str = "the-key";

/// Headers, one a line: `name: value`. A line that is no header is left out.
pub fn headers(bytes: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(100) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}

/// Headers, one a line. Only who sends the key may publish, only listed pages may connect, and a client's address is
/// never that of a trusted proxy.
pub fn request_head(bytes: &[u8]) {
    let headers = headers(bytes);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match ApiKeys::new(vec!["other".to_owned(), KEY.to_owned()]).check(&headers) {
        Ok(_) => {
            let authorization = text("authorization");
            let (scheme, key) = authorization.split_once(' ').expect("a scheme and a key");
            assert!(scheme.eq_ignore_ascii_case("bearer") && [KEY, "other"].contains(&key.trim()));
        }
        Err(problem) => assert_eq!(problem.code().status(), 401),
    }
    if let Err(problem) = Origins::new(vec!["https://example.org".to_owned()], false).check(&headers) {
        assert_eq!(problem.code().status(), 403);
        assert_one_line(&problem.to_json());
    } else if headers.contains_key("origin") {
        let origin = text("origin");
        let is_own = !text("host").is_empty()
            && origin.to_ascii_lowercase().contains(&text("host").to_ascii_lowercase());
        assert!(is_own || origin.eq_ignore_ascii_case("https://example.org"), "{origin:?} may connect");
    }
    let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    if let Some(client) = proxies.client(&headers) {
        let is_proxy = match client.to_canonical() {
            IpAddr::V4(address) => address.octets()[0] == 10,
            IpAddr::V6(address) => address.octets()[0] == 0xFD,
        };
        assert!(!is_proxy, "{client} is a proxy");
    }
}

/// A request's path: what is served of a site is inside its folder, and neither hidden nor the backend's.
pub fn request_path(bytes: &[u8]) {
    let Ok(path) = std::str::from_utf8(bytes) else { return };
    if !may_serve(path) {
        return;
    }
    let decoded = decoded(path.as_bytes());
    let decoded = std::str::from_utf8(&decoded).expect("what is served has a name in UTF-8");
    for part in decoded.split('/').filter(|part| !part.is_empty()) {
        let is_private = part.starts_with('.') || part.contains(['\\', '\0']);
        assert!(!is_private, "{path:?} is served");
        assert!(!part.eq_ignore_ascii_case("backend") && part != "node_modules", "{path:?} is served");
    }
}

/// Percent-decoding (RFC 3986 section 2.1), once.
fn decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}
