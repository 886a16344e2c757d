//! One run: what happens, in the order of the virtual clock, and the rest at its end.

use std::collections::BTreeSet;
use std::time::Duration;

use realtime_client::{Patience, State};

use crate::client::Client;
use crate::context::Context;
use crate::event::Event;
use crate::ledger::Counts;
use crate::outside::Outside;
use crate::relay::{Relay, user};

/// For how long the weather is fine before everybody has to be live.
const CALM: Duration = Duration::from_secs(200);

/// How long a message may take then.
const LAST_MESSAGE: Duration = Duration::from_secs(20);

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The first rule that was broken.
    pub violation: Option<String>,
    /// What happened.
    pub counts: Counts,
    /// Events of the virtual clock.
    pub events: u64,
}

/// Runs what a seed makes, and gives each line of its log to `log`.
pub fn run(seed: u64, log: Option<fn(&str)>) -> Outcome {
    let mut world = World::new(Context::new(seed, log));
    world.storm();
    world.calm();
    world.outcome()
}

pub(crate) struct World {
    pub(crate) out: Outside,
    pub(crate) relay: Relay,
    pub(crate) clients: Vec<Client>,
    next_serial: u64,
}

impl World {
    pub(crate) fn new(cx: Context) -> Self {
        let mut out = Outside::new(cx);
        let relay = Relay::new(&mut out.cx);
        let (count, users) = (out.cx.plan.clients, out.cx.plan.users);
        let clients = (0..count).map(|index| {
            let is_visitor = out.cx.random.chance(250);
            let signed_in = (!is_visitor).then(|| format!("user-{}", index % users));
            Client::new(index, out.cx.random.next(), signed_in)
        });
        let clients = clients.collect();
        Self { out, relay, clients, next_serial: 0 }
    }

    pub(crate) fn outcome(self) -> Outcome {
        let Outside { cx, ledger, .. } = self.out;
        Outcome { violation: cx.violation, counts: ledger.counts, events: cx.events }
    }

    /// Everything happens, and much goes wrong.
    fn storm(&mut self) {
        for index in 0..self.clients.len() {
            let delay = self.out.cx.random.millis(0, 2_000);
            self.out.cx.after(delay, Event::Act(index));
        }
        for event in [Event::Publish, Event::Fault, Event::Tick] {
            self.out.cx.after(Duration::from_secs(1), event);
        }
        let end = self.out.cx.now + self.out.cx.plan.storm;
        self.go_on(end);
    }

    /// The weather is fine: after a while everybody who wants to be is live, and gets the next message.
    pub(crate) fn calm(&mut self) {
        self.out.cx.is_calm = true;
        self.out.cx.say(|_| "the weather is fine from now on".into());
        self.out.permissions.allow_all();
        for index in 0..self.clients.len() {
            let Some(client) = self.clients.get_mut(index) else { continue };
            client.reads(&mut self.out);
            if self.out.ledger.of(index).is_empty() || client.state() == State::Closed {
                let place = self.out.cx.random.index(self.out.channels.len());
                client.subscribe(&mut self.out, place, Patience::Unlimited);
            }
        }
        self.go_on(self.out.cx.now + CALM);
        for place in 0..self.out.channels.len() {
            self.publish(place, None);
        }
        self.go_on(self.out.cx.now + LAST_MESSAGE);
        if self.out.cx.violation.is_some() {
            return;
        }
        let Self { out, clients, .. } = self;
        let Outside { cx, ledger, .. } = out;
        let limit = cx.plan.max_subscriptions;
        for client in clients.iter().filter(|client| client.state() == State::Closed) {
            client.must_have_been_told(cx);
        }
        let wants = |client: &&Client| client.state() != State::Closed;
        ledger.at_the_end(cx, limit, |client| clients.get(client).filter(wants)?.user());
    }

    pub(crate) fn go_on(&mut self, until: Duration) {
        while let Some(event) = self.out.cx.next(until) {
            self.happens(event);
        }
        self.out.cx.now = self.out.cx.now.max(until);
    }

