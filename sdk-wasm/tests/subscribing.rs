//! The client in a page whose relay is inside of it: which subscription a message goes to, and what may happen meanwhile.
//! What the page's functions are called with is tested in `page.test.mjs`.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod support;

use support::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn payloads(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[wasm_bindgen_test]
async fn a_message_reaches_every_subscription_of_its_channel_and_no_other() {
    let page = Page::new();
    page.subscribe("first", "chat");
    page.subscribe("second", "chat");
    page.subscribe("resource", "chat/7");
    page.until("resource live false").await;
    page.take();
    publish("chat", payloads(&["1", "2"]));
    publish("chat/7", payloads(&["3"]));
    assert_eq!(page.take(), ["first 1", "second 1", "first 2", "second 2", "resource 3"]);
}

#[wasm_bindgen_test]
async fn payloads_of_every_kind_arrive_as_they_were_published() {
    let page = Page::new();
    page.subscribe("got", "chat");
    page.until("got live false").await;
    page.take();
    let kinds = ["null", "false", "0", "\"\"", "[]", "{}", "{\"b\":[1,{\"a\":\"ünïcødé 😀\"}],\"a\":null}"];
    publish("chat", payloads(&kinds));
    let expected: Vec<String> = kinds.iter().map(|kind| format!("got {kind}")).collect();
    assert_eq!(page.take(), expected);
}

#[wasm_bindgen_test]
async fn who_is_unsubscribed_in_the_middle_of_a_message_gets_it_no_more() {
    let page = Page::new();
    let remover = page.subscribe("remover", "chat");
    let next = page.subscribe("next", "chat");
    page.subscribe("stays", "chat");
    page.until("stays live false").await;
    page.on_message(move |page, label, _| {
        if label == "remover" {
            page.unsubscribe(remover);
            page.unsubscribe(next);
        }
    });
    page.take();
    publish("chat", payloads(&["1", "2"]));
    assert_eq!(page.take(), ["remover 1", "stays 1", "stays 2"]);
}

#[wasm_bindgen_test]
async fn who_subscribes_in_the_middle_of_a_message_gets_the_next_one() {
    let page = Page::new();
    page.subscribe("early", "chat");
    page.until("early live false").await;
    page.on_message(|page, label, payload| {
        if (label, payload) == ("early", "1") {
            page.subscribe("late", "chat");
        }
    });
    page.take();
    publish("chat", payloads(&["1", "2"]));
    assert_eq!(page.take(), ["early 1", "late live false", "early 2", "late 2"]);
}

#[wasm_bindgen_test]
async fn a_client_that_is_closed_in_the_middle_of_a_frame_delivers_no_more_of_it() {
    let page = Page::new();
    page.subscribe("s", "chat");
    page.subscribe("other", "chat");
    page.until("other live false").await;
    page.on_message(|page, _, _| page.close());
    page.take();
    publish("chat", payloads(&["1", "2"]));
    assert_eq!(page.take(), ["s 1", "disconnected 1 undefined the connection to the relay was closed true"]);
    assert_eq!(connections(), 0);
}

#[wasm_bindgen_test]
async fn a_refusal_carries_code_status_and_message() {
    let page = Page::new();
    refuse("staff/1");
    page.subscribe("s", "staff/1");
    page.until("s gone 2 403 not allowed to read channel staff/1 false").await;
}

#[wasm_bindgen_test]
async fn frames_that_mean_nothing_are_survived() {
    let page = Page::new();
    page.subscribe("s", "chat");
    page.until("s live false").await;
    page.take();
    let texts = [
        "",
        "{",
        "7",
        "null",
        r#"[null, 7, "x", {}, [], [1], [99, 1, 2], [1, 1e300, 2], [1, "x", 3], [1, null, 3], [1, {}, 3]]"#,
        r#"{"type":"later"}"#,
    ];
    for text in texts {
        send_raw(&JsValue::from_str(text));
    }
    send_raw(&js_sys::ArrayBuffer::new(8));
    publish("chat", payloads(&["1"]));
    assert_eq!(page.take(), ["s 1"]);
}

#[wasm_bindgen_test]
async fn thousands_of_subscriptions_are_served() {
    let page = Page::new();
    for at in 0..2_000 {
        page.subscribe("s", &format!("chat/{}", at % 1_000));
    }
    page.until_count("s live false", 2_000).await;
    page.take();
    publish("chat/999", payloads(&["1"]));
    assert_eq!(page.take(), ["s 1", "s 1"]);
}
