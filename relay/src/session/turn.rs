//! What a session's task writes at the end of a turn: with one system call what was queued since the last one.

use std::time::Duration;

use tokio::io::Interest;

use crate::clock::Clock;
use crate::session::connection::Connection;

/// How long a welcome waits at most for the answer to a subscription that came along with the hello, so that both leave
/// with one system call: the third of three, and 5 µs of the 60 that a connection cost
/// (`docs/decisions/0014-what-the-data-plane-costs.md`). A script answers within it; nothing that a client does depends
/// on having the welcome earlier.
const WELCOME_WAITS: Duration = Duration::from_millis(10);

/// What is known of writing from one turn to the next.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Until when the welcome waits for company, while it does.
    welcome_at: Option<Duration>,
    /// The socket takes no more for now.
    is_full: bool,
}

impl Turn {
    /// The welcome is about to be queued.
    pub(super) fn welcome(&mut self, now: Duration) {
        self.welcome_at = Some(now + WELCOME_WAITS);
    }

    /// Writes what is queued, unless the socket is known to take nothing, or a welcome waits for its company.
    pub(super) fn write(&mut self, connection: &Connection, answers_are_due: bool, clock: &Clock) {
        if self.is_full || self.welcome_waits(answers_are_due, clock) {
            return;
        }
        connection.flush();
        self.is_full = connection.waits().to_write;
    }

    /// Writes what waits for the socket, which has room again. Returns how many bytes it has taken.
    pub(super) fn write_on(&mut self, connection: &Connection) -> usize {
        let taken = connection.write_on();
        self.is_full = connection.waits().to_write;
        taken
    }

    /// When something is to be written even if nothing happens.
    pub(super) const fn deadline(&self) -> Option<Duration> {
        self.welcome_at
    }

    /// What the socket has to be ready for, when it may be read or not.
    pub(super) fn interest(&self, reads: bool) -> Option<Interest> {
        match (reads, self.is_full) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }

    fn welcome_waits(&mut self, answers_are_due: bool, clock: &Clock) -> bool {
        let waits = self.welcome_at.is_some_and(|at| answers_are_due && clock.now() < at);
        if !waits {
            self.welcome_at = None;
        }
        waits
    }
}
