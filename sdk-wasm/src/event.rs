//! Listening to a browser's events.

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

/// One event of one target, heard until this is dropped.
pub(crate) struct EventListener {
    target: EventTarget,
    name: &'static str,
    callback: Closure<dyn Fn(Event)>,
}

impl EventListener {
    pub(crate) fn new(target: &EventTarget, name: &'static str, callback: impl Fn(Event) + 'static) -> Self {
        let callback = Closure::<dyn Fn(Event)>::new(callback);
        // Fails only for arguments of the wrong kind.
        let _ = target.add_event_listener_with_callback(name, callback.as_ref().unchecked_ref());
        Self { target: target.clone(), name, callback }
    }

    /// Goes on hearing for as long as the page lives.
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for EventListener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.name, callback);
    }
}
