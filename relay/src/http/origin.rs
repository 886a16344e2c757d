//! Which pages may connect. Browsers send the page's origin with a WebSocket handshake and apply no rule of their
//! own to it (RFC 6455 section 10.2), so the relay does.

use http::{HeaderMap, Uri, header};

use crate::http::problem::{Code, Problem};
use crate::log::pace::Pace;

/// The origins that may connect.
#[derive(Debug, Clone)]
pub struct Origins {
    allowed: Vec<String>,
    allows_loopback: bool,
}

impl Origins {
    /// The page's own origin always counts. `allowed` are further ones (`https://example.org`), or `*` for all;
    /// `allows_loopback` lets pages of this machine in, whatever their port: for a relay that listens on loopback.
    pub const fn new(allowed: Vec<String>, allows_loopback: bool) -> Self {
        Self { allowed, allows_loopback }
    }

    /// Checks a handshake. One without an origin is no browser's and is not our concern.
    ///
    /// # Errors
    /// 403, with what the operator has to set.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or_default();
        if self.allows(origin, headers) {
            return Ok(());
        }
        log_refusal(origin);
        let detail =
            format!("pages of {origin:?} may not connect: start the relay with --allow-origin for them");
        Err(Problem::new(Code::ForbiddenOrigin, detail))
    }

    fn allows(&self, origin: &str, headers: &HeaderMap) -> bool {
        let is_listed = |allowed: &String| allowed == "*" || allowed.eq_ignore_ascii_case(origin);
        if self.allowed.iter().any(is_listed) {
            return true;
        }
        let Ok(uri) = origin.parse::<Uri>() else { return false };
        let Some(authority) = uri.authority() else { return false };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let is_same = host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_str()));
        is_same || (self.allows_loopback && is_loopback(authority.host()))
    }
}

/// Tells the operator, since a page is not told by its browser why it was refused.
fn log_refusal(origin: &str) {
    static PACE: Pace = Pace::new();
    if let Some(left_out) = PACE.turn() {
        tracing::info!(
            origin,
            left_out,
            "pages of this origin may not connect: allow it with --allow-origin"
        );
    }
}

/// Whether a host is this machine: `localhost` and its sub-domains (RFC 6761), or a loopback address.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_localhost =
        host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    is_localhost || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_allowed(origins: &Origins, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("relay.example:8787"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        origins.check(&headers).is_ok()
    }

    #[test]
    fn the_relays_own_origin_and_the_listed_ones_may_connect() {
        let origins = Origins::new(vec!["https://shop.example".to_owned()], false);
        for origin in [
            None,
            Some("http://relay.example:8787"),
            Some("https://shop.example"),
            Some("HTTPS://Shop.example"),
        ] {
            assert!(is_allowed(&origins, origin), "{origin:?}");
        }
        for origin in [
            "https://evil.example",
            "https://shop.example.evil",
            "http://relay.example",
            "null",
            "http://localhost",
        ] {
            assert!(!is_allowed(&origins, Some(origin)), "{origin}");
        }
    }

    #[test]
    fn a_relay_on_loopback_lets_pages_of_this_machine_in() {
        let origins = Origins::new(Vec::new(), true);
        for origin in
            ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:80", "https://app.localhost"]
        {
            assert!(is_allowed(&origins, Some(origin)), "{origin}");
        }
        for origin in ["http://localhost.evil.example", "http://192.168.0.1", "null"] {
            assert!(!is_allowed(&origins, Some(origin)), "{origin}");
        }
    }

    #[test]
    fn a_star_lets_every_page_in() {
        assert!(is_allowed(&Origins::new(vec!["*".to_owned()], false), Some("https://any.example")));
    }
}
