//! The loop.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use rustix::net::sockopt;

use crate::bare::command;
use crate::bare::connection::Connection;
use crate::error::BenchError;
use crate::load::poll::{Interest, Poll, Ready};
use crate::wire::{frame, http};

/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;

/// The listener among the tokens.
const LISTENER: u64 = u64::MAX;

/// Connections that may wait to be accepted, as with most servers at most what the system allows.
const BACKLOG: i32 = 4_096;

const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
      sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// Everything the loop knows.
struct Loop {
    listener: TcpListener,
    poll: Poll,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    turn: Turn,
}

/// Channels, and what they collect in a turn.
#[derive(Default)]
struct Turn {
    channels: Vec<Channel>,
    /// Channels that have collected something.
    dirty: Vec<usize>,
}

#[derive(Default)]
struct Channel {
    subscribers: Vec<usize>,
    frames: Vec<u8>,
}

/// Listens, tells `ready` the address, and serves until the process is ended.
///
/// # Errors
/// When the system refuses the address or epoll.
pub fn serve(listen: SocketAddr, ready: impl FnOnce(SocketAddr)) -> Result<(), BenchError> {
    let failed = |error| BenchError::system(format!("listen on {listen}"))(error);
    let listener = TcpListener::bind(listen).map_err(failed)?;
    rustix::net::listen(&listener, BACKLOG).map_err(|error| failed(error.into()))?;
    listener.set_nonblocking(true).map_err(failed)?;
    // Accepted sockets inherit it.
    sockopt::set_tcp_nodelay(&listener, true).map_err(|error| failed(error.into()))?;
    ready(listener.local_addr().map_err(failed)?);
    let poll = Poll::new()?;
    poll.add(&listener, LISTENER, Interest::Read)?;
    let mut server =
        Loop { listener, poll, connections: Vec::new(), free: Vec::new(), turn: Turn::default() };
    let mut buffer = vec![0; READ_BYTES];
    loop {
        server.turn(&mut buffer)?;
    }
}

impl Loop {
    fn turn(&mut self, buffer: &mut [u8]) -> Result<(), BenchError> {
        self.poll.wait(None)?;
        for index in 0..self.poll.fetched() {
            match self.poll.event(index) {
                Some(Ready { token: LISTENER, .. }) => self.accept()?,
                Some(ready) => self.serve(ready, buffer)?,
                None => {}
            }
        }
        self.deliver()
    }

    fn accept(&mut self) -> Result<(), BenchError> {
        loop {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(BenchError::system("accept a connection")(error)),
            };
            socket.set_nonblocking(true).map_err(BenchError::system("use a connection"))?;
            let index = self.free.pop().unwrap_or(self.connections.len());
            self.poll.add(&socket, index as u64, Interest::Read)?;
            if index == self.connections.len() {
                self.connections.push(None);
            }
            if let Some(place) = self.connections.get_mut(index) {
                *place = Some(Connection::new(socket));
            }
        }
    }

    fn serve(&mut self, ready: Ready, buffer: &mut [u8]) -> Result<(), BenchError> {
        let index = ready.token as usize;
        let Some(Some(connection)) = self.connections.get_mut(index) else {
            return Ok(());
        };
        let turn = &mut self.turn;
        let had_waiting = connection.has_waiting();
        let mut goes_on =
            connection.read(buffer, |connection, bytes| turn.incoming(index, connection, bytes));
        if ready.can_write && connection.has_waiting() {
            goes_on &= connection.flush();
        }
        if connection.has_waiting() != had_waiting {
            let interest = if had_waiting { Interest::Read } else { Interest::Both };
            self.poll.change(connection.socket(), ready.token, interest)?;
        }
        if !goes_on {
            self.remove(index);
        }
        Ok(())
    }

    fn remove(&mut self, index: usize) {
        let removed = self.connections.get_mut(index).and_then(Option::take);
        if let Some(connection) = removed {
            self.free.push(index);
            let channel = connection.channel.and_then(|channel| self.turn.channels.get_mut(channel));
            if let Some(channel) = channel {
                channel.subscribers.retain(|subscriber| *subscriber != index);
            }
        }
    }

    /// One write for each subscriber of each channel that has collected something.
    fn deliver(&mut self) -> Result<(), BenchError> {
        for channel in std::mem::take(&mut self.turn.dirty) {
            let Some(channel) = self.turn.channels.get_mut(channel) else {
                continue;
            };
            for index in &channel.subscribers {
                if let Some(Some(connection)) = self.connections.get_mut(*index) {
                    let had_waiting = connection.has_waiting();
                    // A broken connection is found by the next read.
                    connection.write(&channel.frames);
                    if connection.has_waiting() && !had_waiting {
                        self.poll.change(connection.socket(), *index as u64, Interest::Both)?;
                    }
                }
            }
            channel.frames.clear();
        }
        Ok(())
    }
}

impl Turn {
    /// Deals with the first thing that these bytes hold. Returns how many of them it took.
    fn incoming(&mut self, index: usize, connection: &mut Connection, bytes: &[u8]) -> usize {
        if connection.is_upgraded {
            return self.frame(index, connection, bytes);
        }
        let Some(request) = http::first(bytes) else {
            return 0;
        };
        if request.head.starts_with(b"GET") {
            connection.is_upgraded = true;
            connection.write(UPGRADED);
        } else {
            self.publish(request.body);
            connection.write(ANSWER);
        }
        request.bytes
    }

    /// A subscription: the channel's number.
    fn frame(&mut self, index: usize, connection: &mut Connection, bytes: &[u8]) -> usize {
        let Some((text, taken)) = frame::short_client_text(bytes) else {
            return 0;
        };
        if let Some(number) = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok()) {
            connection.channel = Some(number);
            self.channel(number).subscribers.push(index);
            let mut reply = Vec::new();
            frame::push_server_text(&mut reply, command::SUBSCRIBED);
            connection.write(&reply);
        }
        taken
    }

    fn publish(&mut self, mut body: &[u8]) {
        while let Some((number, payload, rest)) = command::first(body) {
            let channel = self.channel(number);
            let was_clean = channel.frames.is_empty();
            frame::push_server_text(&mut channel.frames, payload);
            if was_clean {
                self.dirty.push(number);
            }
            body = rest;
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the line before makes all up to this one")]
    fn channel(&mut self, number: usize) -> &mut Channel {
        if number >= self.channels.len() {
            self.channels.resize_with(number + 1, Channel::default);
        }
        &mut self.channels[number]
    }
}
