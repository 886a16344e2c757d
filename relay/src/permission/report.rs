//! What the relay logs about answers: what no handler decided, at a bounded rate.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::question::{Answer, Decision, Question};

/// Lines in one [`PERIOD`]: a broken handler refuses every subscription, and anybody can ask for one.
const LINES_PER_PERIOD: u32 = 10;

/// The span that lines are counted in.
const PERIOD: Duration = Duration::from_secs(1);

/// Logs answers that a person should see, and how many lines were left out.
#[derive(Debug, Default)]
pub struct Report(Mutex<Budget>);

impl Report {
    /// Logs that a question was not answered with the handler's own yes or no.
    pub fn answer(&self, question: &Question, decision: &Decision) {
        let Some(left_out) = self.budget(Instant::now()) else {
            return;
        };
        if left_out > 0 {
            tracing::warn!(
                "{left_out} more subscriptions were not decided by a handler; their lines are left out"
            );
        }
        let Question { channel, subscriber } = question;
        let kind = subscriber.kind.as_str();
        let by = decision.decided_by.map_or("", |by| by.as_str());
        match &decision.answer {
            Answer::Allowed => {}
            Answer::Refused(refusal) => tracing::warn!(
                %channel, subscriber = %subscriber.id, kind, handler = by, cause = refusal.cause(),
                "a subscription is refused because its permissions handler failed: {refusal}"
            ),
            Answer::Unavailable(unavailability) => tracing::warn!(
                %channel, subscriber = %subscriber.id, kind, cause = unavailability.cause(),
                "a subscription is not decided: {unavailability}"
            ),
        }
    }

    /// May a line be logged? Then how many were left out before it.
    fn budget(&self, now: Instant) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(now)
    }
}

#[derive(Debug, Default)]
struct Budget {
    period_began: Option<Instant>,
    lines: u32,
    left_out: u64,
}

impl Budget {
    fn take(&mut self, now: Instant) -> Option<u64> {
        if self.period_began.is_none_or(|began| now.duration_since(began) >= PERIOD) {
            self.period_began = Some(now);
            self.lines = 0;
        }
        if self.lines == LINES_PER_PERIOD {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_rate_lines_are_left_out_and_counted() {
        let mut budget = Budget::default();
        let now = Instant::now();
        for _ in 0..LINES_PER_PERIOD {
            assert_eq!(budget.take(now), Some(0));
        }
        for _ in 0..5 {
            assert_eq!(budget.take(now), None);
        }
        assert_eq!(budget.take(now + PERIOD), Some(5));
        assert_eq!(budget.take(now + PERIOD), Some(0));
    }
}
