//! A publisher: a connection that is kept, most often of HTTP, with one publish on its way at a time.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::sockopt;

use crate::error::BenchError;
use crate::servers::server::Dialect;

/// One publisher.
#[derive(Debug)]
pub struct Publisher {
    socket: TcpStream,
    request: Vec<u8>,
    sent_bytes: usize,
    answer: Vec<u8>,
    /// Requests on their way.
    awaited: usize,
}

impl Publisher {
    /// Connects, and says what this dialect says first.
    ///
    /// # Errors
    /// When the server does not take the connection.
    pub fn connect(server: SocketAddr, dialect: &dyn Dialect) -> Result<Self, BenchError> {
        let failed = |error| BenchError::system("connect a publisher")(error);
        let mut socket = TcpStream::connect(server).map_err(failed)?;
        socket.write_all(dialect.publisher_opening()).map_err(failed)?;
        socket.set_nodelay(true).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).map_err(|error| failed(error.into()))?;
        Ok(Self { socket, request: Vec::new(), sent_bytes: 0, answer: Vec::new(), awaited: 0 })
    }

    /// Its socket.
    pub const fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Whether a publish is on its way.
    pub const fn is_busy(&self) -> bool {
        self.awaited > 0
    }

    /// Sends the requests that `write` makes and counts, as far as the connection takes them; the rest by
    /// [`Publisher::go_on`].
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn send(&mut self, write: impl FnOnce(&mut Vec<u8>) -> usize) -> Result<(), BenchError> {
        self.request.clear();
        self.sent_bytes = 0;
        self.awaited = write(&mut self.request);
        self.go_on()
    }

    /// Whether something of the request has not been sent.
    pub const fn has_unsent(&self) -> bool {
        self.sent_bytes < self.request.len()
    }

    /// Sends more of the request.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn go_on(&mut self) -> Result<(), BenchError> {
        while let Some(rest) = self.request.get(self.sent_bytes..).filter(|rest| !rest.is_empty()) {
            match (&self.socket).write(rest) {
                Ok(sent) => self.sent_bytes += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(BenchError::system("send a publish")(error)),
            }
        }
        Ok(())
    }

    /// Reads what is there. Returns whether the publish is answered now.
    ///
    /// # Errors
    /// When the connection is broken, or an answer is no success or tells of a message that was refused.
    pub fn read(&mut self, buffer: &mut [u8], dialect: &dyn Dialect) -> Result<bool, BenchError> {
        let bytes = match (&self.socket).read(buffer) {
            Ok(0) => return Err(BenchError::Peer("the server closed a publisher's connection".to_owned())),
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(BenchError::system("read the answer to a publish")(error)),
        };
        self.answer.extend_from_slice(bytes);
        let answers = dialect
            .answers(&self.answer)
            .map_err(|answer| BenchError::Peer(format!("a publish is refused: {answer}")))?;
        self.awaited = self.awaited.saturating_sub(answers.requests);
        self.answer.drain(..answers.bytes);
        Ok(answers.requests > 0 && self.awaited == 0)
    }
}
