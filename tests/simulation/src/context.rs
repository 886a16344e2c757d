//! The virtual clock and what is to happen: nothing waits, time jumps to the next event.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::event::Event;
use crate::plan::Plan;
use crate::random::Random;

/// Events at one instant beyond which something turns in a circle.
const MAX_AT_ONCE: u32 = 20_000;

/// Time, chance, the log, and the first rule that was broken.
pub(crate) struct Context {
    pub(crate) now: Duration,
    pub(crate) random: Random,
    pub(crate) plan: Plan,
    /// The weather is fine from now on.
    pub(crate) is_calm: bool,
    pub(crate) violation: Option<String>,
    pub(crate) events: u64,
    queue: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
    at_once: u32,
    log: Option<fn(&str)>,
}

struct Entry {
    at: Duration,
    sequence: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.sequence) == (other.at, other.sequence)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl Context {
    pub(crate) fn new(seed: u64, log: Option<fn(&str)>) -> Self {
        let mut random = Random::new(seed);
        let plan = Plan::new(&mut random);
        let mut context = Self {
            now: Duration::from_secs(10),
            random,
            plan,
            is_calm: false,
            violation: None,
            events: 0,
            queue: BinaryHeap::new(),
            sequence: 0,
            at_once: 0,
            log,
        };
        context.say(|context| format!("{:?}", context.plan));
        context
    }

    /// Plans an event after a while.
    pub(crate) fn after(&mut self, delay: Duration, event: Event) {
        self.at(self.now + delay, event);
    }

    /// Plans an event at a time.
    pub(crate) fn at(&mut self, at: Duration, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse(Entry { at: at.max(self.now), sequence: self.sequence, event }));
    }

    /// The next event up to a time, which is now then.
    pub(crate) fn next(&mut self, until: Duration) -> Option<Event> {
        if self.violation.is_some() || self.queue.peek().is_none_or(|Reverse(next)| next.at > until) {
            return None;
        }
        let Reverse(entry) = self.queue.pop()?;
        self.at_once = if entry.at == self.now { self.at_once + 1 } else { 0 };
        if self.at_once > MAX_AT_ONCE {
            self.violated(|| format!("time stands still: {MAX_AT_ONCE} events at one instant"));
            return None;
        }
        self.now = entry.at;
        self.events += 1;
        Some(entry.event)
    }

    /// How long something takes on the network.
    pub(crate) fn latency(&mut self) -> Duration {
        self.random.millis(0, self.plan.latency_ms)
    }

    /// A rule is broken. The first one counts, and ends the run.
    pub(crate) fn violated(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            let what = format!("at {:.3} s: {}", self.now.as_secs_f64(), what());
            self.say(|_| format!("BROKEN: {what}"));
            self.violation = Some(what);
        }
    }

    /// Writes a line to the log, if anybody reads it.
    pub(crate) fn say(&mut self, line: impl FnOnce(&Self) -> String) {
        if let Some(log) = self.log {
            log(&format!("{:9.3}  {}", self.now.as_secs_f64(), line(self)));
        }
    }
}
