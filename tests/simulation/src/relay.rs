//! A relay's process: hubs, sessions, and what puts them to work, on the virtual clock. Written after
//! `relay/src/session/task.rs` and `relay/src/broker`; the rules that it calls are the product's.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::SessionId;
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::retention::{Retention, Retentions};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::close::CloseCode;
use realtime_protocol::codec::{read_client_frame, write_control};
use realtime_protocol::frame::{ChannelNumber, Control, RequestId};
use realtime_protocol::position::Position;
use realtime_relay::session::effect::Effect;
use realtime_relay::session::flood::FrameLimit;
use realtime_relay::session::recheck::changes::Changes;
use realtime_relay::session::rules::SessionRules;
use realtime_relay::session::state::Session;
use realtime_relay::websocket::reader::Incoming;
use realtime_relay::websocket::writer;

mod asking;
mod delivering;

pub(crate) use asking::user;

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
            recovery_frame_bytes: cx.plan.recovery_frame_bytes,
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
            idle_timeout: Duration::from_secs(300),
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
        let may_read = served.session.may_read() && !served.owes_too_much();
        if served.unhandled.is_empty() || !may_read || served.sending != Sending::Open {
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
            served.write_on(&mut out.cx, &mut out.net);
        }
        self.settle(out, link);
        self.reads_on(out, link);
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
                served.queue(writer::text(&text));
            }
            Effect::Ask(channel) => self.ask(out, link, Arc::new(channel), None),
            Effect::FindPlace(channel) => {
                let attached = self.attached(out, link);
                self.with(out, link, |session, _, effects| {
                    session.place(&channel, |channel| attached.contains(channel), effects);
                });
            }
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
        served.join(attachment.number, attachment.is_new, writer::text(&reply));
        for frame in attachment.missed {
            served.queue_recovery(writer::text_in_place(frame));
        }
        if attachment.is_new {
            served.session.attached();
        }
    }

    /// The channels that a session is attached to.
    fn attached(&self, out: &Outside, link: LinkId) -> Vec<Channel> {
        let held = self.served.get(&link).map_or(&[][..], |served| &served.channels);
        let number = |channel: &Channel| self.shards.get(self.index_of(channel))?.hub.number(channel);
        let is_held = |channel: &&Channel| number(channel).is_some_and(|number| held.contains(&number));
        out.channels.iter().filter(is_held).cloned().collect()
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
