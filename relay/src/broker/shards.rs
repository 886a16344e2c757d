//! Publish, attach and detach, from any task.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::SessionId;
use realtime_hub::hub::{Attachment, Hub, Numbers};
use realtime_hub::publication::Publication;
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::codec::write_control;
use realtime_protocol::frame::{ChannelNumber, Control, RequestId};
use realtime_protocol::position::Position;
use tokio::sync::Notify;

use crate::broker::eviction::Eviction;
use crate::broker::peer::Peer;
use crate::broker::publishing::Publishing;
use crate::clock::Clock;
use crate::store::contract::Store;
use crate::store::refusal::NotPlaced;
use crate::websocket::writer;

/// How many hubs share the channels. Several times the cores that can publish at once, so that two of them seldom
/// want the same lock; more would only cost memory.
const SHARDS: u64 = 16;

/// All channels of this relay.
pub struct Broker<P> {
    pub(super) shards: Vec<Arc<Shard<P>>>,
    hasher: RandomState,
    pub(super) clock: Clock,
    pub(super) budget: Arc<MemoryBudget>,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) eviction: Eviction,
}

/// A hub and the flusher that waits for it.
#[derive(Debug)]
pub struct Shard<P> {
    pub(crate) hub: Mutex<Hub<P>>,
    pub(crate) wake: Notify,
    /// Tells whoever waits right then that messages have been stored.
    pub(crate) stored: Notify,
    pub(crate) counters: Counters,
}

/// What a shard has done since the start.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) published: AtomicU64,
    /// Messages that were given to the store.
    pub(super) placed: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) delivered_bytes: AtomicU64,
    recovered: AtomicU64,
    not_recovered: AtomicU64,
}

impl<P> Shard<P> {
    /// A number that grows with every message that is on its way to readers, or to the store and then to readers.
    pub(super) fn brought(&self) -> u64 {
        self.counters.published.load(Ordering::Relaxed) + self.counters.placed.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Counts what became of a recovery, where one was asked for.
    fn count_recovery(&self, recovered: Option<bool>) {
        match recovered {
            Some(true) => self.recovered.fetch_add(1, Ordering::Relaxed),
            Some(false) => self.not_recovered.fetch_add(1, Ordering::Relaxed),
            None => return,
        };
    }
}

impl<P: Peer> Broker<P> {
    /// Empty hubs that share one memory budget.
    pub fn new(settings: &HubSettings, max_history_bytes: usize, clock: Clock) -> Self {
        let budget = Arc::new(MemoryBudget::with_channels(max_history_bytes, settings.least_channels_bytes));
        let hasher = RandomState::new();
        let shards = (0..SHARDS).map(|index| {
            let numbers = Numbers { first: 1 + index, step: SHARDS };
            let seed = RandomState::new().hash_one(index);
            let hub = Hub::new(settings.clone(), Arc::clone(&budget), numbers, seed);
            Arc::new(Shard {
                hub: Mutex::new(hub),
                wake: Notify::new(),
                stored: Notify::new(),
                counters: Counters::default(),
            })
        });
        Self { shards: shards.collect(), hasher, clock, budget, store: None, eviction: Eviction::default() }
    }

    /// Puts a message into its channel's stream, from where the flusher delivers it; with a store, as soon as it is
    /// stored.
    ///
    /// # Errors
    /// When its id is another message's, or when it cannot be stored.
    pub fn publish(&self, channel: &Channel, publication: Publication<'_>) -> Result<Publishing, NotPlaced> {
        self.make_room();
        let shard = self.shard_of(channel);
        if let Some(store) = &self.store {
            return shard.place(&**store, channel, publication, self.clock.unix_now());
        }
        let published = shard.hub.lock().publish(channel, publication, self.clock.unix_now())?;
        shard.counters.published.fetch_add(1, Ordering::Relaxed);
        if published.wakes {
            shard.wake.notify_one();
        }
        Ok(Publishing::Done(published.position))
    }

    /// Attaches a peer and queues the reply and what it missed, for the peer to write. `None` when the channel does not exist
    /// and there is no place for another one.
    pub fn attach(
        &self,
        id: RequestId,
        channel: &Channel,
        peer: &P,
        from: Option<&Position>,
    ) -> Option<Attached> {
        self.make_room();
        let shard = self.shard_of(channel);
        let mut hub = shard.hub.lock();
        if !hub.has_place_for(channel) {
            return None;
        }
        let attachment = hub.attach(channel, peer.clone(), from, self.clock.unix_now());
        shard.counters.count_recovery(attachment.recovered);
        let recovered_bytes = attachment.missed.iter().map(|frame| frame.len()).sum();
        let attached = Attached { number: attachment.number, is_new: attachment.is_new, recovered_bytes };
        queue_reply(id, attachment, peer);
        Some(attached)
    }

