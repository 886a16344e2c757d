//! The rules of a session, as a state machine without I/O: frames, answers and time go in, effects come out.

use std::sync::Arc;
use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::close::CloseCode;
use realtime_protocol::error::Status;
use realtime_protocol::frame::{ClientFrame, Control, Heartbeat, RequestId};
use realtime_protocol::limits::MAX_SAFE_INTEGER;
use realtime_protocol::position::Position;
use realtime_protocol::subscriber::Subscriber;

use crate::session::asked::Asked;
use crate::session::effect::{Effect, Established, Verdict};
use crate::session::flood::FrameMeter;
use crate::session::pulse::Pulse;
use crate::session::request::{Request, RequestKind};
use crate::session::rules::SessionRules;

/// Questions that may be open, and frames that may wait for their answers, before the session reads no further. A
/// client that asks for more waits, and so does what it has sent.
const MAX_OPEN_REQUESTS: usize = 64;

/// The state of one session.
#[derive(Debug)]
pub struct Session {
    /// Shared: seven words of every connection at rest otherwise.
    rules: Arc<SessionRules>,
    phase: Phase,
    /// Channels that it is attached to.
    subscriptions: usize,
    asked: Vec<Asked>,
    sent: FrameMeter,
    pulse: Pulse,
    /// Since when there has been no subscription and no question, while there is none; before the session is live, since
    /// when the hello, and then its answer, is waited for.
    idle_since: Duration,
    expires_at: Option<Duration>,
}

#[derive(Debug)]
enum Phase {
    /// The client has not said who it is.
    New,
    /// Its identity is being established. What came along with the hello waits; nothing more is read.
    Identifying(Vec<ClientFrame>),
    /// It is this subscriber, and may subscribe.
    Live(Subscriber),
    /// It is over.
    Ended,
}

impl Session {
    /// A session that begins now. `jitter` is between 0 and 1 and spreads the pings of many sessions.
    pub fn new(rules: impl Into<Arc<SessionRules>>, jitter: f64, now: Duration) -> Self {
        let rules = rules.into();
        Self {
            pulse: Pulse::new(&rules, jitter, now),
            rules,
            phase: Phase::New,
            subscriptions: 0,
            asked: Vec::new(),
            sent: FrameMeter::default(),
            idle_since: now,
            expires_at: None,
        }
    }

    /// How many channels it is attached to.
    pub const fn subscriptions(&self) -> usize {
        self.subscriptions
    }

    /// Who the client is, while it may subscribe.
    pub const fn subscriber(&self) -> Option<&Subscriber> {
        match &self.phase {
            Phase::Live(subscriber) => Some(subscriber),
            Phase::New | Phase::Identifying(_) | Phase::Ended => None,
        }
    }

    /// Whether it takes further frames now.
    pub fn may_read(&self) -> bool {
        let open: usize = self.asked.iter().map(Asked::frames).sum();
        open < MAX_OPEN_REQUESTS && !matches!(self.phase, Phase::Identifying(_))
    }

    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    /// Notes that the client has sent something, whatever it was.
    pub const fn heard(&mut self, now: Duration) {
        self.pulse.heard(now);
    }

    /// Notes that the client has taken so many bytes of what waited for it. Behind a long recovery, a ping and its pong
    /// come late: whoever reads on is not silent meanwhile, and who hardly does is.
    pub fn took(&mut self, bytes: usize, now: Duration) {
        if matches!(self.phase, Phase::Live(_)) {
            self.pulse.took(bytes, now);
        }
    }

    /// Counts a message that was heard, whatever it says. One too many ends the session.
    pub fn received(&mut self, effects: &mut Vec<Effect>) {
        let limit = self.rules.frames;
        if !self.sent.takes(limit, self.pulse.heard_at()) {
            let reason = format!("a connection may send {} messages a second", limit.per_second);
            self.end(CloseCode::Flooding, &reason, effects);
        }
    }

