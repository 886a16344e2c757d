//! What a service manager hands over: the socket to listen at, by systemd's protocol (sd_listen_fds(3)). It outlives the
//! relay, so that whoever connects while one relay takes the place of another waits and is not refused.

use std::net::TcpListener;

use listenfd::ListenFd;

use super::failure::Failure;

/// The socket that was handed over, if one was. To be called once, first of all.
///
/// # Errors
/// When it is no socket of TCP, or when there are several: the relay would not know which is for whom.
pub fn socket() -> Result<Option<TcpListener>, Failure> {
    let mut handed = ListenFd::from_env();
    if handed.len() > 1 {
        let several = format!(
            "the service manager handed over {} sockets: hand over one (a single ListenStream=), \
             and name the address for operators with --metrics-listen",
            handed.len()
        );
        return Err(Failure::failed(several));
    }
    let no_tcp = |error| {
        Failure::failed(format!(
            "the service manager handed over a socket that is none of TCP ({error}): its ListenStream= wants an \
             address and a port"
        ))
    };
    handed.take_tcp_listener(0).map_err(no_tcp)
}
