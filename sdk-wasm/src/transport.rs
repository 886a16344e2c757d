//! The WebSocket: web-sys' events, with the texts left in the browser, and gloo-net's words for state and closing.
//!
//! gloo-net's own socket copies every text into wasm and back and brings an executor along, which costs a page 11 KB
//! and a quarter of its speed; `docs/decisions/` has the measurement.

use gloo_net::websocket::State;
use gloo_net::websocket::events::CloseEvent;
use realtime_protocol::SUB_PROTOCOL;
use wasm_bindgen::prelude::*;
use web_sys::{Event, MessageEvent, WebSocket};

use crate::event::EventListener;

#[wasm_bindgen]
extern "C" {
    type TextSocket;

    // web-sys' `send` takes a Rust string, which would copy the text into wasm first.
    #[wasm_bindgen(method, structural, catch, js_name = send)]
    fn send_text(this: &TextSocket, text: &JsValue) -> Result<(), JsValue>;
}

/// What a transport brings.
pub(crate) enum Arrival {
    /// It can send.
    Opened,
    /// A message's data: a JavaScript string, unless the relay sends what it should not.
    Frame(JsValue),
    /// It has ended, or could not be opened. Nothing follows.
    Closed(CloseEvent),
}

/// One connection to the relay. Dropped, it is closed and brings nothing more.
pub(crate) struct Transport {
    socket: WebSocket,
    // Dropped before the socket is, and with it the closures that the browser holds.
    _listeners: [EventListener; 3],
}

impl Transport {
    /// Starts to open a connection.
    ///
    /// # Errors
    /// The browser's exception for an address that it will not open.
    pub(crate) fn open(address: &str, arrive: impl Fn(Arrival) + Clone + 'static) -> Result<Self, JsValue> {
        let socket = WebSocket::new_with_str(address, SUB_PROTOCOL)?;
        let (opened, closed) = (arrive.clone(), arrive.clone());
        let listeners = [
            EventListener::new(&socket, "open", move |_| opened(Arrival::Opened)),
            EventListener::new(&socket, "message", move |event| arrive(Arrival::Frame(data(event)))),
            EventListener::new(&socket, "close", move |event| closed(Arrival::Closed(close_event(event)))),
        ];
        Ok(Self { socket, _listeners: listeners })
    }

    /// Sends a text, if the connection is open. What is sent on a dying one is lost, which the close event tells.
    pub(crate) fn send(&self, text: &JsValue) {
        if let State::Open = self.state() {
            let _ = self.socket.unchecked_ref::<TextSocket>().send_text(text);
        }
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
        if let State::Connecting | State::Open = self.state() {
            let _ = self.socket.close();
        }
    }
}

fn data(event: Event) -> JsValue {
    event.unchecked_into::<MessageEvent>().data()
}

fn close_event(event: Event) -> CloseEvent {
    let event = event.unchecked_into::<web_sys::CloseEvent>();
    CloseEvent { code: event.code(), reason: event.reason(), was_clean: event.was_clean() }
}