    /// Handles a frame.
    pub fn frame(&mut self, frame: ClientFrame, effects: &mut Vec<Effect>) {
        match (&mut self.phase, frame) {
            (Phase::New, ClientFrame::Hello { token, visitor_token }) => {
                self.phase = Phase::Identifying(Vec::new());
                self.idle_since = self.pulse.heard_at();
                effects.push(Effect::Identify { token, visitor_token });
            }
            (Phase::New, _) => self.end(CloseCode::BadFrame, "the first frame must be a hello", effects),
            (Phase::Identifying(_) | Phase::Live(_), ClientFrame::Hello { .. }) => {
                self.end(CloseCode::BadFrame, "a second hello: a connection has one identity", effects);
            }
            (Phase::Identifying(early), frame) => early.push(frame),
            (Phase::Live(_), ClientFrame::Subscribe { id, channel, position }) => {
                self.request(Request { id, channel, kind: RequestKind::Subscribe(position) }, effects);
            }
            (Phase::Live(_), ClientFrame::Unsubscribe { id, channel }) => {
                self.request(Request { id, channel, kind: RequestKind::Unsubscribe }, effects);
            }
            (Phase::Live(_), ClientFrame::Refresh { token }) => effects.push(Effect::Refresh(token)),
            (Phase::Live(_), ClientFrame::Pong) => {
                if self.pulse.pong() {
                    effects.push(Effect::Send(Control::Ping));
                }
            }
            (Phase::Ended, _) => {}
        }
    }

    /// The identity of the hello is established; `session` is the session's name.
    pub fn identified(
        &mut self,
        session: String,
        identity: Established,
        now: Duration,
        effects: &mut Vec<Effect>,
    ) {
        let Established { subscriber, visitor_token, expires_at } = identity;
        let Phase::Identifying(early) = &mut self.phase else { return };
        let early = std::mem::take(early);
        self.phase = Phase::Live(subscriber.clone());
        self.expires_at = expires_at;
        self.idle_since = now;
        let heartbeat = Heartbeat {
            interval_ms: millis(self.rules.heartbeat_interval),
            timeout_ms: millis(self.rules.heartbeat_timeout),
        };
        let expires_in_ms = self.expires_in_ms(now);
        effects.push(Effect::Send(Control::Welcome {
            session,
            subscriber,
            visitor_token,
            heartbeat,
            expires_in_ms,
        }));
        for frame in early {
            self.frame(frame, effects);
        }
    }

    /// The identity is established anew. It takes the place of the one in force if it is the same user's; with another
    /// type, everything that was decided for the old one is asked again.
    pub fn refreshed(&mut self, identity: Established, now: Duration, effects: &mut Vec<Effect>) {
        let Phase::Live(before) = &mut self.phase else { return };
        if before.id != identity.subscriber.id {
            let reason = "the new token names another user: a connection belongs to one user";
            return self.end(CloseCode::BadToken, reason, effects);
        }
        let is_of_another_type = before.kind != identity.subscriber.kind;
        *before = identity.subscriber;
        self.expires_at = identity.expires_at;
        effects.push(Effect::Send(Control::Refreshed { expires_in_ms: self.expires_in_ms(now) }));
        if is_of_another_type {
            self.asked.iter_mut().for_each(Asked::outdate);
            effects.push(Effect::Recheck);
        }
    }

    /// Whether there is a place for a subscription, now that somebody can say which channels it is attached to: one that
    /// repeats another takes no further place.
    pub fn place(
        &mut self,
        channel: &Channel,
        is_attached: impl Fn(&Channel) -> bool,
        effects: &mut Vec<Effect>,
    ) {
        let has_place = |asked: &&Asked| asked.has_place && !is_attached(&asked.channel);
        let taken = self.subscriptions + self.asked.iter().filter(has_place).count();
        let found = self.asked.iter_mut().enumerate().find(|(_, asked)| asked.channel == *channel);
        let Some((index, asked)) = found else { return };
        let max = self.rules.max_subscriptions;
        if taken < max || is_attached(channel) {
            asked.has_place = true;
            return effects.push(Effect::Ask(channel.clone()));
        }
        let Asked { id, later, .. } = self.answered(index);
        let message = format!("a connection may have {max} subscriptions");
        effects.push(refused(id, Status::TooMany, message));
        for frame in later {
            self.frame(frame, effects);
        }
    }

