//! What a proxy has seen.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use super::fault::Direction;

/// As many arrivals are remembered: more than any test looks at, and no more than a client in a tight loop may grow.
const MAX_ARRIVALS: usize = 100_000;

/// The proxy's own counters.
#[derive(Debug)]
pub(super) struct Counters {
    start: Instant,
    arrivals: Mutex<Vec<u64>>,
    accepted: AtomicU64,
    refused: AtomicU64,
    open: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

/// What a proxy has seen so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Connections that came, those that were refused included.
    pub accepted: u64,
    /// Those of them that were reset at once, since that was the fault, or nobody listens behind the proxy.
    pub refused: u64,
    /// Connections that there are now.
    pub open: u64,
    /// Bytes carried from clients to the server.
    pub bytes_up: u64,
    /// Bytes carried from the server to clients.
    pub bytes_down: u64,
    /// When each connection came, in milliseconds since the proxy's start.
    pub arrivals_ms: Vec<u64>,
}

impl Counters {
    pub(super) fn start() -> Self {
        let [accepted, refused, open, up, down] = [(); 5].map(|()| AtomicU64::new(0));
        Self { start: Instant::now(), arrivals: Mutex::default(), accepted, refused, open, up, down }
    }

    pub(super) fn arrived(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        if arrivals.len() < MAX_ARRIVALS {
            arrivals.push(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX));
        }
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn carried(&self, direction: Direction, bytes: usize) {
        let counter = if direction == Direction::Down { &self.down } else { &self.up };
        counter.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts a connection as open until the answer is dropped.
    pub(super) fn open(&self) -> Open<'_> {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(self)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            accepted: self.accepted.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            bytes_up: self.up.load(Ordering::Relaxed),
            bytes_down: self.down.load(Ordering::Relaxed),
            arrivals_ms: self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// An open connection.
pub(super) struct Open<'a>(&'a Counters);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
