//! A client: the client crate's machine, with a socket and a clock, as the browser SDK and `relay subscribe` have it.

use std::net::SocketAddr;

use realtime_client::{
    ConnectionId, Continuity, Effect, Identity, Input, Machine, Patience, Settings, SubscriptionId,
};
use realtime_protocol::channel::Channel;
use realtime_protocol::codec::{RawPayload, read_relay_frame, write_client_frame};
use realtime_protocol::frame::{Message, RelayFrame, Token};
use realtime_protocol::position::Position;
use realtime_relay::clock::Clock;
use realtime_relay::command::dial::Way;
use realtime_relay::command::transport::{Event, NO_CODE, Transport};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Events that may wait: what the connection reads ahead.
const MAX_EVENTS: usize = 16;

/// What a client is.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the relay is at the moment, or what stands in front of it.
    pub relay: watch::Receiver<SocketAddr>,
    /// What to subscribe to, for as long as it takes.
    pub channels: Vec<Channel>,
    /// Who it is; a visitor without.
    pub token: Option<Token>,
    /// How patient it is.
    pub settings: Settings,
    /// Spreads its attempts.
    pub seed: u64,
}

/// What a client sees.
#[derive(Debug)]
pub enum Seen<'a> {
    /// The relay has welcomed it.
    Up,
    /// A connection that was up is lost.
    Down,
    /// A subscription is live.
    Subscribed {
        /// To what.
        channel: &'a Channel,
        /// Whether what was missed follows.
        continuity: Continuity,
        /// Where it stands.
        position: &'a Position,
    },
    /// A subscription was refused, or has ended.
    Denied {
        /// To what.
        channel: &'a Channel,
    },
    /// A message is delivered.
    Delivered {
        /// In which channel.
        channel: &'a Channel,
        /// Where it stands.
        position: &'a Position,
        /// The payload's JSON text.
        payload: &'a str,
    },
}

enum Order {
    Wake,
    Leave,
}

