//! Time for the machine: never backwards, and asleep for no longer than the computer's owner is.

use std::cell::Cell;
use std::time::Duration;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn monotonic_ms() -> f64;

    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn wall_ms() -> f64;
}

/// For how long after a reading of both clocks the wall clock is trusted alone: shorter than any time that counts, and
/// whoever sets a clock back or sleeps for less loses nothing.
const ABOUT_MS: f64 = 1_000.0;

/// The time since this clock was made.
///
/// A browser's monotonic clock stands still while some computers sleep, and the wall clock may be set back. This clock
/// takes the larger step of the two, so a sleep is noticed, and a clock set forward does no more than make a
/// connection look stale, which costs one reconnection.
pub(crate) struct Clock {
    elapsed_ms: Cell<f64>,
    monotonic_ms: Cell<f64>,
    wall_ms: Cell<f64>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            elapsed_ms: Cell::new(0.0),
            monotonic_ms: Cell::new(monotonic_ms()),
            wall_ms: Cell::new(wall_ms()),
        }
    }

    /// The time, read as cheaply as will do for noting that something has come: within a second of the last reading the wall
    /// clock says it alone. A browser's monotonic clock takes as long to read as the rest of a message's way.
    pub(crate) fn about_now(&self) -> Duration {
        let since = wall_ms() - self.wall_ms.get();
        if (0.0..ABOUT_MS).contains(&since) {
            return Duration::from_millis((self.elapsed_ms.get() + since) as u64);
        }
        self.now()
    }

    /// The time.
    pub(crate) fn now(&self) -> Duration {
        let (monotonic, wall) = (monotonic_ms(), wall_ms());
        let step = (monotonic - self.monotonic_ms.replace(monotonic)).max(wall - self.wall_ms.replace(wall));
        let elapsed = self.elapsed_ms.get() + step.max(0.0);
        self.elapsed_ms.set(elapsed);
        Duration::from_millis(elapsed as u64)
    }
}
