//! The events that say that the outside world has changed.

use std::rc::Rc;

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

/// Calls back when the network returns, when the page becomes visible, and when it comes out of the back-forward cache.
pub(crate) fn on_wake(callback: impl Fn() + 'static) -> Vec<EventListener> {
    let callback = Rc::new(callback);
    let on_global = |name| {
        let callback = callback.clone();
        GLOBAL.with(|global| EventListener::new(global, name, move |_| callback()))
    };
    let mut listeners = vec![on_global("online"), on_global("pageshow")];
    DOCUMENT.with(|document| {
        if let Some(document) = document.clone() {
            let target = document.clone();
            let on_visible = move |_| {
                if !document.hidden() {
                    callback();
                }
            };
            listeners.push(EventListener::new(&target, "visibilitychange", on_visible));
        }
    });
    listeners
}
