//! How fast questions leave: evenly, at a rate.

use std::time::Duration;

/// How far behind a turn may be taken: timers count in milliseconds, and a rate above a thousand a second is kept
/// nevertheless.
const CREDIT: Duration = Duration::from_millis(10);

/// Turns at a rate, as the generic cell rate algorithm gives them.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    next_at: Duration,
}

impl Pace {
    /// So many turns a second.
    pub fn per_second(turns: u32) -> Self {
        Self { every: Duration::from_secs(1) / turns.max(1), next_at: Duration::ZERO }
    }

    /// When the next turn is.
    pub const fn next_at(&self) -> Duration {
        self.next_at
    }

    /// Takes a turn.
    pub fn take(&mut self, now: Duration) {
        self.next_at = self.next_at.max(now.saturating_sub(CREDIT)) + self.every;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns taken in a second by someone who looks every so often.
    fn turns_in_a_second(rate: u32, looks_every: Duration) -> u32 {
        let mut pace = Pace::per_second(rate);
        let mut now = Duration::from_secs(100);
        let mut turns = 0;
        while now < Duration::from_secs(101) {
            while pace.next_at() <= now {
                pace.take(now);
                turns += 1;
            }
            now += looks_every;
        }
        turns
    }

    #[test]
    fn the_rate_is_kept_by_timers_that_count_in_milliseconds() {
        for rate in [1, 10, 999, 5_000, 50_000] {
            let turns = turns_in_a_second(rate, Duration::from_millis(1));
            // What was not used before gives a credit of some milliseconds, and one turn is due at once.
            assert!((rate..=rate + rate / 90 + 1).contains(&turns), "{turns} of {rate}");
        }
    }

    #[test]
    fn after_a_pause_there_is_no_stampede() {
        let mut pace = Pace::per_second(1_000);
        pace.take(Duration::ZERO);
        let now = Duration::from_secs(3_600);
        let mut turns = 0;
        while pace.next_at() <= now {
            pace.take(now);
            turns += 1;
        }
        assert!(turns <= 11, "{turns}");
    }
}
