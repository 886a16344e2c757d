//! One client: what can be asked of it.

use std::rc::Rc;

use js_sys::Function;
use realtime_client::{Identity, Input};
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::Token;
use wasm_bindgen::prelude::*;

use crate::driver::Driver;
use crate::listeners::Listener;
use crate::shell::Shell;
use crate::subscription_id::new_subscription_id;

/// One connection to a relay and the subscriptions on it.
pub struct Client(Rc<Driver>);

impl Client {
    /// A client at rest: it connects when something is subscribed.
    pub fn new(shell: Shell) -> Self {
        Self(Driver::new(shell))
    }

    /// Subscribes, and gives the subscription's id. `channel` is what `handler` gets as its second argument. From now on
    /// `on_live(id, isSynced)` is called whenever the subscription is live, for the first time or again, and at the end
    /// `on_failed(error, id)`, unless the page unsubscribes.
    ///
    /// # Errors
    /// For a channel that breaks a rule.
    pub fn subscribe(
        &self,
        name: &str,
        resource_id: Option<&str>,
        channel: JsValue,
        handler: Function,
        on_live: Function,
        on_failed: Function,
    ) -> Result<String, JsValue> {
        let checked = self.check(name, resource_id, &channel)?;
        let id = new_subscription_id();
        let given = id.clone();
        self.0.subscribe(checked, |subscription| Listener {
            subscription,
            id,
            channel,
            handler,
            on_live,
            on_failed,
        });
        Ok(given)
    }

    /// Removes one subscription, or all of exactly one channel. What is unknown is ignored.
    ///
    /// # Errors
    /// For a channel that breaks a rule, and when both are given and do not belong together.
    pub fn unsubscribe(
        &self,
        id: Option<&str>,
        name: Option<&str>,
        resource_id: Option<&str>,
        channel: &JsValue,
    ) -> Result<(), JsValue> {
        let asked = match name {
            Some(name) => Some(self.check(name, resource_id, channel)?),
            None => None,
        };
        let Some(id) = id else {
            if let Some(asked) = asked {
                self.0.on(Input::UnsubscribeAll(asked));
            }
            return Ok(());
        };
        let Some(subscription) = self.0.subscription(id) else {
            return Ok(());
        };
        if asked.is_some_and(|asked| !self.0.is_of(subscription, &asked)) {
            let message = "channel and subscriptionId do not belong together: give one of them";
            return Err(self.0.bad_input(message, channel));
        }
        self.0.on(Input::Unsubscribe(subscription));
        Ok(())
    }

    /// Answers `Shell.identify`.
    pub fn identified(&self, attempt: u32, token: Option<String>, visitor_token: Option<String>) {
        let identity =
            Identity { token: token.map(Token::new), visitor_token: visitor_token.map(Token::new) };
        self.0.identified(attempt, Ok(identity));
    }

    /// Answers `Shell.identify` when there is no identity: the attempt has failed.
    pub fn unidentified(&self, attempt: u32, reason: String) {
        self.0.identified(attempt, Err(reason));
    }

    /// Connects anew, if connected: the address or the identity has changed.
    pub fn reconnect(&self) {
        self.0.on(Input::Reconnect);
    }

    /// Drops all subscriptions and the connection.
    pub fn close(&self) {
        self.0.on(Input::Close);
    }
}

impl Client {
    fn check(&self, name: &str, resource_id: Option<&str>, channel: &JsValue) -> Result<Channel, JsValue> {
        Channel::parse(name, resource_id).map_err(|error| self.0.bad_input(&error.message(), channel))
    }
}
