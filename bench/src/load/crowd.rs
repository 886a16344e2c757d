//! Subscribers and publishers together, on one thread.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::check::fault::Fault;
use crate::check::ledger::Ledger;
use crate::error::BenchError;
use crate::load::latency::Latencies;
use crate::load::poll::{Interest, Ready};
use crate::load::publisher::Publisher;
use crate::load::subscriber::{State, Subscriber};
use crate::load::waiter::{Waiter, Waits};
use crate::servers::server::{Dialect, Outgoing};

/// Bytes read at once. As much as a socket holds before its sender has to wait, about.
const READ_BYTES: usize = 512 * 1024;

/// How long a server may be silent before a measurement gives up.
const STALL: Duration = Duration::from_secs(60);

/// Connections that are opened before those that are open already get on: a crowd does not stand still until its last
/// one has come.
const OPENINGS_PER_TURN: usize = 64;

/// Tokens from here on are publishers.
const PUBLISHERS: u64 = 1 << 32;

/// Everyone who puts load on one server.
pub struct Crowd {
    dialect: Box<dyn Dialect>,
    server: SocketAddr,
    waiter: Waiter,
    buffer: Vec<u8>,
    subscribers: Vec<Subscriber>,
    subscribed: usize,
    /// Those that are waited for by themselves; nobody, where all are.
    watched: Vec<usize>,
    publishers: Vec<Publisher>,
    ledgers: Vec<Ledger>,
    published: Vec<Published>,
    totals: Totals,
    latencies: Option<Latencies>,
}

#[derive(Debug, Clone, Copy)]
struct Published {
    channel: usize,
    at: Instant,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages that subscribers got, each counted for each subscriber.
    pub delivered: u64,
    /// Requests to publish that were answered.
    pub answered: u64,
}

impl Crowd {
    /// Nobody yet.
    ///
    /// # Errors
    /// When the system refuses an epoll set.
    pub fn new(server: SocketAddr, dialect: Box<dyn Dialect>, waits: Waits) -> Result<Self, BenchError> {
        Ok(Self {
            dialect,
            server,
            waiter: Waiter::new(waits)?,
            buffer: vec![0; READ_BYTES],
            subscribers: Vec::new(),
            subscribed: 0,
            watched: Vec::new(),
            publishers: Vec::new(),
            ledgers: Vec::new(),
            published: Vec::new(),
            totals: Totals::default(),
            latencies: None,
        })
    }

    /// What has happened so far.
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// Time that it has spent awake without anything to do, so far.
    pub const fn idle(&self) -> Duration {
        self.waiter.idle()
    }

    /// From now on every delivery's time since its publish is counted. Before, none is: it costs a little.
    pub fn count_latencies(&mut self) {
        self.latencies = Some(Latencies::default());
    }

    /// The times counted so far.
    pub fn take_latencies(&mut self) -> Latencies {
        self.latencies.take().unwrap_or_default()
    }

    /// Opens subscribers, all at once or at most so many at a time, spread over the channels in turn; returns when
    /// all are subscribed, with the time that each one needed.
    ///
    /// # Errors
    /// When one of them is refused or the server falls silent.
    pub fn subscribe(
        &mut self,
        subscribers: usize,
        channels: usize,
        at_once: usize,
    ) -> Result<Latencies, BenchError> {
        self.ledgers.resize_with(channels.max(self.ledgers.len()), Ledger::default);
        let wanted = self.subscribers.len() + subscribers;
        let first = self.subscribers.len();
        while self.subscribed < wanted {
            let may_open = at_once.saturating_sub(self.subscribers.len() - self.subscribed);
            let left = wanted - self.subscribers.len();
            for _ in 0..left.min(may_open).min(OPENINGS_PER_TURN) {
                self.open(channels)?;
            }
            let has_more = left.min(may_open) > OPENINGS_PER_TURN;
            self.turn(has_more.then_some(Duration::ZERO), "for subscriptions")?;
        }
        let mut latencies = Latencies::default();
        for subscriber in self.subscribers.iter().skip(first) {
            if let State::Subscribed(after) = subscriber.state() {
                latencies.record(after);
            }
        }
        Ok(latencies)
    }

    fn open(&mut self, channels: usize) -> Result<(), BenchError> {
        let index = self.subscribers.len();
        let subscriber = Subscriber::connect(index, index % channels.max(1), self.server)?;
        self.waiter.poll.add(subscriber.socket(), index as u64, Interest::Write)?;
        self.subscribers.push(subscriber);
        Ok(())
    }

