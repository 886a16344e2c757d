//! All channels of one hub: publish, attach, detach, and what is due over time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use realtime_protocol::channel::Channel;
use realtime_protocol::codec::write_message;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::{Epoch, Position};
use realtime_protocol::subscriber::UserId;
use realtime_random::SplitMix64;

use crate::budget::MemoryBudget;
use crate::by_number::ByNumber;
use crate::channel::{ChannelState, Delivery, Reader, SessionId};
use crate::content::ContentHash;
use crate::dedupe::{Bounds, Dedupe, IdTaken, Remembered};
use crate::deferred::Waiting;
use crate::due::DueChannels;
use crate::joined::{RoomyFrame, join};
use crate::publication::Publication;
use crate::settings::HubSettings;
use crate::stream::Stream;

/// What a channel weighs in the budget besides its name and its messages: its state, two table entries and its place
/// in the list of what is due.
const CHANNEL_BYTES: usize = 400;

/// Channels, their streams and their readers. Many hubs may share the channels of a process among them; each channel
/// lives in one.
#[derive(Debug)]
pub struct Hub<R> {
    pub(crate) settings: HubSettings,
    pub(crate) budget: Arc<MemoryBudget>,
    /// Epochs need to differ, not to be secret.
    epochs: SplitMix64,
    numbers: Numbers,
    pub(crate) by_name: HashMap<Arc<Channel>, ChannelNumber>,
    pub(crate) channels: ByNumber<ChannelState<R>>,
    pub(crate) dedupe: Dedupe,
    pub(crate) waiting: Waiting,
    /// Channels with something to deliver.
    pub(crate) listed: Vec<ChannelNumber>,
    /// Readers of the listed channels, as they were listed.
    pub(crate) listed_readers: usize,
    pub(crate) due: DueChannels,
    /// Channels that their readers have left with nothing in them, and when, in about that order. Some are read again.
    pub(crate) left: VecDeque<(Duration, ChannelNumber)>,
}

/// Which channel numbers a hub gives out: `first`, `first + step`, `first + 2 * step`, …
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    /// The first number.
    pub first: u64,
    /// The distance to the next one: how many hubs share the numbers.
    pub step: u64,
}

/// The answer to a publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Where the message stands.
    pub position: Position,
    /// Whether this id was published before; the position is that message's.
    pub is_repeat: bool,
    /// Whether [`Hub::take_batches`] has something now and had nothing before.
    pub wakes: bool,
}

/// The answer to an attach. The frames go to the new reader before anything else of this channel.
#[derive(Debug)]
pub struct Attachment {
    /// The channel's number.
    pub number: ChannelNumber,
    /// The point before the first message that follows.
    pub position: Position,
    /// Whether everything since the reader's position follows; `None` when it named none.
    pub recovered: Option<bool>,
    /// What it missed, as frames.
    pub missed: Vec<RoomyFrame>,
    /// Whether the reader was not attached before.
    pub is_new: bool,
}

/// What one channel has to deliver, in order.
#[derive(Debug)]
pub struct Batch<R> {
    /// The channel.
    pub number: ChannelNumber,
    /// Frames and their readers.
    pub deliveries: Vec<Delivery<R>>,
    /// So many readers that others should not wait behind them. The channel gives no further batch until
    /// [`Hub::finish`] is called for it.
    pub is_large: bool,
}

impl<R: Reader + Clone> Hub<R> {
    /// An empty hub. `seed` makes its epochs: give each hub, and each start of the process, its own.
    pub fn new(settings: HubSettings, budget: Arc<MemoryBudget>, numbers: Numbers, seed: u64) -> Self {
        let ids = Bounds {
            age: settings.publish_id_age,
            shared: settings.max_publish_ids,
            own: settings.max_publish_ids / usize::try_from(numbers.step).unwrap_or(usize::MAX).max(1) / 2,
        };
        Self {
            dedupe: Dedupe::new(ids, Arc::clone(&budget)),
            budget,
            epochs: SplitMix64::new(seed),
            numbers,
            by_name: HashMap::new(),
            channels: ByNumber::default(),
            waiting: Waiting::default(),
            listed: Vec::new(),
            listed_readers: 0,
            due: DueChannels::new(&settings.retentions),
            left: VecDeque::new(),
            settings,
        }
    }

