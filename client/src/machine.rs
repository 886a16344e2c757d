//! The machine's public face: inputs in, effects out, and whom a message is for.

use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::close::Return;
use realtime_protocol::frame::{ChannelNumber, ClientFrame, Message};
use realtime_protocol::position::{Offset, Position};

use crate::effect::{Effect, Failure};
use crate::input::{ConnectionId, Identity, Input, SubscriptionId};
use crate::link::{Due, Link, Phase};
use crate::millis::Millis;
use crate::notice::Notice;
use crate::settings::{Settings, Times};
use crate::subscriptions::Subscriptions;
use crate::table::ChannelKey;

/// The WebSocket close code that stands for a connection lost without one (RFC 6455 section 7.4.1).
const ABNORMAL: u16 = 1006;

/// One client.
///
/// Times are spans since any fixed moment, and must not go backwards. After every input the driver carries out all
/// effects ([`Machine::next_effect`]) in order and then waits until [`Machine::deadline`] at the latest.
///
/// ```
/// use std::time::Duration;
/// use realtime_client::{Effect, Identity, Input, Machine, Patience, Settings, SubscriptionId};
/// use realtime_protocol::channel::Channel;
/// use realtime_protocol::frame::ClientFrame;
///
/// let mut machine = Machine::new(Settings::default(), 42);
/// let now = Duration::from_secs(1);
/// let subscription = SubscriptionId(1);
/// let channel = Channel::parse("chat", None)?;
/// machine.on(Input::Subscribe { subscription, channel, patience: Patience::Limited }, now);
///
/// let [Effect::Connect(connection), Effect::Identify { .. }] = machine.take_effects()[..] else {
///     panic!("it connects, and asks who the user is");
/// };
/// machine.on(Input::Opened(connection), now);
/// machine.on(Input::Identified { connection, identity: Ok(Identity::default()) }, now);
///
/// let effects = machine.take_effects();
/// assert!(matches!(effects[0], Effect::Send(ClientFrame::Hello { .. })));
/// assert!(matches!(effects[1], Effect::Send(ClientFrame::Subscribe { .. })));
/// # Ok::<(), realtime_protocol::channel::ChannelError>(())
/// ```
#[derive(Debug)]
pub struct Machine {
    link: Link,
    subscriptions: Subscriptions,
    effects: Vec<Effect>,
    /// Why the latest attempt failed, for those who ask why they are not connected.
    last_failure: String,
    /// Whether this outage has been reported.
    has_reported: bool,
}

/// What the machine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing is wanted, nothing is connected.
    Idle,
    /// A connection is being made.
    Connecting,
    /// The relay has welcomed this client.
    Live,
    /// The last connection was lost; the next attempt is planned.
    Waiting,
    /// The relay wants this client to stay away. A new subscribe or [`Input::Reconnect`] tries again.
    Closed,
}

/// A message and whom it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery<P> {
    /// The channel; [`Machine::subscriptions`] names its subscriptions.
    pub channel: ChannelKey,
    /// The message.
    pub message: Message<P>,
}

impl Machine {
    /// A machine at rest. The seed spreads its attempts to reconnect over time; give every client another.
    pub fn new(settings: Settings, seed: u64) -> Self {
        let times = Times::from(&settings);
        Self {
            link: Link::new(times, seed),
            subscriptions: Subscriptions::new(times, settings.requests_in_flight),
            effects: Vec::new(),
            last_failure: String::new(),
            has_reported: false,
        }
    }

    /// Takes in what has happened.
    pub fn on(&mut self, input: Input, now: Duration) {
        let is_stale = input.connection().is_some_and(|connection| !self.link.is_current(connection));
        if !is_stale {
            let now = now.into();
            self.take(input, now);
            self.link.settle(self.is_wanted(), now);
        }
    }

    /// Starts a channel at a position that was kept from an earlier life: its first request asks for everything
    /// since. For a channel that is wanted and has had no answer yet; any other stays as it is. When the answer's
    /// base is another position, messages may be lost ([`Machine::position`] tells).
    pub fn resume(&mut self, channel: &Channel, position: Position) {
        self.subscriptions.table.resume(channel, position);
    }

    /// What is to be done, in order. Inputs that a driver gives while it carries these out have their effects in the next
    /// answer: it asks until there are none.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// When to give [`Input::Timer`], unless something else happens first. A later deadline may be learned late: a
    /// driver that keeps an earlier timer does no harm.
    pub fn deadline(&mut self) -> Option<Duration> {
        let link = self.link.deadline();
        let subscriptions = self.subscriptions.deadline();
        [link, subscriptions].into_iter().flatten().min().map(Into::into)
    }

    /// Says that a frame of messages has come. False when it is of an earlier connection and counts for nothing.
    pub fn heard(&mut self, connection: ConnectionId, now: Duration) -> bool {
        let is_current = self.link.is_current(connection);
        if is_current {
            self.link.heard(now.into());
        }
        is_current
    }

