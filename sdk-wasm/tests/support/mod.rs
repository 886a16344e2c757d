//! A client in a test page: its shell, and waiting for what happens.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its own part of this")]

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use realtime_client::{ConnectionId, Identity, Input, Patience, SubscriptionId};
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::{ChannelNumber, Token};
use realtime_protocol::position::Offset;
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
    pub fn attempts() -> u32;
    pub fn sent_frames() -> Vec<String>;
}

// As pages have it.
#[wasm_bindgen(module = "/npm/src/browser.js")]
extern "C" {
    #[wasm_bindgen(js_name = open)]
    fn open_socket(client: &Object, deliver: &JsValue, address: &Function, connection: &JsValue) -> JsValue;

    fn watch(client: &Object);
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, delay_ms: f64);

    /// A clock that nobody sets.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    pub fn now_ms() -> f64;
}

/// By then whatever a client does by itself has happened, on the slowest machine: ten seconds is the longest that it takes
/// for anything.
const LIMIT_MS: f64 = 60_000.0;

/// What has happened, as text, in order.
pub type Log = Rc<RefCell<Vec<String>>>;

/// What a test does when a message is delivered: it gets the subscription's label and the payload's JSON.
type OnMessage = Rc<dyn Fn(&Inside, &str, &str)>;

/// A page with a client, which is closed with it.
pub struct Page(Inside);

/// A client, and everything that it has told its page.
#[derive(Clone)]
pub struct Inside {
    client: Rc<OnceCell<&'static Client>>,
    pub log: Log,
    labels: Rc<RefCell<BTreeMap<u32, &'static str>>>,
    last: Rc<Cell<u32>>,
    on_message: Rc<RefCell<Option<OnMessage>>>,
}

impl Page {
    /// A page whose relay is inside of it.
    pub fn new() -> Self {
        install();
        Self::at("ws://relay.test/v1/realtime")
    }

    /// A page with the relay of this address.
    pub fn at(address: &str) -> Self {
        let page = Inside {
            client: Rc::default(),
            log: Log::default(),
            labels: Rc::default(),
            last: Rc::default(),
            on_message: Rc::default(),
        };
        let ears = page.ears();
        let shell = page.shell(address, &ears).unchecked_into();
        assert!(page.client.set(Client::new(shell)).is_ok());
        watch(&ears);
        Self(page)
    }
}

impl Deref for Page {
    type Target = Inside;

    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inside {
    pub fn client(&self) -> &'static Client {
        self.client.get().expect("it is made with the page")
    }

    /// Subscribes; every message is noted as `label payload`, life and failure as `label live …`, `label gone …`.
    pub fn subscribe(&self, label: &'static str, key: &str) -> u32 {
        let (name, resource) = key.split_once('/').map_or((key, None), |(n, r)| (n, Some(r)));
        let channel = Channel::parse(name, resource).expect("a legal channel");
        let number = self.last.get() + 1;
        self.last.set(number);
        self.labels.borrow_mut().insert(number, label);
        self.client().subscribe(SubscriptionId(number), channel, Patience::Limited);
        number
    }

    pub fn unsubscribe(&self, subscription: u32) {
        self.client().on(Input::Unsubscribe(SubscriptionId(subscription)));
    }

    pub fn close(&self) {
        self.client().on(Input::Close);
    }

    /// Does this, too, at each message.
    pub fn on_message(&self, action: impl Fn(&Inside, &str, &str) + 'static) {
        *self.on_message.borrow_mut() = Some(Rc::new(action));
    }

    /// Waits until the log has this line.
    pub async fn until(&self, line: &str) {
        self.until_count(line, 1).await;
    }

    /// Waits until the log has this line so many times.
    pub async fn until_count(&self, line: &str, count: usize) {
        let what = format!("{line:?} comes {count} times");
        self.until_so(&what, || self.count(line) >= count).await;
    }

    /// Waits until something is so.
    pub async fn until_so(&self, what: &str, check: impl Fn() -> bool) {
        let began = now_ms();
        while !check() {
            assert!(now_ms() - began < LIMIT_MS, "waited in vain until {what}: {:?}", self.take());
            sleep(20).await;
        }
    }

    pub fn count(&self, line: &str) -> usize {
        self.log.borrow().iter().filter(|l| *l == line).count()
    }

