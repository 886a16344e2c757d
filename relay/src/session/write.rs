//! Writing to a socket that almost always has room.

use std::io;

use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use tokio::net::TcpStream;

/// Writes once, and returns how many bytes the socket took.
///
/// It is asked itself, and not tokio's note of whether it has room: that note is in memory that nothing else of a
/// delivery touches, and among a thousand readers no longer in the processor's cache. Only a socket without room is
/// asked once more by way of tokio, which knows then to wait for its next word. The second time decides: room that
/// came in between would not be told again.
///
/// The system is called without the C library, which in a program with threads makes each `send` a point at which a
/// thread may be cancelled, for 0.05 µs. A closed connection raises no signal: Rust programs ignore that one.
///
/// # Errors
/// `WouldBlock` when it has no room, any other when the connection is lost.
pub(super) fn once(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match send(socket, bytes, SendFlags::empty()) {
        Err(Errno::AGAIN) => socket.try_write(bytes),
        written => Ok(written?),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::Duration;

    use tokio::io::Interest;
    use tokio::time::timeout;

    use super::*;
    use crate::session::read::tests::{SOON, pair};

    /// Writes until the socket takes no more. Returns how many bytes it took.
    fn fill(socket: &TcpStream) -> usize {
        let mut taken = 0;
        loop {
            match once(socket, &[7; 64 * 1024]) {
                Ok(written) => taken += written,
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    return taken;
                }
            }
        }
    }

    /// Writes until the socket stays without room. That it has some may be said late, when it is used up again.
    async fn fill_up(socket: &TcpStream) -> usize {
        let mut taken = fill(socket);
        // What was written may make room for more by itself, when it has gone over to the other side.
        while timeout(Duration::from_millis(50), socket.ready(Interest::WRITABLE)).await.is_ok() {
            taken += fill(socket);
        }
        taken
    }

    #[tokio::test]
    async fn a_socket_without_room_is_said_to_have_some_once_it_has_been_read_and_not_before() {
        let (socket, mut client) = pair().await;
        for _ in 0..3 {
            let taken = fill_up(&socket).await;
            let mut read = vec![0; taken];
            client.read_exact(&mut read).unwrap();
            assert!(read.iter().all(|byte| *byte == 7));
            timeout(SOON, socket.ready(Interest::WRITABLE)).await.expect("it has room").unwrap();
        }
    }

    #[tokio::test]
    async fn a_write_to_a_connection_that_is_gone_fails() {
        let (socket, client) = pair().await;
        drop(client);
        let deadline = tokio::time::Instant::now() + SOON;
        let error = loop {
            match once(&socket, b"x") {
                Ok(_) => assert!(tokio::time::Instant::now() < deadline),
                Err(error) => break error,
            }
            tokio::task::yield_now().await;
        };
        assert_ne!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
