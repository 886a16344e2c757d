//! Who is called for a subscription.

use std::rc::Rc;

use js_sys::Function;
use realtime_client::{Continuity, SubscriptionId};
use wasm_bindgen::prelude::*;

use crate::failure::report;
use crate::frame::{Entry, Message};

/// One subscription's functions and what they are called with.
pub(crate) struct Listener {
    pub(crate) subscription: SubscriptionId,
    /// What the page knows it by.
    pub(crate) id: String,
    /// The channel as the caller wrote it.
    pub(crate) channel: JsValue,
    pub(crate) handler: Function,
    pub(crate) on_live: Function,
    pub(crate) on_failed: Function,
}

impl Listener {
    /// Hands a message over. Every handler gets an object of its own; the payload in it is shared.
    pub(crate) fn deliver(&self, entry: &Entry) {
        let message = Message::new();
        let result = entry
            .fill(&message)
            .and_then(|()| self.handler.call2(&JsValue::UNDEFINED, &message, &self.channel));
        report(result);
    }

    /// Says that the subscription is live, for the first time or again.
    pub(crate) fn live(&self, continuity: Continuity) {
        let is_synced = continuity == Continuity::Whole;
        let result = self.on_live.call2(&JsValue::UNDEFINED, &(&self.id).into(), &is_synced.into());
        report(result);
    }

    /// Says that the subscription has failed, and is gone.
    pub(crate) fn failed(&self, error: &JsValue) {
        let result = self.on_failed.call2(&JsValue::UNDEFINED, error, &(&self.id).into());
        report(result);
    }
}

/// All listeners, in the order of their subscriptions.
pub(crate) struct Listeners {
    listeners: Vec<Rc<Listener>>,
    last: u32,
}

impl Listeners {
    pub(crate) const fn new() -> Self {
        Self { listeners: Vec::new(), last: 0 }
    }

    /// The number for a subscription to come, higher than all before.
    pub(crate) const fn next_subscription(&mut self) -> SubscriptionId {
        self.last += 1;
        self.newest()
    }

    /// The subscription that was made last.
    pub(crate) const fn newest(&self) -> SubscriptionId {
        SubscriptionId(self.last)
    }

    /// Adds the listener of the newest subscription.
    pub(crate) fn add(&mut self, listener: Listener) {
        self.listeners.push(Rc::new(listener));
    }

    pub(crate) fn get(&self, subscription: SubscriptionId) -> Option<Rc<Listener>> {
        let at = self.find(subscription)?;
        self.listeners.get(at).cloned()
    }

    pub(crate) fn remove(&mut self, subscription: SubscriptionId) -> Option<Rc<Listener>> {
        let at = self.find(subscription)?;
        Some(self.listeners.remove(at))
    }

    /// The subscription behind a page's id.
    pub(crate) fn by_id(&self, id: &str) -> Option<SubscriptionId> {
        let listener = self.listeners.iter().find(|listener| listener.id == id)?;
        Some(listener.subscription)
    }

    fn find(&self, subscription: SubscriptionId) -> Option<usize> {
        self.listeners.binary_search_by(|listener| listener.subscription.cmp(&subscription)).ok()
    }
}
