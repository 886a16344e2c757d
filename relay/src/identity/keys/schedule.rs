//! When a key set is read again.

use std::time::Duration;

/// How often a key set is read. Nobody who sends tokens can make it more often than `cooldown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// After a success, when nobody asks.
    pub refresh: Duration,
    /// Between any two readings, when somebody asks for a key that is not there.
    pub cooldown: Duration,
    /// After a failure; twice as long after each further one.
    pub first_retry: Duration,
    /// After many failures.
    pub last_retry: Duration,
}

impl Schedule {
    /// For an issuer on the network, which is not to be bothered: six requests a minute at the most, however many
    /// tokens come with keys that do not exist.
    pub const URL: Self = Self {
        refresh: Duration::from_mins(5),
        cooldown: Duration::from_secs(10),
        first_retry: Duration::from_secs(1),
        last_retry: Duration::from_mins(1),
    };

    /// For a file, which costs next to nothing to read.
    pub const FILE: Self = Self {
        refresh: Duration::from_secs(2),
        cooldown: Duration::from_secs(1),
        first_retry: Duration::from_secs(2),
        last_retry: Duration::from_secs(2),
    };

    /// How long to wait after a reading that was the `failures`th failure in a row, or a success.
    pub fn wait(&self, failures: u32, is_asked_for: bool) -> Duration {
        let wait = match failures.checked_sub(1) {
            None => self.refresh,
            Some(doublings) => self.first_retry.saturating_mul(1 << doublings.min(16)).min(self.last_retry),
        };
        if is_asked_for { wait.min(self.cooldown) } else { wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_twice_as_long_each_time_and_whoever_asks_waits_for_the_cooldown_at_the_most() {
        let secs = |failures, asked| Schedule::URL.wait(failures, asked).as_secs();
        let alone: Vec<_> = (0..9).map(|failures| secs(failures, false)).collect();
        assert_eq!(alone, [300, 1, 2, 4, 8, 16, 32, 60, 60]);
        let asked: Vec<_> = (0..9).map(|failures| secs(failures, true)).collect();
        assert_eq!(asked, [10, 1, 2, 4, 8, 10, 10, 10, 10]);
        assert_eq!(secs(u32::MAX, false), 60);
    }
}
