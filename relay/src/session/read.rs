//! Reading a socket with one system call for what is there, and none to learn that no more is.

use std::io::{self, Read as _};

use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Reads once; 0 when the other side sends nothing more.
///
/// A read that does not fill the buffer has emptied the socket, and tells tokio so: the next wait is for bytes that
/// come later. `TcpStream::try_read` would say "ready" once more, and each time that bytes come a second read would be
/// made in vain: 3.9 of the 7 reads of a connection that comes and subscribes. The socket's end and its errors are not
/// forgotten by this, see tokio's `ScheduledIo::clear_readiness`.
///
/// # Errors
/// `WouldBlock` when nothing is there, any other when the connection is lost.
pub(super) fn once(socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = None;
    let emptied = socket.try_io(Interest::READABLE, || {
        let length = (&*SockRef::from(socket)).read(buffer)?;
        read = Some(length);
        let is_short = length > 0 && length < buffer.len();
        if is_short { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    });
    match (read, emptied) {
        (Some(length), _) => Ok(length),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(io::ErrorKind::WouldBlock.into()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;
    use std::net;
    use std::time::Duration;

    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    pub(crate) const SOON: Duration = Duration::from_secs(60);

    /// A socket and its other side, which reads for no longer than [`SOON`].
    pub(crate) async fn pair() -> (TcpStream, net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(SOON)).unwrap();
        (listener.accept().await.unwrap().0, client)
    }

    async fn next(socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            timeout(SOON, socket.readable()).await.expect("something is to be read")?;
            match once(socket, buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }

    #[tokio::test]
    async fn bytes_that_come_after_a_short_read_are_read_and_so_is_the_end() {
        let (socket, mut client) = pair().await;
        let mut buffer = [0; 4];
        for _ in 0..100 {
            client.write_all(b"abcdefgh!").unwrap();
            let mut read = Vec::new();
            while read.len() < 9 {
                let length = next(&socket, &mut buffer).await.unwrap();
                read.extend_from_slice(&buffer[..length]);
            }
            assert_eq!(read, b"abcdefgh!");
        }
        client.write_all(b"x").unwrap();
        drop(client);
        assert_eq!(next(&socket, &mut buffer).await.unwrap(), 1);
        assert_eq!(next(&socket, &mut buffer).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn after_a_short_read_the_socket_is_not_readable_until_more_comes() {
        let (socket, mut client) = pair().await;
        client.write_all(b"ab").unwrap();
        assert_eq!(next(&socket, &mut [0; 4]).await.unwrap(), 2);
        assert!(timeout(Duration::from_millis(20), socket.readable()).await.is_err());
        client.write_all(b"cd").unwrap();
        assert_eq!(next(&socket, &mut [0; 4]).await.unwrap(), 2);
    }
}
