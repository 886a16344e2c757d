//! A client in a test page: its shell, its handlers, and waiting for what happens.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its own part of this")]

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Error, Function, JSON, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wix_realtime_frontend::Client;

#[wasm_bindgen(module = "/tests/support/fake_relay.js")]
extern "C" {
    pub fn install();
    pub fn publish(key: &str, payloads: Vec<String>);
    pub fn publish_as(key: &str, payload: &str, publisher: &str);
    pub fn send_raw(data: &JsValue);
    pub fn cut(code: u16, reason: &str);
    pub fn refuse(key: &str);
    pub fn refuse_connections(code: u16);
    pub fn connections() -> u32;
    pub fn sent_frames() -> Vec<String>;
    pub fn throwing();
    pub fn watch_console() -> Array;
    #[wasm_bindgen(catch)]
    pub fn structured_clone(value: &JsValue) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, delay_ms: i32);
}

/// What has happened, as text, in order.
pub type Log = Rc<RefCell<Vec<String>>>;

/// A client, and everything that it has told its page.
pub struct Page {
    pub client: Rc<OnceCell<Client>>,
    pub log: Log,
}

impl Page {
    /// A page whose relay is inside of it.
    pub fn new() -> Self {
        install();
        Self::at("ws://relay.test/v1/realtime")
    }

    /// A page with the relay of this address.
    pub fn at(address: &str) -> Self {
        let log = Log::default();
        let client = Rc::new(OnceCell::new());
        let shell = shell(address, &client, &log);
        assert!(client.set(Client::new(shell.unchecked_into())).is_ok());
        Self { client, log }
    }

    pub fn client(&self) -> &Client {
        self.client.get().expect("it is made with the page")
    }

    /// Subscribes; every message is noted as `label payload`, life and failure as `label live …`, `label failed …`.
    pub fn subscribe(&self, label: &'static str, key: &str) -> String {
        let log = self.log.clone();
        let handler = function(move |message: JsValue, _| {
            note(&log, &format!("{label} {}", json(&get(&message, "payload"))));
        });
        self.subscribe_with(label, key, handler)
    }

    /// Subscribes with a handler of the test's own.
    pub fn subscribe_with(&self, label: &'static str, key: &str, handler: Function) -> String {
        let (live, failed) = (self.log.clone(), self.log.clone());
        let on_live = function(move |_, synced| note(&live, &format!("{label} live {}", json(&synced))));
        let on_failed =
            function(move |error, _| note(&failed, &format!("{label} failed {}", describe(&error))));
        let (name, resource) = key.split_once('/').map_or((key, None), |(n, r)| (n, Some(r)));
        let channel = channel(name, resource);
        self.client()
            .subscribe(name, resource, channel, handler, on_live, on_failed)
            .expect("a legal channel")
    }

    pub fn unsubscribe(&self, id: &str) {
        let done = self.client().unsubscribe(Some(id), None, None, &JsValue::UNDEFINED);
        assert!(done.is_ok());
    }

    /// Waits until the log has this line.
    pub async fn until(&self, line: &str) {
        self.until_count(line, 1).await;
    }

    /// Waits until the log has this line so many times.
    pub async fn until_count(&self, line: &str, count: usize) {
        for _ in 0..500 {
            if self.count(line) >= count {
                return;
            }
            sleep(20).await;
        }
        panic!("{line:?} has not come {count} times: {:?}", self.take());
    }

    pub fn count(&self, line: &str) -> usize {
        self.log.borrow().iter().filter(|l| *l == line).count()
    }

    /// Everything noted since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.log.borrow_mut())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.client().close();
    }
}

fn shell(address: &str, client: &Rc<OnceCell<Client>>, log: &Log) -> Object {
    let shell = Object::new();
    let method = |name: &str, method: Function| {
        Reflect::set(&shell, &name.into(), &method).expect("a plain object");
    };
    let address = JsValue::from_str(address);
    method("address", returning(move |_, _| address.clone()));
    let identified = client.clone();
    method(
        "identify",
        function(move |attempt, _| {
            let attempt = attempt.as_f64().expect("a number") as u32;
            let client = identified.get().expect("it is made with the page");
            client.identified(attempt, None, Some("kept".to_owned()));
        }),
    );
    for event in ["connected", "disconnected"] {
        let log = log.clone();
        method(event, function(move |_, _| note(&log, event)));
    }
    let kept = log.clone();
    method("keep", function(move |token, _| note(&kept, &format!("keep {}", json(&token)))));
    let failed = log.clone();
    method("failed", function(move |error, _| note(&failed, &format!("error {}", describe(&error)))));
    method("error", make_error());
    shell
}

/// The shell's way to make errors: `(code, message, channel, status, recoverable)`.
fn make_error() -> Function {
    let make = |code: JsValue, message: JsValue, channel: JsValue, status: JsValue, recoverable: JsValue| {
        let error: JsValue = Error::new(&message.as_string().expect("a text")).into();
        let facts =
            [("errorCode", code), ("channel", channel), ("status", status), ("recoverable", recoverable)];
        for (key, value) in facts {
            Reflect::set(&error, &key.into(), &value).expect("an object");
        }
        error
    };
    Closure::<dyn Fn(JsValue, JsValue, JsValue, JsValue, JsValue) -> JsValue>::new(make)
        .into_js_value()
        .unchecked_into()
}

pub fn note(log: &Log, line: &str) {
    log.borrow_mut().push(line.to_owned());
}

pub fn function(action: impl Fn(JsValue, JsValue) + 'static) -> Function {
    Closure::<dyn Fn(JsValue, JsValue)>::new(action).into_js_value().unchecked_into()
}

fn returning(action: impl Fn(JsValue, JsValue) -> JsValue + 'static) -> Function {
    Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(action).into_js_value().unchecked_into()
}

pub fn channel(name: &str, resource_id: Option<&str>) -> JsValue {
    let channel = Object::new();
    Reflect::set(&channel, &"name".into(), &name.into()).expect("a plain object");
    if let Some(id) = resource_id {
        Reflect::set(&channel, &"resourceId".into(), &id.into()).expect("a plain object");
    }
    channel.into()
}

pub fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).expect("an object")
}

/// A value as JSON; `undefined` for what JSON has no word for.
pub fn json(value: &JsValue) -> String {
    JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_else(|| "undefined".to_owned())
}

/// An error's code, status and message, and its channel.
pub fn describe(error: &JsValue) -> String {
    assert!(error.is_instance_of::<Error>());
    let number = |key| get(error, key).as_f64().unwrap_or(0.0);
    let message = get(error, "message").as_string().expect("a text");
    format!("{} {} {message} {}", number("errorCode"), number("status"), json(&get(error, "channel")))
}

pub async fn sleep(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, ms));
    JsFuture::from(promise).await.expect("a timer");
}
