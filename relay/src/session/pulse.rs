//! Whether the client is still there: when it was heard, and the pings that ask it.

use std::time::Duration;

use crate::session::rules::SessionRules;

/// Who takes less than this of what waits does not read, whatever the network is like: so many bytes a second keep a
/// client from being silent while a ping waits behind them.
const MIN_READING_BYTES_PER_SECOND: u32 = 256;

/// The heartbeat of one session.
#[derive(Debug)]
pub(super) struct Pulse {
    heard_at: Duration,
    ping_at: Duration,
    ping_every: Duration,
    /// Whether a ping has left that no pong has answered yet.
    awaits_pong: bool,
}

impl Pulse {
    /// A heartbeat that begins now. `jitter` is between 0 and 1 and spreads the pings of many sessions.
    pub(super) fn new(rules: &SessionRules, jitter: f64, now: Duration) -> Self {
        // Up to a fifth early: the interval is a promise.
        let ping_every = rules.heartbeat_interval.mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0));
        Self { heard_at: now, ping_at: now + ping_every, ping_every, awaits_pong: false }
    }

    /// When the client was heard last.
    pub(super) const fn heard_at(&self) -> Duration {
        self.heard_at
    }

    /// Notes that the client has sent something.
    pub(super) const fn heard(&mut self, now: Duration) {
        self.heard_at = now;
    }

    /// Notes that the client has taken so many bytes of what waited for it.
    pub(super) fn took(&mut self, bytes: usize, now: Duration) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let worth = Duration::from_secs(bytes.into()) / MIN_READING_BYTES_PER_SECOND;
        self.heard_at = (self.heard_at + worth).min(now).max(self.heard_at);
    }

    /// When the next ping is due.
    pub(super) const fn ping_at(&self) -> Duration {
        self.ping_at
    }

    /// A ping leaves now.
    pub(super) fn ping(&mut self, now: Duration) {
        self.ping_at = now + self.ping_every;
        self.awaits_pong = true;
    }

    /// A pong has come. One that answers no ping is a question: whether the connection still carries anything. A ping
    /// answers it, and what that brings answers the ping. Returns whether it is such a question.
    pub(super) const fn pong(&mut self) -> bool {
        self.awaits_pong = !self.awaits_pong;
        self.awaits_pong
    }

    /// When the client has been silent for too long.
    pub(super) fn silent_at(&self, rules: &SessionRules) -> Duration {
        self.heard_at + rules.heartbeat_interval + rules.heartbeat_timeout
    }
}
