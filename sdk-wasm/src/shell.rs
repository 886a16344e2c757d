//! The page's side of the border: what `npm/src/shell.js` does for the client.

use wasm_bindgen::prelude::*;

use crate::frame::Entry;

#[wasm_bindgen]
extern "C" {
    /// An object with these methods. Only [`Shell::address`] may throw: what the page's own functions throw does not
    /// come this far.
    pub type Shell;

    /// A failure as the shell makes it, to be handed back to it.
    pub type ShellFailure;

    /// The WebSocket address of the relay, asked at each attempt to connect.
    #[wasm_bindgen(method, structural, catch)]
    pub(crate) fn address(this: &Shell) -> Result<String, JsValue>;

    /// Finds out the identity for a connection and answers by `identified` or `unidentified`, at once or later. The token
    /// that was given last may be given again, unless this is to be another one.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn identify(this: &Shell, connection: u32, renew: bool);

    /// Keeps a visitor's token for the next identity.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn keep(this: &Shell, visitor_token: &str);

    /// The connection is there, for the first time or again.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn connected(this: &Shell);

    /// Hands one message of the wire to one subscription.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn deliver(this: &Shell, subscription: u32, entry: &Entry);

    /// A subscription is live, for the first time or again; in sync when it has missed nothing.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn live(this: &Shell, subscription: u32, is_synced: bool);

    /// Makes a failure of its parts.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn failure(
        this: &Shell,
        code: u8,
        message: &str,
        status: Option<u16>,
        recoverable: bool,
    ) -> ShellFailure;

    /// The connection is gone; recoverable when another one follows by itself.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn disconnected(this: &Shell, failure: &ShellFailure);

    /// There is no connection, and there will be none for now.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn failed(this: &Shell, failure: &ShellFailure);

    /// Subscriptions of one channel do not deliver. They are gone, unless the failure is told as an interruption.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn stopped(this: &Shell, subscriptions: &[u32], failure: &ShellFailure, are_gone: bool);
}
