//! A relay's process: hubs, sessions, and what puts them to work, on the virtual clock. Written after
//! `relay/src/session/task.rs` and `relay/src/broker`; the rules that it calls are the product's.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::{Delivery, SessionId};
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::publication::{Audience, Publication};
use realtime_hub::retention::{Retention, Retentions};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::close::CloseCode;
use realtime_protocol::codec::{read_client_frame, write_control};
use realtime_protocol::frame::{ChannelNumber, Control, RequestId, Token};
use realtime_protocol::position::Position;
use realtime_protocol::subscriber::{Subscriber, SubscriberType, UserId};
use realtime_relay::session::effect::{Effect, Established, Verdict};
use realtime_relay::session::flood::FrameLimit;
use realtime_relay::session::recheck::changes::{Changes, Generation};
use realtime_relay::session::recheck::selection::Selection;
use realtime_relay::session::state::{Session, SessionRules};
use realtime_relay::websocket::reader::Incoming;
use realtime_relay::websocket::writer;

use crate::context::Context;
use crate::event::Event;
use crate::network::LinkId;
use crate::outside::Outside;
use crate::served::{Reader, Sending, Served};

/// How long a session that ends may take to write its last frames.
const FAREWELL: Duration = Duration::from_secs(3);

/// The relay of the moment.
pub(crate) struct Relay {
    pub(crate) is_up: bool,
    /// How many times it has started.
    pub(crate) life: u64,
    shards: Vec<Shard>,
    changes: Changes,
    served: BTreeMap<LinkId, Served>,
    next_session: u64,
    next_visitor: u64,
}

/// A hub and its flusher.
struct Shard {
    hub: Hub<Reader>,
    is_writing: bool,
    is_woken: bool,
}

impl Relay {
    pub(crate) fn new(cx: &mut Context) -> Self {
        let mut relay = Self {
            is_up: true,
            life: 0,
            shards: Vec::new(),
            changes: Changes::default(),
            served: BTreeMap::new(),
            next_session: 0,
            next_visitor: 0,
        };
        relay.start(cx);
        relay
    }

    /// Starts with nothing: what was in memory is gone.
    pub(crate) fn start(&mut self, cx: &mut Context) {
        self.life += 1;
        self.is_up = true;
        self.changes = Changes::default();
        let budget = Arc::new(MemoryBudget::new(usize::MAX));
        let retention =
            Retention { messages: cx.plan.history_messages, age: cx.plan.history_age, bytes: usize::MAX };
        let settings = HubSettings {
            retentions: Retentions::of_all(retention),
            max_recovery_bytes: cx.plan.recovery_bytes,
            joined_frame_bytes: cx.plan.joined_frame_bytes,
            large_audience: cx.plan.large_audience,
            ..HubSettings::default()
        };
        let hubs = cx.plan.hubs as u64;
        self.shards = (0..hubs)
            .map(|index| {
                let numbers = Numbers { first: 1 + index, step: hubs };
                let seed = cx.random.next();
                let hub = Hub::new(settings.clone(), Arc::clone(&budget), numbers, seed);
                Shard { hub, is_writing: false, is_woken: false }
            })
            .collect();
    }

    /// Stops: every connection ends, and everything in memory is gone. Who is not told finds out by the silence.
    pub(crate) fn stop(&mut self, out: &mut Outside, tells: bool) {
        self.is_up = false;
        self.life += 1;
        for (link, _) in std::mem::take(&mut self.served) {
            if tells && let Some(at) = out.net.down_at(&mut out.cx, link) {
                out.cx.at(at, Event::ClientLost(link));
            } else {
                out.net.cut(link);
            }
        }
    }

    /// Tells every client when to come back, and ends.
    pub(crate) fn drain(&mut self, out: &mut Outside) {
        for link in self.links() {
            let retry_after = out.cx.random.millis(0, 3_000);
            self.with(out, link, |session, _, effects| session.drain(retry_after, effects));
        }
    }

