//! The certificate in force: what handshakes show, and how another takes its place.

use std::sync::Arc;

use parking_lot::RwLock;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, ServerConfig};

/// Tickets that a client gets for coming back (RFC 8446 section 4.6.1): a page has one connection.
const TICKETS: usize = 1;

/// The protocol that is spoken inside (RFC 7301).
const ALPN: &[u8] = b"http/1.1";

/// The certificate in force. Connections that are there keep what they began with.
#[derive(Debug)]
pub struct Certificates(RwLock<Arc<CertifiedKey>>);

impl Certificates {
    /// With this one in force.
    pub fn new(pair: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(pair)))
    }

    /// Puts another in force.
    pub fn replace(&self, pair: CertifiedKey) {
        *self.0.write() = Arc::new(pair);
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read()))
    }
}

/// How handshakes are made, with whatever certificate is in force then. Who has been here before may take up its
/// session again for some hours without a signature (a ticket's key lives for six hours and is nowhere else), so that a
/// crowd that comes back to the same relay costs less.
///
/// # Errors
/// When there is no randomness to be had.
pub fn config(certificates: Arc<Certificates>) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.ticketer = Ticketer::new()?;
    config.send_tls13_tickets = TICKETS;
    Ok(config)
}
