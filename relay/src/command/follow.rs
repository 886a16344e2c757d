//! What listening means: the client's state machine with channels and lines around it, without I/O.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use realtime_client::{
    ConnectionId, Continuity, Effect, Failure, Identity, Input, Machine, Patience, Settings, State,
    SubscriptionId,
};
use realtime_protocol::channel::Channel;
use realtime_protocol::codec::{read_relay_frame, write_client_frame};
use realtime_protocol::frame::{RelayFrame, Token};
use realtime_protocol::position::Position;

use super::line;
use super::transport::{Event, NO_CODE};

/// A channel to listen to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub channel: Channel,
    /// Where an earlier listener stood: everything since is wanted too.
    pub since: Option<Position>,
}

/// Something for the command to do, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Make a connection, and tell its events.
    Connect(ConnectionId),
    /// Send a frame on it.
    Send(String),
    /// Cut it.
    Disconnect,
    /// Write a line to standard output; it has its end.
    Print(String),
    /// Tell the person at the terminal.
    Say(String),
}

/// One listener. Times are spans since any fixed moment.
pub struct Follower {
    machine: Machine,
    identity: Identity,
    /// Those that have neither been refused nor ended.
    listening: BTreeMap<SubscriptionId, Wanted>,
    actions: VecDeque<Action>,
    has_been_connected: bool,
    has_lost_a_connection: bool,
    /// Why no connection can be made, told since the last one.
    hopeless: Option<String>,
}

impl Follower {
    /// Starts to listen. The seed spreads the attempts to reconnect.
    pub fn start(wanted: Vec<Wanted>, token: Option<Token>, seed: u64, now: Duration) -> Self {
        let mut follower = Self {
            machine: Machine::new(Settings::default(), seed),
            identity: Identity { token, visitor_token: None, is_renewable: false },
            listening: (1..).map(SubscriptionId).zip(wanted).collect(),
            actions: VecDeque::new(),
            has_been_connected: false,
            has_lost_a_connection: false,
            hopeless: None,
        };
        for (subscription, wanted) in follower.listening.clone() {
            let channel = wanted.channel.clone();
            let patience = Patience::Limited;
            follower.machine.on(Input::Subscribe { subscription, channel, patience }, now);
            if let Some(since) = wanted.since {
                follower.machine.resume(&wanted.channel, since);
            }
        }
        follower.take_effects(now);
        follower
    }

    /// Takes in what a connection brought.
    pub fn heard(&mut self, connection: ConnectionId, event: Event, now: Duration) {
        match event {
            Event::Opened => self.on(Input::Opened(connection), now),
            Event::Hopeless { why } => self.cannot_connect(connection, why, now),
            Event::Lost { code, reason } => self.on(Input::Lost { connection, code, reason }, now),
            Event::Frame(text) => match read_relay_frame(&text) {
                Ok(RelayFrame::Control(control)) => {
                    self.on(Input::Notice { connection, notice: control.into() }, now);
                }
                Ok(RelayFrame::Messages(messages)) => {
                    let deliveries: Vec<_> = self.machine.deliveries(connection, messages, now).collect();
                    for delivery in deliveries {
                        if let Some(channel) = self.machine.channel(delivery.channel) {
                            let epoch = self.machine.position(channel).map(|position| &position.epoch);
                            let line = line::write(channel, epoch, &delivery.message);
                            self.actions.push_back(Action::Print(line));
                        }
                    }
                }
                // Of a newer relay, perhaps: what this version does not know is skipped.
                Err(_) => {}
            },
        }
    }

    /// One that has never been connected gives up. Later it waits for somebody who puts the relay in order, and tells
    /// each reason once.
    fn cannot_connect(&mut self, connection: ConnectionId, why: String, now: Duration) {
        if self.hopeless.as_ref() != Some(&why) {
            self.say(format!("cannot connect to the relay: {why}"));
        }
        if self.has_been_connected {
            self.on(Input::Lost { connection, code: NO_CODE, reason: why.clone() }, now);
        } else {
            self.listening.clear();
        }
        self.hopeless = Some(why);
    }

