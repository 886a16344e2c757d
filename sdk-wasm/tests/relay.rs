//! The client and a real relay. `RELAY_TEST_URL` says where it is; someone publishes to its channel `test-ticks` all
//! the time, at least once a second.
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

fn page() -> Page {
    let Some(url) = option_env!("RELAY_TEST_URL") else {
        panic!("RELAY_TEST_URL is not set: a relay is needed, and someone who publishes to its test-ticks");
    };
    Page::at(&format!("{}/v1/realtime", url.replacen("http", "ws", 1)))
}

#[wasm_bindgen_test]
async fn a_real_relay_welcomes_subscribes_and_delivers_in_order() {
    let page = page();
    page.subscribe("t", "test-ticks");
    page.until("t live false").await;
    page.until("connected").await;
    page.take();
    page.until_so("three messages have come", || page.log.borrow().len() >= 3).await;
    let ticks: Vec<i64> =
        page.take().iter().map(|line| line.trim_start_matches("t ").parse().expect("a number")).collect();
    assert!(ticks.len() >= 3, "{ticks:?}");
    assert!(ticks.windows(2).all(|pair| pair[1] == pair[0] + 1), "{ticks:?}");
}

#[wasm_bindgen_test]
async fn a_real_relay_recovers_what_was_missed() {
    let page = page();
    page.subscribe("t", "test-ticks");
    page.until("t live false").await;
    page.client().on(Input::Reconnect);
    page.until("t live true").await;
    page.until_count("connected", 2).await;
    let left = "disconnected 1 undefined the connection to the relay is made anew true";
    assert_eq!(page.count(left), 1);
}

#[wasm_bindgen_test]
async fn a_real_relay_hears_an_unsubscribe() {
    let page = page();
    let subscription = page.subscribe("t", "test-ticks");
    page.until("t live false").await;
    page.unsubscribe(subscription);
    page.subscribe("other", "test-silence");
    page.until("other live false").await;
    page.take();
    sleep(1_500).await;
    assert_eq!(page.take(), Vec::<String>::new());
}
