//! Every golden frame means in the browser what it means natively.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

use realtime_client::Notice;
use realtime_protocol::codec::{read_client_frame, read_relay_frame};
use realtime_protocol::frame::RelayFrame;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wix_realtime_frontend::frame::{self, Incoming};

wasm_bindgen_test_configure!(run_in_browser);

macro_rules! golden {
    ($folder:literal, $($name:literal),*) => {
        [$(($name, include_str!(concat!("../../protocol/fixtures/", $folder, "/", $name, ".json")))),*]
    };
}

#[wasm_bindgen_test]
fn every_control_frame_is_read_as_natively() {
    let frames = golden!(
        "relay",
        "ended",
        "goodbye",
        "ping",
        "refreshed",
        "refreshed-without-end",
        "refused",
        "refused-bad-input",
        "subscribed",
        "subscribed-not-recovered",
        "subscribed-recovered",
        "unsubscribed",
        "welcome",
        "welcome-expiring",
        "welcome-visitor"
    );
    for (name, text) in frames {
        let Some(Incoming::Notice(read)) = frame::read(&JsValue::from_str(text)) else {
            panic!("{name} is not read");
        };
        let Ok(RelayFrame::Control(native)) = read_relay_frame(text) else {
            panic!("{name} is no control frame");
        };
        assert_eq!(read, Notice::from(native), "{name}");
    }
}

#[wasm_bindgen_test]
fn every_message_is_addressed_as_natively() {
    for (name, text) in golden!("relay", "messages", "messages-one") {
        let Some(Incoming::Messages(read)) = frame::read(&JsValue::from_str(text)) else {
            panic!("{name} is not read");
        };
        let Ok(RelayFrame::Messages(native)) = read_relay_frame(text) else {
            panic!("{name} has no messages");
        };
        let addresses: Vec<_> = (0..read.length()).map(|at| read.entry(at).address()).collect();
        let expected: Vec<_> = native.iter().map(|m| Some((m.number, m.offset))).collect();
        assert_eq!(addresses, expected, "{name}");
    }
}

#[wasm_bindgen_test]
fn every_client_frame_is_written_as_the_relay_reads_it() {
    let frames = golden!(
        "client",
        "hello",
        "hello-anonymous",
        "pong",
        "refresh",
        "subscribe",
        "subscribe-resource-from-position",
        "unsubscribe"
    );
    for (name, text) in frames {
        let native = read_client_frame(text).expect(name);
        let written = frame::write(&native).as_string().expect("a text");
        assert_eq!(read_client_frame(&written).expect(name), native, "{name}");
        let value = |text| serde_json::from_str::<serde_json::Value>(text).expect(name);
        assert_eq!(value(&written), value(text), "{name}");
    }
}

#[wasm_bindgen_test]
fn what_this_version_does_not_know_is_skipped() {
    let texts = [
        "",
        "{",
        "null",
        "7",
        "\"ping\"",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"subscribed","id":1}"#,
        r#"{"type":"subscribed","id":"x","number":7,"position":{"epoch":"e","offset":1}}"#,
        r#"{"type":"subscribed","id":1,"number":7,"position":{"epoch":"","offset":1}}"#,
        r#"{"type":"refused","id":1,"code":2,"status":418,"message":""}"#,
    ];
    for text in texts {
        assert!(frame::read(&JsValue::from_str(text)).is_none(), "{text}");
    }
    assert!(frame::read(&JsValue::UNDEFINED).is_none());
}

#[wasm_bindgen_test]
fn a_frame_of_a_kind_that_this_version_does_not_know_is_a_sign_of_life() {
    let text = JsValue::from_str(r#"{"type":"from the future","id":{}}"#);
    assert!(matches!(frame::read(&text), Some(Incoming::Notice(Notice::Other))));
}

#[wasm_bindgen_test]
fn an_entry_that_is_no_message_reaches_nobody() {
    let text = JsValue::from_str(r#"[null, 7, "x", {}, [], [1], [1, "x", 3], [1, null, 3], [1, {}, 3]]"#);
    let Some(Incoming::Messages(read)) = frame::read(&text) else {
        panic!("it is an array");
    };
    for at in 0..read.length() {
        let offset = read.entry(at).address().map(|(number, offset)| number.0.min(offset.get()));
        assert!(matches!(offset, None | Some(0)), "entry {at}");
    }
}
