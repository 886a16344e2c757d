//! One connection of the bare loop: a publisher's or a subscriber's.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

/// A connection. At rest it owns no buffer.
#[derive(Debug)]
pub struct Connection {
    socket: TcpStream,
    /// The channel, once it is a subscriber.
    pub channel: Option<usize>,
    /// It has been upgraded: frames come.
    pub is_upgraded: bool,
    incoming: Vec<u8>,
    waiting: Vec<u8>,
}

impl Connection {
    /// A connection that has not said anything.
    pub const fn new(socket: TcpStream) -> Self {
        Self { socket, channel: None, is_upgraded: false, incoming: Vec::new(), waiting: Vec::new() }
    }

    /// Its socket.
    pub const fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Whether something waits for room.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Reads once, and gives all that is not dealt with yet to `each`, again and again, until it takes nothing more;
    /// it returns how many bytes it took. Returns whether the connection goes on.
    pub fn read(&mut self, buffer: &mut [u8], mut each: impl FnMut(&mut Self, &[u8]) -> usize) -> bool {
        let length = match self.socket.read(buffer) {
            Ok(0) => return false,
            Ok(length) => length,
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        let mut joined = std::mem::take(&mut self.incoming);
        let read = buffer.get(..length).unwrap_or_default();
        let mut bytes = if joined.is_empty() {
            read
        } else {
            joined.extend_from_slice(read);
            &joined
        };
        loop {
            let taken = each(self, bytes);
            if taken == 0 {
                break;
            }
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        if !bytes.is_empty() {
            self.incoming = bytes.to_vec();
        }
        true
    }

    /// Writes, and keeps what the system does not take. Returns whether the connection goes on.
    pub fn write(&mut self, bytes: &[u8]) -> bool {
        if !self.waiting.is_empty() {
            self.waiting.extend_from_slice(bytes);
            return true;
        }
        match some(self.socket.write(bytes)) {
            Some(written) => {
                self.waiting.extend_from_slice(bytes.get(written..).unwrap_or_default());
                true
            }
            None => false,
        }
    }

    /// Writes what waits. Returns whether the connection goes on.
    pub fn flush(&mut self) -> bool {
        match some(self.socket.write(&self.waiting)) {
            Some(written) if written == self.waiting.len() => self.waiting = Vec::new(),
            Some(written) => drop(self.waiting.drain(..written)),
            None => return false,
        }
        true
    }
}

/// How much was written; `None` when the connection is broken.
fn some(written: io::Result<usize>) -> Option<usize> {
    match written {
        Ok(written) => Some(written),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Some(0),
        Err(_) => None,
    }
}
