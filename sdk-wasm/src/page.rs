//! What JavaScript calls: the one client of a page.
//!
//! Functions, not a class: a page has one connection, and a class would bring its bookkeeping along.

use std::cell::OnceCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::client::Client;
use crate::shell::Shell;

thread_local! {
    static CLIENT: OnceCell<Client> = const { OnceCell::new() };
}

/// Makes the page's client. Everything before this call, and a second one, does nothing.
#[wasm_bindgen]
pub fn start(shell: Shell) {
    CLIENT.with(|client| drop(client.set(Client::new(shell))));
}

/// See [`Client::subscribe`].
///
/// # Errors
/// For a channel that breaks a rule.
#[wasm_bindgen]
pub fn subscribe(
    name: String,
    resource_id: Option<String>,
    channel: JsValue,
    handler: Function,
    on_live: Function,
    on_failed: Function,
) -> Result<Option<String>, JsValue> {
    with(|client| client.subscribe(&name, resource_id.as_deref(), channel, handler, on_live, on_failed))
        .transpose()
}

/// See [`Client::unsubscribe`].
///
/// # Errors
/// For a channel that breaks a rule, and when both are given and do not belong together.
#[wasm_bindgen]
pub fn unsubscribe(
    id: Option<String>,
    name: Option<String>,
    resource_id: Option<String>,
    channel: JsValue,
) -> Result<(), JsValue> {
    with(|client| client.unsubscribe(id.as_deref(), name.as_deref(), resource_id.as_deref(), &channel))
        .unwrap_or(Ok(()))
}

/// See [`Client::identified`].
#[wasm_bindgen]
pub fn identified(attempt: u32, token: Option<String>, visitor_token: Option<String>) {
    with(|client| client.identified(attempt, token, visitor_token));
}

/// See [`Client::unidentified`].
#[wasm_bindgen]
pub fn unidentified(attempt: u32, reason: String) {
    with(|client| client.unidentified(attempt, reason));
}

/// See [`Client::reconnect`].
#[wasm_bindgen]
pub fn reconnect() {
    with(Client::reconnect);
}

/// See [`Client::close`].
#[wasm_bindgen]
pub fn close() {
    with(Client::close);
}

fn with<R>(action: impl FnOnce(&Client) -> R) -> Option<R> {
    CLIENT.with(|client| client.get().map(action))
}