    /// Connects publishers.
    ///
    /// # Errors
    /// When the server does not take them.
    pub fn add_publishers(&mut self, count: usize) -> Result<(), BenchError> {
        for _ in 0..count {
            let server = self.dialect.publish_address().unwrap_or(self.server);
            let publisher = Publisher::connect(server, self.dialect.as_ref())?;
            let token = PUBLISHERS + self.publishers.len() as u64;
            self.waiter.poll.add(publisher.socket(), token, Interest::Read)?;
            self.publishers.push(publisher);
        }
        Ok(())
    }

    /// A publisher that has nothing on its way.
    pub fn idle_publisher(&self) -> Option<usize> {
        self.publishers.iter().position(|publisher| !publisher.is_busy())
    }

    /// Publishes one message on each of these channels, in one request. `at` is the moment from which latencies
    /// count: the moment at which it was due, so that a publisher that has to wait hides nothing.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn publish(
        &mut self,
        publisher: usize,
        channels: impl Iterator<Item = usize>,
        at: Instant,
    ) -> Result<(), BenchError> {
        let first = self.published.len();
        self.published.extend(channels.map(|channel| Published { channel, at }));
        let messages: Vec<Outgoing> = (first..)
            .zip(self.published.iter().skip(first))
            .map(|(number, published)| Outgoing { channel: published.channel, number: number as u32 })
            .collect();
        let (dialect, poll) = (&self.dialect, &self.waiter.poll);
        let Some(connection) = self.publishers.get_mut(publisher) else {
            return Err(BenchError::Peer(format!("there is no publisher {publisher}")));
        };
        connection.send(|out| dialect.publish(&messages, out))?;
        if connection.has_unsent() {
            poll.change(connection.socket(), PUBLISHERS + publisher as u64, Interest::Both)?;
        }
        Ok(())
    }

    /// Messages published so far.
    pub const fn published(&self) -> usize {
        self.published.len()
    }

    /// Subscribers of one channel.
    pub fn audience(&self, channel: usize) -> usize {
        self.subscribers.iter().filter(|subscriber| subscriber.channel() == channel).count()
    }

    /// Waits until subscribers have got so many messages in all, and publishers so many answers.
    ///
    /// # Errors
    /// Whatever a server may do wrong.
    pub fn reach(&mut self, wanted: Totals) -> Result<(), BenchError> {
        while self.totals.delivered < wanted.delivered || self.totals.answered < wanted.answered {
            self.turn(None, "for deliveries and answers")?;
        }
        Ok(())
    }

    /// From now on only so many subscribers are read when something has come for them, evenly spread, the last one among
    /// them. The others are read by [`Crowd::read`].
    ///
    /// # Errors
    /// When the system refuses.
    pub fn watch(&mut self, count: usize) -> Result<(), BenchError> {
        let all = self.subscribers.len();
        self.watched = (1..=count).map(|number| (all * number / count).saturating_sub(1)).collect();
        self.watched.dedup();
        for (index, subscriber) in self.subscribers.iter().enumerate() {
            if !self.watched.contains(&index) {
                self.waiter.poll.remove(subscriber.socket())?;
            }
        }
        Ok(())
    }

    /// Waits until those who are watched have everything that was published, and publishers their answers.
    ///
    /// # Errors
    /// Whatever a server may do wrong.
    pub fn reach_watched(&mut self) -> Result<(), BenchError> {
        let published = self.published.len();
        let is_behind = |crowd: &Self| {
            let watched = crowd.watched.iter().filter_map(|index| crowd.subscribers.get(*index));
            watched.map(Subscriber::received).any(|received| received < published)
                || crowd.publishers.iter().any(Publisher::is_busy)
        };
        while is_behind(self) {
            self.turn(None, "for deliveries and answers")?;
        }
        Ok(())
    }

    /// Reads once what has come for these subscribers, if anything has.
    ///
    /// # Errors
    /// Whatever a server may do wrong.
    pub fn read(&mut self, subscribers: Range<usize>) -> Result<(), BenchError> {
        for index in subscribers {
            self.subscriber_ready(Ready { token: index as u64, can_write: false })?;
        }
        Ok(())
    }

    /// Reads everybody until subscribers have got so many messages in all, and publishers so many answers.
    ///
    /// # Errors
    /// Whatever a server may do wrong.
    pub fn read_until(&mut self, wanted: Totals) -> Result<(), BenchError> {
        let mut last_got = Instant::now();
        while self.totals.delivered < wanted.delivered || self.totals.answered < wanted.answered {
            let before = self.totals;
            self.turn(Some(Duration::ZERO), "")?;
            self.read(0..self.subscribers.len())?;
            if self.totals != before {
                last_got = Instant::now();
            } else if last_got.elapsed() > STALL {
                let what = "for deliveries and answers".to_owned();
                return Err(BenchError::Stalled { what, seconds: STALL.as_secs() });
            }
        }
        Ok(())
    }

    /// Waits for something to happen, for at most so long (`None`: until a server counts as stalled), and deals with
    /// it.
    ///
    /// # Errors
    /// Whatever a server may do wrong.
    pub fn turn(&mut self, timeout: Option<Duration>, waiting: &str) -> Result<(), BenchError> {
        match timeout {
            Some(timeout) => self.waiter.wait(timeout)?,
            None => self.waiter.wait_for_some(STALL, waiting)?,
        }
        for index in 0..self.waiter.poll.fetched() {
            if let Some(ready) = self.waiter.poll.event(index) {
                if ready.token >= PUBLISHERS {
                    self.publisher_ready(ready)?;
                } else {
                    self.subscriber_ready(ready)?;
                }
            }
        }
        Ok(())
    }

    fn subscriber_ready(&mut self, ready: Ready) -> Result<(), BenchError> {
        let Some(subscriber) = self.subscribers.get_mut(ready.token as usize) else {
            return Ok(());
        };
        let before = subscriber.state();
        if before == State::Connecting {
            subscriber.connected(self.dialect.as_ref())?;
            return self.waiter.poll.change(subscriber.socket(), ready.token, Interest::Read);
        }
        let Some(ledger) = self.ledgers.get_mut(subscriber.channel()) else {
            return Ok(());
        };
        let got = subscriber.read(&mut self.buffer, ledger, self.dialect.as_ref())?;
        self.totals.delivered += got as u64;
        let is_subscribed = |state| matches!(state, State::Subscribed(_));
        if !is_subscribed(before) && is_subscribed(subscriber.state()) {
            self.subscribed += 1;
        }
        if let Some(latencies) = self.latencies.as_mut().filter(|_| got > 0) {
            let (now, end) = (Instant::now(), subscriber.received());
            for number in ledger.numbers(end - got..end) {
                if let Some(published) = self.published.get(number as usize) {
                    latencies.record(now.saturating_duration_since(published.at));
                }
            }
        }
        Ok(())
    }

    fn publisher_ready(&mut self, ready: Ready) -> Result<(), BenchError> {
        let Some(publisher) = self.publishers.get_mut((ready.token - PUBLISHERS) as usize) else {
            return Ok(());
        };
        if ready.can_write && publisher.has_unsent() {
            publisher.go_on()?;
            if !publisher.has_unsent() {
                self.waiter.poll.change(publisher.socket(), ready.token, Interest::Read)?;
            }
        }
        if publisher.read(&mut self.buffer, self.dialect.as_ref())? {
            self.totals.answered += 1;
        }
        Ok(())
    }

    /// Whether everybody has got everything: once, and the same for all; with one publisher at a time, in the order
    /// of publishing.
    ///
    /// # Errors
    /// The first fault.
    pub fn check_whole(&self, is_ordered: bool) -> Result<(), BenchError> {
        let mut published = vec![Vec::new(); self.ledgers.len()];
        for (number, message) in self.published.iter().enumerate() {
            if let Some(numbers) = published.get_mut(message.channel) {
                numbers.push(number as u32);
            }
        }
        for (channel, (ledger, numbers)) in self.ledgers.iter().zip(&published).enumerate() {
            ledger
                .check_whole(numbers, is_ordered)
                .map_err(|fault| BenchError::Channel { channel, fault })?;
        }
        for (index, subscriber) in self.subscribers.iter().enumerate() {
            let due = self.ledgers.get(subscriber.channel()).map_or(0, Ledger::len);
            if subscriber.received() != due {
                let fault = Fault::Behind { got: subscriber.received(), due };
                return Err(BenchError::Subscriber { subscriber: index, fault });
            }
        }
        Ok(())
    }
}
