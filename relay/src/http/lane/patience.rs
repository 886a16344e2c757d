//! How hyper goes on counting the time that a client was waited for before.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

/// A timer whose first wait, which is that for the first head, is shorter by what has passed already: a client that lets
/// its bytes trickle has the time of one head for one, whoever waits for it.
#[derive(Debug)]
pub struct Patience {
    timer: TokioTimer,
    waited: Duration,
    is_first: AtomicBool,
}

impl Patience {
    /// A timer for a connection on which a head was waited for so long already.
    pub fn after(waited: Duration) -> Self {
        Self { timer: TokioTimer::new(), waited, is_first: AtomicBool::new(true) }
    }

    fn already_waited(&self) -> Duration {
        if self.is_first.swap(false, Ordering::Relaxed) { self.waited } else { Duration::ZERO }
    }
}

impl Timer for Patience {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.timer.sleep(duration.saturating_sub(self.already_waited()))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.timer.sleep_until(deadline.checked_sub(self.already_waited()).unwrap_or(deadline))
    }

    fn now(&self) -> Instant {
        self.timer.now()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, deadline: Instant) {
        self.timer.reset(sleep, deadline);
    }
}