    fn happens(&mut self, event: Event) {
        let Self { out, relay, clients, .. } = self;
        match event {
            Event::Timer(client) => with(clients, client, |client| client.timer(out)),
            Event::Wakes(client) => with(clients, client, |client| client.wake(out)),
            Event::Act(client) if !out.cx.is_calm => with(clients, client, |client| client.act(out)),
            Event::Reads(client) => with(clients, client, |client| client.reads(out)),
            Event::Identity { client, connection, renew } => {
                with(clients, client, |client| client.identity(out, connection, renew));
            }
            Event::Knocks(link) if !out.net.is_cut(link) => {
                if relay.is_up {
                    relay.accepts(out, link);
                    if let Some(at) = out.net.down_at(&mut out.cx, link) {
                        out.cx.at(at, Event::Opened(link));
                    }
                } else if let Some(at) = out.net.down_at(&mut out.cx, link) {
                    out.cx.at(at, Event::ClientLost(link));
                }
            }
            Event::Opened(link) if !out.net.is_cut(link) => {
                with_client(out, clients, link, |client, out| client.opened(out, link));
            }
            Event::Up(link, bytes) if !out.net.is_cut(link) => relay.receives(out, link, bytes),
            Event::Down(link, bytes) if !out.net.is_cut(link) => {
                with_client(out, clients, link, |client, out| client.receives(out, link, bytes));
            }
            Event::Writable(link) if !out.net.is_cut(link) => relay.writable(out, link),
            Event::ClientLost(link) => {
                with_client(out, clients, link, |client, out| client.lost(out, link, 1006));
            }
            Event::RelayLost(link) => relay.lost(out, link),
            Event::SessionTime(link) => relay.time(out, link),
            Event::Farewell(link) => relay.farewell(out, link),
            Event::Established { link, token, visitor_token } => {
                relay.established(out, link, token.as_ref(), visitor_token);
            }
            Event::Recheck { link, channel, undecided } => relay.recheck(out, link, &channel, undecided),
            Event::Answered { link, channel, verdict, asked_at, running } => {
                relay.answered(out, link, channel, (verdict, asked_at), running);
            }
            Event::Flush { life, hub } => relay.flush(out, life, hub),
            Event::Write { life, hub, frames, is_large } => relay.write(out, (life, hub), frames, is_large),
            Event::Publish => self.publishes(),
            Event::Fault => self.goes_wrong(),
            Event::Stops { life } if life == relay.life && relay.is_up => self.stops(true),
            Event::Starts if !relay.is_up => {
                relay.start(&mut out.cx);
                out.ledger.counts.starts += 1;
                out.cx.say(|_| "the relay runs again".into());
            }
            Event::Tick => {
                relay.tick(out.cx.now);
                out.cx.after(Duration::from_secs(1), Event::Tick);
            }
            // What comes over a connection that is cut, or too late.
            _ => {}
        }
    }

    fn publishes(&mut self) {
        let cx = &mut self.out.cx;
        if cx.is_calm {
            return;
        }
        let pause = cx.random.millis(0, cx.plan.publish_every_ms);
        cx.after(pause, Event::Publish);
        // Now and then many at once, which is what makes a reader slow.
        let burst = if cx.random.chance(30) { 1 + cx.random.below(60) } else { 1 };
        let place = cx.random.index(self.out.channels.len());
        for _ in 0..burst {
            let users = self.some_users();
            self.publish(place, users);
        }
    }

    /// Whom a message is for: mostly everyone.
    fn some_users(&mut self) -> Option<BTreeSet<realtime_protocol::subscriber::UserId>> {
        let random = &mut self.out.cx.random;
        if !random.chance(250) {
            return None;
        }
        let names = (0..self.out.cx.plan.users).filter(|_| random.chance(400));
        Some(names.map(|index| user(&format!("user-{index}"))).collect())
    }

