//! When clients that are sent away come back: each at a moment of its own.

use std::time::Duration;

use realtime_hub::channel::SessionId;

/// Within which time the connections of a user come back: a user has a few of them.
pub(super) const RECONNECT_WINDOW: Duration = Duration::from_secs(1);

/// How long the clients of a stopping relay take to come back, all together: a thousand a second, which leaves the
/// next relay most of its time for those that are there. A minute at the most, since whoever is the last waits for so long.
pub(super) fn return_window(clients: usize) -> Duration {
    Duration::from_millis(clients.clamp(250, 60_000) as u64)
}

/// A session's own moment within a window.
pub(super) fn moment_within(window: Duration, session: SessionId) -> Duration {
    window.mul_f64(spread(session))
}

/// A number between 0 and 1 that spreads sessions evenly, by the golden ratio (Weyl's sequence).
pub(super) fn spread(session: SessionId) -> f64 {
    (session.0 as f64 * 0.618_033_988_749_894_9).fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_are_sent_away_together_come_back_one_by_one() {
        const CLIENTS: u64 = 10_000;
        let window = return_window(CLIENTS as usize);
        let mut moments: Vec<_> = (0..CLIENTS).map(|id| moment_within(window, SessionId(id))).collect();
        moments.sort();
        assert!(moments.last().is_some_and(|last| *last < window));
        // A thousand a second, give or take a few.
        for second in 0..10 {
            let within = |at: &&Duration| at.as_secs() == second;
            let comers = moments.iter().filter(within).count();
            assert!((990..=1_010).contains(&comers), "{comers} in second {second}");
        }
    }

    #[test]
    fn nobody_waits_for_more_than_a_minute_and_a_few_come_back_at_once() {
        for (clients, seconds) in [(0, 0.25), (250, 0.25), (2_000, 2.0), (60_000, 60.0), (1_000_000, 60.0)] {
            assert_eq!(return_window(clients), Duration::from_secs_f64(seconds), "{clients} clients");
        }
    }
}
