//! The HTTP client, with its pool of connections.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

/// How long a connection that nobody uses is kept. Less than the five seconds after which a Node server closes one:
/// a request that meets the close on its way would have to be sent again.
const IDLE: Duration = Duration::from_secs(4);

/// A client for one address, which keeps up to `connections` of them open between requests.
///
/// HTTP/1.1 over TCP, with TLS 1.2 or 1.3 for `https`. Clones share the pool.
///
/// # Errors
/// When the certificates that the system trusts cannot be loaded; never for `http`.
pub fn client(url: &Url, connections: usize) -> Result<Client, reqwest::Error> {
    // Whoever was first has set the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .http1_only()
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(connections)
        .user_agent(concat!("realtime-relay/", env!("CARGO_PKG_VERSION")));
    // Loading the system's certificates takes a while, and fails where there are none.
    let builder = if url.scheme() == "https" { builder } else { builder.tls_certs_only([]) };
    builder.build()
}

/// Does this address mean this machine?
pub fn is_loopback(url: &Url) -> bool {
    let name = url.host_str().unwrap_or_default();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    match address {
        Ok(address) => address.is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_told_from_others() {
        for (url, expected) in [
            ("http://127.0.0.1:1/a", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:80", true),
            ("http://localhost", true),
            ("http://site.localhost:8080", true),
            ("http://10.0.0.1", false),
            ("http://[2001:db8::1]", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
