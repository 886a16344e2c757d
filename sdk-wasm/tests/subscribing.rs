//! The client in a page whose relay is inside of it: who is called, with what, and what a handler may do.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use support::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn payloads(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[wasm_bindgen_test]
async fn a_message_reaches_every_handler_of_its_channel_and_no_other() {
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
async fn a_message_is_a_plain_object_with_the_publisher_only_where_there_is_one() {
    let page = Page::new();
    let seen: Rc<RefCell<Vec<JsValue>>> = Rc::default();
    let keep = seen.clone();
    page.subscribe_with("s", "chat", function(move |message, _| keep.borrow_mut().push(message)));
    page.until("s live false").await;
    publish("chat", payloads(&["{\"a\":1}"]));
    publish_as("chat", "2", "user-1");
    let seen = seen.borrow();
    assert_eq!(json(&seen[0]), "{\"payload\":{\"a\":1}}");
    assert_eq!(json(&seen[1]), "{\"payload\":2,\"publisher\":{\"id\":\"user-1\"}}");
    for message in seen.iter() {
        let clone = structured_clone(message).expect("it can be cloned");
        assert_eq!(json(&clone), json(message));
    }
}

#[wasm_bindgen_test]
async fn handlers_get_the_channel_as_the_caller_wrote_it_and_a_message_of_their_own() {
    let page = Page::new();
    let seen: Rc<RefCell<Vec<(JsValue, JsValue)>>> = Rc::default();
    for label in ["a", "b"] {
        let keep = seen.clone();
        let handler = function(move |message, channel| keep.borrow_mut().push((message, channel)));
        page.subscribe_with(label, "chat/7", handler);
    }
    page.until("b live false").await;
    publish("chat/7", payloads(&["1"]));
    let seen = seen.borrow();
    assert_eq!(json(&seen[0].1), "{\"name\":\"chat\",\"resourceId\":\"7\"}");
    assert!(!js_sys::Object::is(&seen[0].0, &seen[1].0), "not one object for both");
}

#[wasm_bindgen_test]
async fn a_handler_that_throws_is_reported_and_disturbs_nobody() {
    let page = Page::new();
    let reported = watch_console();
    let throws = Closure::<dyn Fn()>::new(throwing).into_js_value().unchecked_into();
    page.subscribe_with("throws", "chat", throws);
    page.subscribe("other", "chat");
    page.until("other live false").await;
    publish("chat", payloads(&["1", "2"]));
    page.until("other 2").await;
    assert_eq!(reported.length(), 2);
    let line = js_sys::Array::from(&reported.get(0));
    assert_eq!(describe_thrown(&line.get(1)), "a handler that throws");
    page.take();
    publish("chat", payloads(&["3"]));
    assert_eq!(page.take(), ["other 3"]);
}

fn describe_thrown(error: &JsValue) -> String {
    get(error, "message").as_string().expect("an error")
}

#[wasm_bindgen_test]
async fn a_handler_may_unsubscribe_itself_and_others() {
    let page = Rc::new(Page::new());
    let ids: Rc<RefCell<Vec<String>>> = Rc::default();
    let (inner, victims) = (page.clone(), ids.clone());
    let handler = function(move |_, _| {
        note(&inner.log, "remover");
        for id in victims.borrow().iter() {
            inner.unsubscribe(id);
        }
    });
    let own = page.subscribe_with("remover", "chat", handler);
    let next = page.subscribe("next", "chat");
    page.subscribe("stays", "chat");
    ids.borrow_mut().extend([own, next]);
    page.until("stays live false").await;
    page.take();
    publish("chat", payloads(&["1", "2"]));
    assert_eq!(page.take(), ["remover", "stays 1", "stays 2"]);
    // The handler holds the page that holds the handler.
    page.client().close();
}

#[wasm_bindgen_test]
async fn a_handler_may_subscribe_and_the_new_one_gets_the_next_message() {
    let page = Rc::new(Page::new());
    let inner = page.clone();
    let handler = function(move |message, _| {
        if json(&get(&message, "payload")) == "1" {
            inner.subscribe("late", "chat");
        }
    });
    page.subscribe_with("early", "chat", handler);
    page.until("early live false").await;
    page.take();
    publish("chat", payloads(&["1", "2"]));
    assert_eq!(page.take(), ["late live false", "late 2"]);
    page.client().close();
}

#[wasm_bindgen_test]
async fn a_handler_may_close_the_client_in_the_middle_of_a_frame() {
    let page = Rc::new(Page::new());
    let inner = page.clone();
    let handler = function(move |_, _| {
        note(&inner.log, "closing");
        inner.client().close();
    });
    page.subscribe_with("s", "chat", handler);
    page.subscribe("other", "chat");
    page.until("other live false").await;
    page.take();
    publish("chat", payloads(&["1", "2"]));
    assert_eq!(page.take(), ["closing", "disconnected"]);
    assert_eq!(connections(), 0);
}

#[wasm_bindgen_test]
async fn ids_are_uuids_of_version_4_and_differ() {
    let page = Page::new();
    let ids: Vec<String> = (0..50).map(|_| page.subscribe("s", "chat")).collect();
    for id in &ids {
        let parts: Vec<&str> = id.split('-').collect();
        assert_eq!(parts.iter().map(|p| p.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(id.chars().all(|c| c == '-' || matches!(c, '0'..='9' | 'a'..='f')), "{id}");
        assert!(parts[2].starts_with('4') && "89ab".contains(&parts[3][..1]), "{id}");
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1);
    }
}

#[wasm_bindgen_test]
async fn a_refusal_carries_code_status_message_and_channel() {
    let page = Page::new();
    refuse("staff/1");
    page.subscribe("s", "staff/1");
    page.until(
        "s failed 2 403 not allowed to read channel staff/1 {\"name\":\"staff\",\"resourceId\":\"1\"}",
    )
    .await;
    let events = page.take();
    assert!(events.iter().all(|line| !line.starts_with("error")), "{events:?}");
}

#[wasm_bindgen_test]
fn an_illegal_channel_is_an_error_with_the_channel_as_it_was_written() {
    let page = Page::new();
    let noop = || function(|_, _| {});
    let written = channel("room:7", None);
    let refused = page.client().subscribe("room:7", None, written, noop(), noop(), noop());
    let error = describe(&refused.expect_err("it is illegal"));
    assert!(error.starts_with("3 0 channel name has \":\" at position 5"), "{error}");
    assert!(error.ends_with("{\"name\":\"room:7\"}"), "{error}");
    assert_eq!(connections(), 0);
}

#[wasm_bindgen_test]
async fn unsubscribing_wants_id_and_channel_to_belong_together() {
    let page = Page::new();
    let id = page.subscribe("s", "chat");
    page.until("s live false").await;
    let unsubscribe = |id: &str, name: &str, resource: Option<&str>| {
        page.client().unsubscribe(Some(id), Some(name), resource, &JsValue::UNDEFINED)
    };
    for (name, resource) in [("other", None), ("chat", Some("7"))] {
        let error = describe(&unsubscribe(&id, name, resource).expect_err("they do not match"));
        assert!(error.starts_with("3 0 channel and subscriptionId"), "{error}");
    }
    assert!(unsubscribe("unknown", "chat", None).is_ok(), "it is ignored");
    page.take();
    publish("chat", payloads(&["1"]));
    assert_eq!(page.take(), ["s 1"]);
    assert!(unsubscribe(&id, "chat", Some("")).is_ok());
    publish("chat", payloads(&["2"]));
    assert_eq!(page.take(), Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn frames_that_mean_nothing_are_survived() {
    let page = Page::new();
    page.subscribe("s", "chat");
    page.until("s live false").await;
    page.take();
    for text in ["", "{", "[null,[1],[99,1,2],[1,1e300,2]]", "{\"type\":\"later\"}"] {
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
