//! The time limit of an engine: a deadline that the engine looks at while it runs.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::memory::Meter;

/// Ends what an engine runs: at the deadline, or when it went beyond its memory limit.
///
/// The engine asks every few thousand steps. A yes cannot be caught by the script. A handler that is done before the
/// engine asks is obeyed, however long the machine let it wait: only what would go on is stopped. Loops inside the engine's own
/// functions (`Array.prototype.join` over a length of billions) do not ask; against those stands the pool, which
/// gives such a thread up.
#[derive(Debug)]
pub struct Watch {
    meter: Rc<Meter>,
    deadline: Cell<Instant>,
    is_over: Cell<bool>,
}

impl Watch {
    /// A watch whose deadline has passed: arm it before anything runs.
    pub fn new(meter: Rc<Meter>) -> Rc<Self> {
        Rc::new(Self { meter, deadline: Cell::new(Instant::now()), is_over: Cell::new(false) })
    }

    /// Grants `time` from now on.
    pub fn arm(&self, time: Duration) {
        self.deadline.set(Instant::now() + time);
        self.is_over.set(false);
    }

    /// What the engine asks: is it to stop?
    pub fn stops(&self) -> bool {
        if self.meter.is_exceeded() {
            return true;
        }
        let is_over = self.is_over.get() || Instant::now() >= self.deadline.get();
        self.is_over.set(is_over);
        is_over
    }

    /// Was the deadline found to have passed since the watch was armed?
    pub fn is_over(&self) -> bool {
        self.is_over.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_at_the_deadline_and_runs_again_when_armed_again() {
        let watch = Watch::new(Meter::new(0));
        assert!(watch.stops(), "nothing was granted yet");
        watch.arm(Duration::from_secs(60));
        assert!(!watch.stops() && !watch.is_over());
        watch.arm(Duration::ZERO);
        assert!(watch.stops() && watch.is_over());
    }
}
