//! A client against a model relay, over a network that cuts and delays at random: nothing is lost, doubled or out of
//! order, and what cannot be kept is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod common;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use common::{channel, welcome_for};
use proptest::prelude::*;
use realtime_client::{
    ConnectionId, Continuity, Effect, Identity, Input, Machine, Patience, Settings, State, SubscriptionId,
};
use realtime_protocol::channel::{Channel, UncheckedChannel};
use realtime_protocol::error::Status;
use realtime_protocol::frame::{ChannelNumber, ClientFrame, Control, Message, RelayFrame, Token};
use realtime_protocol::position::{Epoch, Offset, Position};

const NAMES: [&str; 3] = ["a", "a/r", "b"];

/// For how long a token holds: short enough that it is replaced between the other things that happen.
const TOKEN_MS: u64 = 30_000;

/// One thing that happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Subscribe(usize),
    Unsubscribe(usize),
    Publish(usize),
    /// The relay reads the client's next frame.
    Up,
    /// The client reads the relay's next frame.
    Down,
    /// Both directions are lost and the client learns of it, by this close code.
    Cut(u16),
    /// Both directions are lost and nobody says so.
    CutSilently,
    /// The relay starts anew, without its streams.
    Restart,
    /// The relay forgets old messages.
    Trim(usize),
    /// The relay refuses the next subscribe.
    Refuse(bool),
    Pass(u16),
    Wake,
    /// The page is put away for so long.
    Sleep(u16),
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<usize>().prop_map(Step::Subscribe),
        2 => any::<usize>().prop_map(Step::Unsubscribe),
        12 => any::<usize>().prop_map(Step::Publish),
        12 => Just(Step::Up),
        16 => Just(Step::Down),
        2 => prop::sample::select(vec![1006, 4000, 4006, 4007, 4008]).prop_map(Step::Cut),
        1 => Just(Step::CutSilently),
        1 => Just(Step::Restart),
        1 => any::<usize>().prop_map(Step::Trim),
        1 => any::<bool>().prop_map(Step::Refuse),
        3 => (1u16..5_000).prop_map(Step::Pass),
        1 => Just(Step::Wake),
        1 => (1u16..50_000).prop_map(Step::Sleep),
        1 => Just(Step::Reconnect),
    ]
}

/// What was published to a channel, named by its place.
#[derive(Debug, Clone)]
struct Stream {
    number: u64,
    epoch: u64,
    published: Vec<u64>,
    /// How many of them the relay has forgotten.
    forgotten: usize,
    is_held: bool,
}

/// A relay with one client, and the frames under way between them.
struct Relay {
    streams: BTreeMap<Channel, Stream>,
    lives: u64,
    refusing: Option<Status>,
    is_open: bool,
    awaits_pong: bool,
    up: VecDeque<ClientFrame>,
    down: VecDeque<RelayFrame<Position>>,
}

impl Relay {
    fn new() -> Self {
        let mut relay = Self {
            streams: BTreeMap::new(),
            lives: 0,
            refusing: None,
            awaits_pong: false,
            is_open: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
        };
        relay.restart();
        relay
    }

