//! Why a relay cannot start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::identity::start::IdentityStartError;
use crate::providers::ProviderError;
use crate::store::folder::FolderError;
use crate::tls::pair::PairError;

/// Why a relay cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}{}", advice(source, *address))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The socket that was handed over is none to listen at.
    #[error("the socket that the service manager handed over cannot be listened at: {0}")]
    Socket(io::Error),
    /// Nobody can be asked for permission.
    #[error(transparent)]
    Permissions(#[from] ProviderError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Data(#[from] FolderError),
    /// Identities cannot be established.
    #[error(transparent)]
    Identity(#[from] IdentityStartError),
    /// There is no certificate to be shown.
    #[error("TLS cannot be started: {0}")]
    Tls(#[from] PairError),
    /// There is no randomness for TLS.
    #[error("TLS cannot be started: {0}")]
    Rustls(#[from] rustls::Error),
    /// The folder of static files does not exist.
    #[error("the site folder {0} is not a folder")]
    Site(PathBuf),
}

/// What helps whoever may not listen there. Ports below 1024 are the usual reason.
fn advice(source: &io::Error, address: SocketAddr) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied if address.port() < 1024 => {
            "; ports below 1024 are the system's: take a higher one, have systemd hand over the socket, or give the \
             program the right (CAP_NET_BIND_SERVICE)"
        }
        io::ErrorKind::AddrInUse => {
            "; another program listens there: stop it, or choose another with --listen"
        }
        io::ErrorKind::AddrNotAvailable => "; it is none of this machine's addresses: 0.0.0.0 is all of them",
        _ => "",
    }
}
