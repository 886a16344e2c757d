//! One timer, by the global `setTimeout`, which windows and workers both have.

use std::cell::Cell;
use std::time::Duration;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, delay_ms: f64) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: f64);
}

/// Calls back at the earliest time that it was armed for. Dropped, it never calls.
pub(crate) struct Timer {
    callback: Closure<dyn Fn()>,
    armed: Cell<Option<Armed>>,
}

#[derive(Clone, Copy)]
struct Armed {
    handle: f64,
    at: Duration,
}

impl Timer {
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        Self { callback: Closure::new(callback), armed: Cell::new(None) }
    }

    /// Makes sure that the callback runs at `at`, or before. An earlier time that is armed already stays, so that a
    /// deadline which moves on with every message costs no call into the browser.
    pub(crate) fn arm(&self, at: Option<Duration>, now: Duration) {
        let Some(at) = at else {
            return;
        };
        if self.armed.get().is_some_and(|armed| armed.at <= at) {
            return;
        }
        self.disarm();
        // A millisecond more, since browsers cut fractions and may be early by one.
        let delay_ms = at.saturating_sub(now).as_millis() as f64 + 1.0;
        let handle = set_timeout(self.callback.as_ref(), delay_ms);
        self.armed.set(Some(Armed { handle, at }));
    }

    /// Says that the callback is running.
    pub(crate) fn fired(&self) {
        self.armed.set(None);
    }

    fn disarm(&self) {
        if let Some(armed) = self.armed.take() {
            clear_timeout(armed.handle);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}
