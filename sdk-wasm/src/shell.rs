//! The page's side of the border: what `npm/src/shell.js` does for the client.

use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

#[wasm_bindgen]
extern "C" {
    /// An object with these methods. None may throw: what the page's own functions throw does not come this far.
    pub type Shell;

    /// A failure as the shell makes it, to be handed back to it.
    pub type ShellFailure;

    /// Opens a socket to the relay, whose events are told by [`opened`](crate::page::opened) and its like; where it cannot
    /// be opened, that is told by [`lost`](crate::page::lost).
    #[wasm_bindgen(method, structural)]
    pub(crate) fn open(this: &Shell, connection: u32) -> Option<WebSocket>;

    /// Calls [`timer`](crate::page::timer) once, so many milliseconds from now, and not when it was told before.
    #[wasm_bindgen(method, structural)]
    pub(crate) fn arm(this: &Shell, delay_ms: f64);

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