    /// The channels that somebody reads and `wanted` says yes to, with their readers.
    pub fn audiences(&self, wanted: impl Fn(&Channel) -> bool) -> Vec<(ChannelNumber, Arc<Vec<P>>)> {
        let mut audiences = Vec::new();
        for shard in &self.shards {
            let hub = shard.hub.lock();
            let found = hub.audiences().filter(|(channel, ..)| wanted(channel));
            audiences.extend(found.map(|(_, number, readers)| (number, Arc::clone(readers))));
        }
        audiences
    }

    /// The number of a channel that exists.
    pub fn number(&self, channel: &Channel) -> Option<ChannelNumber> {
        self.shard_of(channel).hub.lock().number(channel)
    }

    /// A session that reads the channel of a number, and the channel.
    pub fn reader(&self, number: ChannelNumber, session: SessionId) -> Option<(Arc<Channel>, P)> {
        let hub = self.shard_of_number(number)?.hub.lock();
        let (channel, peer) = hub.reader(number, session)?;
        Some((Arc::clone(channel), peer.clone()))
    }

    /// Detaches a session. Returns the channel's number when it was attached.
    pub fn detach(&self, channel: &Channel, session: SessionId) -> Option<ChannelNumber> {
        self.shard_of(channel).hub.lock().detach(channel, session, self.clock.unix_now())
    }

    /// Detaches a session from channels that it knows by number.
    pub fn detach_all(&self, numbers: &[ChannelNumber], session: SessionId) {
        for number in numbers {
            if let Some(shard) = self.shard_of_number(*number) {
                shard.hub.lock().detach_number(*number, session, self.clock.unix_now());
            }
        }
    }

    /// Forgets what is too old, in every hub. To be called about every second.
    pub fn tick(&self) {
        for shard in &self.shards {
            shard.hub.lock().tick(self.clock.unix_now());
        }
    }

    /// Bytes that histories and channels hold.
    pub fn history_bytes(&self) -> usize {
        self.budget.used_bytes()
    }

    /// Ids of publishes that are remembered.
    pub fn publish_ids(&self) -> usize {
        self.budget.publish_ids()
    }

    /// The hubs, for the flushers.
    pub fn shards(&self) -> &[Arc<Shard<P>>] {
        &self.shards
    }

    /// What was done since the start, and what is held now. Looks at every channel.
    pub fn totals(&self) -> Totals {
        let sum = |of: fn(&Counters) -> &AtomicU64| {
            self.shards.iter().map(|shard| of(&shard.counters).load(Ordering::Relaxed)).sum()
        };
        Totals {
            published: sum(|counters| &counters.published),
            delivered: sum(|counters| &counters.delivered),
            delivered_bytes: sum(|counters| &counters.delivered_bytes),
            recovered: sum(|counters| &counters.recovered),
            not_recovered: sum(|counters| &counters.not_recovered),
            history_bytes: self.budget.used_bytes(),
            channels: self.shards.iter().map(|shard| shard.hub.lock().channel_count()).sum(),
            subscriptions: self.shards.iter().map(|shard| subscriptions(&shard.hub.lock())).sum(),
        }
    }

    /// A number's shard, as [`Numbers`] gives them out.
    fn shard_of_number(&self, number: ChannelNumber) -> Option<&Shard<P>> {
        let index = number.0.checked_sub(1)? % SHARDS;
        self.shards.get(index as usize).map(AsRef::as_ref)
    }

    pub(super) fn shard_of(&self, channel: &Channel) -> &Shard<P> {
        let index = self.hasher.hash_one(channel) % SHARDS;
        #[expect(
            clippy::indexing_slicing,
            reason = "a remainder of SHARDS is below it, and there are SHARDS shards"
        )]
        &self.shards[index as usize]
    }
}

/// The answer to an attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attached {
    /// The channel's number.
    pub number: ChannelNumber,
    /// Whether the peer was not attached before.
    pub is_new: bool,
    /// Bytes that it has missed and that wait for it now.
    pub recovered_bytes: usize,
}

/// What the broker has done and what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Totals {
    /// Messages accepted since the start.
    pub published: u64,
    /// Messages handed to peers since the start.
    pub delivered: u64,
    /// Bytes of the frames in which they were.
    pub delivered_bytes: u64,
    /// Recoveries that were whole.
    pub recovered: u64,
    /// Recoveries of which the peer was told that something is lost.
    pub not_recovered: u64,
    /// Bytes that histories and channels hold.
    pub history_bytes: usize,
    /// Channels that exist.
    pub channels: usize,
    /// Readers of all channels.
    pub subscriptions: usize,
}

fn subscriptions<P: Peer>(hub: &Hub<P>) -> usize {
    hub.audiences().map(|(_, _, readers)| readers.len()).sum()
}

fn queue_reply<P: Peer>(id: RequestId, attachment: Attachment, peer: &P) {
    let reply = Control::Subscribed {
        id,
        number: attachment.number,
        position: attachment.position,
        recovered: attachment.recovered,
    };
    peer.join(attachment.number, attachment.is_new, writer::text(&write_control(&reply)));
    for frame in attachment.missed {
        peer.queue_recovery(writer::text_in_place(frame));
    }
}
