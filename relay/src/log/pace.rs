//! A sane rate for lines that strangers can cause: the first at once, then at most one in a while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How much time lies between two lines of one kind.
const INTERVAL: Duration = Duration::from_secs(10);

/// The pace of one kind of line. It is meant to be a `static` beside the line.
#[derive(Debug)]
pub struct Pace {
    said_at: Mutex<Option<Instant>>,
    left_out: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new()
    }
}

impl Pace {
    /// The pace of a line that has not been said yet.
    pub const fn new() -> Self {
        Self { said_at: Mutex::new(None), left_out: AtomicU64::new(0) }
    }

    /// Whether to say the line now, and how many were left out since the last one.
    pub fn turn(&self) -> Option<u64> {
        self.turn_at(Instant::now())
    }

    fn turn_at(&self, now: Instant) -> Option<u64> {
        let mut said_at = self.said_at.lock();
        if said_at.is_some_and(|at| now.saturating_duration_since(at) < INTERVAL) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        *said_at = Some(now);
        Some(self.left_out.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_said_at_once_and_then_once_in_a_while_with_the_number_left_out() {
        let pace = Pace::new();
        let start = Instant::now();
        let turns = [0, 1, 9_999, 10_000, 10_001, 20_000, 50_000];
        let said = turns.map(|millis| pace.turn_at(start + Duration::from_millis(millis)));
        assert_eq!(said, [Some(0), None, None, Some(2), None, Some(1), Some(0)]);
    }
}
