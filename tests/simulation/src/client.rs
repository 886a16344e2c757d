//! A page: the product's client, and an application that subscribes and leaves as it likes.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use realtime_client::{
    ConnectionId, Effect, Identity, Input, Machine, Patience, Settings, State, SubscriptionId,
};
use realtime_protocol::codec::{read_relay_frame, write_client_frame};
use realtime_protocol::frame::{Control, RelayFrame, Token};
use realtime_protocol::subscriber::UserId;

use crate::context::Context;
use crate::event::Event;
use crate::network::{Arrived, LinkId, MASKED_CLOSE, masked_text, take_message};
use crate::outside::Outside;

/// Attempts to connect that a client may make in a minute, whatever happens.
const MAX_CONNECTS_PER_MINUTE: usize = 30;

/// One client.
pub(crate) struct Client {
    index: usize,
    machine: Machine,
    /// The user who is signed in; without one it is a visitor.
    signed_in: Option<String>,
    /// The user that the relay has told.
    pub(crate) user: Option<UserId>,
    link: Option<LinkId>,
    buffer: Vec<u8>,
    pub(crate) is_reading: bool,
    next_subscription: u32,
    token: Option<Token>,
    visitor_token: Option<Token>,
    timer_at: Option<Duration>,
    connects: VecDeque<Duration>,
    is_connected: bool,
    /// The page was told that no attempt follows.
    is_told_to_stay_away: bool,
}

impl Client {
    pub(crate) fn new(index: usize, seed: u64, signed_in: Option<String>) -> Self {
        Self {
            index,
            machine: Machine::new(Settings::default(), seed),
            signed_in,
            user: None,
            link: None,
            buffer: Vec::new(),
            is_reading: true,
            next_subscription: 0,
            token: None,
            visitor_token: None,
            timer_at: None,
            connects: VecDeque::new(),
            is_connected: false,
            is_told_to_stay_away: false,
        }
    }

    /// The user that the relay has told; before that, nobody in particular.
    pub(crate) fn user(&self) -> Option<UserId> {
        Some(self.user.clone().unwrap_or_else(|| crate::relay::user("nobody")))
    }

    /// A client that stays away for good must have told its page so.
    pub(crate) fn must_have_been_told(&self, cx: &mut Context) {
        if !self.is_told_to_stay_away {
            cx.violated(|| format!("client {} stays away, and its page was not told", self.index));
        }
    }

    pub(crate) const fn state(&self) -> State {
        self.machine.state()
    }

    /// The application does something.
    pub(crate) fn act(&mut self, out: &mut Outside) {
        let mine = out.ledger.of(self.index);
        match out.cx.random.below(100) {
            0..=39 if mine.len() < 6 => {
                let channel = out.cx.random.index(out.channels.len());
                let patience =
                    if out.cx.random.chance(500) { Patience::Limited } else { Patience::Unlimited };
                self.subscribe(out, channel, patience);
            }
            40..=69 => {
                if let Some((subscription, place)) = mine.get(out.cx.random.index(mine.len())) {
                    out.ledger.leaves(self.index, *subscription);
                    self.on(out, Input::Unsubscribe(*subscription));
                    // A page that draws itself anew.
                    if out.cx.random.chance(400) {
                        self.subscribe(out, *place, Patience::Unlimited);
                    }
                }
            }
            70..=77 => self.wake(out),
            78..=79 => {
                self.on(out, Input::Suspend);
                let pause = out.cx.random.millis(1, 20_000);
                out.cx.after(pause, Event::Wakes(self.index));
            }
            80..=81 => self.on(out, Input::Reconnect),
            82 => {
                out.ledger.leaves_all(self.index);
                self.on(out, Input::Close);
            }
            _ => {}
        }
        if !out.cx.is_calm {
            let pause = out.cx.random.millis(100, 8_000);
            out.cx.after(pause, Event::Act(self.index));
        }
    }

    /// The outside world has changed.
    pub(crate) fn wake(&mut self, out: &mut Outside) {
        self.on(out, Input::Wake);
    }

    /// The application wants a channel.
    pub(crate) fn subscribe(&mut self, out: &mut Outside, place: usize, patience: Patience) {
        let Some(channel) = out.channels.get(place).cloned() else { return };
        self.next_subscription += 1;
        let subscription = SubscriptionId(self.next_subscription);
        out.ledger.subscribes(self.index, subscription, place);
        self.on(out, Input::Subscribe { subscription, channel, patience });
    }

