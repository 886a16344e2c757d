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
mod tests {
    use super::*;
    use crate::command::channel;

    const NOW: Duration = Duration::from_secs(1);
    const WELCOME: &str = r#"{"type":"welcome","session":"s","subscriber":{"id":"v","type":"Visitor"},"visitorToken":"t","heartbeat":{"intervalMs":25000,"timeoutMs":10000}}"#;

    fn position(offset: u64) -> Position {
        serde_json::from_value(serde_json::json!({"epoch": "e", "offset": offset})).unwrap()
    }

    fn follower(wanted: &[(&str, Option<u64>)]) -> Follower {
        let wanted = wanted.iter().map(|(name, since)| Wanted {
            channel: channel::parse(name).unwrap(),
            since: since.map(position),
        });
        Follower::start(wanted.collect(), None, 7, NOW)
    }

    fn actions(follower: &mut Follower) -> Vec<Action> {
        std::iter::from_fn(|| follower.next_action()).collect()
    }

    /// Connects; returns the frames that are sent behind hello.
    fn connect(follower: &mut Follower) -> (ConnectionId, Vec<String>) {
        let connection = actions(follower).into_iter().find_map(|action| match action {
            Action::Connect(connection) => Some(connection),
            _ => None,
        });
        let connection = connection.expect("a connection is wanted");
        follower.heard(connection, Event::Opened, NOW);
        follower.heard(connection, Event::Frame(WELCOME.to_owned()), NOW);
        let sent = actions(follower).into_iter().filter_map(|action| match action {
            Action::Send(frame) => Some(frame),
            _ => None,
        });
        (connection, sent.collect())
    }

    fn hear(follower: &mut Follower, connection: ConnectionId, frame: &str) -> Vec<Action> {
        follower.heard(connection, Event::Frame(frame.to_owned()), NOW);
        actions(follower)
    }

    fn says(text: &str) -> Vec<Action> {
        vec![Action::Say(text.to_owned())]
    }

