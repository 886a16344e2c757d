//! What JavaScript calls: the one client of a page.
//!
//! Functions, not a class: a page has one connection, and a class would bring its bookkeeping along.

use std::cell::OnceCell;

use realtime_client::{ConnectionId, Identity, Input, Patience, SubscriptionId};
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::{ChannelNumber, Token};
use realtime_protocol::position::Offset;
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

/// The socket of a connection can send.
#[wasm_bindgen]
pub fn opened(connection: u32) {
    on(Input::Opened(ConnectionId(connection)));
}

/// A connection has ended or could not be opened: the WebSocket's close code, 1006 where there is none, and why.
#[wasm_bindgen]
pub fn lost(connection: u32, code: u16, reason: String) {
    with(|client| client.lost(ConnectionId(connection), code, reason));
}

/// A connection has brought a frame that is no array: what it holds, parsed. What this version does not know is ignored.
#[wasm_bindgen]
pub fn notice(connection: u32, frame: JsValue) {
    with(|client| client.notice(ConnectionId(connection), frame));
}

/// A connection has brought a frame of messages. Unless this is false, each is to be given to [`accept`], in order.
#[wasm_bindgen]
pub fn heard(connection: u32) -> bool {
    with(|client| client.heard(ConnectionId(connection))).unwrap_or(false)
}

/// The first subscription that a message goes to, by the channel's number and the offset, which both may be anything; 0
/// when it goes to nobody.
///
/// Two numbers go in and one comes out, since they cross the border at no cost: the message itself stays outside.
#[wasm_bindgen]
pub fn accept(number: f64, offset: f64) -> u32 {
    // What is no number becomes 0, which is no message's offset.
    let offset = Offset::new(offset as u64);
    let first = with(|client| client.accept(ChannelNumber(number as u64), offset?)).flatten();
    number_of(first)
}

/// The subscription that the accepted message goes to after this one; 0 when it was the last.
#[wasm_bindgen]
pub fn following(subscription: u32) -> u32 {
    number_of(with(|client| client.following(SubscriptionId(subscription))).flatten())
}

/// The time has come that `Shell.arm` was told.
#[wasm_bindgen]
pub fn timer() {
    with(Client::timer);
}

/// The network has come or gone, or the page is in use again.
#[wasm_bindgen]
pub fn wake() {
    on(Input::Wake);
}

/// The page will not run for a while.
#[wasm_bindgen]
pub fn suspend() {
    on(Input::Suspend);
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

/// Does something with the client; nothing before there is one.
fn with<T>(action: impl FnOnce(&'static Client) -> T) -> Option<T> {
    CLIENT.with(|client| client.get().copied().map(action))
}

/// As it crosses the border: subscriptions count from 1.
fn number_of(subscription: Option<SubscriptionId>) -> u32 {
    subscription.map_or(0, |subscription| subscription.0)
}