    /// Whom one message of the current connection is for; `None` when it was delivered before, or nobody wants it.
    ///
    /// The hot path of a page: two look-ups, no allocation. Asking is accepting: ask once for each message, in
    /// order, and deliver.
    pub fn accept(&mut self, number: ChannelNumber, offset: Offset) -> Option<ChannelKey> {
        self.subscriptions.table.accept(number, offset)
    }

    /// A whole frame of messages: those to deliver, in order.
    pub fn deliveries<P>(
        &mut self,
        connection: ConnectionId,
        messages: Vec<Message<P>>,
        now: Duration,
    ) -> impl Iterator<Item = Delivery<P>> {
        let is_current = self.heard(connection, now);
        messages.into_iter().filter(move |_| is_current).filter_map(|message| {
            let channel = self.accept(message.number, message.offset)?;
            Some(Delivery { channel, message })
        })
    }

    /// The subscriptions of a channel, in the order of their coming.
    pub fn subscriptions(&self, channel: ChannelKey) -> &[SubscriptionId] {
        self.subscriptions.table.slot(channel).map_or(&[], |slot| &slot.subscriptions)
    }

    /// The channel behind a key.
    pub fn channel(&self, channel: ChannelKey) -> Option<&Channel> {
        self.subscriptions.table.slot(channel).map(|slot| &slot.channel)
    }

    /// The channel of a subscription, while it exists.
    pub fn channel_of(&self, subscription: SubscriptionId) -> Option<&Channel> {
        self.channel(self.subscriptions.table.membership(subscription)?.key)
    }

    /// Where a channel stands: everything up to here has been delivered. `None` before its first answer.
    pub fn position(&self, channel: &Channel) -> Option<&Position> {
        let key = self.subscriptions.table.key_of(channel)?;
        self.subscriptions.table.slot(key)?.position.as_ref()
    }

    /// What the machine is doing.
    pub const fn state(&self) -> State {
        match self.link.phase() {
            Phase::Idle => State::Idle,
            Phase::Closed => State::Closed,
            Phase::Waiting { .. } => State::Waiting,
            Phase::Connecting(_) => State::Connecting,
            Phase::Live(_) => State::Live,
        }
    }

    fn take(&mut self, input: Input, now: Millis) {
        match input {
            Input::Subscribe { subscription, channel, patience } => {
                self.subscriptions.subscribe(subscription, channel, patience, now, &mut self.effects);
                self.link.want(now, &mut self.effects);
            }
            Input::Unsubscribe(subscription) => {
                self.subscriptions.unsubscribe(subscription, &mut self.effects);
            }
            Input::Identified { identity, .. } => self.identified(identity, now),
            Input::Opened(_) => {
                let has_greeted = self.link.opened(&mut self.effects);
                self.ask_if(has_greeted, now);
            }
            Input::Notice { notice, .. } => {
                self.link.heard(now);
                self.notice(notice, now);
            }
            Input::Lost { code, reason, .. } => self.lost(code, &reason, now),
            Input::Timer => self.timer(now),
            Input::Wake => {
                self.timer(now);
                self.link.wake(now, &mut self.effects);
            }
            Input::Suspend => {
                self.subscriptions.disconnected();
                self.link
                    .suspend("the connection to the relay is left while the page is away", &mut self.effects);
            }
            Input::Reconnect => self.reconnect(now),
            Input::Close => {
                self.subscriptions.clear();
                // Whoever comes later may be somebody else.
                self.link.distrust();
                self.leave("the connection to the relay was closed");
            }
        }
    }

    fn identified(&mut self, identity: Result<Identity, String>, now: Millis) {
        match identity {
            // The token that is to be replaced is still in force, and another attempt follows before its end.
            Err(_) if self.link.is_live() => {}
            Ok(Identity { token: Some(token), .. }) if self.link.is_live() => {
                self.effects.push(Effect::Send(ClientFrame::Refresh { token }));
            }
            // There is a user no more. Somebody else, a visitor, needs a connection of their own.
            Ok(_) if self.link.is_live() => self.reconnect(now),
            Ok(identity) => {
                let has_greeted = self.link.identified(identity, now, &mut self.effects);
                self.ask_if(has_greeted, now);
            }
            Err(reason) => self.abandon(&reason, now),
        }
    }

    /// Asks for everything that is wanted right behind hello: waiting for the welcome would cost a round trip.
    fn ask_if(&mut self, has_greeted: bool, now: Millis) {
        if has_greeted {
            self.subscriptions.connected(now, &mut self.effects);
        }
    }