/// A client on a task of its own. Dropped, it is gone without a farewell.
#[derive(Debug)]
pub struct Client {
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

impl Client {
    /// Starts to listen. `tell` is called with everything that it sees, in order.
    pub fn start(config: Config, tell: impl FnMut(Seen<'_>) + Send + 'static) -> Self {
        let (orders, ordered) = mpsc::channel(4);
        let task = tokio::spawn(Driver::start(config, tell).run(ordered));
        Self { orders, task }
    }

    /// Tells it that the outside world has changed, as a browser's `online` does.
    pub fn wake(&self) {
        // A client with orders waiting is awake.
        let _ = self.orders.try_send(Order::Wake);
    }

    /// Closes the connection in good order.
    pub async fn leave(mut self) {
        let _ = self.orders.send(Order::Leave).await;
        // A task that panicked has told so.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Driver<T> {
    machine: Machine,
    relay: watch::Receiver<SocketAddr>,
    channels: Vec<Channel>,
    identity: Identity,
    transport: Option<(ConnectionId, Transport)>,
    events: mpsc::Receiver<(ConnectionId, Event)>,
    bring: mpsc::Sender<(ConnectionId, Event)>,
    clock: Clock,
    tell: T,
}

impl<T: FnMut(Seen<'_>) + Send> Driver<T> {
    fn start(config: Config, tell: T) -> Self {
        let (bring, events) = mpsc::channel(MAX_EVENTS);
        let mut driver = Self {
            machine: Machine::new(config.settings, config.seed),
            relay: config.relay,
            channels: config.channels,
            identity: Identity { token: config.token, visitor_token: None, is_renewable: false },
            transport: None,
            events,
            bring,
            clock: Clock::start(),
            tell,
        };
        for (subscription, channel) in (1..).map(SubscriptionId).zip(driver.channels.clone()) {
            driver.on(Input::Subscribe { subscription, channel, patience: Patience::Unlimited });
        }
        driver
    }

    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            self.carry_out();
            let wait = self.machine.deadline().map(|deadline| deadline.saturating_sub(self.clock.now()));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Wake) => self.on(Input::Wake),
                    Some(Order::Leave) | None => break,
                },
                Some((connection, event)) = self.events.recv() => self.heard(connection, event),
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => self.on(Input::Timer),
            }
        }
        if let Some((_, transport)) = self.transport {
            transport.close().await;
        }
    }

    fn on(&mut self, input: Input) {
        self.machine.on(input, self.clock.now());
    }

    fn heard(&mut self, connection: ConnectionId, event: Event) {
        match event {
            Event::Opened => self.on(Input::Opened(connection)),
            Event::Lost { code, reason } => self.on(Input::Lost { connection, code, reason }),
            // Whatever a fault has made of a handshake, the next one is another.
            Event::Hopeless { why } => {
                self.on(Input::Lost { connection, code: NO_CODE, reason: why });
            }
            Event::Frame(text) => match read_relay_frame(&text) {
                Ok(RelayFrame::Control(control)) => {
                    self.on(Input::Notice { connection, notice: control.into() });
                }
                Ok(RelayFrame::Messages(messages)) => self.messages(connection, messages),
                // A frame that cannot be read brings nothing, and the messages in it are missed by the judge.
                Err(_) => {}
            },
        }
    }

    fn messages(&mut self, connection: ConnectionId, messages: Vec<Message<RawPayload>>) {
        if !self.machine.heard(connection, self.clock.now()) {
            return;
        }
        for message in messages {
            let Some(key) = self.machine.accept(message.number, message.offset) else {
                continue;
            };
            let channel = self.machine.channel(key);
            if let Some((channel, position)) = channel.and_then(|it| Some((it, self.machine.position(it)?))) {
                (self.tell)(Seen::Delivered { channel, position, payload: message.payload.get() });
            }
        }
    }

    fn carry_out(&mut self) {
        loop {
            let effects = self.machine.take_effects();
            if effects.is_empty() {
                return;
            }
            effects.into_iter().for_each(|effect| self.take(effect));
        }
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(connection) => {
                let way = Way::plain(*self.relay.borrow());
                self.transport = Some((connection, Transport::open(way, connection, self.bring.clone())));
            }
            Effect::Identify { connection, .. } => {
                let identity = Ok(self.identity.clone());
                self.on(Input::Identified { connection, identity });
            }
            Effect::Send(frame) => self.send(write_client_frame(&frame)),
            Effect::Disconnect(_) => self.transport = None,
            Effect::KeepVisitorToken(token) => self.identity.visitor_token = Some(token),
            Effect::Connected => (self.tell)(Seen::Up),
            Effect::Disconnected(_) => (self.tell)(Seen::Down),
            Effect::Subscribed { subscription, continuity } => {
                let channel = self.machine.channel_of(subscription);
                if let Some((channel, position)) =
                    channel.and_then(|it| Some((it, self.machine.position(it)?)))
                {
                    (self.tell)(Seen::Subscribed { channel, continuity, position });
                }
            }
            Effect::Refused { subscription, .. } => self.denied(&[subscription]),
            Effect::Ended { subscriptions, .. } => self.denied(&subscriptions),
            Effect::Error(_) | Effect::Interrupted { .. } => {}
        }
    }

    /// Subscriptions are numbered from 1 in the order of the channels.
    fn denied(&mut self, subscriptions: &[SubscriptionId]) {
        for SubscriptionId(number) in subscriptions {
            let index = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
            if let Some(channel) = index.and_then(|index| self.channels.get(index)) {
                (self.tell)(Seen::Denied { channel });
            }
        }
    }

    fn send(&mut self, frame: String) {
        let Some((connection, transport)) = &self.transport else {
            return;
        };
        if !transport.send(frame) {
            let (connection, reason) = (*connection, "it takes no more frames".to_owned());
            self.on(Input::Lost { connection, code: NO_CODE, reason });
            self.transport = None;
        }
    }
}
