//! Between the machine and the browser: inputs in, effects carried out, messages handed over.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_net::websocket::events::CloseEvent;
use realtime_client::{ChannelKey, ConnectionId, Effect, Identity, Input, Machine, Settings, SubscriptionId};
use realtime_protocol::channel::Channel;
use wasm_bindgen::prelude::*;

use crate::clock::Clock;
use crate::event::EventListener;
use crate::failure::{bad_input, report, to_error};
use crate::frame::{self, Entry, Incoming, Messages};
use crate::listeners::{Listener, Listeners};
use crate::shell::Shell;
use crate::timer::Timer;
use crate::transport::{Arrival, Transport};
use crate::wake::on_wake;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    fn random() -> f64;
}

/// One client. Every cell is borrowed for a moment only, never while a function of the page runs.
pub(crate) struct Driver {
    me: Weak<Self>,
    shell: Shell,
    machine: RefCell<Machine>,
    listeners: RefCell<Listeners>,
    transport: RefCell<Option<Transport>>,
    /// Whether effects are being carried out further up the stack: then they are left to be done there, in order.
    is_carrying_out: Cell<bool>,
    clock: Clock,
    timer: Timer,
    _wake: Vec<EventListener>,
}

impl Driver {
    pub(crate) fn new(shell: Shell) -> Rc<Self> {
        // 2^53 seeds are as many as a number of JavaScript holds.
        let seed = (random() * 9_007_199_254_740_992.0) as u64;
        Rc::new_cyclic(|me: &Weak<Self>| {
            let on_timer = tell(me, |driver| {
                driver.timer.fired();
                driver.on(Input::Timer);
            });
            Self {
                me: me.clone(),
                shell,
                machine: RefCell::new(Machine::new(Settings::default(), seed)),
                listeners: RefCell::new(Listeners::new()),
                transport: RefCell::new(None),
                is_carrying_out: Cell::new(false),
                clock: Clock::new(),
                timer: Timer::new(on_timer),
                _wake: on_wake(tell(me, |driver| driver.on(Input::Wake))),
            }
        })
    }

    /// Adds a subscription, made from the number that it gets.
    pub(crate) fn subscribe(&self, channel: Channel, listener: impl FnOnce(SubscriptionId) -> Listener) {
        let subscription = {
            let mut listeners = self.listeners.borrow_mut();
            let subscription = listeners.next_subscription();
            listeners.add(listener(subscription));
            subscription
        };
        self.on(Input::Subscribe { subscription, channel });
    }

    /// The subscription behind a page's id.
    pub(crate) fn subscription(&self, id: &str) -> Option<SubscriptionId> {
        self.listeners.borrow().by_id(id)
    }

    /// The error for a call that is wrong.
    pub(crate) fn bad_input(&self, message: &str, channel: &JsValue) -> JsValue {
        bad_input(&self.shell, message, channel)
    }

    /// Whether a subscription is one of exactly this channel.
    pub(crate) fn is_of(&self, subscription: SubscriptionId, channel: &Channel) -> bool {
        self.machine.borrow().channel_of(subscription) == Some(channel)
    }

    /// Gives the machine an input and carries out what follows.
    pub(crate) fn on(&self, input: Input) {
        let now = self.clock.now();
        self.machine.borrow_mut().on(input, now);
        if self.is_carrying_out.replace(true) {
            return;
        }
        while let Some(effect) = self.next_effect() {
            self.carry_out(effect);
        }
        self.is_carrying_out.set(false);
        let deadline = self.machine.borrow_mut().deadline();
        self.timer.arm(deadline, now);
    }

