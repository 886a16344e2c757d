//! A subscriber: a WebSocket connection that subscribes to one channel and checks what it gets.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType};

use crate::check::fault::Fault;
use crate::check::ledger::Ledger;
use crate::check::track::Track;
use crate::error::BenchError;
use crate::servers::server::{Dialect, Heard};
use crate::wire::frame::{self, Frame, Kind};
use crate::wire::http;

/// Connections from one address. A system has 28,000 ports for them by default.
const CONNECTIONS_PER_ADDRESS: usize = 20_000;

/// One subscriber.
#[derive(Debug)]
pub struct Subscriber {
    index: usize,
    channel: usize,
    socket: TcpStream,
    state: State,
    track: Track,
    began: Instant,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The connection is being made.
    Connecting,
    /// The upgrade is asked for.
    Upgrading,
    /// It talks about its subscription.
    Subscribing,
    /// It is subscribed. The time that everything before took.
    Subscribed(Duration),
}

impl Subscriber {
    /// Begins to connect. The socket is to be waited for with [`super::poll::Interest::Write`].
    ///
    /// # Errors
    /// When the system refuses, most often because its limit of open files is reached.
    pub fn connect(index: usize, channel: usize, server: SocketAddr) -> Result<Self, BenchError> {
        let failed = |error: Errno| BenchError::system(format!("open connection {index}"))(error);
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket =
            net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).map_err(failed)?;
        if let Some(address) = source(index) {
            net::bind(&socket, &address).map_err(failed)?;
        }
        net::sockopt::set_tcp_nodelay(&socket, true).map_err(failed)?;
        // Closing resets the connection, so that no port waits for a minute (TIME_WAIT) between two rounds.
        net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).map_err(failed)?;
        match net::connect(&socket, &server) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(failed(error)),
        }
        Ok(Self {
            index,
            channel,
            socket: TcpStream::from(socket),
            state: State::Connecting,
            track: Track::default(),
            began: Instant::now(),
        })
    }

    /// Its socket.
    pub const fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Its channel.
    pub const fn channel(&self) -> usize {
        self.channel
    }

    /// How far it is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// How many messages it has got.
    pub const fn received(&self) -> usize {
        self.track.place()
    }

    /// The connection is made: asks for the upgrade.
    ///
    /// # Errors
    /// When it is not made after all.
    pub fn connected(&mut self, dialect: &dyn Dialect) -> Result<(), BenchError> {
        if let Some(error) = self.socket.take_error().ok().flatten() {
            return Err(BenchError::system(format!("make connection {}", self.index))(error));
        }
        self.state = State::Upgrading;
        self.say(http::upgrade_request(&dialect.path(self.channel), dialect.sub_protocol()).as_bytes())
    }

    /// Reads once what is there and deals with it. Returns how many messages were among it.
    ///
    /// # Errors
    /// When the server closes the connection, refuses the subscription, or does anything that it must not.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        ledger: &mut Ledger,
        dialect: &dyn Dialect,
    ) -> Result<usize, BenchError> {
        let bytes = match self.socket.read(buffer) {
            Ok(0) => return Err(self.peer("the server closed the connection")),
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(self.peer(&error.to_string())),
        };
        let before = self.track.place();
        let frames = if self.state == State::Upgrading { self.upgraded(bytes, dialect)? } else { bytes };
        self.frames(frames, ledger, dialect)?;
        Ok(self.track.place() - before)
    }

    /// Reads the answer to the upgrade, which the servers under test send in one piece. Returns what is behind it.
    fn upgraded<'a>(&mut self, bytes: &'a [u8], dialect: &dyn Dialect) -> Result<&'a [u8], BenchError> {
        let answer =
            http::first(bytes).ok_or_else(|| self.peer("the answer to the upgrade is incomplete"))?;
        if answer.status() != Some(101) {
            return Err(self.peer(&format!("the upgrade is refused: {}", String::from_utf8_lossy(bytes))));
        }
        let texts = dialect.opening(self.channel);
        if texts.is_empty() {
            self.state = State::Subscribed(self.began.elapsed());
        } else {
            self.state = State::Subscribing;
            let mut opening = Vec::new();
            for text in &texts {
                frame::push_text(&mut opening, text.as_bytes());
            }
            self.say(&opening)?;
        }
        Ok(bytes.get(answer.bytes..).unwrap_or_default())
    }

    fn frames(&mut self, bytes: &[u8], ledger: &mut Ledger, dialect: &dyn Dialect) -> Result<(), BenchError> {
        let (mut saying, mut is_subscribed, mut refused) = (Vec::new(), false, None);
        let channel = self.channel;
        let mut other = |frame: Frame<'_>| -> Result<(), Fault> {
            match frame.kind {
                kind if kind == dialect.kind() => match dialect.heard(frame.body, channel) {
                    Heard::Say(text) => frame::push_text(&mut saying, text.as_bytes()),
                    Heard::Nothing => {}
                    Heard::Subscribed => is_subscribed = true,
                    Heard::Refused(why) => refused = Some(why),
                },
                Kind::Ping => frame::push_pong(&mut saying, frame.body),
                Kind::Close => {
                    let reason =
                        String::from_utf8_lossy(frame.body.get(2..).unwrap_or_default()).into_owned();
                    refused = Some(format!("the server closed the connection: {reason}"));
                }
                Kind::Text | Kind::Binary => return Err(Fault::garbled(frame.body)),
                Kind::Pong => {}
            }
            Ok(())
        };
        let subscriber = self.index;
        self.track
            .take(bytes, ledger, dialect, &mut other)
            .map_err(|fault| BenchError::Subscriber { subscriber, fault })?;
        if let Some(why) = refused {
            return Err(self.peer(&why));
        }
        if is_subscribed {
            self.state = State::Subscribed(self.began.elapsed());
        }
        if saying.is_empty() { Ok(()) } else { self.say(&saying) }
    }

    /// Sends a little, which a connection always takes at once.
    fn say(&self, bytes: &[u8]) -> Result<(), BenchError> {
        (&self.socket).write_all(bytes).map_err(|error| self.peer(&error.to_string()))
    }

    fn peer(&self, what: &str) -> BenchError {
        BenchError::Peer(format!("subscriber {}: {what}", self.index))
    }
}

/// The address that a connection comes from, where the system's own choice would run out of ports.
fn source(index: usize) -> Option<SocketAddrV4> {
    let host = u8::try_from(index / CONNECTIONS_PER_ADDRESS).ok().filter(|host| *host > 0)?;
    Some(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1 + host), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_connections_come_from_several_addresses() {
        assert_eq!(source(0), None);
        assert_eq!(source(19_999), None);
        assert_eq!(source(20_000).unwrap().to_string(), "127.0.0.2:0");
        assert_eq!(source(59_999).unwrap().to_string(), "127.0.0.3:0");
    }
}
