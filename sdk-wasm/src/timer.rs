//! One timer: when it is armed for what, so that the page is asked seldom.

use std::cell::Cell;
use std::time::Duration;

use crate::shell::Shell;

/// Asks the page for [`timer`](crate::page::timer) at the earliest time that it was armed for.
pub(crate) struct Timer {
    armed: Cell<Option<Duration>>,
}

impl Timer {
    pub(crate) const fn new() -> Self {
        Self { armed: Cell::new(None) }
    }

    /// The time has come.
    pub(crate) fn rang(&self) {
        self.armed.set(None);
    }

    /// Makes sure that the timer rings at `at`, or before. An earlier time that is armed already stays, so that a
    /// deadline which moves on with every message costs no call into the page.
    pub(crate) fn arm(&self, shell: &Shell, at: Option<Duration>, now: Duration) {
        let Some(at) = at else {
            return;
        };
        if self.armed.get().is_some_and(|armed| armed <= at) {
            return;
        }
        self.armed.set(Some(at));
        // A millisecond more, since browsers cut fractions and may be early by one.
        shell.arm(at.saturating_sub(now).as_secs_f64() * 1000.0 + 1.0);
    }
}