    /// The machine wanted to be called now.
    pub(crate) fn timer(&mut self, out: &mut Outside) {
        if self.timer_at.is_some_and(|at| at <= out.cx.now) {
            self.timer_at = None;
            self.on(out, Input::Timer);
        }
    }

    /// The transport is open.
    pub(crate) fn opened(&mut self, out: &mut Outside, link: LinkId) {
        if self.link == Some(link)
            && let Some(connection) = self.connection(out, link)
        {
            self.on(out, Input::Opened(connection));
        }
    }

    /// The transport is gone.
    pub(crate) fn lost(&mut self, out: &mut Outside, link: LinkId, code: u16) {
        if self.link == Some(link)
            && let Some(connection) = self.connection(out, link)
        {
            self.link = None;
            self.on(out, Input::Lost { connection, code, reason: String::new() });
        }
        out.net.links.remove(&link);
    }

    /// The page knows who its user is, or cannot find out.
    pub(crate) fn identity(&mut self, out: &mut Outside, connection: ConnectionId, renew: bool) {
        let identity = if out.cx.random.chance(30) && !out.cx.is_calm {
            Err("the backend does not answer".into())
        } else {
            Ok(self.who(out, renew))
        };
        self.on(out, Input::Identified { connection, identity });
    }

    fn who(&mut self, out: &mut Outside, renew: bool) -> Identity {
        let Some(user) = &self.signed_in else {
            let visitor_token = self.visitor_token.clone();
            return Identity { token: None, visitor_token, is_renewable: false };
        };
        if renew || self.token.is_none() {
            let kind = if out.cx.random.chance(200) { "Admin" } else { "Member" };
            let end = out.cx.plan.token_life.map(|life| (out.cx.now + life).as_millis());
            let end = end.map_or("-".into(), |end| end.to_string());
            self.token = Some(Token::new(format!("{user} {kind} {end}")));
        }
        Identity { token: self.token.clone(), visitor_token: None, is_renewable: true }
    }

    /// Bytes have come.
    pub(crate) fn receives(&mut self, out: &mut Outside, link: LinkId, bytes: Bytes) {
        if !self.is_reading {
            if let Some(link) = out.net.links.get_mut(&link) {
                link.inbox.push_back(bytes);
            }
            return;
        }
        out.net.read(&mut out.cx, link, bytes.len());
        if self.link != Some(link) {
            return;
        }
        self.buffer.extend_from_slice(&bytes);
        while self.link == Some(link) {
            match take_message(&mut self.buffer) {
                Ok(Some(Arrived::Text(text))) => self.message(out, link, &text),
                Ok(Some(Arrived::Close(code))) => self.lost(out, link, code),
                Ok(None) => return,
                Err(error) => return out.cx.violated(|| error),
            }
        }
    }

    /// The page reads again: all that has come meanwhile.
    pub(crate) fn reads(&mut self, out: &mut Outside) {
        self.is_reading = true;
        if let Some(link) = self.link {
            let inbox = out.net.links.get_mut(&link).map(|link| std::mem::take(&mut link.inbox));
            for bytes in inbox.unwrap_or_default() {
                self.receives(out, link, bytes);
            }
        }
    }

    fn message(&mut self, out: &mut Outside, link: LinkId, text: &str) {
        let Some(connection) = self.connection(out, link) else { return };
        out.cx.say(|_| format!("client {} reads {text}", self.index));
        match read_relay_frame(text) {
            Ok(RelayFrame::Control(control)) => {
                if let Control::Welcome { subscriber, .. } = &control {
                    self.is_now(out, &subscriber.id);
                }
                self.on(out, Input::Notice { connection, notice: control.into() });
            }
            Ok(RelayFrame::Messages(messages)) => {
                let deliveries: Vec<_> = self.machine.deliveries(connection, messages, out.cx.now).collect();
                for delivery in deliveries {
                    self.deliver(out, delivery.channel, delivery.message.payload.get());
                }
                self.plan(out);
            }
            Err(error) => out.cx.violated(|| format!("the relay sent {text}: {error}")),
        }
    }

    /// The relay has said who this is.
    fn is_now(&mut self, out: &mut Outside, user: &UserId) {
        if self.user.as_ref().is_some_and(|before| before != user) {
            out.cx.violated(|| format!("client {} has become {user}", self.index));
        }
        self.user = Some(user.clone());
    }

    fn deliver(&self, out: &mut Outside, channel: realtime_client::ChannelKey, payload: &str) {
        let Ok((serial, _)) = serde_json::from_str::<(u64, String)>(payload) else {
            return out.cx.violated(|| format!("nobody published {payload}"));
        };
        let Some(user) = &self.user else {
            return out.cx.violated(|| format!("client {} gets messages before its welcome", self.index));
        };
        for subscription in self.machine.subscriptions(channel) {
            out.ledger.delivered(&mut out.cx, (self.index, *subscription), user, serial);
        }
    }

