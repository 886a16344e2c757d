//! What was published, what every subscription was told, and what it is entitled to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use realtime_client::{Continuity, SubscriptionId};
use realtime_protocol::position::Position;
use realtime_protocol::subscriber::UserId;

use crate::context::Context;

/// Everything that is known from outside.
#[derive(Default)]
pub(crate) struct Ledger {
    channels: Vec<History>,
    subscriptions: BTreeMap<(usize, SubscriptionId), Told>,
    pub(crate) counts: Counts,
}

/// What happened, so that runs in which nothing happens show.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Messages that were accepted.
    pub published: u64,
    /// Messages that pages got.
    pub delivered: u64,
    /// Subscriptions that came back whole.
    pub whole: u64,
    /// Subscriptions that were told a loss.
    pub lost: u64,
    /// Subscriptions that ended.
    pub ended: u64,
    /// Subscriptions that were refused.
    pub refused: u64,
    /// Outboxes that overflowed.
    pub slow: u64,
    /// Starts of a relay.
    pub starts: u64,
    /// Attempts to connect.
    pub connects: u64,
    /// The most of them of one client in a minute.
    pub most_connects: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.published += other.published;
        self.delivered += other.delivered;
        self.whole += other.whole;
        self.lost += other.lost;
        self.ended += other.ended;
        self.refused += other.refused;
        self.slow += other.slow;
        self.starts += other.starts;
        self.connects += other.connects;
        self.most_connects = self.most_connects.max(other.most_connects);
    }
}

/// A channel's messages: of every life of its stream.
#[derive(Default)]
struct History {
    lives: HashMap<String, Vec<Entry>>,
    /// The epoch of the newest message, unless the stream was lost since.
    current: Option<String>,
}

struct Entry {
    serial: u64,
    offset: u64,
    /// Whom it is for, where it is not for everyone.
    users: Option<BTreeSet<UserId>>,
    at: Duration,
}

/// What one subscription knows.
struct Told {
    channel: usize,
    /// Everything up to here has been delivered; `None` before it is live.
    position: Option<Position>,
}

impl Ledger {
    pub(crate) fn new(channels: usize) -> Self {
        Self { channels: (0..channels).map(|_| History::default()).collect(), ..Self::default() }
    }

    /// The relay has accepted a message.
    pub(crate) fn published(
        &mut self,
        cx: &mut Context,
        channel: usize,
        position: &Position,
        serial: u64,
        users: Option<BTreeSet<UserId>>,
    ) {
        self.counts.published += 1;
        let Some(history) = self.channels.get_mut(channel) else { return };
        let life = history.lives.entry(position.epoch.as_str().to_owned()).or_default();
        let offset = position.offset.get();
        if life.last().is_some_and(|last| last.offset >= offset) {
            cx.violated(|| {
                format!("message {serial} got {position:?}, which is not after the one before it")
            });
        }
        life.push(Entry { serial, offset, users, at: cx.now });
        history.current = Some(position.epoch.as_str().to_owned());
    }

    /// The relay has lost every stream.
    pub(crate) fn streams_are_lost(&mut self) {
        for history in &mut self.channels {
            history.current = None;
        }
    }

    /// A client's page wants a channel.
    pub(crate) fn subscribes(&mut self, client: usize, subscription: SubscriptionId, channel: usize) {
        self.subscriptions.insert((client, subscription), Told { channel, position: None });
    }

    /// It does not want it any more.
    pub(crate) fn leaves(&mut self, client: usize, subscription: SubscriptionId) {
        self.subscriptions.remove(&(client, subscription));
    }

    /// A client's page wants nothing any more.
    pub(crate) fn leaves_all(&mut self, client: usize) {
        self.subscriptions.retain(|(of, _), _| *of != client);
    }

    /// A client's subscriptions and their channels.
    pub(crate) fn of(&self, client: usize) -> Vec<(SubscriptionId, usize)> {
        let of_client = self.subscriptions.iter().filter(|((of, _), _)| *of == client);
        of_client.map(|((_, subscription), told)| (*subscription, told.channel)).collect()
    }

    /// A page is told that a subscription is live.
    pub(crate) fn subscribed(
        &mut self,
        cx: &mut Context,
        (client, subscription): (usize, SubscriptionId),
        continuity: Continuity,
        position: Option<&Position>,
    ) {
        let name = format!("subscription {} of client {client}", subscription.0);
        let Some(told) = self.subscriptions.get_mut(&(client, subscription)) else {
            return cx.violated(|| format!("{name} is told to be live after its end"));
        };
        let Some(position) = position else {
            return cx.violated(|| format!("{name} is live and stands nowhere"));
        };
        match (continuity, &told.position) {
            (Continuity::First, None) | (Continuity::Lost, Some(_)) => {
                let life = self.channels.get(told.channel).and_then(|history| {
                    history.lives.get(position.epoch.as_str()).and_then(|life| life.last())
                });
                let newest = life.map_or(0, |entry| entry.offset);
                if position.offset.get() > newest {
                    cx.violated(|| {
                        format!("{name} is live at {position:?}, beyond the newest message {newest}")
                    });
                }
                self.counts.lost += u64::from(continuity == Continuity::Lost);
                told.position = Some(position.clone());
            }
            (Continuity::Whole, Some(before)) => {
                self.counts.whole += 1;
                if before != position {
                    cx.violated(|| format!("{name} is told to be whole at {position:?}, but has {before:?}"));
                }
            }
            (continuity, before) => {
                cx.violated(|| format!("{name} is told {continuity:?} where it has {before:?}"));
            }
        }
    }