    /// Channels that exist.
    pub fn channel_count(&self) -> usize {
        self.channels.len()
    }

    /// The channel of a number.
    pub fn channel(&self, number: ChannelNumber) -> Option<&Arc<Channel>> {
        self.channels.get(&number).map(|state| &state.channel)
    }

    /// The number of a channel that exists.
    pub fn number(&self, channel: &Channel) -> Option<ChannelNumber> {
        self.by_name.get(channel).copied()
    }

    /// The channels that somebody reads, with their readers.
    pub fn audiences(&self) -> impl Iterator<Item = (&Arc<Channel>, ChannelNumber, &Arc<Vec<R>>)> {
        let states = self.channels.values().filter(|state| !state.readers().is_empty());
        states.map(|state| (&state.channel, state.number, state.shared_readers()))
    }

    /// A session that reads the channel of a number, and the channel.
    pub fn reader(&self, number: ChannelNumber, session: SessionId) -> Option<(&Arc<Channel>, &R)> {
        let state = self.channels.get(&number)?;
        Some((&state.channel, state.reader(session)?))
    }

    /// Puts a message into its channel's stream and collects it for the readers.
    ///
    /// # Errors
    /// [`IdTaken`]; nothing has changed then.
    pub fn publish(
        &mut self,
        channel: &Channel,
        publication: Publication<'_>,
        now: Duration,
    ) -> Result<Published, IdTaken> {
        let was_idle = self.listed.is_empty();
        let number = self.number_of(channel, now);
        let Self { channels, dedupe, settings, budget, listed, listed_readers, .. } = self;
        let state = existing(channels, number);
        let id = publication.id.map(|id| (id, ContentHash::of(&publication)));
        if let Some((id, content)) = id
            && let Some(offset) = dedupe.repeated(number, id, content)?
        {
            return Ok(Published { position: state.stream.at(offset), is_repeat: true, wakes: false });
        }
        let offset = state.stream.place();
        let message = encode(number, offset, &publication);
        if let Some((id, content)) = id {
            dedupe.remember(number, id, Remembered { offset, content: Some(content) }, now);
        }
        state.active_at = now;
        if state.add(offset, message, publication.audience, now, settings, budget) {
            listed.push(number);
            *listed_readers += state.readers().len();
        }
        let position = state.stream.at(offset);
        let wakes = was_idle && !listed.is_empty();
        self.keep_within_budget(now);
        Ok(Published { position, is_repeat: false, wakes })
    }

    /// Attaches a reader, and reads what it missed, in one step: every message is either in `missed` or delivered
    /// later, never both, never neither.
    pub fn attach(
        &mut self,
        channel: &Channel,
        reader: R,
        from: Option<&Position>,
        now: Duration,
    ) -> Attachment {
        let number = self.number_of(channel, now);
        let state = existing(&mut self.channels, number);
        let recovery = state.stream.recover(from, reader.user(), self.settings.max_recovery_bytes);
        let is_new = state.attach(reader);
        state.active_at = now;
        Attachment {
            number,
            position: recovery.position,
            recovered: recovery.is_whole,
            missed: join(recovery.missed, self.settings.recovery_frame_bytes),
            is_new,
        }
    }

    /// Detaches a session from a channel. Returns the channel's number when it was attached.
    pub fn detach(&mut self, channel: &Channel, session: SessionId, now: Duration) -> Option<ChannelNumber> {
        let number = *self.by_name.get(channel)?;
        self.detach_number(number, session, now).then_some(number)
    }

    /// Detaches a session from the channel of a number. Returns whether it was attached.
    pub fn detach_number(&mut self, number: ChannelNumber, session: SessionId, now: Duration) -> bool {
        let Some(state) = self.channels.get_mut(&number) else {
            return false;
        };
        state.active_at = now;
        let was_there = state.detach(session);
        if !state.is_left && state.readers().is_empty() && state.stream.kept_messages() == 0 {
            state.is_left = true;
            self.left.push_back((now, number));
        }
        was_there
    }