    /// The site's backend ends a connection.
    pub(crate) fn disconnect(&mut self, out: &mut Outside, comes_back: bool) {
        let links = self.links();
        if let Some(link) = links.get(out.cx.random.index(links.len())) {
            let retry_after = comes_back.then(|| out.cx.random.millis(0, 1_000));
            self.with(out, *link, |session, _, effects| session.disconnect(retry_after, "told to", effects));
        }
    }

    pub(crate) fn links(&self) -> Vec<LinkId> {
        self.served.keys().copied().collect()
    }

    pub(crate) fn tick(&mut self, now: Duration) {
        for shard in &mut self.shards {
            shard.hub.tick(now);
        }
    }

    /// A client has connected.
    pub(crate) fn accepts(&mut self, out: &mut Outside, link: LinkId) {
        self.next_session += 1;
        let plan = &out.cx.plan;
        let rules = SessionRules {
            heartbeat_interval: plan.heartbeat,
            heartbeat_timeout: Duration::from_secs(2) + plan.heartbeat / 5,
            hello_timeout: Duration::from_secs(10),
            max_subscriptions: plan.max_subscriptions,
            frames: FrameLimit::new(100, plan.max_subscriptions),
        };
        let outbox_bytes = plan.outbox_bytes;
        let jitter = out.cx.random.below(1_000) as f64 / 1_000.0;
        let session = Session::new(rules, jitter, out.cx.now);
        let id = SessionId(self.next_session);
        self.served.insert(link, Served::new(id, link, session, outbox_bytes));
        self.with(out, link, |_, _, _| {});
    }

    /// Bytes have come.
    pub(crate) fn receives(&mut self, out: &mut Outside, link: LinkId, bytes: Vec<u8>) {
        let Some(served) = self.served.get_mut(&link) else { return };
        served.unhandled.extend(bytes);
        self.reads_on(out, link);
    }

    fn reads_on(&mut self, out: &mut Outside, link: LinkId) {
        let Some(served) = self.served.get_mut(&link) else { return };
        if served.unhandled.is_empty() || !served.session.may_read() || served.sending != Sending::Open {
            return;
        }
        let mut bytes = std::mem::take(&mut served.unhandled);
        served.session.heard(out.cx.now);
        let mut messages = Vec::new();
        let fed = served.incoming.feed(&mut bytes, &mut |incoming| {
            messages.push(match incoming {
                Incoming::Text(text) => Some(text.to_owned()),
                _ => None,
            });
            ControlFlow::Continue(())
        });
        if let Err(violation) = fed {
            out.cx.violated(|| format!("the relay could not read what a client sent: {violation}"));
        }
        for message in messages {
            let Some(text) = message else { return self.lost(out, link) };
            out.cx.say(|_| format!("  up {}: {text}", link.0));
            match read_client_frame(&text) {
                Ok(frame) => self.with(out, link, |session, _, effects| {
                    session.received(effects);
                    session.frame(frame, effects);
                }),
                Err(error) => out.cx.violated(|| format!("a client sent {text}: {error}")),
            }
        }
    }

    /// A connection is gone.
    pub(crate) fn lost(&mut self, out: &mut Outside, link: LinkId) {
        self.leave(out.cx.now, link);
        self.served.remove(&link);
    }

    /// The socket takes bytes again.
    pub(crate) fn writable(&mut self, out: &mut Outside, link: LinkId) {
        if let Some(served) = self.served.get_mut(&link) {
            served.flush(&mut out.cx, &mut out.net);
        }
        self.settle(out, link);
    }

    /// The rules wanted to be called now.
    pub(crate) fn time(&mut self, out: &mut Outside, link: LinkId) {
        if self.served.get(&link).is_some_and(|served| served.timer_at == Some(out.cx.now)) {
            self.with(out, link, |session, now, effects| session.time(now, effects));
        }
    }

    /// A session that has ended has had its time.
    pub(crate) fn farewell(&mut self, out: &mut Outside, link: LinkId) {
        if self.served.remove(&link).is_some()
            && let Some(at) = out.net.down_at(&mut out.cx, link)
            && !out.net.is_cut(link)
        {
            out.cx.at(at, Event::ClientLost(link));
        }
    }