    /// A question has been answered.
    pub fn decided(&mut self, channel: &Channel, verdict: Verdict, effects: &mut Vec<Effect>) {
        let Some(place) = self.asked.iter().position(|asked| asked.channel == *channel) else { return };
        if self.asked.get_mut(place).is_some_and(|asked| asked.asks_again(verdict)) {
            return effects.push(Effect::Ask(channel.clone()));
        }
        let Asked { id, channel, position, later, .. } = self.answered(place);
        match verdict {
            Verdict::Allowed => effects.push(Effect::Attach { id, channel, position }),
            Verdict::Refused => {
                let message = format!("not allowed to read channel {channel}");
                effects.push(refused(id, Status::Forbidden, message));
                effects.push(Effect::Detach(channel));
            }
            Verdict::Unavailable | Verdict::Outdated => {
                let message =
                    format!("the permission to read channel {channel} could not be checked: try again later");
                effects.push(refused(id, Status::Unavailable, message));
                effects.push(Effect::Detach(channel));
            }
        }
        for frame in later {
            self.frame(frame, effects);
        }
    }

    /// It is attached to a channel to which it was not attached before.
    pub const fn attached(&mut self) {
        self.subscriptions += 1;
    }

    /// It is no longer attached to a channel.
    pub fn detached(&mut self) {
        self.subscriptions = self.subscriptions.saturating_sub(1);
        self.idle_since = self.pulse.heard_at().max(self.idle_since);
    }

    /// A question about a channel that it is attached to has been answered. Only a clear no ends a subscription.
    pub fn rechecked(&mut self, channel: Arc<Channel>, verdict: Verdict, effects: &mut Vec<Effect>) {
        if verdict == Verdict::Refused && self.subscriber().is_some() {
            let message = format!("no longer allowed to read channel {channel}");
            effects.push(Effect::Finish { channel, status: Status::Forbidden, message });
        }
    }

    /// When [`Session::time`] wants to be called next.
    pub fn deadline(&self) -> Duration {
        let next = match self.phase {
            Phase::New | Phase::Identifying(_) => self.hello_late_at(),
            Phase::Live(_) | Phase::Ended => {
                let next = self.pulse.ping_at().min(self.pulse.silent_at(&self.rules));
                self.idle_at().map_or(next, |at| at.min(next))
            }
        };
        self.expires_at.map_or(next, |at| at.min(next))
    }

    /// Time has passed.
    pub fn time(&mut self, now: Duration, effects: &mut Vec<Effect>) {
        match self.phase {
            Phase::New if now >= self.hello_late_at() => {
                self.end(CloseCode::HelloTooLate, "no hello came in time", effects);
            }
            Phase::Identifying(_) if now >= self.hello_late_at() => {
                self.end(
                    CloseCode::Unavailable,
                    "the token could not be checked in time: try again",
                    effects,
                );
            }
            Phase::Live(_) if self.expires_at.is_some_and(|at| now >= at) => {
                self.end(CloseCode::TokenExpired, "the token has expired: come back with a new one", effects);
            }
            Phase::Live(_) if now >= self.pulse.silent_at(&self.rules) => {
                self.end(CloseCode::Silent, "the heartbeat was not answered", effects);
            }
            Phase::Live(_) if self.idle_at().is_some_and(|at| now >= at) => {
                let reason = "nothing is subscribed: come back when something is";
                self.end(CloseCode::Idle, reason, effects);
            }
            Phase::Live(_) if now >= self.pulse.ping_at() => {
                self.pulse.ping(now);
                effects.push(Effect::Send(Control::Ping));
            }
            _ => {}
        }
    }