    fn restart(&mut self) {
        self.cut();
        self.lives += 1;
        self.streams = NAMES
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let stream = Stream {
                    // A restarted relay numbers its channels differently.
                    number: (index as u64 + self.lives) % 3,
                    epoch: self.lives,
                    published: Vec::new(),
                    forgotten: 0,
                    is_held: false,
                };
                (channel(name), stream)
            })
            .collect();
    }

    fn cut(&mut self) {
        self.is_open = false;
        self.awaits_pong = false;
        self.up.clear();
        self.down.clear();
        self.streams.values_mut().for_each(|s| s.is_held = false);
    }

    fn publish(&mut self, channel: &Channel) {
        let stream = self.streams.get_mut(channel).unwrap();
        // Offsets jump: a distance means nothing.
        let offset = stream.published.last().map_or(1, |last| last + 1 + last % 3);
        stream.published.push(offset);
        if stream.is_held {
            let message = stream.message(offset);
            match self.down.back_mut() {
                Some(RelayFrame::Messages(messages)) if offset.is_multiple_of(2) => messages.push(message),
                _ => self.down.push_back(RelayFrame::Messages(vec![message])),
            }
        }
    }

    fn read(&mut self, frame: ClientFrame) {
        match frame {
            ClientFrame::Hello { .. } => self.say(welcome_for(TOKEN_MS)),
            ClientFrame::Subscribe { id, channel, position } => {
                if let Some(status) = self.refusing.take() {
                    self.say(Control::Refused {
                        id,
                        code: status.error_code(),
                        status,
                        message: "no".into(),
                    });
                    return;
                }
                let (reply, missed) = self.attach(&channel, position);
                let number = ChannelNumber(self.stream(&channel).number);
                self.say(Control::Subscribed { id, number, position: reply.0, recovered: reply.1 });
                if !missed.is_empty() {
                    self.down.push_back(RelayFrame::Messages(missed));
                }
            }
            ClientFrame::Unsubscribe { id, channel } => {
                self.stream(&channel).is_held = false;
                self.say(Control::Unsubscribed { id });
            }
            ClientFrame::Refresh { .. } => self.say(Control::Refreshed { expires_in_ms: Some(TOKEN_MS) }),
            ClientFrame::Pong => {
                self.awaits_pong = !self.awaits_pong;
                if self.awaits_pong {
                    self.say(Control::Ping);
                }
            }
        }
    }

    /// The reply's position and whether everything missed follows; and what follows.
    fn attach(
        &mut self,
        channel: &UncheckedChannel,
        position: Option<Position>,
    ) -> ((Position, Option<bool>), Vec<Message<Position>>) {
        let stream = self.stream(channel);
        stream.is_held = true;
        let head = stream.published.last().copied().unwrap_or(0);
        let Some(position) = position else {
            return ((stream.position(head), None), Vec::new());
        };
        let floor = stream.forgotten.checked_sub(1).map_or(0, |at| stream.published[at]);
        let is_same_life = position.epoch == stream.position(0).epoch;
        let (base, is_whole) = match position.offset.get() {
            offset if is_same_life && offset >= floor => (offset, true),
            // A stream that was forgotten in part goes on at its head, a new one is told from its start.
            _ if floor > 0 => (head, false),
            _ => (0, false),
        };
        // One more than was asked for: the client drops what it has. Where nothing is lost it goes by its own position,
        // whatever the reply says.
        let missed = stream
            .published
            .iter()
            .filter(|offset| **offset > base || is_whole && **offset == base)
            .map(|offset| stream.message(*offset))
            .collect();
        let told = if is_whole { head } else { base };
        ((stream.position(told), Some(is_whole)), missed)
    }

    fn stream(&mut self, channel: &UncheckedChannel) -> &mut Stream {
        self.streams.get_mut(&channel.check().unwrap()).unwrap()
    }

    fn say(&mut self, control: Control) {
        self.down.push_back(RelayFrame::Control(control));
    }
}

impl Stream {
    fn position(&self, offset: u64) -> Position {
        Position { epoch: Epoch::from_bits(self.epoch), offset: Offset::new(offset).unwrap() }
    }

    fn message(&self, offset: u64) -> Message<Position> {
        Message {
            number: ChannelNumber(self.number),
            offset: Offset::new(offset).unwrap(),
            payload: self.position(offset),
            publisher: None,
        }
    }
}

/// What one subscription has been told.
#[derive(Debug)]
struct Told {
    channel: Channel,
    /// Everything up to here; `None` before it was live.
    position: Option<Position>,
}

/// The client, the relay, and what every subscription is entitled to.
struct World {
    machine: Machine,
    relay: Relay,
    now: Duration,
    connection: ConnectionId,
    next: u32,
    told: BTreeMap<SubscriptionId, Told>,
    is_connected: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            machine: Machine::new(Settings::default(), seed),
            relay: Relay::new(),
            now: Duration::from_secs(10),
            connection: ConnectionId(0),
            next: 0,
            told: BTreeMap::new(),
            is_connected: false,
        }
    }

    fn step(&mut self, step: &Step) {
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
                    Continuity::Whole => assert_eq!(told.position, position),
                    Continuity::Lost => assert!(told.position.is_some()),
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
    fn settle(&mut self) {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_out_of_order(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let mut world = World::new(seed);
        for step in &steps {
            world.step(step);
        }
        world.settle();
        for name in NAMES {
            world.relay.publish(&channel(name));
        }
        world.settle();
        for told in world.told.values() {
            let stream = &world.relay.streams[&told.channel];
            let last = stream.position(*stream.published.last().unwrap());
            prop_assert_eq!(told.position.as_ref(), Some(&last), "everything has come");
        }
    }
}
