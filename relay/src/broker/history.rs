//! A broker with a store: what it has kept is put back, what is published goes through it, and it is kept small.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use realtime_hub::dedupe::Remembered;
use realtime_hub::deferred::StreamRef;
use realtime_hub::restore::{Holding, Restored};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::{Epoch, Offset};
use tokio::time::timeout;

use crate::broker::committer;
use crate::broker::peer::Peer;
use crate::broker::shards::Broker;
use crate::store::contract::{Hubs, Restore, Status, Store};
use crate::store::disk::{DiskStore, Durability, PATIENCE};
use crate::store::folder::{DataFolder, FolderError};
use crate::store::gauge;
use crate::store::refusal::Refusal;

/// What a publish id that is remembered takes on the disk, about.
const ID_BYTES: usize = 128;

/// How long who comes to read waits for the disk to know the channel. Publishers wait longer: they have to know.
const MAX_KNOWING: Duration = Duration::from_secs(2);

/// A store at work.
pub struct History {
    store: Arc<DiskStore>,
    committer: JoinHandle<()>,
    /// Locked until everything is closed.
    _folder: DataFolder,
}

impl History {
    /// Reads what a folder has into the hubs of a broker that nobody uses yet, and from now on keeps there what is
    /// published.
    ///
    /// # Errors
    /// When the folder cannot be read, or is a newer relay's.
    pub fn open<P: Peer>(
        broker: &mut Broker<P>,
        settings: &HubSettings,
        folder: DataFolder,
        durability: Durability,
    ) -> Result<Self, FolderError> {
        let began = Instant::now();
        let mut restoring = Restoring { broker, now: broker.clock.unix_now() };
        let longest = settings.longest_memory();
        let opened = DiskStore::open(&folder, durability, longest, &mut restoring)?;
        let report = opened.report;
        tracing::info!(
            folder = %folder.path().display(),
            messages = report.messages,
            channels = report.channels,
            bytes = report.bytes,
            millis = began.elapsed().as_millis() as u64,
            "history loaded"
        );
        report.log();
        gauge::count_damage(&report);
        let store = Arc::new(opened.store);
        broker.store = Some(Arc::clone(&store) as Arc<dyn Store>);
        broker.renew(&*store, &opened.doubtful);
        let committer =
            committer::start(broker.shards.clone(), Arc::clone(&store) as Arc<dyn Store>, broker.clock)
                .map_err(|source| FolderError::Unusable { path: folder.path().to_owned(), source })?;
        Ok(Self { store, committer, _folder: folder })
    }

    /// Stores everything that was collected, so that it is there after the machine goes down, too. Nothing is taken
    /// any more. Takes as long as the disk goes on answering; when it is given up, the disk is left to a thread that may
    /// never end.
    ///
    /// # Errors
    /// [`CloseError`]: what was acknowledged is with the operating system then.
    pub async fn close(self) -> Result<(), CloseError> {
        let store = Arc::clone(&self.store);
        let mut closing = tokio::task::spawn_blocking(|| self.close_now());
        loop {
            let answers = store.answers();
            match timeout(PATIENCE, &mut closing).await {
                Ok(closed) => return closed.map_err(|_| CloseError::Panicked)?,
                Err(_) if store.answers() == answers => {
                    return Err(CloseError::Silent { messages: store.waiting() });
                }
                Err(_) => {}
            }
        }
    }

    fn close_now(self) -> Result<(), CloseError> {
        self.store.close();
        self.committer.join().map_err(|_| CloseError::Panicked)?;
        Ok(self.store.finish()?)
    }
}

/// Why a history is not closed. The next start checks it.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// The disk fails.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// The disk does not answer.
    #[error(
        "the disk does not answer; of {messages} messages that wait for it nobody was told that they are stored, and they \
         may be lost"
    )]
    Silent {
        /// Of which nobody knows whether they are stored.
        messages: usize,
    },
    /// A thread of the relay's own.
    #[error("the thread that writes the history has panicked")]
    Panicked,
}

