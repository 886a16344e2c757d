//! The address of a relay, as it is written at the command line, and the key for it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use http::Uri;
use rustls::pki_types::ServerName;

use super::failure::Failure;
use crate::settings::DEVELOPMENT_KEY;

/// How long a relay may take to answer. Longer than its own slowest answer.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Which relay to speak to.
#[derive(Args)]
pub struct UrlArgs {
    /// The relay's address
    #[arg(long, env = "RELAY_URL", value_name = "URL", default_value = "http://127.0.0.1:8787", value_parser = RelayUrl::parse)]
    pub url: RelayUrl,

    /// The authorities that may have signed the relay's certificate, PEM; those of the system are not asked then
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// The address of a relay, without a `/` at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayUrl {
    is_secure: bool,
    authority: String,
    host: String,
    port: u16,
    folder: String,
}

/// Why a text is no address of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It does not start with `http://` or `https://`, or has no host.
    #[error("an address looks like http://127.0.0.1:8787 or https://relay.example.com")]
    NoAddress,
    /// No certificate can be for its host.
    #[error(
        "the host of an https address is a name of DNS or an IP address: no certificate is for anything else"
    )]
    NoName,
    /// It has what belongs to a request or names a user.
    #[error("an address has a host, a port and at most a folder: no user, no ? and no #")]
    TooMuch,
}

impl RelayUrl {
    /// Reads an address like `http://127.0.0.1:8787` or `https://gateway/relay`.
    ///
    /// # Errors
    /// What is wrong with it and what would be right.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let uri: Uri = text.parse().map_err(|_| UrlError::NoAddress)?;
        let is_secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(UrlError::NoAddress),
        };
        let authority = uri.authority().ok_or(UrlError::NoAddress)?;
        if authority.host().is_empty() {
            return Err(UrlError::NoAddress);
        }
        // http::Uri drops a fragment without a word.
        if authority.as_str().contains('@') || uri.query().is_some() || text.contains('#') {
            return Err(UrlError::TooMuch);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if is_secure && ServerName::try_from(host.as_str()).is_err() {
            return Err(UrlError::NoName);
        }
        Ok(Self {
            is_secure,
            authority: authority.as_str().to_owned(),
            host,
            port: authority.port_u16().unwrap_or(if is_secure { 443 } else { 80 }),
            folder: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Is it spoken to over TLS?
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Host and port, as a `Host` header has them.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What to connect to.
    pub fn host_and_port(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The target of a request for one of the relay's paths.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.folder)
    }

    /// The address of one of the relay's paths over WebSocket.
    pub fn websocket(&self, path: &str) -> String {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        format!("{scheme}://{}{}{path}", self.authority, self.folder)
    }

    /// Is the relay on this machine?
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The key to publish with: the first that is given, or else the development key of a relay on this machine.
    ///
    /// # Errors
    /// When none is given for a relay elsewhere.
    pub fn key(&self, given: Option<&[String]>) -> Result<String, Failure> {
        match given.and_then(<[String]>::first) {
            Some(key) if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(Failure::usage("the API key is empty or has characters other than visible ASCII"))
            }
            Some(key) => Ok(key.clone()),
            None if self.is_loopback() => Ok(DEVELOPMENT_KEY.to_owned()),
            None => Err(Failure::Usage(format!(
                "the relay at {self} is not on this machine, so it needs its API key: set --api-key or RELAY_API_KEY"
            ))),
        }
    }
}

impl From<SocketAddr> for RelayUrl {
    /// Without TLS.
    fn from(address: SocketAddr) -> Self {
        Self {
            is_secure: false,
            authority: address.to_string(),
            host: address.ip().to_string(),
            port: address.port(),
            folder: String::new(),
        }
    }
}

impl std::fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_host_port_and_folder() {
        let cases = [
            ("http://127.0.0.1:8787", ("127.0.0.1", 8787), "/v1", "ws://127.0.0.1:8787/v1"),
            ("http://[::1]:8787/", ("::1", 8787), "/v1", "ws://[::1]:8787/v1"),
            ("http://gateway/relay/", ("gateway", 80), "/relay/v1", "ws://gateway/relay/v1"),
            ("https://gateway/relay/", ("gateway", 443), "/relay/v1", "wss://gateway/relay/v1"),
            ("https://[::1]:8787", ("::1", 8787), "/v1", "wss://[::1]:8787/v1"),
        ];
        for (text, connect, path, websocket) in cases {
            let url = RelayUrl::parse(text).unwrap();
            assert_eq!((url.host_and_port(), url.path("/v1").as_str()), (connect, path));
            assert_eq!(url.websocket("/v1"), websocket);
            assert_eq!(url.to_string(), text.trim_end_matches('/'));
        }
        for address in ["127.0.0.1:8787", "[::1]:8787"] {
            let url = RelayUrl::parse(&format!("http://{address}"));
            assert_eq!(url, Ok(address.parse::<SocketAddr>().unwrap().into()));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_would_be_right() {
        let cases = [
            ("https://", UrlError::NoAddress),
            ("https://a_b..c", UrlError::NoName),
            ("127.0.0.1:8787", UrlError::NoAddress),
            ("/v1", UrlError::NoAddress),
            ("ftp://relay.example", UrlError::NoAddress),
            ("http://", UrlError::NoAddress),
            ("", UrlError::NoAddress),
            ("http://me@relay.example", UrlError::TooMuch),
            ("http://relay.example?token=1", UrlError::TooMuch),
            ("http://relay.example/#x", UrlError::TooMuch),
        ];
        for (text, error) in cases {
            assert_eq!(RelayUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_first_key_counts_and_a_relay_of_this_machine_needs_none() {
        let keys = ["a".to_owned(), "b".to_owned()];
        for text in ["http://localhost:1", "http://127.0.0.2:1", "http://[::1]:1"] {
            let url = RelayUrl::parse(text).unwrap();
            assert_eq!(url.key(None), Ok("dev".to_owned()), "{text}");
            assert_eq!(url.key(Some(&keys)), Ok("a".to_owned()));
        }
        let elsewhere = RelayUrl::parse("http://relay.example").unwrap();
        assert!(elsewhere.key(None).unwrap_err().to_string().contains("RELAY_API_KEY"));
        assert!(elsewhere.key(Some(&["a\nb".to_owned()])).is_err());
    }
}
