//! A client on a virtual clock, and short names for what the tests say again and again.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its own part of this")]

use std::time::Duration;

use realtime_client::{
    ConnectionId, Effect, Failure, Identity, Input, Machine, Patience, Settings, SubscriptionId,
};
use realtime_protocol::channel::{Channel, UncheckedChannel};
use realtime_protocol::error::{ErrorCode, Status};
use realtime_protocol::frame::{ChannelNumber, ClientFrame, Control, Heartbeat, Message, RequestId};
use realtime_protocol::position::{Epoch, Offset, Position};
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};

pub const SECOND: Duration = Duration::from_secs(1);

pub const HEARTBEAT: Heartbeat = Heartbeat { interval_ms: 25_000, timeout_ms: 10_000 };

pub struct Client {
    pub machine: Machine,
    pub now: Duration,
    pub connection: ConnectionId,
    /// The questions for an identity: whether each is to be another one than before. They are no part of the effects that
    /// are given back, since most tests are not about them.
    pub identify: Vec<bool>,
}

impl Client {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Self {
        Self {
            machine: Machine::new(settings, 42),
            now: Duration::from_secs(1_000),
            connection: ConnectionId(0),
            identify: Vec::new(),
        }
    }

    /// Gives one input and takes all effects.
    pub fn on(&mut self, input: Input) -> Vec<Effect> {
        self.machine.on(input, self.now);
        self.effects()
    }

    pub fn effects(&mut self) -> Vec<Effect> {
        let mut effects = self.machine.take_effects();
        effects.retain(|effect| match effect {
            Effect::Connect(connection) => {
                self.connection = *connection;
                true
            }
            Effect::Identify { connection, renew } => {
                // One that is asked for first comes before its transport.
                self.connection = *connection;
                self.identify.push(*renew);
                false
            }
            _ => true,
        });
        effects
    }

    pub fn subscribe(&mut self, subscription: u32, name: &str) -> Vec<Effect> {
        self.subscribe_with(Patience::Limited, subscription, name)
    }

    pub fn subscribe_with(&mut self, patience: Patience, subscription: u32, name: &str) -> Vec<Effect> {
        let subscription = SubscriptionId(subscription);
        self.on(Input::Subscribe { subscription, channel: channel(name), patience })
    }

    pub fn unsubscribe(&mut self, subscription: u32) -> Vec<Effect> {
        self.on(Input::Unsubscribe(SubscriptionId(subscription)))
    }

    pub fn control(&mut self, control: Control) -> Vec<Effect> {
        let connection = self.connection;
        self.on(Input::Notice { connection, notice: control.into() })
    }

    pub fn lost(&mut self, code: u16) -> Vec<Effect> {
        let connection = self.connection;
        self.on(Input::Lost { connection, code, reason: "cut".into() })
    }

    /// From an attempt to the relay's welcome.
    pub fn welcome(&mut self) -> Vec<Effect> {
        let connection = self.connection;
        let identity = Ok(Identity::default());
        let mut effects = self.on(Input::Opened(connection));
        effects.extend(self.on(Input::Identified { connection, identity }));
        effects.extend(self.control(welcome()));
        effects
    }

    /// A client with this one subscription live, at offset 0 of epoch `e` under number 7.
    pub fn live(subscription: u32, name: &str) -> Self {
        let mut client = Self::new();
        client.subscribe(subscription, name);
        client.welcome();
        client.control(subscribed(1, 7, 0));
        assert_eq!(client.position(name), Some(0));
        client
    }

    /// Lets time pass up to the next deadline, and says that it has come.
    pub fn wait(&mut self) -> Vec<Effect> {
        let deadline = self.machine.deadline().expect("something is planned");
        self.now = self.now.max(deadline);
        self.on(Input::Timer)
    }

    pub fn pass(&mut self, span: Duration) -> Vec<Effect> {
        self.now += span;
        self.on(Input::Timer)
    }

    /// Waits until the next attempt begins; gives everything that happened meanwhile.
    pub fn wait_for_attempt(&mut self) -> Vec<Effect> {
        let before = self.connection;
        let mut effects = Vec::new();
        for _ in 0..20 {
            effects.extend(self.wait());
            if self.connection != before {
                return effects;
            }
        }
        panic!("no attempt came: {effects:?}");
    }

