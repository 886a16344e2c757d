//! One client, between the machine and the browser: inputs in, effects carried out, messages handed over.

use std::cell::{Cell, RefCell};

use gloo_net::websocket::events::CloseEvent;
use realtime_client::{
    ChannelKey, ConnectionId, Continuity, Effect, Failure, Identity, Input, Machine, Patience, Settings,
    SubscriptionId,
};
use realtime_protocol::channel::Channel;
use realtime_protocol::error::Status;
use wasm_bindgen::prelude::*;

use crate::clock::Clock;
use crate::frame::{self, Entry, Incoming, Messages};
use crate::shell::{Shell, ShellFailure};
use crate::timer::Timer;
use crate::transport::{Arrival, Transport};
use crate::wake::{on_suspend, on_wake};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    fn random() -> f64;
}

/// One connection to a relay and the subscriptions on it. Every cell is borrowed for a moment only, never while a function
/// of the page runs.
pub struct Client {
    shell: Shell,
    machine: RefCell<Machine>,
    /// The subscription that was made last.
    newest: Cell<SubscriptionId>,
    transport: RefCell<Option<Transport>>,
    /// Whether effects are being carried out further up the stack: then they are left to be done there, in order.
    is_carrying_out: Cell<bool>,
    clock: Clock,
    timer: Timer,
}

impl Client {
    /// A client at rest: it connects when something is subscribed. It lives as long as its page.
    pub fn new(shell: Shell) -> &'static Self {
        // 2^53 seeds are as many as a number of JavaScript holds.
        let seed = (random() * 9_007_199_254_740_992.0) as u64;
        let client: &'static Self = Box::leak(Box::new(Self {
            shell,
            machine: RefCell::new(Machine::new(Settings::default(), seed)),
            newest: Cell::new(SubscriptionId(0)),
            transport: RefCell::new(None),
            is_carrying_out: Cell::new(false),
            clock: Clock::new(),
            timer: Timer::new(),
        }));
        client.timer.calls(move || client.on(Input::Timer));
        on_wake(move || client.on(Input::Wake));
        on_suspend(move || client.on(Input::Suspend));
        client
    }

    /// Adds a subscription. Its number is higher than all before.
    pub fn subscribe(&'static self, subscription: SubscriptionId, channel: Channel, patience: Patience) {
        self.newest.set(subscription);
        self.on(Input::Subscribe { subscription, channel, patience });
    }

    /// The identity for a connection, or why there is none.
    pub fn identified(&'static self, connection: u32, identity: Result<Identity, String>) {
        self.on(Input::Identified { connection: ConnectionId(connection), identity });
    }

    /// Gives the machine an input and carries out what follows.
    pub fn on(&'static self, input: Input) {
        let now = self.clock.now();
        self.machine.borrow_mut().on(input, now);
        if self.is_carrying_out.replace(true) {
            return;
        }
        loop {
            let effects = self.machine.borrow_mut().take_effects();
            if effects.is_empty() {
                break;
            }
            effects.into_iter().for_each(|effect| self.carry_out(effect));
        }
        self.is_carrying_out.set(false);
        let deadline = self.machine.borrow_mut().deadline();
        self.timer.arm(deadline, now);
    }

    fn carry_out(&'static self, effect: Effect) {
        match effect {
            Effect::Connect(connection) => self.connect(connection),
            Effect::Identify { connection, renew } => self.shell.identify(connection.0, renew),
            Effect::Send(frame) => {
                if let Some(transport) = &*self.transport.borrow() {
                    transport.send(&frame::write(&frame));
                }
            }
            Effect::Disconnect(_) => drop(self.transport.take()),
            Effect::Connected => self.shell.connected(),
            Effect::Disconnected(failure) => self.shell.disconnected(&self.told(&failure)),
            Effect::KeepVisitorToken(token) => self.shell.keep(token.expose()),
            Effect::Subscribed { subscription, continuity } => {
                self.shell.live(subscription.0, continuity == Continuity::Whole);
            }
            Effect::Refused { subscription, failure } => self.stopped(&[subscription], &failure, true),
            Effect::Interrupted { subscriptions, failure } => self.stopped(&subscriptions, &failure, false),
            Effect::Ended { subscriptions, failure } => self.stopped(&subscriptions, &failure, true),
            Effect::Error(failure) => self.shell.failed(&self.told(&failure)),
        }
    }

    fn stopped(&self, subscriptions: &[SubscriptionId], failure: &Failure, are_gone: bool) {
        let numbers: Vec<u32> = subscriptions.iter().map(|subscription| subscription.0).collect();
        self.shell.stopped(&numbers, &self.told(failure), are_gone);
    }

    fn told(&self, failure: &Failure) -> ShellFailure {
        let status = failure.status.map(Status::get);
        self.shell.failure(failure.code.get(), &failure.message, status, failure.recoverable)
    }

    fn connect(&'static self, connection: ConnectionId) {
        let arrive = move |arrival| self.arrived(connection, arrival);
        let opened = self.shell.address().and_then(|address| Transport::open(&address, arrive));
        match opened {
            Ok(transport) => drop(self.transport.replace(Some(transport))),
            Err(thrown) => self.on(Input::Lost { connection, code: NO_CODE, reason: describe(&thrown) }),
        }
    }

    fn arrived(&'static self, connection: ConnectionId, arrival: Arrival) {
        match arrival {
            Arrival::Opened => self.on(Input::Opened(connection)),
            Arrival::Frame(text) => match frame::read(&text) {
                Some(Incoming::Messages(messages)) => self.messages(connection, &messages),
                Some(Incoming::Notice(notice)) => self.on(Input::Notice { connection, notice }),
                None => {}
            },
            Arrival::Closed(event) => self.closed(connection, event),
        }
    }

    fn closed(&'static self, connection: ConnectionId, event: CloseEvent) {
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

    /// Hands one message to the subscriptions that its channel has now. One that a handler removes meanwhile gets it no
    /// more, one that it adds not yet: numbers rise, so both show without a copy of the list.
    fn message(&self, entry: &Entry) {
        let Some((number, offset)) = entry.address() else {
            return;
        };
        let Some(channel) = self.machine.borrow_mut().accept(number, offset) else {
            return;
        };
        let newest = self.newest.get();
        let mut next = self.subscription_after(channel, SubscriptionId(0));
        while let Some(subscription) = next.filter(|subscription| *subscription <= newest) {
            self.shell.deliver(subscription.0, entry);
            next = self.subscription_after(channel, subscription);
        }
    }

    fn subscription_after(&self, channel: ChannelKey, before: SubscriptionId) -> Option<SubscriptionId> {
        let machine = self.machine.borrow();
        let subscriptions = machine.subscriptions(channel);
        let at = subscriptions.partition_point(|subscription| *subscription <= before);
        subscriptions.get(at).copied()
    }
}

/// RFC 6455 section 7.4.1: a connection that ended without a code.
const NO_CODE: u16 = 1006;

/// The text of something thrown.
fn describe(thrown: &JsValue) -> String {
    let message = js_sys::Reflect::get(thrown, &"message".into()).unwrap_or_default();
    message.as_string().unwrap_or_default()
}
