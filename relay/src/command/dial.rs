//! The connection to a relay that a command speaks to: plain, or over TLS.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::address::RelayUrl;
use super::failure::Failure;
use super::trust::{Authorities, Distrust};

/// A connection's bytes.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// How a relay is reached.
#[derive(Debug, Clone)]
pub struct Way {
    url: RelayUrl,
    tls: Option<Tls>,
}

/// What TLS needs.
#[derive(Debug, Clone)]
struct Tls {
    name: ServerName<'static>,
    authorities: Arc<Authorities>,
    config: Arc<ClientConfig>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Nobody is there, or the connection broke off. It may pass.
    #[error(transparent)]
    Unreachable(#[from] io::Error),
    /// It is not whom the address names, or nothing that speaks TLS. It does not pass by itself.
    #[error(transparent)]
    Distrusted(#[from] Distrust),
}

impl Way {
    /// The way to a relay. Reads the authorities whose certificates are believed: those of the file, or else of the
    /// system (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others).
    ///
    /// # Errors
    /// When there are none for an address that needs them, or some are given for one that does not.
    pub fn to(url: &RelayUrl, ca: Option<&Path>) -> Result<Self, Failure> {
        if !url.is_secure() {
            return match ca {
                None => Ok(Self { url: url.clone(), tls: None }),
                Some(_) => Err(Failure::Usage(format!(
                    "--ca is for addresses with https://: {url} is spoken to without TLS"
                ))),
            };
        }
        let name = ServerName::try_from(url.host_and_port().0.to_owned()).map_err(Failure::usage)?;
        let authorities = Authorities::read(ca).map_err(Failure::usage)?;
        let config = authorities.config().map_err(Failure::failed)?;
        let tls = Tls { name, authorities: Arc::new(authorities), config: Arc::new(config) };
        Ok(Self { url: url.clone(), tls: Some(tls) })
    }

    /// The way to a relay at an address, without TLS.
    pub fn plain(address: SocketAddr) -> Self {
        Self { url: address.into(), tls: None }
    }

    /// Where it leads.
    pub const fn url(&self) -> &RelayUrl {
        &self.url
    }

    /// Connects, without a limit of time. Small writes do not wait for each other (Nagle's algorithm is off).
    ///
    /// # Errors
    /// [`DialError`].
    pub async fn connect(&self) -> Result<Box<dyn Stream>, DialError> {
        let socket = TcpStream::connect(self.url.host_and_port()).await?;
        socket.set_nodelay(true)?;
        let Some(Tls { name, authorities, config }) = &self.tls else {
            return Ok(Box::new(socket));
        };
        match TlsConnector::from(Arc::clone(config)).connect(name.clone(), socket).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(authorities.explain(error)),
        }
    }

    /// What to say of a relay whose answer is not HTTP.
    pub const fn no_http(&self) -> &'static str {
        match self.tls {
            None => "what came back is not HTTP: if that address speaks TLS, write https://",
            Some(_) => "what came back is not HTTP, so that is no relay",
        }
    }
}
