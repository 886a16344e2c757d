//! Publish, attach and detach, from any task.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::SessionId;
use realtime_hub::hub::{Attachment, Hub, Numbers, Published};
use realtime_hub::publication::Publication;
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::codec::write_control;
use realtime_protocol::frame::{ChannelNumber, Control, RequestId};
use realtime_protocol::position::Position;
use tokio::sync::Notify;

use crate::broker::peer::Peer;
use crate::clock::Clock;
use crate::websocket::writer;

/// How many hubs share the channels. Several times the cores that can publish at once, so that two of them seldom
/// want the same lock; more would only cost memory.
const SHARDS: u64 = 16;

/// All channels of this relay.
#[derive(Debug)]
pub struct Broker<P> {
    shards: Vec<Arc<Shard<P>>>,
    hasher: RandomState,
    clock: Clock,
    budget: Arc<MemoryBudget>,
}

/// A hub and the flusher that waits for it.
#[derive(Debug)]
pub struct Shard<P> {
    pub(crate) hub: Mutex<Hub<P>>,
    pub(crate) wake: Notify,
    pub(crate) counters: Counters,
}

/// What a shard has done since the start.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) published: AtomicU64,
    pub(crate) delivered: AtomicU64,
}

impl<P: Peer> Broker<P> {
    /// Empty hubs that share one memory budget.
    pub fn new(settings: HubSettings, max_history_bytes: usize, clock: Clock) -> Self {
        let budget = Arc::new(MemoryBudget::new(max_history_bytes));
        let hasher = RandomState::new();
        let shards = (0..SHARDS).map(|index| {
            let numbers = Numbers { first: 1 + index, step: SHARDS };
            let seed = RandomState::new().hash_one(index);
            let hub = Hub::new(settings, Arc::clone(&budget), numbers, seed);
            Arc::new(Shard { hub: Mutex::new(hub), wake: Notify::new(), counters: Counters::default() })
        });
        Self { shards: shards.collect(), hasher, clock, budget }
    }

    /// Puts a message into its channel's stream, from where the flusher delivers it.
    pub fn publish(&self, channel: &Channel, publication: Publication<'_>) -> Published {
        let shard = self.shard_of(channel);
        let published = shard.hub.lock().publish(channel, publication, self.clock.now());
        shard.counters.published.fetch_add(1, Ordering::Relaxed);
        if published.wakes {
            shard.wake.notify_one();
        }
        published
    }

    /// Attaches a peer and sends it the reply and what it missed. Returns the channel's number.
    pub fn attach(
        &self,
        id: RequestId,
        channel: &Channel,
        peer: &P,
        from: Option<&Position>,
    ) -> ChannelNumber {
        let shard = self.shard_of(channel);
        let number = {
            let mut hub = shard.hub.lock();
            let attachment = hub.attach(channel, peer.clone(), from, self.clock.now());
            let number = attachment.number;
            queue_reply(id, attachment, peer);
            number
        };
        // The system call is made without the lock.
        peer.flush();
        number
    }

    /// Detaches a session. Returns the channel's number when it was attached.
    pub fn detach(&self, channel: &Channel, session: SessionId) -> Option<ChannelNumber> {
        self.shard_of(channel).hub.lock().detach(channel, session, self.clock.now())
    }

    /// Detaches a session from channels that it knows by number.
    pub fn detach_all(&self, numbers: &[ChannelNumber], session: SessionId) {
        for number in numbers {
            if let Some(shard) = self.shards.get(((number.0 - 1) % SHARDS) as usize) {
                shard.hub.lock().detach_number(*number, session, self.clock.now());
            }
        }
    }

    /// Forgets what is too old, in every hub. To be called about every second.
    pub fn tick(&self) {
        for shard in &self.shards {
            shard.hub.lock().tick(self.clock.now());
        }
    }

    /// The hubs, for the flushers.
    pub fn shards(&self) -> &[Arc<Shard<P>>] {
        &self.shards
    }

    /// Messages published, messages delivered, and bytes that histories hold.
    pub fn totals(&self) -> Totals {
        let sum = |of: fn(&Counters) -> &AtomicU64| {
            self.shards.iter().map(|shard| of(&shard.counters).load(Ordering::Relaxed)).sum()
        };
        Totals {
            published: sum(|counters| &counters.published),
            delivered: sum(|counters| &counters.delivered),
            history_bytes: self.budget.used_bytes(),
            channels: self.shards.iter().map(|shard| shard.hub.lock().channel_count()).sum(),
        }
    }

    fn shard_of(&self, channel: &Channel) -> &Shard<P> {
        let index = self.hasher.hash_one(channel) % SHARDS;
        #[expect(
            clippy::indexing_slicing,
            reason = "a remainder of SHARDS is below it, and there are SHARDS shards"
        )]
        &self.shards[index as usize]
    }
}

/// What the broker has done and what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Totals {
    /// Messages accepted since the start.
    pub published: u64,
    /// Messages handed to peers since the start.
    pub delivered: u64,
    /// Bytes that histories and channels hold.
    pub history_bytes: usize,
    /// Channels that exist.
    pub channels: usize,
}

fn queue_reply<P: Peer>(id: RequestId, attachment: Attachment, peer: &P) {
    let reply = Control::Subscribed {
        id,
        number: attachment.number,
        position: attachment.position,
        recovered: attachment.recovered,
    };
    peer.queue(writer::text(&write_control(&reply)));
    for frame in attachment.missed {
        peer.queue_recovery(writer::text_in_place(frame));
    }
}