    /// About how many readers there are for what [`take_batches`](Self::take_batches) would give now.
    pub const fn due_readers(&self) -> usize {
        self.listed_readers
    }

    /// Everything that is to be delivered now. A channel whose last large batch is not finished keeps its own back.
    pub fn take_batches(&mut self) -> Vec<Batch<R>> {
        let mut batches = Vec::with_capacity(self.listed.len());
        self.listed_readers = 0;
        for number in std::mem::take(&mut self.listed) {
            let Some(state) = self.channels.get_mut(&number) else {
                continue;
            };
            state.is_listed = false;
            if state.is_busy {
                continue;
            }
            let deliveries = state.take_deliveries();
            if deliveries.is_empty() {
                continue;
            }
            let is_large = state.readers().len() > self.settings.large_audience;
            state.is_busy = is_large;
            batches.push(Batch { number, deliveries, is_large });
        }
        batches
    }

    /// The large batch of a channel has been written. Returns the next one, if something was collected meanwhile.
    pub fn finish(&mut self, number: ChannelNumber) -> Option<Vec<Delivery<R>>> {
        let state = self.channels.get_mut(&number)?;
        let deliveries = state.take_deliveries();
        state.is_busy = !deliveries.is_empty();
        state.is_busy.then_some(deliveries)
    }

    /// The number of a channel, which is made if it does not exist.
    pub(crate) fn number_of(&mut self, channel: &Channel, now: Duration) -> ChannelNumber {
        if let Some(number) = self.by_name.get(channel) {
            return *number;
        }
        let epoch = Epoch::from_bits(self.epochs.number());
        let number = self.create(channel, epoch, now);
        if let Some(state) = self.channels.get(&number) {
            let age = self.settings.retentions.get(state.retention).age;
            self.due.push(state.retention, now + age, number);
        }
        self.keep_within_budget(now);
        number
    }

    /// Makes a channel. The caller sees to it that it is looked at when something of it is due.
    pub(crate) fn create(&mut self, channel: &Channel, epoch: Epoch, now: Duration) -> ChannelNumber {
        let number = ChannelNumber(self.numbers.first);
        self.numbers.first += self.numbers.step;
        let channel = Arc::new(channel.clone());
        let retention = self.settings.retentions.number_of(&channel);
        self.budget.charge_channel(channel_bytes(&channel));
        self.by_name.insert(Arc::clone(&channel), number);
        let state = ChannelState::new(channel, number, Stream::new(epoch), retention, now);
        self.channels.insert(number, state);
        number
    }
}

#[expect(
    clippy::expect_used,
    reason = "`number_of` has just found or made it, under the same borrow of the hub"
)]
pub(crate) fn existing<R>(
    channels: &mut ByNumber<ChannelState<R>>,
    number: ChannelNumber,
) -> &mut ChannelState<R> {
    channels.get_mut(&number).expect("a numbered channel exists")
}

pub(crate) fn encode(
    number: ChannelNumber,
    offset: realtime_protocol::position::Offset,
    publication: &Publication<'_>,
) -> Bytes {
    // Exactly its length: bytes that come out of a buffer with room to spare have a header, allocated by itself. An id with
    // characters that JSON escapes makes the message longer, and the buffer grows.
    let publisher = publication.publisher.map_or(0, |id| "\"\",".len() + id.as_str().len());
    let numbers = digits(number.0) + digits(offset.get());
    let length = "[,,]".len() + numbers + publication.payload.get().len() + publisher;
    let mut message = Vec::with_capacity(length);
    write_message(
        &mut message,
        number,
        offset,
        publication.payload,
        publication.publisher.map(UserId::as_str),
    );
    Bytes::from(message)
}

const fn digits(number: u64) -> usize {
    match number.checked_ilog10() {
        Some(more) => more as usize + 1,
        None => 1,
    }
}

pub(crate) fn channel_bytes(channel: &Channel) -> usize {
    CHANNEL_BYTES + channel.name().len() + channel.resource_id().map_or(0, str::len)
}