    #[test]
    fn a_message_is_a_line_once() {
        let mut follower = follower(&[("chat/7", None)]);
        let (connection, sent) = connect(&mut follower);
        assert_eq!(sent[1], r#"{"type":"subscribe","id":1,"channel":{"name":"chat","resourceId":"7"}}"#);
        let reply = r#"{"type":"subscribed","id":1,"number":3,"position":{"epoch":"e","offset":4}}"#;
        assert_eq!(hear(&mut follower, connection, reply), says("listening to chat/7"));
        let line = r#"{"channel":{"name":"chat","resourceId":"7"},"epoch":"e","offset":5,"payload":1.0}"#;
        let frame = "[[3,4,0],[3,5,1.0],[3,5,1.0],[9,6,1]]";
        assert_eq!(hear(&mut follower, connection, frame), [Action::Print(format!("{line}\n"))]);
        assert_eq!(hear(&mut follower, connection, r#"{"type":"news of a later version"}"#), []);
    }

    #[test]
    fn a_position_is_asked_for_and_whether_it_could_be_continued_is_told() {
        let frame = |recovered| {
            format!(
                r#"{{"type":"subscribed","id":1,"number":3,"position":{{"epoch":"e","offset":9}},"recovered":{recovered}}}"#
            )
        };
        let texts = [
            (true, "listening to chat"),
            (false, "listening to chat; the relay cannot continue at e:5: messages may be missing"),
        ];
        for (recovered, text) in texts {
            let mut follower = follower(&[("chat", Some(5))]);
            let (connection, sent) = connect(&mut follower);
            assert!(sent[1].ends_with(r#""position":{"epoch":"e","offset":5}}"#), "{}", sent[1]);
            assert_eq!(hear(&mut follower, connection, &frame(recovered)), says(text));
            let lines = hear(&mut follower, connection, "[[3,6,1]]").len();
            assert_eq!(lines, usize::from(recovered));
        }
    }

    #[test]
    fn a_refused_channel_is_told_and_the_others_go_on_until_none_is_left() {
        let mut follower = follower(&[("a", None), ("b", None)]);
        let (connection, _) = connect(&mut follower);
        let refused = r#"{"type":"refused","id":1,"code":2,"status":403,"message":"no"}"#;
        assert_eq!(hear(&mut follower, connection, refused), says("a: refused: no"));
        assert!(follower.is_listening());
        hear(
            &mut follower,
            connection,
            r#"{"type":"subscribed","id":2,"number":3,"position":{"epoch":"e","offset":0}}"#,
        );
        let ended = r#"{"type":"ended","number":3,"status":403,"message":"no more"}"#;
        assert_eq!(hear(&mut follower, connection, ended), says("b: ended: no more"));
        assert!(!follower.is_listening());
    }

    #[test]
    fn a_lost_connection_is_made_again_for_the_same_visitor_and_goes_on_where_it_stood() {
        let mut follower = follower(&[("a", None)]);
        let (connection, sent) = connect(&mut follower);
        assert_eq!(sent[0], r#"{"type":"hello"}"#);
        hear(
            &mut follower,
            connection,
            r#"{"type":"subscribed","id":1,"number":3,"position":{"epoch":"e","offset":0}}"#,
        );
        hear(&mut follower, connection, "[[3,1,true]]");
        follower.heard(connection, Event::Lost { code: 1006, reason: String::new() }, NOW);
        assert_eq!(actions(&mut follower), says("the connection is lost"));
        let later = follower.deadline().unwrap();
        follower.timer(later);
        let (_, sent) = connect(&mut follower);
        assert_eq!(sent[0], r#"{"type":"hello","visitorToken":"t"}"#);
        assert!(sent[1].ends_with(r#""position":{"epoch":"e","offset":1}}"#), "{}", sent[1]);
    }

    #[test]
    fn a_relay_that_cannot_be_reached_is_waited_for_a_while_and_not_for_ever() {
        let mut follower = follower(&[("a", None)]);
        let mut now = NOW;
        let mut told = Vec::new();
        while follower.is_listening() {
            for action in actions(&mut follower) {
                match action {
                    Action::Connect(connection) => {
                        follower.heard(
                            connection,
                            Event::Lost { code: 1006, reason: "closed".to_owned() },
                            now,
                        );
                    }
                    action => told.push(action),
                }
            }
            now = follower.deadline().expect("something is waited for");
            follower.timer(now);
        }
        told.extend(actions(&mut follower).into_iter().filter(|action| matches!(action, Action::Say(_))));
        assert_eq!(told, says("a: cannot connect to the relay: closed"));
        assert_eq!(now - NOW, Settings::default().subscribe_timeout);
    }

    #[test]
    fn what_is_hopeless_ends_it_at_once_unless_there_has_been_a_connection() {
        let wrong = || Event::Hopeless { why: "its certificate ended today".to_owned() };
        let said = || says("cannot connect to the relay: its certificate ended today");
        let mut fresh = follower(&[("a", None)]);
        let [Action::Connect(connection)] = actions(&mut fresh)[..] else { panic!("it connects") };
        fresh.heard(connection, wrong(), NOW);
        assert_eq!((actions(&mut fresh), fresh.is_listening()), (said(), false));

        let mut known = follower(&[("a", None)]);
        let (connection, _) = connect(&mut known);
        known.heard(connection, Event::Lost { code: 1006, reason: String::new() }, NOW);
        actions(&mut known);
        let mut told = Vec::new();
        for _ in 0..3 {
            let now = known.deadline().unwrap();
            known.timer(now);
            let [Action::Connect(connection)] = actions(&mut known)[..] else { panic!("it tries again") };
            known.heard(connection, wrong(), now);
            told.extend(actions(&mut known));
        }
        assert_eq!((told, known.is_listening()), (said(), true));
        let now = known.deadline().unwrap();
        known.timer(now);
        connect(&mut known);
        assert_eq!(known.hopeless, None, "it would be told again");
    }

    #[test]
    fn a_relay_that_wants_us_to_stay_away_ends_it() {
        let mut follower = follower(&[("a", None)]);
        let (connection, _) = connect(&mut follower);
        follower.heard(connection, Event::Lost { code: 4501, reason: "bad token".to_owned() }, NOW);
        assert!(!follower.is_listening());
        let told = format!("{:?}", actions(&mut follower));
        assert!(told.contains("bad token (4501)"), "{told}");
    }
}