    /// A page is told that a subscription is over, before it was live or after.
    pub(crate) fn is_over(
        &mut self,
        cx: &mut Context,
        (client, subscription): (usize, SubscriptionId),
        was_live: bool,
    ) {
        match self.subscriptions.remove(&(client, subscription)) {
            Some(told) if told.position.is_some() == was_live => {}
            Some(_) => {
                cx.violated(|| format!("{subscription:?} of client {client} is over: live {was_live}?"))
            }
            None => cx.violated(|| format!("{subscription:?} of client {client} is over twice")),
        }
        self.counts.ended += u64::from(was_live);
        self.counts.refused += u64::from(!was_live);
    }

    /// A page gets a message: it has to be the next one that it is entitled to.
    pub(crate) fn delivered(
        &mut self,
        cx: &mut Context,
        (client, subscription): (usize, SubscriptionId),
        user: &UserId,
        serial: u64,
    ) {
        self.counts.delivered += 1;
        let name = format!("subscription {} of client {client} ({user})", subscription.0);
        let Some(told) = self.subscriptions.get_mut(&(client, subscription)) else {
            return cx.violated(|| format!("{name} gets message {serial} after its end"));
        };
        let Some(position) = &mut told.position else {
            return cx.violated(|| format!("{name} gets message {serial} before it is live"));
        };
        let history = self.channels.get(told.channel);
        match history.and_then(|history| history.next(position, user)) {
            Some(entry) if entry.serial == serial => {
                position.offset = realtime_protocol::position::Offset::new(entry.offset).unwrap_or_default();
            }
            next => cx.violated(|| {
                let next = next.map(|entry| entry.serial);
                format!("{name} gets message {serial} where {next:?} is the next one after {position:?}")
            }),
        }
    }

    /// The relay tells a subscriber at this position that something is lost. It must not say so for nothing.
    pub(crate) fn not_recovered(&self, cx: &mut Context, channel: usize, from: &Position, user: &UserId) {
        let Some(history) = self.channels.get(channel) else { return };
        let Some(life) = history.lives.get(from.epoch.as_str()) else { return };
        let is_current = history.current.as_deref() == Some(from.epoch.as_str());
        let missed: Vec<&Entry> = life.iter().filter(|entry| entry.offset > from.offset.get()).collect();
        let age = cx.plan.history_age;
        let is_kept = missed.len() <= cx.plan.history_messages
            && missed.iter().all(|entry| entry.at + age > cx.now)
            // A message of this run has less than a hundred bytes.
            && missed.len() * 100 < cx.plan.recovery_bytes;
        // A stream that nobody used for long enough is forgotten.
        let is_fresh = life.last().is_some_and(|entry| entry.at + age > cx.now);
        if is_current && is_kept && is_fresh {
            cx.violated(|| {
                format!(
                    "{user} at {from:?} is told a loss, though {} messages after it are kept",
                    missed.len()
                )
            });
        }
    }

    /// Whether everybody has everything, when nothing is under way.
    pub(crate) fn at_the_end(
        &self,
        cx: &mut Context,
        max_channels: usize,
        user_of: impl Fn(usize) -> Option<UserId>,
    ) {
        for ((client, subscription), told) in &self.subscriptions {
            let name = format!("subscription {} of client {client} to {}", subscription.0, told.channel);
            let channels: BTreeSet<_> = self.of(*client).into_iter().map(|(_, channel)| channel).collect();
            // Who was told to stay away wants nothing any more.
            let Some(user) = user_of(*client) else { continue };
            if channels.len() > max_channels {
                // Some of them have to wait for ever.
                continue;
            }
            let Some(position) = &told.position else {
                return cx.violated(|| format!("{name} is not live though nothing is in its way"));
            };
            let Some(history) = self.channels.get(told.channel) else { continue };
            if history.current.as_deref() != Some(position.epoch.as_str()) {
                return cx.violated(|| format!("{name} stands at {position:?}, in a stream that is lost"));
            }
            if let Some(next) = history.next(position, &user) {
                return cx
                    .violated(|| format!("{name} stands at {position:?}; {} has not come", next.serial));
            }
        }
    }
}

impl History {
    /// The next message after a position that is for this user.
    fn next(&self, position: &Position, user: &UserId) -> Option<&Entry> {
        let life = self.lives.get(position.epoch.as_str())?;
        let first = life.partition_point(|entry| entry.offset <= position.offset.get());
        let mut later = life.get(first..)?.iter();
        later.find(|entry| entry.users.as_ref().is_none_or(|users| users.contains(user)))
    }
}
