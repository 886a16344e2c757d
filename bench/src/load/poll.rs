//! Readiness of sockets, by epoll, level-triggered.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::error::BenchError;

/// Events that one call fetches. More sockets than that take turns.
const EVENTS: usize = 1_024;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Bytes to read, or the end.
    Read,
    /// Room to write; for a socket that connects: that it has.
    Write,
    /// Either.
    Both,
}

/// A set of sockets, each known by a number.
pub struct Poll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poll {
    /// An empty set.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn new() -> Result<Self, BenchError> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(BenchError::system("make an epoll set"))?;
        Ok(Self { epoll, events: Vec::with_capacity(EVENTS) })
    }

    /// Adds a socket.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn add(&self, socket: impl AsFd, token: u64, interest: Interest) -> Result<(), BenchError> {
        epoll::add(&self.epoll, socket, EventData::new_u64(token), interest.flags())
            .map_err(BenchError::system("add a socket to epoll"))
    }

    /// Changes what is waited for.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn change(&self, socket: impl AsFd, token: u64, interest: Interest) -> Result<(), BenchError> {
        epoll::modify(&self.epoll, socket, EventData::new_u64(token), interest.flags())
            .map_err(BenchError::system("change a socket in epoll"))
    }

    /// Takes a socket out.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove(&self, socket: impl AsFd) -> Result<(), BenchError> {
        epoll::delete(&self.epoll, socket).map_err(BenchError::system("take a socket out of epoll"))
    }

    /// Waits for events and fetches some, for at most so long; `None` waits without end.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<(), BenchError> {
        self.events.clear();
        let timeout = timeout.map(|timeout| Timespec {
            tv_sec: timeout.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        });
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(BenchError::system("wait for sockets")(error)),
        }
    }

    /// How many events were fetched.
    pub const fn fetched(&self) -> usize {
        self.events.len()
    }

    /// The token of a fetched event, and whether there may be something to read and room to write.
    pub fn event(&self, index: usize) -> Option<Ready> {
        self.events.get(index).map(|event| {
            let (flags, data) = (event.flags, event.data);
            Ready { token: data.u64(), can_write: flags.contains(EventFlags::OUT) }
        })
    }
}

/// A socket that is ready. Whatever its readiness, a read tells what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Which one.
    pub token: u64,
    /// There is room to write.
    pub can_write: bool,
}

impl Interest {
    const fn flags(self) -> EventFlags {
        match self {
            Self::Read => EventFlags::IN,
            Self::Write => EventFlags::OUT,
            Self::Both => EventFlags::IN.union(EventFlags::OUT),
        }
    }
}