    /// Who a client is.
    pub(crate) fn established(
        &mut self,
        out: &mut Outside,
        link: LinkId,
        token: Option<&Token>,
        visitor_token: Option<Token>,
    ) {
        let Some(served) = self.served.get_mut(&link) else { return };
        let is_first = served.session.subscriber().is_none();
        let identity = match token {
            Some(token) => site_token(token),
            None => Some(self.visitor(visitor_token)),
        };
        let Some(identity) = identity else {
            return out.cx.violated(|| "a token that cannot be read".into());
        };
        let Some(served) = self.served.get_mut(&link) else { return };
        let (now, id) = (out.cx.now, served.id.0);
        if identity.expires_at.is_some_and(|at| at <= now) {
            return self.with(out, link, |session, _, effects| {
                session.end(CloseCode::TokenExpired, "the token has expired", effects);
            });
        }
        if is_first {
            served.user = Some(identity.subscriber.id.clone());
            self.with(out, link, |session, now, effects| {
                session.identified(format!("s-{id}"), identity, now, effects);
            });
        } else {
            self.with(out, link, |session, now, effects| session.refreshed(identity, now, effects));
        }
        self.reads_on(out, link);
    }

    fn visitor(&mut self, token: Option<Token>) -> Established {
        let token = token.unwrap_or_else(|| {
            self.next_visitor += 1;
            Token::new(format!("visitor-{}-{}", self.life, self.next_visitor))
        });
        let id = user(token.expose());
        let subscriber = Subscriber { id, kind: SubscriberType::Visitor };
        Established { subscriber, visitor_token: Some(token), expires_at: None }
    }

    /// A permission has changed: outdated answers count for nothing, and who reads the channel is asked about.
    pub(crate) fn permission_changed(&mut self, out: &mut Outside, user: &UserId, channel: &Channel) {
        self.changes.note(Selection { channel: Some(channel.clone()), user: Some(user.clone()) });
        let number = self.shard_of(channel).and_then(|shard| shard.hub.number(channel));
        let Some(number) = number else { return };
        for served in self.served.values() {
            if served.user.as_ref() == Some(user) && served.channels.contains(&number) {
                let delay = out.cx.random.millis(0, 1_000);
                let channel = Arc::new(channel.clone());
                out.cx.after(delay, Event::Recheck { link: served.link, channel, undecided: 0 });
            }
        }
    }

    /// A running subscription is asked about again, if it still runs.
    pub(crate) fn recheck(
        &mut self,
        out: &mut Outside,
        link: LinkId,
        channel: &Arc<Channel>,
        undecided: u32,
    ) {
        let number = self.shard_of(channel).and_then(|shard| shard.hub.number(channel));
        let Some(served) = self.served.get(&link) else { return };
        if number.is_some_and(|number| served.channels.contains(&number)) {
            self.ask(out, link, Arc::clone(channel), Some(undecided));
        }
    }

    fn ask(&self, out: &mut Outside, link: LinkId, channel: Arc<Channel>, running: Option<u32>) {
        let Some(user) = self.served.get(&link).and_then(|served| served.user.as_ref()) else { return };
        let is_undecided = !out.cx.is_calm && running.unwrap_or(0) < 2 && out.cx.random.chance(30);
        let verdict = match out.permissions.may_read(user, &channel) {
            _ if is_undecided => Verdict::Unavailable,
            true => Verdict::Allowed,
            false => Verdict::Refused,
        };
        let asked_at = self.changes.generation();
        let delay = out.cx.random.millis(0, out.cx.plan.question_ms);
        out.cx.after(delay, Event::Answered { link, channel, verdict, asked_at, running });
    }