    /// The time of [`Follower::deadline`] has come.
    pub fn timer(&mut self, now: Duration) {
        self.on(Input::Timer, now);
    }

    /// When to call [`Follower::timer`].
    pub fn deadline(&mut self) -> Option<Duration> {
        self.machine.deadline()
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Is there still something to listen to, and a relay that lets us?
    pub fn is_listening(&self) -> bool {
        !self.listening.is_empty() && self.machine.state() != State::Closed
    }

    fn on(&mut self, input: Input, now: Duration) {
        self.machine.on(input, now);
        self.take_effects(now);
    }

    fn take_effects(&mut self, now: Duration) {
        loop {
            let effects = self.machine.take_effects();
            if effects.is_empty() {
                return;
            }
            effects.into_iter().for_each(|effect| self.take(effect, now));
        }
    }

    fn take(&mut self, effect: Effect, now: Duration) {
        match effect {
            Effect::Connect(connection) => self.actions.push_back(Action::Connect(connection)),
            Effect::Identify { connection, .. } => {
                let identity = Ok(self.identity.clone());
                self.machine.on(Input::Identified { connection, identity }, now);
            }
            Effect::Send(frame) => self.actions.push_back(Action::Send(write_client_frame(&frame))),
            Effect::Disconnect(_) => self.actions.push_back(Action::Disconnect),
            Effect::Connected => self.connected(),
            Effect::Disconnected(failure) if failure.recoverable => {
                self.has_lost_a_connection = true;
                self.say("the connection is lost");
            }
            Effect::KeepVisitorToken(token) => self.identity.visitor_token = Some(token),
            Effect::Subscribed { subscription, continuity } => self.subscribed(subscription, continuity),
            Effect::Refused { subscription, failure } => self.ended(&[subscription], "refused", &failure),
            Effect::Ended { subscriptions, failure } => self.ended(&subscriptions, "ended", &failure),
            Effect::Disconnected(failure) | Effect::Error(failure) => self.say(failure.message),
            Effect::Interrupted { subscriptions, failure } => {
                for subscription in subscriptions {
                    if let Some(Wanted { channel, .. }) = self.listening.get(&subscription) {
                        self.say(format!("{channel}: {}", failure.message));
                    }
                }
            }
        }
    }

    fn connected(&mut self) {
        self.has_been_connected = true;
        self.hopeless = None;
        if self.has_lost_a_connection {
            self.say("connected again");
        }
    }

    fn subscribed(&mut self, subscription: SubscriptionId, continuity: Continuity) {
        let Some(Wanted { channel, since }) = self.listening.get(&subscription) else {
            return;
        };
        let base = self.machine.position(channel);
        let text = match (continuity, since) {
            (Continuity::Whole, _) => return,
            (Continuity::Lost, _) => {
                format!(
                    "{channel}: the relay cannot continue where this connection was lost: messages may be missing"
                )
            }
            (Continuity::First, Some(since)) if base != Some(since) => format!(
                "listening to {channel}; the relay cannot continue at {}:{}: messages may be missing",
                since.epoch.as_str(),
                since.offset.get()
            ),
            (Continuity::First, _) => format!("listening to {channel}"),
        };
        self.say(text);
    }

    fn ended(&mut self, subscriptions: &[SubscriptionId], what: &str, failure: &Failure) {
        for subscription in subscriptions {
            if let Some(Wanted { channel, .. }) = self.listening.remove(subscription) {
                // Without a status it was not the relay that refused: there is none to be reached.
                let what = failure.status.map_or_else(String::new, |_| format!("{what}: "));
                self.say(format!("{channel}: {what}{}", failure.message));
            }
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.actions.push_back(Action::Say(text.into()));
    }
}

#[cfg(test)]
#[path = "follow_test.rs"]
mod tests;
