//! The events that say that the outside world has changed, and those that say that the page will not run for a while.

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

/// Calls back when the network comes or goes, when the page becomes visible, thaws, or comes out of the back-forward
/// cache: for as long as the page lives.
pub(crate) fn on_wake(callback: impl Fn() + Copy + 'static) {
    GLOBAL.with(|global| {
        for name in ["online", "offline", "pageshow"] {
            always(global, name, callback);
        }
    });
    DOCUMENT.with(|document| {
        if let Some(document) = document.clone() {
            let target = document.clone();
            let on_visible = move || {
                if !document.hidden() {
                    callback();
                }
            };
            always(&target, "visibilitychange", on_visible);
            always(&target, "resume", callback);
        }
    });
}

/// Calls back when the page is left or frozen. A browser keeps a page for the way back only if it has no connection, and
/// a connection that nobody reads costs the relay.
pub(crate) fn on_suspend(callback: impl Fn() + Copy + 'static) {
    GLOBAL.with(|global| always(global, "pagehide", callback));
    DOCUMENT.with(|document| {
        if let Some(document) = document {
            always(document, "freeze", callback);
        }
    });
}

fn always(target: &EventTarget, name: &'static str, callback: impl Fn() + 'static) {
    EventListener::new(target, name, move |_| callback()).forget();
}