    /// A question has been answered.
    pub(crate) fn answered(
        &mut self,
        out: &mut Outside,
        link: LinkId,
        channel: Arc<Channel>,
        (mut verdict, asked_at): (Verdict, Generation),
        running: Option<u32>,
    ) {
        let Some(served) = self.served.get(&link) else { return };
        let user = served.user.as_ref();
        if user.is_some_and(|user| self.changes.concern(asked_at, &channel, user)) {
            verdict = Verdict::Outdated;
        }
        match (running, verdict) {
            (None, _) => {
                self.with(out, link, |session, _, effects| session.decided(&channel, verdict, effects));
                self.reads_on(out, link);
            }
            (Some(undecided), Verdict::Unavailable) => {
                let again = Event::Recheck { link, channel, undecided: undecided + 1 };
                out.cx.after(Duration::from_secs(1), again);
            }
            (Some(undecided), Verdict::Outdated) => self.recheck(out, link, &channel, undecided),
            (Some(_), _) => {
                self.with(out, link, |session, _, effects| session.rechecked(channel, verdict, effects));
            }
        }
    }

    /// A backend publishes. With `users`, to those only.
    pub(crate) fn publish(
        &mut self,
        out: &mut Outside,
        place: usize,
        serial: u64,
        users: Option<BTreeSet<UserId>>,
        times: u32,
    ) {
        let Some(channel) = out.channels.get(place).cloned() else { return };
        let audience = match &users {
            None => Audience::Everyone,
            Some(users) => Audience::Users(Arc::new(users.iter().cloned().collect::<HashSet<_>>())),
        };
        let padding = "x".repeat(out.cx.random.index(40));
        let text = format!("[{serial},\"{padding}\"]");
        let Ok(payload) = serde_json::value::RawValue::from_string(text) else { return };
        let id = serial.to_string();
        let (life, index) = (self.life, self.index_of(&channel));
        let Some(shard) = self.shards.get_mut(index) else { return };
        let mut first: Option<Position> = None;
        for _ in 0..times {
            let publication =
                Publication { payload: &payload, publisher: None, audience: audience.clone(), id: Some(&id) };
            let published = shard.hub.publish(&channel, publication, out.cx.now);
            if published.wakes {
                wake(shard, &mut out.cx, life, index);
            }
            match &first {
                None => {
                    out.cx.say(|_| format!("{channel} has message {serial} for {users:?}"));
                    out.ledger.published(&mut out.cx, place, &published.position, serial, users.clone());
                    first = Some(published.position);
                }
                Some(first) if *first != published.position || !published.is_repeat => {
                    out.cx.violated(|| format!("publish {serial}, repeated, is another message"));
                }
                Some(_) => {}
            }
        }
    }

    /// Takes what a hub has to deliver.
    pub(crate) fn flush(&mut self, out: &mut Outside, life: u64, hub: usize) {
        let Some(shard) = self.shards.get_mut(hub).filter(|_| life == self.life) else { return };
        if shard.is_writing {
            shard.is_woken = true;
            return;
        }
        shard.is_woken = false;
        let mut small = VecDeque::new();
        for batch in shard.hub.take_batches() {
            let frames = batch.deliveries.into_iter().map(|delivery| (batch.number, delivery));
            if batch.is_large {
                let frames = frames.collect();
                out.cx.after(Duration::ZERO, Event::Write { life, hub, frames, is_large: true });
            } else {
                small.extend(frames);
            }
        }
        if !small.is_empty() {
            shard.is_writing = true;
            out.cx.after(Duration::ZERO, Event::Write { life, hub, frames: small, is_large: false });
        }
    }

