//! How many messages a client may send: so many a second in the long run, and a burst at once.

use std::time::Duration;

/// What a client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameLimit {
    /// Messages a second.
    pub per_second: u32,
    /// Messages at once, after a silence. A client that comes back subscribes to all that it had.
    pub burst: u32,
}

impl FrameLimit {
    /// The limit of sessions with so many subscriptions: all of them may be taken up and given up at once.
    pub fn new(per_second: u32, max_subscriptions: usize) -> Self {
        let subscriptions = u32::try_from(max_subscriptions).unwrap_or(u32::MAX);
        Self { per_second, burst: subscriptions.saturating_mul(2).saturating_add(per_second) }
    }

    fn time_of_one(self) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1)
    }
}

/// What one client has sent, as the time that its messages take at the rate that it may keep (the generic cell rate
/// algorithm of ITU-T I.371): a token bucket that is one number.
#[derive(Debug, Clone, Copy, Default)]
pub struct FrameMeter {
    taken_until: Duration,
}

impl FrameMeter {
    /// Counts a message. Returns whether it may be sent; one that may not be counts for nothing.
    pub fn takes(&mut self, limit: FrameLimit, now: Duration) -> bool {
        let one = limit.time_of_one();
        let taken_until = self.taken_until.max(now) + one;
        let is_within = taken_until - now <= one.saturating_mul(limit.burst.max(1));
        if is_within {
            self.taken_until = taken_until;
        }
        is_within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: FrameLimit = FrameLimit { per_second: 10, burst: 30 };

    /// How many of so many messages at once are taken.
    fn taken(meter: &mut FrameMeter, messages: usize, millis: u64) -> usize {
        (0..messages).filter(|_| meter.takes(LIMIT, Duration::from_millis(millis))).count()
    }

    #[test]
    fn a_burst_is_taken_and_then_so_many_a_second() {
        let mut meter = FrameMeter::default();
        assert_eq!(taken(&mut meter, 100, 0), 30);
        assert_eq!(taken(&mut meter, 100, 99), 0);
        assert_eq!(taken(&mut meter, 100, 100), 1);
        assert_eq!(taken(&mut meter, 100, 1_100), 10);
        assert_eq!(taken(&mut meter, 100, 60_000), 30, "a silence gives no more than a burst");
    }

    #[test]
    fn a_client_that_keeps_to_the_rate_is_never_refused() {
        let mut meter = FrameMeter::default();
        assert!((0..10_000).all(|message| taken(&mut meter, 1, message * 100) == 1));
    }

    #[test]
    fn a_session_may_take_up_and_give_up_all_its_subscriptions_at_once() {
        assert_eq!(FrameLimit::new(100, 10_000), FrameLimit { per_second: 100, burst: 20_100 });
        assert_eq!(FrameLimit::new(100, usize::MAX).burst, u32::MAX);
    }
}