    /// The relay is stopping: the client is told when to come back.
    pub fn drain(&mut self, retry_after: Duration, effects: &mut Vec<Effect>) {
        if !self.has_ended() {
            effects.push(Effect::Send(Control::Goodbye { retry_after_ms: millis(retry_after) }));
            self.end(CloseCode::Draining, "the relay is restarting", effects);
        }
    }

    /// The site's backend wants the connection to end. With `retry_after` the client is told when to come back, without
    /// it the client stays away.
    pub fn disconnect(&mut self, retry_after: Option<Duration>, reason: &str, effects: &mut Vec<Effect>) {
        if self.has_ended() {
            return;
        }
        match retry_after {
            Some(after) => {
                effects.push(Effect::Send(Control::Goodbye { retry_after_ms: millis(after) }));
                self.end(CloseCode::Reconnect, reason, effects);
            }
            None => self.end(CloseCode::Disconnected, reason, effects),
        }
    }

    /// Ends the session, once.
    pub fn end(&mut self, code: CloseCode, reason: &str, effects: &mut Vec<Effect>) {
        if !self.has_ended() {
            self.phase = Phase::Ended;
            effects.push(Effect::End(code, reason.to_owned()));
        }
    }

    /// How long the identity holds from now on.
    fn expires_in_ms(&self, now: Duration) -> Option<u64> {
        let left = self.expires_at?.saturating_sub(now).as_millis();
        Some(u64::try_from(left).unwrap_or(MAX_SAFE_INTEGER).min(MAX_SAFE_INTEGER))
    }

    /// When a client that has not said who it is has taken too long, whatever else it says, or whoever checks that has.
    fn hello_late_at(&self) -> Duration {
        self.idle_since + self.rules.hello_timeout
    }

    /// When it has been without a subscription for too long, while it is without one.
    fn idle_at(&self) -> Option<Duration> {
        let is_idle = self.subscriptions == 0 && self.asked.is_empty();
        is_idle.then(|| self.idle_since + self.rules.idle_timeout)
    }

    fn request(&mut self, request: Request, effects: &mut Vec<Effect>) {
        let channel = match request.channel.check() {
            Ok(channel) => channel,
            Err(error) => {
                effects.push(refused(request.id, Status::BadInput, error.message()));
                return;
            }
        };
        if let Some(asked) = self.asked.iter_mut().find(|asked| asked.channel == channel) {
            asked.later.push_back(request.into_frame());
            return;
        }
        match request.kind {
            RequestKind::Subscribe(position) => self.subscribe(request.id, channel, position, effects),
            RequestKind::Unsubscribe => {
                effects.push(Effect::Detach(channel));
                effects.push(Effect::Send(Control::Unsubscribed { id: request.id }));
            }
        }
    }

    fn subscribe(
        &mut self,
        id: RequestId,
        channel: Channel,
        position: Option<Position>,
        effects: &mut Vec<Effect>,
    ) {
        let has_place = self.subscriptions + self.asked.len() < self.rules.max_subscriptions;
        self.asked.push(Asked::new(id, channel.clone(), position, has_place));
        effects.push(if has_place { Effect::Ask(channel) } else { Effect::FindPlace(channel) });
    }

    /// A subscription is no longer asked about.
    fn answered(&mut self, place: usize) -> Asked {
        let asked = self.asked.swap_remove(place);
        self.idle_since = self.pulse.heard_at().max(self.idle_since);
        if self.asked.is_empty() {
            self.asked = Vec::new();
        }
        asked
    }
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn refused(id: RequestId, status: Status, message: String) -> Effect {
    Effect::Send(Control::Refused { id, code: status.error_code(), status, message })
}

#[cfg(test)]
#[path = "state_change_test.rs"]
mod change_tests;
#[cfg(test)]
#[path = "state_place_test.rs"]
mod place_tests;
#[cfg(test)]
#[path = "state_test.rs"]
mod tests;
