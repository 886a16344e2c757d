//! What JavaScript calls: the one client of a page.
//!
//! Functions, not a class: a page has one connection, and a class would bring its bookkeeping along.

use std::cell::OnceCell;

use realtime_client::{Identity, Input, Patience, SubscriptionId};
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::Token;
use wasm_bindgen::prelude::*;

use crate::client::Client;
use crate::shell::Shell;

thread_local! {
    static CLIENT: OnceCell<&'static Client> = const { OnceCell::new() };
}

/// Makes the page's client. Everything before this call, and a second one, does nothing.
#[wasm_bindgen]
pub fn start(shell: Shell) {
    CLIENT.with(|client| _ = client.get_or_init(|| Client::new(shell)));
}

/// Subscribes under a number that the page gives out: each is higher than all before. The shell is told what becomes of
/// it. `is_lasting`: a failure that may pass does not end it.
///
/// The page has checked the channel, by the rules that are held to the same examples as these here
/// (`protocol/fixtures/channels.json`); one that breaks them is ignored.
#[wasm_bindgen]
pub fn subscribe(subscription: u32, name: String, resource_id: Option<String>, is_lasting: bool) {
    if let Ok(channel) = Channel::parse(&name, resource_id.as_deref()) {
        let patience = if is_lasting { Patience::Unlimited } else { Patience::Limited };
        with(|client| client.subscribe(SubscriptionId(subscription), channel, patience));
    }
}

/// Removes a subscription. The shell hears no more of it.
#[wasm_bindgen]
pub fn unsubscribe(subscription: u32) {
    on(Input::Unsubscribe(SubscriptionId(subscription)));
}

/// Answers `Shell.identify`. `is_renewable`: asking again may give another token.
#[wasm_bindgen]
pub fn identified(connection: u32, token: Option<String>, visitor_token: Option<String>, is_renewable: bool) {
    let (token, visitor_token) = (token.map(Token::new), visitor_token.map(Token::new));
    let identity = Identity { token, visitor_token, is_renewable };
    with(|client| client.identified(connection, Ok(identity)));
}

/// Answers `Shell.identify` when the identity could not be found out.
#[wasm_bindgen]
pub fn unidentified(connection: u32, reason: String) {
    with(|client| client.identified(connection, Err(reason)));
}

/// Connects anew, if connected: the address or the identity has changed.
#[wasm_bindgen]
pub fn reconnect() {
    on(Input::Reconnect);
}

/// Drops all subscriptions and the connection.
#[wasm_bindgen]
pub fn close() {
    on(Input::Close);
}

fn on(input: Input) {
    with(|client| client.on(input));
}

fn with(action: impl FnOnce(&'static Client)) {
    CLIENT.with(|client| {
        if let Some(client) = client.get() {
            action(client);
        }
    });
}