    /// Writes one frame to its readers.
    pub(crate) fn write(
        &mut self,
        out: &mut Outside,
        (life, hub): (u64, usize),
        mut frames: VecDeque<(ChannelNumber, Delivery<Reader>)>,
        is_large: bool,
    ) {
        if life != self.life {
            return;
        }
        let Some((number, delivery)) = frames.pop_front() else { return };
        let channel = self.shards.get(hub).and_then(|shard| shard.hub.channel(number)).cloned();
        let frame = writer::text_in_place(delivery.frame);
        for reader in delivery.readers.iter() {
            let Some(served) = self.served.get_mut(&reader.link) else { continue };
            let is_reading = served.channels.contains(&number) && served.sending == Sending::Open;
            if let Some(channel) = channel.as_ref().filter(|_| is_reading)
                && out.permissions.is_long_refused(&reader.user, channel, out.cx.now)
            {
                out.cx.violated(|| format!("{} gets {channel} long after it was refused", reader.user));
            }
            served.write(&mut out.cx, &mut out.net, number, &frame);
            out.ledger.counts.slow += u64::from(is_reading && served.sending != Sending::Open);
            self.settle(out, reader.link);
        }
        let longest = if out.cx.is_calm { 2 } else { out.cx.plan.write_pause_ms };
        let pause = out.cx.random.millis(0, longest);
        if !frames.is_empty() {
            return out.cx.after(pause, Event::Write { life, hub, frames, is_large });
        }
        let Some(shard) = self.shards.get_mut(hub) else { return };
        if !is_large {
            shard.is_writing = false;
            if shard.is_woken {
                out.cx.after(pause, Event::Flush { life, hub });
            }
        } else if let Some(next) = shard.hub.finish(number) {
            let frames = next.into_iter().map(|delivery| (number, delivery)).collect();
            out.cx.after(pause, Event::Write { life, hub, frames, is_large });
        }
    }

    /// Lets a session's rules say something, and does it.
    fn with(
        &mut self,
        out: &mut Outside,
        link: LinkId,
        act: impl FnOnce(&mut Session, Duration, &mut Vec<Effect>),
    ) {
        let Some(served) = self.served.get_mut(&link) else { return };
        let mut effects = Vec::new();
        act(&mut served.session, out.cx.now, &mut effects);
        for effect in effects {
            self.perform(out, link, effect);
        }
        if let Some(served) = self.served.get_mut(&link) {
            served.flush(&mut out.cx, &mut out.net);
        }
        self.settle(out, link);
    }

    fn perform(&mut self, out: &mut Outside, link: LinkId, effect: Effect) {
        let Some(served) = self.served.get_mut(&link) else { return };
        match effect {
            Effect::Identify { token, visitor_token } => {
                let delay = out.cx.random.millis(0, 30);
                out.cx.after(delay, Event::Established { link, token, visitor_token });
            }
            Effect::Refresh(token) => {
                let event = Event::Established { link, token: Some(token), visitor_token: None };
                out.cx.after(Duration::ZERO, event);
            }
            Effect::Recheck => {
                for channel in out.channels.clone() {
                    let delay = out.cx.random.millis(0, 500);
                    out.cx.after(delay, Event::Recheck { link, channel: Arc::new(channel), undecided: 0 });
                }
            }
            Effect::Send(control) => {
                let text = write_control(&control);
                out.cx.say(|_| format!("down {}: {text}", link.0));
                served.queue(&mut out.cx, writer::text(&text));
            }
            Effect::Ask(channel) => self.ask(out, link, Arc::new(channel), None),
            Effect::Attach { id, channel, position } => {
                self.attach(out, link, id, &channel, position.as_ref())
            }
            Effect::Detach(channel) => {
                self.detach(out.cx.now, link, &channel);
            }
            Effect::Finish { channel, status, message } => {
                if let Some(number) = self.detach(out.cx.now, link, &channel)
                    && let Some(served) = self.served.get_mut(&link)
                {
                    let ended = write_control(&Control::Ended { number, status, message });
                    out.cx.say(|_| format!("down {}: {ended}", link.0));
                    served.finish(&mut out.cx, number, writer::text(&ended));
                }
            }
            Effect::End(code, reason) => {
                out.cx.say(|_| format!("down {}: close {code:?}: {reason}", link.0));
                if matches!(
                    code,
                    CloseCode::BadFrame
                        | CloseCode::BadToken
                        | CloseCode::FrameTooLarge
                        | CloseCode::Flooding
                ) {
                    out.cx.violated(|| {
                        format!("a client that keeps the rules is closed with {code:?}: {reason}")
                    });
                }
                served.end(&mut out.cx, &mut out.net, writer::close(code.get(), &reason));
            }
        }
    }

