//! One client, between the machine and the browser: inputs in, effects carried out, messages handed over.

use std::cell::{Cell, RefCell};

use realtime_client::{
    ChannelKey, ConnectionId, Continuity, Effect, Failure, Identity, Input, Machine, Patience, Settings,
    SubscriptionId,
};
use realtime_protocol::channel::Channel;
use realtime_protocol::error::Status;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::Offset;
use wasm_bindgen::prelude::*;

use crate::clock::Clock;
use crate::frame;
use crate::shell::{Shell, ShellFailure};
use crate::timer::Timer;
use crate::transport::Transport;

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
    /// The channel of the message that is being delivered, and the newest subscription when it came.
    delivered: Cell<Option<(ChannelKey, SubscriptionId)>>,
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
        Box::leak(Box::new(Self {
            shell,
            machine: RefCell::new(Machine::new(Settings::default(), seed)),
            newest: Cell::new(SubscriptionId(0)),
            delivered: Cell::new(None),
            transport: RefCell::new(None),
            is_carrying_out: Cell::new(false),
            clock: Clock::new(),
            timer: Timer::new(),
        }))
    }

    /// Adds a subscription. Its number is higher than all before.
    pub fn subscribe(&self, subscription: SubscriptionId, channel: Channel, patience: Patience) {
        self.newest.set(subscription);
        self.on(Input::Subscribe { subscription, channel, patience });
    }

    /// The identity for a connection, or why there is none.
    pub fn identified(&self, connection: u32, identity: Result<Identity, String>) {
        self.on(Input::Identified { connection: ConnectionId(connection), identity });
    }

    /// The time has come that the shell's timer was armed for.
    pub fn timer(&self) {
        self.timer.rang();
        self.on(Input::Timer);
    }

    /// Gives the machine an input and carries out what follows.
    pub fn on(&self, input: Input) {
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
        self.timer.arm(&self.shell, deadline, now);
    }

    fn carry_out(&self, effect: Effect) {
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

    fn connect(&self, connection: ConnectionId) {
        if let Some(socket) = self.shell.open(connection.0) {
            self.transport.replace(Some(Transport::new(connection, socket)));
        }
    }

    /// A connection has ended, or could not be made.
    pub fn lost(&self, connection: ConnectionId, code: u16, reason: String) {
        // Dropped outside of the borrow, since that calls into the page. A later connection's stays.
        let ended = self.transport.borrow_mut().take_if(|transport| transport.is_of(connection));
        drop(ended);
        self.on(Input::Lost { connection, code, reason });
    }

    /// A connection has brought a control frame, already parsed.
    pub fn notice(&self, connection: ConnectionId, frame: JsValue) {
        if let Some(notice) = frame::read_notice(frame) {
            self.on(Input::Notice { connection, notice });
        }
    }

    /// A connection has brought a frame of messages. False when it counts for nothing; otherwise its messages are to be
    /// given to [`Client::accept`], in order.
    pub fn heard(&self, connection: ConnectionId) -> bool {
        let now = self.clock.about_now();
        self.machine.borrow_mut().heard(connection, now)
    }

    /// The first subscription that a message is to be delivered to; `None` when it was delivered before, or nobody wants
    /// it.
    pub fn accept(&self, number: ChannelNumber, offset: Offset) -> Option<SubscriptionId> {
        let channel = self.machine.borrow_mut().accept(number, offset)?;
        self.delivered.set(Some((channel, self.newest.get())));
        self.following(SubscriptionId(0))
    }

    /// The subscription that the accepted message goes to after this one. One that a handler removes meanwhile gets it no
    /// more, one that it adds not yet: numbers rise, so both show without a copy of the list.
    pub fn following(&self, before: SubscriptionId) -> Option<SubscriptionId> {
        let (channel, newest) = self.delivered.get()?;
        let machine = self.machine.borrow();
        let subscriptions = machine.subscriptions(channel);
        let at = subscriptions.partition_point(|subscription| *subscription <= before);
        subscriptions.get(at).copied().filter(|subscription| *subscription <= newest)
    }
}
