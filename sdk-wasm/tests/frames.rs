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
use wix_realtime_frontend::frame;

wasm_bindgen_test_configure!(run_in_browser);

macro_rules! golden {
    ($folder:literal, $($name:literal),*) => {
        [$(($name, include_str!(concat!("../../protocol/fixtures/", $folder, "/", $name, ".json")))),*]
    };
}

/// As a page has it parsed.
fn read(text: &str) -> Option<Notice> {
    frame::read_notice(js_sys::JSON::parse(text).expect("JSON"))
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
        let Some(read) = read(text) else {
            panic!("{name} is not read");
        };
        let Ok(RelayFrame::Control(native)) = read_relay_frame(text) else {
            panic!("{name} is no control frame");
        };
        assert_eq!(read, Notice::from(native), "{name}");
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
        assert!(read(text).is_none(), "{text}");
    }
    assert!(frame::read_notice(JsValue::UNDEFINED).is_none());
}

#[wasm_bindgen_test]
fn a_frame_of_a_kind_that_this_version_does_not_know_is_a_sign_of_life() {
    assert_eq!(read(r#"{"type":"from the future","id":{}}"#), Some(Notice::Other));
}

#[wasm_bindgen_test]
fn the_page_asks_for_the_sub_protocol_of_the_relay() {
    let browser = include_str!("../npm/src/browser.js");
    let asks = format!("const SUB_PROTOCOL = '{}';", realtime_protocol::SUB_PROTOCOL);
    assert!(browser.contains(&asks), "{asks}");
}
