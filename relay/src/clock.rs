//! The relay's clock, which is what the pure rooms are given.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock that never goes back.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    /// The start, counted from 1970.
    started_at: Duration,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        let started_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), started_at }
    }

    /// Time since the start.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The moment that so much time since the start is.
    pub fn at(&self, time: Duration) -> Instant {
        self.start + time
    }

    /// Time since 1970, as the system counted it at the start: what outlives the process is dated by it. If somebody
    /// sets the system's clock meanwhile, this one goes on evenly.
    pub fn unix_now(&self) -> Duration {
        self.started_at + self.start.elapsed()
    }
}
