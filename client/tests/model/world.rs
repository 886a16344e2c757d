//! The client, the model relay, and what every subscription is entitled to.

use std::collections::BTreeMap;
use std::time::Duration;

use realtime_client::{
    ConnectionId, Continuity, Effect, Identity, Input, Machine, Patience, Settings, State, SubscriptionId,
};
use realtime_protocol::channel::Channel;
use realtime_protocol::error::Status;
use realtime_protocol::frame::{Control, Message, RelayFrame, Token};
use realtime_protocol::position::Position;

use crate::common::channel;
use crate::relay::{Relay, Stream};
use crate::step::{NAMES, Step};

/// What one subscription has been told.
#[derive(Debug)]
pub(crate) struct Told {
    channel: Channel,
    /// Everything up to here; `None` before it was live.
    position: Option<Position>,
}

/// The client, the relay, and what every subscription is entitled to.
pub(crate) struct World {
    machine: Machine,
    relay: Relay,
    now: Duration,
    connection: ConnectionId,
    next: u32,
    told: BTreeMap<SubscriptionId, Told>,
    /// What the relay's latest answer to a subscribe said of recovery.
    recovered: Option<bool>,
    is_connected: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            machine: Machine::new(Settings::default(), seed),
            relay: Relay::new(),
            now: Duration::from_secs(10),
            connection: ConnectionId(0),
            next: 0,
            told: BTreeMap::new(),
            recovered: None,
            is_connected: false,
        }
    }

    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Subscribe(index) => self.subscribe(NAMES[index % 3]),
            Step::Unsubscribe(index) => {
                if let Some(subscription) = self.told.keys().nth(index % self.told.len().max(1)).copied() {
                    self.told.remove(&subscription);
                    self.on(Input::Unsubscribe(subscription));
                }
            }
            Step::Publish(index) => self.relay.publish(&channel(NAMES[index % 3])),
            Step::Up => {
                if let Some(frame) = self.relay.up.pop_front() {
                    self.relay.read(frame);
                }
            }
            Step::Down => self.down(),
            Step::Cut(code) => self.cut(*code),
            Step::CutSilently => self.relay.cut(),
            Step::Restart => {
                self.relay.restart();
                self.cut(1006);
            }
            Step::Trim(keep) => {
                for stream in self.relay.streams.values_mut() {
                    stream.forgotten = stream.forgotten.max(stream.published.len().saturating_sub(keep % 4));
                }
            }
            Step::Refuse(temporarily) => {
                self.relay.refusing =
                    Some(if *temporarily { Status::Unavailable } else { Status::Forbidden });
            }
            Step::Pass(millis) => {
                self.now += Duration::from_millis(u64::from(*millis));
                self.on(Input::Timer);
            }
            Step::Wake => self.on(Input::Wake),
            Step::Sleep(millis) => {
                self.on(Input::Suspend);
                assert_ne!(self.machine.state(), State::Live);
                self.now += Duration::from_millis(u64::from(*millis));
                self.on(Input::Timer);
                self.on(Input::Wake);
            }
            Step::Reconnect => self.on(Input::Reconnect),
        }
    }

    fn subscribe(&mut self, name: &str) {
        self.next += 1;
        let subscription = SubscriptionId(self.next);
        let told = Told { channel: channel(name), position: None };
        self.told.insert(subscription, told);
        let patience = if self.next.is_multiple_of(2) { Patience::Limited } else { Patience::Unlimited };
        self.on(Input::Subscribe { subscription, channel: channel(name), patience });
    }

    fn cut(&mut self, code: u16) {
        self.relay.cut();
        let connection = self.connection;
        self.on(Input::Lost { connection, code, reason: String::new() });
    }

    fn down(&mut self) {
        let connection = self.connection;
        match self.relay.down.pop_front() {
            Some(RelayFrame::Control(control)) => {
                if let Control::Subscribed { recovered, .. } = &control {
                    self.recovered = *recovered;
                }
                self.on(Input::Notice { connection, notice: control.into() });
            }
            Some(RelayFrame::Messages(messages)) => self.messages(messages),
            None => {}
        }
    }

    fn messages(&mut self, messages: Vec<Message<Position>>) {
        let deliveries: Vec<_> = self.machine.deliveries(self.connection, messages, self.now).collect();
        for delivery in deliveries {
            for subscription in self.machine.subscriptions(delivery.channel) {
                let told = self.told.get_mut(subscription).expect("a subscription that exists");
                let stream = &self.relay.streams[&told.channel];
                told.message(stream, delivery.message.payload.clone());
            }
        }
    }

    fn on(&mut self, input: Input) {
        self.machine.on(input, self.now);
        loop {
            let effects = self.machine.take_effects();
            if effects.is_empty() {
                return;
            }
            effects.into_iter().for_each(|effect| self.carry_out(effect));
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(connection) => {
                self.connection = connection;
                self.relay.is_open = true;
                self.machine.on(Input::Opened(connection), self.now);
            }
            Effect::Identify { connection, .. } => {
                let token = Some(Token::new("t"));
                let identity = Ok(Identity { token, visitor_token: None, is_renewable: true });
                self.machine.on(Input::Identified { connection, identity }, self.now);
            }
            Effect::Send(frame) if self.relay.is_open => self.relay.up.push_back(frame),
            Effect::Send(_) => {}
            Effect::Disconnect(connection) => {
                assert_eq!(connection, self.connection);
                self.relay.cut();
            }
            Effect::Connected => {
                assert!(!self.is_connected, "connected is told once per connection");
                self.is_connected = true;
            }
            Effect::Disconnected(_) => {
                assert!(self.is_connected, "only what was connected can be disconnected");
                self.is_connected = false;
            }
            Effect::Subscribed { subscription, continuity } => {
                let told = self.told.get_mut(&subscription).expect("it exists");
                let position = self.machine.position(&told.channel).cloned();
                match continuity {
                    Continuity::First => assert_eq!(told.position, None),
                    Continuity::Whole => {
                        assert_eq!((&told.position, self.recovered), (&position, Some(true)));
                    }
                    Continuity::Lost => {
                        assert!(told.position.is_some());
                        assert_ne!(self.recovered, Some(true), "a loss that the relay knows nothing of");
                    }
                }
                told.position = position;
            }
            Effect::Refused { subscription, failure } => {
                let is_lasting = !subscription.0.is_multiple_of(2);
                assert!(!(is_lasting && failure.recoverable), "it goes on");
                let told = self.told.remove(&subscription).expect("it existed");
                assert_eq!(told.position, None, "it was never live");
            }
            Effect::Interrupted { subscriptions, failure } => {
                assert!(failure.recoverable);
                let is_wanted = |subscription| self.told.contains_key(subscription);
                assert!(subscriptions.iter().all(is_wanted), "it exists");
            }
            Effect::Ended { subscriptions, .. } => {
                for subscription in subscriptions {
                    let told = self.told.remove(&subscription).expect("it existed");
                    assert!(told.position.is_some(), "it was live");
                }
            }
            Effect::Error(_) | Effect::KeepVisitorToken(_) => {}
        }
    }

    /// Lets the network be good until nothing is under way any more.
    pub(crate) fn settle(&mut self) {
        self.relay.refusing = None;
        for _ in 0..200 {
            while !self.relay.up.is_empty() || !self.relay.down.is_empty() {
                self.step(&Step::Up);
                self.step(&Step::Down);
            }
            let is_settled = self.told.values().all(|told| told.position.is_some());
            if is_settled && self.machine.state() == State::Live && self.is_answered() {
                return;
            }
            if self.told.is_empty() && self.machine.state() == State::Idle {
                return;
            }
            match self.machine.deadline() {
                Some(deadline) => self.now = self.now.max(deadline),
                None => panic!("nothing is planned in {:?}", self.machine.state()),
            }
            self.on(Input::Timer);
        }
        panic!("it does not settle: {:?}", self.told);
    }

    /// Publishes a message to every channel.
    pub(crate) fn publish_everywhere(&mut self) {
        for name in NAMES {
            self.relay.publish(&channel(name));
        }
    }

    /// Up to where each subscription was told its channel, and the newest message of that.
    pub(crate) fn told_and_published(&self) -> impl Iterator<Item = (Option<Position>, Position)> {
        self.told.values().map(|told| {
            let stream = &self.relay.streams[&told.channel];
            (told.position.clone(), stream.position(*stream.published.last().unwrap()))
        })
    }

    /// Whether the relay delivers every channel that is wanted.
    fn is_answered(&self) -> bool {
        self.relay.is_open && self.told.values().all(|told| self.relay.streams[&told.channel].is_held)
    }
}

impl Told {
    /// Checks that this is the message after the last one.
    fn message(&mut self, stream: &Stream, message: Position) {
        let before = self.position.clone().expect("nothing is delivered before it is live");
        assert_eq!(message.epoch, before.epoch, "a new life is told before its messages");
        let next = stream.published.iter().find(|offset| **offset > before.offset.get());
        assert_eq!(next, Some(&message.offset.get()), "the next one after {before:?}");
        self.position = Some(message);
    }
}