    fn next_effect(&self) -> Option<Effect> {
        self.machine.borrow_mut().next_effect()
    }

    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::Connect(connection) => self.connect(connection),
            Effect::Send(frame) => {
                if let Some(transport) = &*self.transport.borrow() {
                    transport.send(&frame::write(&frame));
                }
            }
            Effect::Disconnect(_) => drop(self.transport.take()),
            Effect::Connected { .. } => report(self.shell.connected()),
            Effect::Disconnected => report(self.shell.disconnected()),
            Effect::KeepVisitorToken(token) => report(self.shell.keep(token.expose())),
            Effect::Subscribed { subscription, continuity } => {
                if let Some(listener) = self.listener(subscription) {
                    listener.live(continuity);
                }
            }
            Effect::Refused { subscription, failure } => {
                self.fail(&[subscription], &to_error(&self.shell, &failure))
            }
            Effect::Ended { subscriptions, failure } => {
                let error = to_error(&self.shell, &failure);
                self.fail(&subscriptions, &error);
                report(self.shell.failed(&error));
            }
            Effect::Unsubscribed(subscription) => drop(self.remove(subscription)),
            Effect::Error(failure) => report(self.shell.failed(&to_error(&self.shell, &failure))),
        }
    }

    fn connect(&self, connection: ConnectionId) {
        let me = self.me.clone();
        let arrive = move |arrival| {
            if let Some(driver) = me.upgrade() {
                driver.arrived(connection, arrival);
            }
        };
        let opened = self.shell.address().and_then(|address| Transport::open(&address, arrive));
        match opened {
            Ok(transport) => {
                self.transport.replace(Some(transport));
                report(self.shell.identify(connection.0));
            }
            Err(thrown) => self.on(Input::Lost { connection, code: NO_CODE, reason: describe(&thrown) }),
        }
    }

    fn arrived(&self, connection: ConnectionId, arrival: Arrival) {
        match arrival {
            Arrival::Opened => self.on(Input::Opened(connection)),
            Arrival::Frame(text) => match frame::read(&text) {
                Some(Incoming::Messages(messages)) => self.messages(connection, &messages),
                Some(Incoming::Control(control)) => self.on(Input::Control { connection, control }),
                None => {}
            },
            Arrival::Closed(event) => self.closed(connection, event),
        }
    }

    fn closed(&self, connection: ConnectionId, event: CloseEvent) {
        self.transport.replace(None);
        let reason = if event.reason.is_empty() {
            let address = self.shell.address().unwrap_or_default();
            ["no connection to ", &address].concat()
        } else {
            event.reason
        };
        self.on(Input::Lost { connection, code: event.code, reason });
    }

    fn messages(&self, connection: ConnectionId, messages: &Messages) {
        let now = self.clock.now();
        if !self.machine.borrow_mut().heard(connection, now) {
            return;
        }
        for index in 0..messages.length() {
            self.message(&messages.entry(index));
        }
    }

    /// Hands one message to the listeners that its channel has now. One that a handler removes meanwhile is not called
    /// any more, one that it adds not yet: numbers rise, so both show without a copy of the list.
    fn message(&self, entry: &Entry) {
        let Some((number, offset)) = entry.address() else {
            return;
        };
        let Some(channel) = self.machine.borrow_mut().accept(number, offset) else {
            return;
        };
        let newest = self.listeners.borrow().newest();
        let mut next = self.listener_after(channel, SubscriptionId(0));
        while let Some(listener) = next.filter(|listener| listener.subscription <= newest) {
            listener.deliver(entry);
            next = self.listener_after(channel, listener.subscription);
        }
    }

    fn listener_after(&self, channel: ChannelKey, before: SubscriptionId) -> Option<Rc<Listener>> {
        let machine = self.machine.borrow();
        let subscriptions = machine.subscriptions(channel);
        let at = subscriptions.partition_point(|subscription| *subscription <= before);
        self.listener(*subscriptions.get(at)?)
    }

    fn listener(&self, subscription: SubscriptionId) -> Option<Rc<Listener>> {
        self.listeners.borrow().get(subscription)
    }

    fn remove(&self, subscription: SubscriptionId) -> Option<Rc<Listener>> {
        self.listeners.borrow_mut().remove(subscription)
    }

    fn fail(&self, subscriptions: &[SubscriptionId], error: &JsValue) {
        for subscription in subscriptions {
            if let Some(listener) = self.remove(*subscription) {
                listener.failed(error);
            }
        }
    }

    /// The identity for an attempt, or why there is none.
    pub(crate) fn identified(&self, attempt: u32, identity: Result<Identity, String>) {
        self.on(Input::Identified { connection: ConnectionId(attempt), identity });
    }
}

/// RFC 6455 section 7.4.1: a connection that ended without a code.
const NO_CODE: u16 = 1006;

/// A callback for the browser, which does nothing once the driver is gone.
fn tell(driver: &Weak<Driver>, action: impl Fn(&Driver) + 'static) -> impl Fn() + 'static {
    let driver = driver.clone();
    move || {
        if let Some(driver) = driver.upgrade() {
            action(&driver);
        }
    }
}

/// The text of something thrown.
fn describe(thrown: &JsValue) -> String {
    let message = js_sys::Reflect::get(thrown, &"message".into()).unwrap_or_default();
    message.as_string().unwrap_or_default()
}
