//! A breaker: whether a backend that has fallen silent is asked at all.
//!
//! Rules without I/O: time is an argument. **Closed**, every question goes through. After [`FAILURES`] in a row that
//! nobody answered it is **open**: questions are refused at once, but for a probe every [`PAUSE`]. The first question
//! that is answered, whatever the answer, closes it.
//!
//! What strangers choose must not decide for others. A handler that hangs on one channel is silence too, and whoever
//! finds that channel could make every probe fail. So a probe under way does not keep questions about other channels
//! from being probes of their own, up to [`PROBES`] at once: one channel that works is enough to close it.

use std::time::{Duration, Instant};

/// Questions in a row that may go unanswered. One may be bad luck; five are a second or two of a busy site.
const FAILURES: u32 = 5;

/// How long the backend is left alone after a question that nobody answered. A backend that is back is noticed
/// within this time, and one that is gone costs a connection attempt for it.
const PAUSE: Duration = Duration::from_secs(1);

/// Probes at once: more than the few channels whose handlers may hang, too few to bother a backend that comes up.
const PROBES: usize = 4;

/// The state of a breaker.
#[derive(Debug, Default)]
pub struct Breaker {
    /// Questions in a row that nobody answered.
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    /// Until when nothing is asked.
    until: Instant,
    /// The channels that probes under way are about.
    probing: Vec<Box<str>>,
}

/// Leave to ask.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "what became of the question has to be told"]
pub struct Pass {
    /// The channel that a probe is about.
    probe: Option<Box<str>>,
}

/// What is worth a line in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The backend has fallen silent.
    Opened,
    /// It answers again.
    Closed,
}

impl Breaker {
    /// May a question about this channel be asked? It changes nothing.
    pub fn is_shut_for(&self, channel: &str, now: Instant) -> bool {
        self.open.as_ref().is_some_and(|open| !open.has_room_for(channel, now))
    }

    /// Leave to ask about a channel, if there is any. Tell [`answered`](Self::answered) or [`failed`](Self::failed)
    /// afterwards.
    pub fn admit(&mut self, channel: &str, now: Instant) -> Option<Pass> {
        let Some(open) = &mut self.open else { return Some(Pass { probe: None }) };
        if !open.has_room_for(channel, now) {
            return None;
        }
        open.probing.push(channel.into());
        Some(Pass { probe: Some(channel.into()) })
    }

    /// The backend has answered.
    pub fn answered(&mut self, _: Pass) -> Option<Change> {
        self.failures = 0;
        self.open.take().map(|_| Change::Closed)
    }

    /// Nobody has answered.
    pub fn failed(&mut self, pass: Pass, now: Instant) -> Option<Change> {
        if let Some(open) = &mut self.open {
            // A question from before it opened says nothing new.
            if let Some(channel) = pass.probe {
                open.probing.retain(|probed| *probed != channel);
                open.until = now + PAUSE;
            }
            return None;
        }
        self.failures += 1;
        (self.failures == FAILURES).then(|| {
            self.open = Some(Open { until: now + PAUSE, probing: Vec::new() });
            Change::Opened
        })
    }
}

impl Open {
    fn has_room_for(&self, channel: &str, now: Instant) -> bool {
        now >= self.until
            && self.probing.len() < PROBES
            && !self.probing.iter().any(|probed| **probed == *channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &mut Breaker, channel: &str, now: Instant) -> Option<Change> {
        let pass = breaker.admit(channel, now).unwrap();
        breaker.failed(pass, now)
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 1..FAILURES {
            assert_eq!(fail(&mut breaker, "a", now), None);
        }
        assert_eq!(fail(&mut breaker, "a", now), Some(Change::Opened));
        breaker
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row_and_an_answer_in_between_starts_the_count_anew() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..3 {
            for _ in 1..FAILURES {
                assert_eq!(fail(&mut breaker, "a", now), None);
            }
            let pass = breaker.admit("a", now).unwrap();
            assert_eq!(breaker.answered(pass), None);
        }
        opened(now);
    }

    #[test]
    fn open_it_refuses_until_a_probe_is_answered() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let almost = now + PAUSE - Duration::from_millis(1);
        assert!(breaker.is_shut_for("a", almost) && breaker.admit("a", almost).is_none());
        let later = now + PAUSE;
        assert!(!breaker.is_shut_for("a", later));
        // A probe that fails brings the next pause; one change of state is told once.
        assert_eq!(fail(&mut breaker, "a", later), None);
        assert!(breaker.admit("a", later).is_none());
        let probe = breaker.admit("a", later + PAUSE).unwrap();
        assert_eq!(breaker.answered(probe), Some(Change::Closed));
        let pass = breaker.admit("a", later + PAUSE).unwrap();
        assert_eq!(breaker.answered(pass), None);
    }

    #[test]
    fn a_probe_that_hangs_on_one_channel_does_not_keep_others_from_probing() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + PAUSE;
        let hanging = breaker.admit("hangs", later).unwrap();
        assert!(breaker.admit("hangs", later).is_none());
        let probe = breaker.admit("works", later).unwrap();
        assert_eq!(breaker.answered(probe), Some(Change::Closed));
        // It comes in late and counts as any other.
        assert_eq!(breaker.failed(hanging, later), None);
        assert!(!breaker.is_shut_for("works", later));
    }

    #[test]
    fn probes_are_few() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let probes: Vec<_> =
            (0..10).filter_map(|count| breaker.admit(&count.to_string(), now + PAUSE)).collect();
        assert_eq!(probes.len(), PROBES);
    }

    #[test]
    fn what_was_under_way_when_it_opened_closes_it_by_an_answer_and_changes_nothing_by_a_failure() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        let mut early: Vec<_> = (0..=FAILURES + 1).filter_map(|_| breaker.admit("a", now)).collect();
        for _ in 0..FAILURES {
            let _ = breaker.failed(early.pop().unwrap(), now);
        }
        assert!(breaker.is_shut_for("a", now));
        let late = now + PAUSE;
        assert_eq!(breaker.failed(early.pop().unwrap(), late), None);
        assert!(!breaker.is_shut_for("a", late), "a failure from before brings no new pause");
        assert_eq!(breaker.answered(early.pop().unwrap()), Some(Change::Closed));
    }
}