    fn attach(
        &mut self,
        out: &mut Outside,
        link: LinkId,
        id: RequestId,
        channel: &Channel,
        from: Option<&Position>,
    ) {
        let index = self.index_of(channel);
        let Self { shards, served, .. } = self;
        let (Some(shard), Some(served)) = (shards.get_mut(index), served.get_mut(&link)) else { return };
        let Some(user) = served.user.clone() else { return };
        let reader = Reader { session: served.id, link, user: user.clone() };
        let attachment = shard.hub.attach(channel, reader, from, out.cx.now);
        if attachment.recovered == Some(false)
            && let Some(from) = from
        {
            let place = out.place_of(channel);
            out.ledger.not_recovered(&mut out.cx, place, from, &user);
        }
        let reply = write_control(&Control::Subscribed {
            id,
            number: attachment.number,
            position: attachment.position,
            recovered: attachment.recovered,
        });
        out.cx.say(|_| format!("down {}: {reply}", link.0));
        served.join(&mut out.cx, attachment.number, attachment.is_new, writer::text(&reply));
        for frame in attachment.missed {
            served.queue_recovery(writer::text_in_place(frame));
        }
        if attachment.is_new {
            served.session.attached();
        }
    }

    fn detach(&mut self, now: Duration, link: LinkId, channel: &Channel) -> Option<ChannelNumber> {
        let index = self.index_of(channel);
        let served = self.served.get_mut(&link)?;
        let number = self.shards.get_mut(index)?.hub.detach(channel, served.id, now)?;
        served.channels.retain(|other| *other != number);
        served.session.detached();
        Some(number)
    }

    /// Leaves every channel, once.
    fn leave(&mut self, now: Duration, link: LinkId) {
        let Some(served) = self.served.get_mut(&link) else { return };
        if std::mem::replace(&mut served.has_left, true) {
            return;
        }
        let hubs = self.shards.len() as u64;
        for number in std::mem::take(&mut served.channels) {
            if let Some(shard) = self.shards.get_mut(((number.0 - 1) % hubs) as usize) {
                shard.hub.detach_number(number, served.id, now);
            }
        }
    }

    /// Plans what a session needs next: its timer, or its end.
    fn settle(&mut self, out: &mut Outside, link: LinkId) {
        let Some(served) = self.served.get_mut(&link) else { return };
        if served.sending == Sending::Open {
            let deadline = served.session.deadline().max(out.cx.now);
            if served.timer_at != Some(deadline) {
                served.timer_at = Some(deadline);
                out.cx.at(deadline, Event::SessionTime(link));
            }
            return;
        }
        served.timer_at = None;
        served.flush(&mut out.cx, &mut out.net);
        if !served.has_left {
            out.cx.after(FAREWELL, Event::Farewell(link));
            self.leave(out.cx.now, link);
        }
        if self.served.get(&link).is_some_and(Served::is_done) {
            self.farewell(out, link);
        }
    }

    fn index_of(&self, channel: &Channel) -> usize {
        let sum: usize = channel.to_string().bytes().map(usize::from).sum();
        sum % self.shards.len().max(1)
    }

    fn shard_of(&self, channel: &Channel) -> Option<&Shard> {
        self.shards.get(self.index_of(channel))
    }
}

fn wake(shard: &mut Shard, cx: &mut Context, life: u64, hub: usize) {
    if shard.is_writing {
        shard.is_woken = true;
        return;
    }
    let delay = cx.random.millis(0, 2);
    cx.after(delay, Event::Flush { life, hub });
}

/// A site's token of this simulation: `user type end`, the end in milliseconds, or `-`.
fn site_token(token: &Token) -> Option<Established> {
    let mut words = token.expose().split(' ');
    let (id, kind, end) = (words.next()?, words.next()?, words.next()?);
    let subscriber = Subscriber { id: user(id), kind: SubscriberType::parse(kind)? };
    let expires_at = end.parse().ok().map(Duration::from_millis);
    Some(Established { subscriber, visitor_token: None, expires_at })
}

#[expect(clippy::expect_used, reason = "the simulation makes short ids without control characters")]
pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).expect("a user id")
}