impl<P: Peer> Broker<P> {
    /// Whether what is published outlives the process.
    pub const fn is_durable(&self) -> bool {
        self.store.is_some()
    }

    /// Sees to it that a channel's stream outlives the process, before somebody learns its position: then whoever
    /// reads it finds the same stream again, even if nothing is ever published.
    pub async fn make_known(&self, channel: &Channel) {
        let Some(store) = &self.store else { return };
        let now = self.clock.unix_now();
        // Whoever attaches is told so.
        if !self.shard_of(channel).hub.lock().has_place_for(channel) {
            return;
        }
        let stored = match self.shard_of(channel).place_channel(&**store, channel, now) {
            Ok(Some(outcome)) => match timeout(MAX_KNOWING, outcome.wait()).await {
                Ok(stored) => stored,
                Err(_) => Err(Refusal::Silent),
            },
            placed => placed.map(|_| ()),
        };
        if let Err(refusal) = stored {
            // Reading goes on. After a restart the stream is another one, and its readers are told.
            tracing::debug!(%channel, %refusal, "a channel is not stored");
        }
    }

    /// Gives back room on the disk that nobody needs. Blocks; to be called about every second, where that is allowed,
    /// inside a Tokio runtime.
    pub fn upkeep(&self) {
        let Some(store) = &self.store else { return };
        let ids_bytes = self.publish_ids() * ID_BYTES;
        store.upkeep(self.clock.unix_now(), self.budget.used_bytes() + ids_bytes, self);
    }

    /// Nobody waits any longer for a disk that does not answer. To be called about every second.
    pub fn let_go(&self) {
        if let Some(store) = &self.store {
            store.let_go();
        }
    }

    /// How the store is, if there is one.
    pub fn store_status(&self) -> Option<Status> {
        self.store.as_ref().map(|store| store.status())
    }

    fn renew(&self, store: &dyn Store, channels: &[Channel]) {
        for channel in channels {
            let mut hub = self.shard_of(channel).hub.lock();
            let store = |stream: StreamRef<'_>| store.stream(stream).map(|collected| collected.ticket);
            if let Err(refusal) = hub.renew(channel, self.clock.unix_now(), store) {
                tracing::debug!(%channel, %refusal, "a channel that begins anew is not stored");
            }
        }
    }
}

impl<P: Peer> Hubs for Broker<P> {
    fn with_stream(
        &self,
        channel: &Channel,
        epoch: &Epoch,
        message: Option<(Offset, Option<&str>)>,
        each: &mut dyn FnMut(StreamRef<'_>, Holding),
    ) {
        let hub = self.shard_of(channel).hub.lock();
        let Some(stream) = hub.stream(channel, epoch) else { return };
        let holding = message.map_or(Holding::Nothing, |(offset, id)| hub.holding(stream.number, offset, id));
        each(stream, holding);
    }
}

/// Puts back what a store has kept.
struct Restoring<'a, P> {
    broker: &'a Broker<P>,
    now: Duration,
}

impl<P: Peer> Restore for Restoring<'_, P> {
    fn stream(&mut self, channel: &Channel, epoch: &Epoch) {
        self.broker.shard_of(channel).hub.lock().restore_stream(channel, epoch, self.now);
    }

    fn message(&mut self, channel: &Channel, message: Restored<'_>) {
        self.broker.shard_of(channel).hub.lock().restore_message(channel, message, self.now);
    }

    fn id(&mut self, channel: &Channel, id: &str, publish: Remembered, at: Duration) {
        self.broker.shard_of(channel).hub.lock().restore_id(channel, id, publish, at, self.now);
    }

    fn settle(&mut self, channel: &Channel, last: Offset, floor: Offset) -> Option<ChannelNumber> {
        let mut hub = self.broker.shard_of(channel).hub.lock();
        hub.settle(channel, last, floor);
        hub.number(channel)
    }
}
