//! The events that say that the outside world has changed.

use wasm_bindgen::prelude::*;
use web_sys::{Document, EventTarget};

use crate::event::EventListener;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: EventTarget;

    // A worker has none.
    #[wasm_bindgen(thread_local_v2, js_name = document)]
    static DOCUMENT: Option<Document>;
}

/// Calls back when the network returns, when the page becomes visible, and when it comes out of the back-forward cache:
/// for as long as the page lives.
pub(crate) fn on_wake(callback: impl Fn() + Copy + 'static) {
    let on_global = |name| {
        GLOBAL.with(|global| EventListener::new(global, name, move |_| callback()).forget());
    };
    on_global("online");
    on_global("pageshow");
    DOCUMENT.with(|document| {
        if let Some(document) = document.clone() {
            let target = document.clone();
            let on_visible = move |_| {
                if !document.hidden() {
                    callback();
                }
            };
            EventListener::new(&target, "visibilitychange", on_visible).forget();
        }
    });
}
