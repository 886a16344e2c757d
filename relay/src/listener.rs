//! Sockets that connections come in by: of the relay's own, or handed over by a service manager.

use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be accepted: a crowd that returns all at once must not be told to try again a second
/// later, which is what the kernel does with those for whom there is no place. It takes at most its own limit
/// (`net.core.somaxconn`, usually 4096).
const BACKLOG: u16 = 4_096;

/// Listens at an address. Returns it too, with the port that was free where none was wanted.
///
/// # Errors
/// When the address is taken, or not this machine's.
pub fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A relay that is restarted takes over its address at once.
    socket.set_reuseaddr(true)?;
    // Small frames must not wait for each other (Nagle's algorithm); accepted sockets inherit this.
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG.into())?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Takes over a socket that listens already. Who connects while no relay accepts waits in it, and is not refused.
///
/// # Errors
/// When it is no socket of TCP that listens.
pub fn take_over(socket: StdTcpListener) -> io::Result<(TcpListener, SocketAddr)> {
    let options = SockRef::from(&socket);
    options.set_tcp_nodelay(true)?;
    options.listen(BACKLOG.into())?;
    socket.set_nonblocking(true)?;
    let address = socket.local_addr()?;
    Ok((TcpListener::from_std(socket)?, address))
}