    /// The subscriptions that one message goes to.
    pub fn message(&mut self, number: u64, offset: u64) -> Vec<u32> {
        let message = Message {
            number: ChannelNumber(number),
            offset: Offset::new(offset).unwrap(),
            payload: (),
            publisher: None,
        };
        let deliveries: Vec<_> = self.machine.deliveries(self.connection, vec![message], self.now).collect();
        deliveries.iter().flat_map(|d| self.machine.subscriptions(d.channel)).map(|s| s.0).collect()
    }

    pub fn position(&self, name: &str) -> Option<u64> {
        self.machine.position(&channel(name)).map(|p| p.offset.get())
    }
}

pub fn channel(name: &str) -> Channel {
    let (name, resource) = name.split_once('/').unwrap_or((name, ""));
    Channel::parse(name, Some(resource)).unwrap()
}

pub fn position(epoch: &str, offset: u64) -> Position {
    Position { epoch: Epoch::parse(epoch).unwrap(), offset: Offset::new(offset).unwrap() }
}

pub fn welcome() -> Control {
    Control::Welcome {
        session: "s".into(),
        subscriber: Subscriber { id: UserId::parse("u").unwrap(), kind: SubscriberType::Visitor },
        visitor_token: None,
        heartbeat: HEARTBEAT,
        expires_in_ms: None,
    }
}

/// A welcome that takes the token for so long.
pub fn welcome_for(expires_in_ms: impl Into<Option<u64>>) -> Control {
    let Control::Welcome { session, subscriber, visitor_token, heartbeat, .. } = welcome() else {
        unreachable!()
    };
    Control::Welcome { session, subscriber, visitor_token, heartbeat, expires_in_ms: expires_in_ms.into() }
}

pub fn subscribed(id: u32, number: u64, offset: u64) -> Control {
    Control::Subscribed {
        id: RequestId(id),
        number: ChannelNumber(number),
        position: position("e", offset),
        recovered: None,
    }
}

pub fn recovered(id: u32, number: u64, at: Position, recovered: bool) -> Control {
    Control::Subscribed {
        id: RequestId(id),
        number: ChannelNumber(number),
        position: at,
        recovered: Some(recovered),
    }
}

pub fn refused(id: u32, status: Status) -> Control {
    Control::Refused { id: RequestId(id), code: status.error_code(), status, message: "no".into() }
}

pub fn asks(id: u32, name: &str, position: Option<Position>) -> Effect {
    Effect::Send(ClientFrame::Subscribe {
        id: RequestId(id),
        channel: UncheckedChannel::from(&channel(name)),
        position,
    })
}

pub fn leaves(id: u32, name: &str) -> Effect {
    Effect::Send(ClientFrame::Unsubscribe {
        id: RequestId(id),
        channel: UncheckedChannel::from(&channel(name)),
    })
}

pub fn live(subscription: u32, continuity: realtime_client::Continuity) -> Effect {
    Effect::Subscribed { subscription: SubscriptionId(subscription), continuity }
}

/// The failures of refused subscriptions.
pub fn refusals(effects: &[Effect]) -> Vec<(u32, Failure)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Refused { subscription, failure } => Some((subscription.0, failure.clone())),
            _ => None,
        })
        .collect()
}

/// The error events.
pub fn errors(effects: &[Effect]) -> Vec<(ErrorCode, String)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Disconnected(failure) if failure.recoverable => None,
            Effect::Error(failure)
            | Effect::Disconnected(failure)
            | Effect::Interrupted { failure, .. }
            | Effect::Ended { failure, .. } => Some((failure.code, failure.message.clone())),
            _ => None,
        })
        .collect()
}

/// The loss of a connection after which another one follows by itself.
pub fn disconnected(message: &str) -> Effect {
    Effect::Disconnected(Failure {
        code: ErrorCode::Connection,
        message: message.into(),
        status: None,
        recoverable: true,
    })
}

/// The subscriptions that are told of a failure and go on, and why.
pub fn interruptions(effects: &[Effect]) -> Vec<(Vec<u32>, Failure)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Interrupted { subscriptions, failure } => {
                Some((subscriptions.iter().map(|s| s.0).collect(), failure.clone()))
            }
            _ => None,
        })
        .collect()
}

pub fn requests(effects: &[Effect]) -> Vec<u32> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(ClientFrame::Subscribe { id, .. }) => Some(id.0),
            _ => None,
        })
        .collect()
}
