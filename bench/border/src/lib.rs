//! Two ways of a message over the border between a browser and wasm: the events of web-sys, whose texts stay strings of
//! the browser, and the stream of gloo-net, which copies each text into wasm; from there it goes back to be parsed.
//!
//! Both do the same work otherwise, and nothing else: they subscribe to one channel and hand every payload of the relay's
//! frames to one function. So the difference between them is what the stream costs, and the difference between the first
//! and plain JavaScript is what the border costs. Built as the SDK is, loaded by the page of `bench/browser`.

use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::{Message, futures::WebSocket as StreamSocket};
use js_sys::{Array, Function, JSON};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{MessageEvent, WebSocket};

/// What a client of the relay says first; it need not wait between the two.
const OPENING: [&str; 2] =
    [r#"{"type":"hello"}"#, r#"{"type":"subscribe","id":1,"channel":{"name":"bench"}}"#];

/// The relay's sub-protocol.
const SUB_PROTOCOL: &str = "realtime.v1.json";

/// The place of the payload in a message: `[channel number, offset, payload]`.
const PAYLOAD: u32 = 2;

#[wasm_bindgen]
extern "C" {
    // js-sys' `parse` takes a Rust string, which would copy the text into wasm first.
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_in_browser(text: &JsValue) -> Result<JsValue, JsValue>;
}

/// Subscribes by events. `handler` gets each payload, `other` each frame that holds no messages.
///
/// # Errors
/// The browser's, for an address that it will not open.
#[wasm_bindgen]
pub fn by_events(address: &str, handler: Function, other: Function) -> Result<(), JsValue> {
    let socket = WebSocket::new_with_str(address, SUB_PROTOCOL)?;
    let opened = {
        let socket = socket.clone();
        Closure::<dyn FnMut()>::new(move || {
            for frame in OPENING {
                let _ = socket.send_with_str(frame);
            }
        })
    };
    let arrived = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Ok(frame) = parse_in_browser(&event.data()) {
            hand_over(&frame, &handler, &other);
        }
    });
    socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
    socket.set_onmessage(Some(arrived.as_ref().unchecked_ref()));
    // The page measures once and is left.
    opened.forget();
    arrived.forget();
    Ok(())
}

/// The same by a stream.
///
/// # Errors
/// The browser's, for an address that it will not open.
#[wasm_bindgen]
pub fn by_stream(address: &str, handler: Function, other: Function) -> Result<(), JsValue> {
    let mut socket = StreamSocket::open_with_protocol(address, SUB_PROTOCOL)
        .map_err(|error| js_sys::Error::new(&error.message))?;
    spawn_local(async move {
        for frame in OPENING {
            let _ = socket.send(Message::Text(frame.to_owned())).await;
        }
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message
                && let Ok(frame) = JSON::parse(&text)
            {
                hand_over(&frame, &handler, &other);
            }
        }
    });
    Ok(())
}

/// What fails in the page's functions is the page's to tell.
fn hand_over(frame: &JsValue, handler: &Function, other: &Function) {
    if !Array::is_array(frame) {
        let _ = other.call1(&JsValue::UNDEFINED, frame);
        return;
    }
    let messages = frame.unchecked_ref::<Array>();
    for index in 0..messages.length() {
        let payload = messages.get(index).unchecked_into::<Array>().get(PAYLOAD);
        let _ = handler.call1(&JsValue::UNDEFINED, &payload);
    }
}
