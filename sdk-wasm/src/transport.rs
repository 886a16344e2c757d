//! The WebSocket of one connection: web-sys' type, and gloo-net's word for its state.
//!
//! JavaScript opens it and hears its events (`npm/src/browser.js`), so that the texts stay in the browser and no closure
//! has to be kept. gloo-net's own socket copies every text into wasm and back and brings an executor along;
//! `docs/decisions/` has both measurements.

use gloo_net::websocket::State;
use realtime_client::ConnectionId;
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

#[wasm_bindgen]
extern "C" {
    /// The socket, less what throws: neither of these does in the states that they are called in, and catching would
    /// weigh more than both.
    type QuietSocket;

    // A JavaScript string: web-sys' `send` takes a Rust string, which would be copied.
    #[wasm_bindgen(method, structural)]
    fn send(this: &QuietSocket, text: &JsValue);

    #[wasm_bindgen(method, structural)]
    fn close(this: &QuietSocket);
}

/// One connection to the relay. Dropped, it is closed.
pub(crate) struct Transport {
    connection: ConnectionId,
    socket: WebSocket,
}

impl Transport {
    /// The transport of a connection. What its socket brings is told by the number of the connection.
    pub(crate) const fn new(connection: ConnectionId, socket: WebSocket) -> Self {
        Self { connection, socket }
    }

    pub(crate) fn is_of(&self, connection: ConnectionId) -> bool {
        self.connection == connection
    }

    /// Sends a text, if the connection is open. What is sent on a dying one is lost, which the close event tells.
    pub(crate) fn send(&self, text: &JsValue) {
        if let State::Open = self.state() {
            self.quiet().send(text);
        }
    }

    fn quiet(&self) -> &QuietSocket {
        self.socket.unchecked_ref()
    }

    fn state(&self) -> State {
        match self.socket.ready_state() {
            WebSocket::CONNECTING => State::Connecting,
            WebSocket::OPEN => State::Open,
            WebSocket::CLOSING => State::Closing,
            _ => State::Closed,
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.quiet().close();
    }
}