    fn notice(&mut self, notice: Notice, now: Millis) {
        let effects = &mut self.effects;
        match notice {
            Notice::Welcome { visitor_token, heartbeat, expires_in_ms } => {
                if !self.link.welcomed(heartbeat, expires_in_ms, now) {
                    return;
                }
                self.has_reported = false;
                self.last_failure.clear();
                effects.extend(visitor_token.map(Effect::KeepVisitorToken));
                effects.push(Effect::Connected);
            }
            // Nothing else counts before the welcome.
            _ if !self.link.is_live() => {}
            Notice::Subscribed { id, number, position, recovered } => {
                self.subscriptions.subscribed(id, number, position, recovered, effects);
                self.subscriptions.ask(now, effects);
            }
            Notice::Refused { id, status, message } => {
                let random = self.link.random();
                self.subscriptions.refused(id, status, &message, (now, random), effects);
                self.subscriptions.ask(now, effects);
            }
            Notice::Ended { number, status, message } => {
                let random = self.link.random();
                self.subscriptions.ended(number, status, &message, (now, random), effects);
            }
            Notice::Refreshed { expires_in_ms } => self.link.accepted(expires_in_ms, now),
            Notice::Other => {}
            Notice::Ping => effects.push(Effect::Send(ClientFrame::Pong)),
            Notice::Goodbye { retry_after_ms } => {
                self.link.goodbye(Millis::new(u64::from(retry_after_ms)));
            }
        }
    }

    fn timer(&mut self, now: Millis) {
        match self.link.due(now) {
            Due::Nothing => {}
            Due::Late => self.abandon(self.link.why_late(), now),
            Due::Silent => self.abandon("it has fallen silent", now),
            Due::Unwanted => self.leave("nothing is subscribed any more"),
            Due::Expiring => self.link.replace_token(now, &mut self.effects),
        }
        let reason = self.why_waiting();
        self.subscriptions.lose_patience(now, &reason, &mut self.effects);
        if self.subscriptions.give_up_requests(now, &mut self.effects) {
            self.abandon("it did not answer a subscribe", now);
        }
        if self.is_wanted() {
            self.link.connect_when_due(now, &mut self.effects);
        }
        self.subscriptions.wake_rested(now);
        self.subscriptions.ask(now, &mut self.effects);
    }

    /// Leaves a connection that is of no use.
    fn abandon(&mut self, reason: &str, now: Millis) {
        self.link.give_up(&mut self.effects);
        self.lost(ABNORMAL, reason, now);
    }

    fn lost(&mut self, code: u16, reason: &str, now: Millis) {
        let was_live = self.link.is_live();
        self.subscriptions.disconnected();
        let reason = if reason.is_empty() { "no reason given" } else { reason };
        self.last_failure = reason.into();
        match self.link.lost(code, self.is_wanted(), now) {
            Return::StayAway => self.stay_away(was_live, code, reason),
            Return::ComeBack if was_live => {
                let message = ["the connection to the relay is lost: ", reason].concat();
                self.effects.push(Effect::Disconnected(Failure::connection(&message, true)));
            }
            Return::ComeBack => self.report_outage(reason),
        }
    }

    fn stay_away(&mut self, was_live: bool, code: u16, reason: &str) {
        let message = ["the relay has closed the connection for good: ", reason, &in_brackets(code)].concat();
        let failure = Failure::connection(&message, false);
        let told = if was_live { Effect::Disconnected } else { Effect::Error };
        self.effects.push(told(failure.clone()));
        self.subscriptions.barred(&failure, &mut self.effects);
    }

    /// The loss itself has been told by `Disconnected`; that the way back is barred is an error, told once.
    fn report_outage(&mut self, reason: &str) {
        if self.has_reported || !self.subscriptions.has_live() {
            return;
        }
        self.has_reported = true;
        let message = ["cannot connect to the relay, trying again: ", reason].concat();
        self.effects.push(Effect::Error(Failure::connection(&message, true)));
    }

    fn reconnect(&mut self, now: Millis) {
        self.link.distrust();
        if let Phase::Idle = self.link.phase() {
            return;
        }
        self.leave("the connection to the relay is made anew");
        if self.is_wanted() {
            self.link.connect(now, &mut self.effects);
        }
    }

    /// Leaves the connection, if there is one, of our own accord.
    fn leave(&mut self, why: &str) {
        self.subscriptions.disconnected();
        self.link.leave(why, &mut self.effects);
    }

    fn is_wanted(&self) -> bool {
        !self.subscriptions.table.is_empty()
    }

    /// What to tell those who have waited for their first answer in vain.
    fn why_waiting(&self) -> String {
        match self.link.phase() {
            Phase::Live(_) => "the relay did not answer in time".into(),
            _ if self.last_failure.is_empty() => "cannot connect to the relay in time".into(),
            _ => ["cannot connect to the relay: ", &self.last_failure].concat(),
        }
    }
}

/// ` (4501)`, without the formatting machinery, which would weigh more in a page than this whole file.
fn in_brackets(code: u16) -> String {
    let mut text = String::from(" (");
    for power in [1000, 100, 10, 1] {
        text.push(char::from(b'0' + (code / power % 10) as u8));
    }
    text.push(')');
    text
}
