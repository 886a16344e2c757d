//! The encryption of a session's connection. Whoever writes encrypts, under the connection's lock, into a buffer of
//! bounded size that the socket takes as far as it can.

use std::io::{self, IoSlice, Read, Write};

use rustls::ServerConnection;
use tokio::net::TcpStream;

/// Bytes that are encrypted ahead of the socket: two of TLS's largest records (RFC 8446 section 5.1). What waits
/// beyond them waits as plain text in the outbox, where readers share it.
const MAX_ENCRYPTED_BYTES: usize = 32 * 1024;

/// The encryption of a connection. Boxed: most relays have none.
#[derive(Debug)]
pub struct Secured(Box<ServerConnection>);

/// A socket as rustls sees it: it takes and gives what it can at once.
struct AtOnce<'a>(&'a TcpStream);

impl Secured {
    /// Takes over from where HTTP left it. Returns what was decrypted already and nobody has read.
    ///
    /// # Errors
    /// When what was read is no TLS.
    pub fn new(mut tls: ServerConnection) -> io::Result<(Self, Vec<u8>)> {
        tls.set_buffer_limit(Some(MAX_ENCRYPTED_BYTES));
        let state = tls.process_new_packets().map_err(io::Error::other)?;
        let mut read = vec![0; state.plaintext_bytes_to_read()];
        if !read.is_empty() {
            tls.reader().read_exact(&mut read)?;
        }
        Ok((Self(Box::new(tls)), read))
    }

    /// Encrypts and writes what the socket takes at once. Returns how much of the slices is on its way: written, or
    /// encrypted and next.
    ///
    /// # Errors
    /// `WouldBlock` when nothing of them is on its way, because what was encrypted before still waits; any other when
    /// the connection is lost.
    pub fn write(&mut self, socket: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.flush(socket)?;
        let taken = self.0.writer().write_vectored(slices)?;
        match self.flush(socket) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes what is encrypted.
    ///
    /// # Errors
    /// `WouldBlock` when the socket does not take all of it, any other when the connection is lost.
    pub fn flush(&mut self, socket: &TcpStream) -> io::Result<()> {
        while self.0.wants_write() {
            if self.0.write_tls(&mut AtOnce(socket))? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Whether something encrypted waits for the socket.
    pub fn has_waiting(&self) -> bool {
        self.0.wants_write()
    }

    /// Reads and decrypts what is there; 0 when the other side has said that it sends nothing more.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there, any other when the connection is lost, which a connection is that ends
    /// without a word.
    pub fn read(&mut self, socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            self.0.read_tls(&mut AtOnce(socket))?;
            let processed = self.0.process_new_packets();
            // An alert, or a key that the other side asked to be renewed. What the socket does not take waits.
            let _ = self.flush(socket);
            processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }

    /// Says that nothing more will come (`close_notify`, RFC 8446 section 6.1). What follows is a flush.
    pub fn close(&mut self) {
        self.0.send_close_notify();
    }
}

impl Read for AtOnce<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for AtOnce<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
