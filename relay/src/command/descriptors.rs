//! Descriptors: each connection is one.

use std::fs::File;
use std::io;

use rustix::io::fcntl_dupfd_cloexec;

/// Descriptors for all that is no connection: files, pipes, epoll.
const BESIDE_CONNECTIONS: u64 = 64;

/// Raises the limit of open descriptors as far as the system lets us, since systems start programs with a low one, and has
/// room made for so many connections.
pub fn prepare(connections: usize) {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            tracing::warn!(%error, "the limit of open descriptors could not be raised");
            return;
        }
    };
    let wanted = (connections as u64).saturating_add(BESIDE_CONNECTIONS);
    let room = i32::try_from(wanted.min(limit.saturating_sub(1))).unwrap_or(i32::MAX);
    match make_room(room) {
        Ok(()) => tracing::debug!(limit, room, "open descriptors"),
        Err(error) => tracing::warn!(%error, room, "no room could be made for descriptors"),
    }
}

/// Has the kernel make its table of this process's descriptors as large as it will get, 8 bytes for each.
///
/// Linux doubles a table that is full. In a process with threads it then waits until nobody can be looking at the old
/// one (`expand_fdtable`, `synchronize_rcu`), 10 to 20 ms each time: the accept loop stood still for a third of the time in
/// which 5000 clients were let in. A descriptor with a high number has the table grow at once.
fn make_room(descriptors: i32) -> io::Result<()> {
    let file = File::open("/dev/null")?;
    drop(fcntl_dupfd_cloexec(&file, descriptors)?);
    Ok(())
}
