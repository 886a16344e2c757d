//! The end of a connection in good order: its last frames arrive.

use std::io;
use std::net::Shutdown;
use std::time::Duration;

use tokio::time::timeout;

use crate::session::connection::{Connection, SendingState};

/// How long a session that ends may take to write its last frames and to hear the other side close.
const FAREWELL: Duration = Duration::from_secs(3);

/// Writes what is left, closes this side, and waits for the other to close, all within [`FAREWELL`].
pub(super) async fn farewell(connection: &Connection) {
    if connection.state() != SendingState::Lost {
        // A peer that is gone already cannot be waited for; either way the socket is dropped now.
        let _ = timeout(FAREWELL, goodbye(connection)).await;
    }
}

async fn goodbye(connection: &Connection) -> io::Result<()> {
    write_all(connection).await?;
    connection.close();
    write_all(connection).await?;
    socket2::SockRef::from(connection.socket()).shutdown(Shutdown::Write)?;
    while !hears_the_end(connection)? {
        connection.socket().readable().await?;
    }
    Ok(())
}

/// Reads what still comes, for nobody. Returns whether the other side has closed.
fn hears_the_end(connection: &Connection) -> io::Result<bool> {
    let mut ignored = [0; 256];
    match connection.socket().try_read(&mut ignored) {
        Ok(read) => Ok(read == 0),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes what waits.
async fn write_all(connection: &Connection) -> io::Result<()> {
    while connection.has_waiting() {
        connection.socket().writable().await?;
        connection.flush();
    }
    Ok(())
}
