//! Handshakes: within a deadline, and what is no TLS at all is told so.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::gauge;
use super::stream::Stream;
use crate::log::pace::Pace;

/// How long a client may take for a handshake. Two round trips, and a slow processor.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The first byte of a TLS connection: a record with a handshake message (RFC 8446 section 5.1).
const HANDSHAKE: u8 = 22;

/// Makes handshakes.
#[derive(Clone)]
pub struct TlsDoor(TlsAcceptor);

/// Why there is no connection.
#[derive(Debug)]
pub enum NoHandshake {
    /// It speaks something else; the socket is untouched.
    Plain(TcpStream),
    /// The client has gone, took too long, or cannot agree. It has been told as far as TLS tells that.
    Failed,
}

impl TlsDoor {
    /// A door with these settings.
    pub fn new(config: ServerConfig) -> Self {
        Self(TlsAcceptor::from(Arc::new(config)))
    }

    /// Makes a handshake.
    ///
    /// # Errors
    /// When there is none within ten seconds.
    pub async fn enter(&self, socket: TcpStream) -> Result<Stream, NoHandshake> {
        let Ok(entered) = timeout(HANDSHAKE_TIMEOUT, self.handshake(socket)).await else {
            gauge::count_handshake("late");
            tell_late();
            return Err(NoHandshake::Failed);
        };
        if let Err(NoHandshake::Failed) = &entered {
            gauge::count_handshake("failed");
        }
        entered
    }

    async fn handshake(&self, socket: TcpStream) -> Result<Stream, NoHandshake> {
        let mut first = [0];
        match socket.peek(&mut first).await {
            Ok(1) if first == [HANDSHAKE] => {}
            Ok(1) => {
                gauge::count_handshake("plain");
                return Err(NoHandshake::Plain(socket));
            }
            // It has gone without a word.
            _ => return Err(NoHandshake::Failed),
        }
        match self.0.accept(socket).await {
            Ok(stream) => {
                gauge::count_handshake("done");
                Ok(Stream::Secure(Box::new(stream)))
            }
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake failed");
                Err(NoHandshake::Failed)
            }
        }
    }
}

fn tell_late() {
    static PACE: Pace = Pace::new();
    if let Some(left_out) = PACE.turn() {
        let seconds = HANDSHAKE_TIMEOUT.as_secs();
        tracing::info!(left_out, seconds, "a client made no TLS handshake in time");
    }
}
