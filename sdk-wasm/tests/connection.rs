//! The connection as a page sees it: hello, loss and return, and what wakes it.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod support;

use realtime_client::Input;
use support::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn sent(kind: &str) -> Vec<String> {
    let kind = format!("{{\"type\":\"{kind}\"");
    sent_frames().into_iter().filter(|f| f.starts_with(&kind)).collect()
}

#[wasm_bindgen_test]
async fn the_first_subscribe_connects_and_introduces_itself() {
    let page = Page::new();
    assert_eq!(connections(), 0);
    page.subscribe("s", "chat/7");
    page.until("s live false").await;
    assert_eq!(page.take(), ["keep \"visitor-token\"", "connected", "s live false"]);
    assert_eq!(sent("hello"), ["{\"type\":\"hello\",\"visitorToken\":\"kept\"}"]);
    let expected = "{\"type\":\"subscribe\",\"id\":1,\"channel\":{\"name\":\"chat\",\"resourceId\":\"7\"}}";
    assert_eq!(sent("subscribe"), [expected]);
}

#[wasm_bindgen_test]
async fn a_lost_connection_comes_back_with_positions_and_ids() {
    let page = Page::new();
    let subscription = page.subscribe("s", "chat");
    page.until("s live false").await;
    publish("chat", vec!["1".into()]);
    cut(1006, "");
    publish("chat", vec!["2".into()]);
    page.until("s live true").await;
    assert_eq!(page.count("connected"), 2);
    let lost = "disconnected 1 undefined the connection to the relay is lost: no connection to ws://relay.test/v1/realtime true";
    assert_eq!(page.count(lost), 1);
    assert!(sent("subscribe")[1].ends_with("\"position\":{\"epoch\":\"e\",\"offset\":1}}"));
    publish("chat", vec!["3".into()]);
    page.until("s 3").await;
    page.unsubscribe(subscription);
    page.take();
    publish("chat", vec!["4".into()]);
    assert_eq!(page.take(), Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn a_ping_is_answered() {
    let page = Page::new();
    page.subscribe("s", "chat");
    page.until("s live false").await;
    send_raw(&"{\"type\":\"ping\"}".into());
    assert_eq!(sent("pong"), ["{\"type\":\"pong\"}"]);
}

#[wasm_bindgen_test]
async fn a_relay_that_wants_no_return_is_told_as_an_error() {
    let page = Page::new();
    page.subscribe("s", "chat");
    page.until("s live false").await;
    page.take();
    cut(4503, "disconnected by the backend");
    page.until("disconnected 1 undefined the relay has closed the connection for good: disconnected by the backend (4503) false").await;
    sleep(300).await;
    assert_eq!(connections(), 0);
    page.client().on(Input::Reconnect);
    page.until("s live true").await;
}

#[wasm_bindgen_test]
async fn a_relay_that_cannot_be_reached_refuses_the_first_subscribe_and_says_where_it_was_sought() {
    let page = Page::new();
    refuse_connections(1006);
    page.subscribe("s", "chat");
    let began = now_ms();
    let expected = "s gone 1 undefined cannot connect to the relay: told to true";
    page.until(expected).await;
    let waited_ms = now_ms() - began;
    // Less a moment, since a page's clock may be cut to milliseconds.
    assert!(waited_ms > 9_900.0, "it is given ten seconds: {waited_ms} ms");
    assert!(attempts() > 1, "they are spent on trying");
    assert_eq!(page.take(), [expected]);
}

#[wasm_bindgen_test]
async fn an_address_that_the_browser_will_not_open_is_a_failed_attempt() {
    install();
    let page = Page::at("nonsense:");
    page.subscribe("s", "chat");
    page.until("s gone 1 undefined cannot connect to the relay: no such address: nonsense: true").await;
}

#[wasm_bindgen_test]
async fn the_network_coming_back_ends_a_wait() {
    let page = Page::new();
    page.subscribe("s", "chat");
    page.until("s live false").await;
    refuse_connections(1006);
    cut(1006, "");
    // The waits grow. In one that is longer than the least time between two attempts,
    let mut seen = (attempts(), now_ms());
    while now_ms() - seen.1 < 1_500.0 {
        sleep(20).await;
        if attempts() != seen.0 {
            seen = (attempts(), now_ms());
        }
    }
    refuse_connections(0);
    let window = web_sys::window().expect("a page");
    let event = web_sys::Event::new("online").expect("an event");
    // the network comes back; no time passes here but that of the event.
    window.dispatch_event(&event).expect("it is heard");
    assert_eq!(attempts(), seen.0 + 1);
    page.until_count("connected", 2).await;
}

#[wasm_bindgen_test]
async fn a_closed_client_hears_no_more_events() {
    let page = Page::new();
    page.subscribe("s", "chat");
    page.until("s live false").await;
    page.close();
    page.take();
    let window = web_sys::window().expect("a page");
    for name in ["online", "pageshow"] {
        let event = web_sys::Event::new(name).expect("an event");
        window.dispatch_event(&event).expect("it is heard");
    }
    sleep(50).await;
    assert_eq!(page.take(), Vec::<String>::new());
    assert_eq!(connections(), 0);
}