    pub(crate) fn publish(
        &mut self,
        place: usize,
        users: Option<BTreeSet<realtime_protocol::subscriber::UserId>>,
    ) {
        if !self.relay.is_up {
            return;
        }
        self.next_serial += 1;
        let times = if self.out.cx.random.chance(50) { 2 } else { 1 };
        self.relay.publish(&mut self.out, place, self.next_serial, users, times);
    }

    fn goes_wrong(&mut self) {
        let Self { out, relay, clients, .. } = self;
        if out.cx.is_calm {
            return;
        }
        let pause = out.cx.random.millis(0, out.cx.plan.fault_every_ms);
        out.cx.after(pause, Event::Fault);
        match out.cx.random.below(100) {
            0..=24 => self.cuts(),
            25..=39 => {
                let links: Vec<_> = out.net.links.keys().copied().collect();
                let until = out.cx.now + out.cx.random.millis(100, 15_000);
                if let Some(link) = links.get(out.cx.random.index(links.len())).copied()
                    && let Some(stalled) = out.net.links.get_mut(&link)
                {
                    out.cx.say(|_| format!("link {} stalls until {until:?}", link.0));
                    stalled.stalled_until = until;
                }
            }
            40..=59 => {
                let index = out.cx.random.index(clients.len());
                let delay = out.cx.random.millis(100, 12_000);
                with(clients, index, |client| client.is_reading = false);
                out.cx.say(|_| format!("client {index} does not read for {delay:?}"));
                out.cx.after(delay, Event::Reads(index));
            }
            60..=84 => {
                let users: Vec<_> = clients.iter().filter_map(|client| client.user.clone()).collect();
                let channel = out.channels.get(out.cx.random.index(out.channels.len())).cloned();
                if let (Some(user), Some(channel)) = (users.get(out.cx.random.index(users.len())), channel) {
                    let may = out.permissions.toggle(user, &channel, out.cx.now);
                    out.cx.say(|_| format!("{user} may read {channel}: {may}"));
                    relay.permission_changed(out, user, &channel);
                }
            }
            85..=89 => {
                let comes_back = out.cx.random.chance(500);
                relay.disconnect(out, comes_back);
            }
            90..=92 if relay.is_up => {
                out.cx.say(|_| "the relay drains".into());
                relay.drain(out);
                out.cx.after(Duration::from_secs(1), Event::Stops { life: relay.life });
            }
            93..=96 if relay.is_up => {
                let tells = out.cx.random.chance(700);
                self.stops(tells);
            }
            _ => {}
        }
    }

    /// A connection is lost: both sides, one or none are told.
    fn cuts(&mut self) {
        let Self { out, relay, .. } = self;
        let links = relay.links();
        let Some(link) = links.get(out.cx.random.index(links.len())).copied() else { return };
        out.net.cut(link);
        let (client, server) = (out.cx.random.chance(650), out.cx.random.chance(650));
        out.cx.say(|_| format!("link {} is cut: the client is told {client}, the relay {server}", link.0));
        for (tells, event) in [(client, Event::ClientLost(link)), (server, Event::RelayLost(link))] {
            if tells {
                let delay = out.cx.random.millis(0, 500);
                out.cx.after(delay, event);
            }
        }
    }

    fn stops(&mut self, tells: bool) {
        self.out.cx.say(|_| format!("the relay is gone, and says so: {tells}"));
        self.relay.stop(&mut self.out, tells);
        self.out.ledger.streams_are_lost();
        let pause = self.out.cx.random.millis(50, 6_000);
        self.out.cx.after(pause, Event::Starts);
    }
}

fn with(clients: &mut [Client], index: usize, act: impl FnOnce(&mut Client)) {
    if let Some(client) = clients.get_mut(index) {
        act(client);
    }
}

fn with_client(
    out: &mut Outside,
    clients: &mut [Client],
    link: crate::network::LinkId,
    act: impl FnOnce(&mut Client, &mut Outside),
) {
    if let Some(index) = out.net.links.get(&link).map(|link| link.client)
        && let Some(client) = clients.get_mut(index)
    {
        act(client, out);
    }
}