    fn on(&mut self, out: &mut Outside, input: Input) {
        self.machine.on(input, out.cx.now);
        loop {
            let effects = self.machine.take_effects();
            if effects.is_empty() {
                break;
            }
            effects.into_iter().for_each(|effect| self.perform(out, effect));
        }
        self.plan(out);
    }

    /// Plans the machine's next call. Pages in the background are called late.
    fn plan(&mut self, out: &mut Outside) {
        let Some(deadline) = self.machine.deadline().filter(|at| *at < Duration::from_secs(1 << 40)) else {
            return;
        };
        if self.timer_at.is_none_or(|at| deadline < at) {
            let is_late = !out.cx.is_calm && out.cx.random.chance(100);
            let late = if is_late { out.cx.random.millis(0, 1_000) } else { Duration::ZERO };
            // A millisecond is a page's shortest timer.
            let at = deadline.max(out.cx.now + Duration::from_millis(1)) + late;
            self.timer_at = Some(at);
            out.cx.at(at, Event::Timer(self.index));
        }
    }

    fn perform(&mut self, out: &mut Outside, effect: Effect) {
        let index = self.index;
        if !matches!(effect, Effect::Send(_)) {
            out.cx.say(|_| format!("client {index}: {effect:?}"));
        }
        match effect {
            Effect::Connect(connection) => self.connect(out, connection),
            Effect::Identify { connection, renew } => {
                let is_slow = !out.cx.is_calm && out.cx.random.chance(20);
                let delay = out.cx.random.millis(0, if is_slow { 15_000 } else { 100 });
                out.cx.after(delay, Event::Identity { client: index, connection, renew });
            }
            Effect::Send(frame) => {
                if let Some(link) = self.link {
                    out.net.send(&mut out.cx, link, masked_text(&write_client_frame(&frame)));
                }
            }
            Effect::Disconnect(_) => {
                if let Some(link) = self.link.take() {
                    out.net.send(&mut out.cx, link, MASKED_CLOSE.to_vec());
                }
            }
            Effect::Connected => {
                if std::mem::replace(&mut self.is_connected, true) {
                    out.cx.violated(|| format!("client {index} is connected twice"));
                }
            }
            Effect::Disconnected(failure) => {
                self.is_told_to_stay_away = !failure.recoverable;
                if !std::mem::replace(&mut self.is_connected, false) {
                    out.cx.violated(|| format!("client {index} is disconnected twice"));
                }
            }
            Effect::KeepVisitorToken(token) => self.visitor_token = Some(token),
            Effect::Subscribed { subscription, continuity } => {
                let channel = self.machine.channel_of(subscription);
                let position = channel.and_then(|channel| self.machine.position(channel));
                out.ledger.subscribed(&mut out.cx, (index, subscription), continuity, position);
            }
            Effect::Refused { subscription, .. } => {
                out.ledger.is_over(&mut out.cx, (index, subscription), false);
            }
            Effect::Ended { subscriptions, .. } => {
                for subscription in subscriptions {
                    out.ledger.is_over(&mut out.cx, (index, subscription), true);
                }
            }
            Effect::Error(failure) => self.is_told_to_stay_away = !failure.recoverable,
            Effect::Interrupted { .. } => {}
        }
    }

    fn connect(&mut self, out: &mut Outside, connection: ConnectionId) {
        let now = out.cx.now;
        self.connects.push_back(now);
        while self.connects.front().is_some_and(|at| *at + Duration::from_secs(60) <= now) {
            self.connects.pop_front();
        }
        out.ledger.counts.connects += 1;
        let in_a_minute = self.connects.len();
        out.ledger.counts.most_connects = out.ledger.counts.most_connects.max(in_a_minute as u64);
        if in_a_minute > MAX_CONNECTS_PER_MINUTE {
            out.cx.violated(|| format!("client {} connects {in_a_minute} times in a minute", self.index));
        }
        let link = out.net.open(self.index, connection);
        self.link = Some(link);
        self.buffer.clear();
        if let Some(at) = out.net.up_at(&mut out.cx, link) {
            out.cx.at(at, Event::Knocks(link));
        }
    }

    fn connection(&self, out: &Outside, link: LinkId) -> Option<ConnectionId> {
        out.net.links.get(&link).map(|link| link.connection)
    }
}
