//! One timer, by the global `setTimeout`, which windows and workers both have.

use std::cell::{Cell, OnceCell};
use std::time::Duration;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, delay_ms: f64) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: f64);
}

/// Calls back at the earliest time that it was armed for.
pub(crate) struct Timer {
    callback: OnceCell<JsValue>,
    armed: Cell<Option<Armed>>,
}

#[derive(Clone, Copy)]
struct Armed {
    handle: f64,
    at: Duration,
}

impl Timer {
    pub(crate) const fn new() -> Self {
        Self { callback: OnceCell::new(), armed: Cell::new(None) }
    }

    /// What is called, for ever. To be said once, before the timer is armed.
    pub(crate) fn calls(&'static self, action: impl Fn() + 'static) {
        let callback = move || {
            self.armed.set(None);
            action();
        };
        let _ = self.callback.set(Closure::<dyn Fn()>::new(callback).into_js_value());
    }

    /// Makes sure that the callback runs at `at`, or before. An earlier time that is armed already stays, so that a
    /// deadline which moves on with every message costs no call into the browser.
    pub(crate) fn arm(&self, at: Option<Duration>, now: Duration) {
        let (Some(at), Some(callback)) = (at, self.callback.get()) else {
            return;
        };
        match self.armed.get() {
            Some(armed) if armed.at <= at => return,
            Some(armed) => clear_timeout(armed.handle),
            None => {}
        }
        // A millisecond more, since browsers cut fractions and may be early by one.
        let delay_ms = at.saturating_sub(now).as_secs_f64() * 1000.0 + 1.0;
        let handle = set_timeout(callback, delay_ms);
        self.armed.set(Some(Armed { handle, at }));
    }
}
