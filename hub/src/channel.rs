//! One channel: its stream, its subscribers, and what it collected for them in this turn.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::Offset;
use realtime_protocol::subscriber::UserId;

use crate::budget::MemoryBudget;
use crate::deferred::Ticket;
use crate::joined::{Collected, RoomyFrame};
use crate::publication::Audience;
use crate::retention::{Retention, RetentionNumber};
use crate::settings::HubSettings;
use crate::stream::Stream;

/// A session's number in this process, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// Someone whom a channel's messages reach. The hub only needs to know who it is; how to write to it is the
/// broker's business.
pub trait Reader {
    /// Which session it is.
    fn session(&self) -> SessionId;
    /// Which user it is.
    fn user(&self) -> &UserId;
}

impl<R: Reader> Reader for Arc<R> {
    fn session(&self) -> SessionId {
        self.as_ref().session()
    }

    fn user(&self) -> &UserId {
        self.as_ref().user()
    }
}

/// A frame and those who get it.
#[derive(Debug)]
pub struct Delivery<R> {
    /// The frame's text behind the room for a header.
    pub frame: RoomyFrame,
    /// The readers, each of whom gets it once.
    pub readers: Arc<Vec<R>>,
    /// Messages in the frame.
    pub messages: usize,
}

/// The state of one channel.
#[derive(Debug)]
pub(crate) struct ChannelState<R> {
    pub(crate) channel: Arc<Channel>,
    pub(crate) number: ChannelNumber,
    pub(crate) stream: Stream,
    pub(crate) retention: RetentionNumber,
    /// With what storage got to know the stream.
    pub(crate) stored: Option<Ticket>,
    /// How many of its things wait to be stored.
    pub(crate) waiting: u32,
    /// When it last had a publish, an arrival or a departure.
    pub(crate) active_at: Duration,
    /// Waits in the hub's list of channels with something to deliver.
    pub(crate) is_listed: bool,
    /// Waits in the hub's list of channels that their readers have left with nothing in them.
    pub(crate) is_left: bool,
    /// Its last large batch is still being written; the next one waits so that order holds.
    pub(crate) is_busy: bool,
    /// Sorted by session, so that leaving is a binary search. Shared with deliveries on their way, and copied only
    /// when it changes while one of those still holds it.
    readers: Arc<Vec<R>>,
    collected: Collected,
    collected_messages: usize,
    closed: Vec<Delivery<R>>,
}

impl<R: Reader + Clone> ChannelState<R> {
    pub(crate) fn new(
        channel: Arc<Channel>,
        number: ChannelNumber,
        stream: Stream,
        retention: RetentionNumber,
        now: Duration,
    ) -> Self {
        Self {
            channel,
            number,
            stream,
            retention,
            stored: None,
            waiting: 0,
            active_at: now,
            is_listed: false,
            is_left: false,
            is_busy: false,
            readers: Arc::new(Vec::new()),
            collected: Collected::default(),
            collected_messages: 0,
            closed: Vec::new(),
        }
    }

    /// Nobody reads it, nothing is kept and nothing is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        let is_quiet = !self.is_listed && !self.is_busy && self.waiting == 0;
        is_quiet && self.readers.is_empty() && self.stream.kept_messages() == 0
    }

    /// Adds a message: collects it for the readers of now, and keeps it. Returns whether the hub has to list the
    /// channel among those with something to deliver.
    pub(crate) fn add(
        &mut self,
        offset: Offset,
        message: Bytes,
        audience: Audience,
        at: Duration,
        settings: &HubSettings,
        budget: &MemoryBudget,
    ) -> bool {
        let has_some = self.collect(&message, &audience, settings.joined_frame_bytes);
        budget.charge(self.stream.keep(offset, message, audience, at));
        let released = self.keep_within(settings.retentions.get(self.retention));
        if released > 0 {
            budget.release(released);
        }
        let is_to_list = has_some && !self.is_listed && !self.is_busy;
        self.is_listed |= is_to_list;
        is_to_list
    }

    /// Forgets the oldest messages that are more than may be kept. Returns the bytes that they held.
    pub(crate) fn keep_within(&mut self, retention: &Retention) -> usize {
        let mut released = 0;
        while self.stream.kept_messages() > retention.messages
            || self.stream.message_bytes() > retention.bytes
        {
            released += self.stream.forget_oldest();
        }
        released
    }

    pub(crate) fn readers(&self) -> &[R] {
        &self.readers
    }

    /// The readers of now, however they change meanwhile.
    pub(crate) const fn shared_readers(&self) -> &Arc<Vec<R>> {
        &self.readers
    }

    pub(crate) fn reader(&self, session: SessionId) -> Option<&R> {
        self.readers.get(self.find(session).ok()?)
    }

    /// Collects a message for the readers of now. Returns whether there is something to deliver.
    fn collect(&mut self, message: &[u8], audience: &Audience, frame_bytes: usize) -> bool {
        match audience {
            Audience::Everyone => self.collect_for_all(message, frame_bytes),
            Audience::Users(_) => self.collect_for_some(message, audience),
        }
        !self.collected.is_empty() || !self.closed.is_empty()
    }

    fn collect_for_all(&mut self, message: &[u8], frame_bytes: usize) {
        if self.readers.is_empty() {
            return;
        }
        if self.collected.is_full_for(message, frame_bytes) {
            self.close_collected();
        }
        self.collected.push(message);
        self.collected_messages += 1;
    }

    /// A targeted message closes what was collected first, so that order holds.
    fn collect_for_some(&mut self, message: &[u8], audience: &Audience) {
        let readers: Vec<R> = self.readers.iter().filter(|r| audience.includes(r.user())).cloned().collect();
        if readers.is_empty() {
            return;
        }
        self.close_collected();
        let mut alone = Collected::default();
        alone.push(message);
        self.closed.push(Delivery { frame: alone.close(), readers: Arc::new(readers), messages: 1 });
    }

    fn close_collected(&mut self) {
        if self.collected.is_empty() {
            return;
        }
        let messages = std::mem::take(&mut self.collected_messages);
        let delivery =
            Delivery { frame: self.collected.close(), readers: Arc::clone(&self.readers), messages };
        self.closed.push(delivery);
    }

    /// Everything to deliver, in order.
    pub(crate) fn take_deliveries(&mut self) -> Vec<Delivery<R>> {
        self.close_collected();
        std::mem::take(&mut self.closed)
    }

    /// Adds a reader, after what was collected so far is closed for the others. Returns whether it is new.
    pub(crate) fn attach(&mut self, reader: R) -> bool {
        self.close_collected();
        match self.find(reader.session()) {
            Ok(_) => false,
            Err(place) => {
                Arc::make_mut(&mut self.readers).insert(place, reader);
                true
            }
        }
    }

    /// Takes a reader away; what is not closed yet no longer goes to it. Returns whether it was there.
    pub(crate) fn detach(&mut self, session: SessionId) -> bool {
        let Ok(place) = self.find(session) else {
            return false;
        };
        let readers = Arc::make_mut(&mut self.readers);
        readers.remove(place);
        if readers.is_empty() {
            self.readers = Arc::new(Vec::new());
            self.collected = Collected::default();
            self.collected_messages = 0;
        }
        true
    }

    fn find(&self, session: SessionId) -> Result<usize, usize> {
        self.readers.binary_search_by_key(&session, Reader::session)
    }
}