    /// Everything noted since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.log.borrow_mut())
    }

    fn note(&self, line: String) {
        self.log.borrow_mut().push(line);
    }

    fn label(&self, number: &JsValue) -> &'static str {
        let number = number.as_f64().expect("a number") as u32;
        self.labels.borrow().get(&number).copied().expect("a subscription of this page")
    }

    /// The client as `browser.js` knows it.
    fn ears(&self) -> Object {
        let ears = Object::new();
        let number = |arguments: &Array, at| arguments.get(at).as_f64().unwrap_or(0.0);
        let connection = move |arguments: &Array| ConnectionId(number(arguments, 0) as u32);
        let first = |subscription: Option<SubscriptionId>| subscription.map_or(0, |found| found.0).into();
        self.hearing(&ears, "opened", move |client, arguments| {
            client.on(Input::Opened(connection(arguments)))
        });
        self.hearing(&ears, "notice", move |client, arguments| {
            client.notice(connection(arguments), arguments.get(1));
        });
        self.hearing(&ears, "lost", move |client, arguments| {
            let reason = arguments.get(2).as_string().expect("a reason");
            client.lost(connection(arguments), number(arguments, 1) as u16, reason);
        });
        self.hearing(&ears, "timer", |client, _| client.timer());
        self.hearing(&ears, "wake", |client, _| client.on(Input::Wake));
        self.hearing(&ears, "suspend", |client, _| client.on(Input::Suspend));
        self.method(&ears, "heard", move |page, arguments| page.client().heard(connection(arguments)).into());
        self.method(&ears, "accept", move |page, arguments| {
            let offset = Offset::new(number(arguments, 1) as u64);
            let channel = ChannelNumber(number(arguments, 0) as u64);
            first(offset.and_then(|offset| page.client().accept(channel, offset)))
        });
        self.method(&ears, "following", move |page, arguments| {
            first(page.client().following(SubscriptionId(number(arguments, 0) as u32)))
        });
        ears
    }

    fn hearing(&self, ears: &Object, name: &str, action: impl Fn(&Client, &Array) + 'static) {
        self.method(ears, name, move |page, arguments| {
            action(page.client(), arguments);
            JsValue::UNDEFINED
        });
    }

    fn shell(&self, address: &str, ears: &Object) -> Object {
        let shell = Object::new();
        let address = Function::new_no_args(&format!("return {address:?}"));
        let deliver = self.function(|page, arguments| {
            let label = page.label(&arguments.get(0));
            let payload = json(&Array::from(&arguments.get(1)).get(2));
            page.note(format!("{label} {payload}"));
            let action = page.on_message.borrow().clone();
            if let Some(action) = action {
                action(page, label, &payload);
            }
            JsValue::UNDEFINED
        });
        let hears = ears.clone();
        self.method(&shell, "open", move |_, arguments| {
            open_socket(&hears, &deliver, &address, &arguments.get(0))
        });
        // Every client of a test page has a timer of its own, where a page has one client. A bell too many does no harm.
        let timer: Function = Reflect::get(ears, &"timer".into()).expect("it is there").unchecked_into();
        self.method(&shell, "arm", move |_, arguments| {
            set_timeout(&timer, arguments.get(0).as_f64().expect("a number"));
            JsValue::UNDEFINED
        });
        self.method(&shell, "failure", |_, arguments| {
            let [code, message, status, recoverable] = [0, 1, 2, 3].map(|at| arguments.get(at));
            let text = |value: JsValue| value.as_string().unwrap_or_else(|| json(&value));
            JsValue::from_str(&[code, status, message, recoverable].map(text).join(" "))
        });
        self.method(&shell, "identify", |page, arguments| {
            let connection = arguments.get(0).as_f64().expect("a number") as u32;
            let identity =
                Identity { token: None, visitor_token: Some(Token::new("kept")), is_renewable: false };
            page.client().identified(connection, Ok(identity));
            JsValue::UNDEFINED
        });
        self.noting(&shell, "connected", |_, _| "connected".to_owned());
        self.noting(&shell, "keep", |_, arguments| format!("keep {}", json(&arguments.get(0))));
        for event in ["disconnected", "failed"] {
            self.noting(&shell, event, move |_, arguments| {
                format!("{event} {}", arguments.get(0).as_string().expect("a failure"))
            });
        }
        self.noting(&shell, "live", |page, arguments| {
            format!("{} live {}", page.label(&arguments.get(0)), json(&arguments.get(1)))
        });
        self.noting(&shell, "stopped", |page, arguments| {
            let numbers: Array = Array::from(&arguments.get(0));
            let labels: Vec<&str> = numbers.iter().map(|number| page.label(&number)).collect();
            let what = if arguments.get(2).is_truthy() { "gone" } else { "interrupted" };
            format!("{} {what} {}", labels.join(" "), arguments.get(1).as_string().expect("a failure"))
        });
        shell
    }

    fn noting(&self, shell: &Object, name: &str, line: impl Fn(&Inside, &Array) -> String + 'static) {
        self.method(shell, name, move |page, arguments| {
            let line = line(page, arguments);
            page.note(line);
            JsValue::UNDEFINED
        });
    }

    fn method(&self, object: &Object, name: &str, action: impl Fn(&Inside, &Array) -> JsValue + 'static) {
        Reflect::set(object, &name.into(), &self.function(action)).expect("a plain object");
    }

    /// A function of JavaScript, which gets its arguments as one array.
    fn function(&self, action: impl Fn(&Inside, &Array) -> JsValue + 'static) -> JsValue {
        let page = self.clone();
        let closure = Closure::<dyn Fn(Array) -> JsValue>::new(move |arguments| action(&page, &arguments));
        let spread = Function::new_with_args("one", "return (...all) => one(all)");
        spread.call1(&JsValue::UNDEFINED, &closure.into_js_value()).expect("a function")
    }
}

/// A value as JSON; `undefined` for what JSON has no word for.
pub fn json(value: &JsValue) -> String {
    JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_else(|| "undefined".to_owned())
}

pub async fn sleep(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, ms.into()));
    JsFuture::from(promise).await.expect("a timer");
}
