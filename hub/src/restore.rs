//! A hub's streams as storage kept them: put back at the start, and told on request, so that storage can tell what it
//! still has to keep.

use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::{Epoch, Offset};
use realtime_protocol::subscriber::UserId;
use serde_json::value::RawValue;

use crate::channel::Reader;
use crate::dedupe::Remembered;
use crate::deferred::{StreamRef, Ticket};
use crate::forget::Spare;
use crate::hub::{Hub, encode, existing};
use crate::publication::{Audience, Publication};

/// A message as it was stored.
#[derive(Debug, Clone)]
pub struct Restored<'a> {
    /// Its offset.
    pub offset: Offset,
    /// When it was published.
    pub at: Duration,
    /// The payload's JSON text.
    pub payload: &'a RawValue,
    /// The publisher's id, where recipients are to see it.
    pub publisher: Option<&'a UserId>,
    /// Who receives it.
    pub audience: Audience,
}

/// What a hub has of a message that storage asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// The message.
    Message,
    /// Only that it was published, so that a repeat is recognised.
    Id,
    /// Nothing any more.
    Nothing,
}

impl<R: Reader + Clone> Hub<R> {
    /// There is such a stream. A stream of the same channel with another epoch is older, and gone.
    pub fn restore_stream(&mut self, channel: &Channel, epoch: &Epoch, now: Duration) {
        let known = self.number(channel).and_then(|number| self.channels.get(&number));
        if let Some(older) = known.filter(|state| state.stream.epoch() != epoch).map(|state| state.number) {
            self.drop_channel(older);
        }
        let number = self.number(channel).unwrap_or_else(|| self.create_restored(channel, epoch, now));
        let state = existing(&mut self.channels, number);
        state.stored = Some(Ticket::default());
    }

    /// Puts a message back, in whatever order they come. What is too old or too much is left out. Until
    /// [`Hub::settle`] is called for it the channel's history may have holes.
    pub fn restore_message(&mut self, channel: &Channel, message: Restored<'_>, now: Duration) {
        let Some(number) = self.number(channel) else { return };
        let state = existing(&mut self.channels, number);
        let retention = self.settings.retentions.get(state.retention);
        if message.at + retention.age <= now {
            self.budget.release(state.stream.forget_up_to(message.offset));
        }
        if message.offset <= state.stream.floor() {
            return;
        }
        let publication = Publication {
            payload: message.payload,
            publisher: message.publisher,
            audience: Audience::Everyone,
            id: None,
        };
        let encoded = encode(number, message.offset, &publication);
        let held = state.stream.keep_restored(message.offset, encoded, message.audience, message.at.min(now));
        self.budget.charge(held);
        self.budget.release(state.keep_within(retention));
        self.make_room(now, Spare::Channels);
    }

    /// Remembers that a message was published with this id.
    pub fn restore_id(
        &mut self,
        channel: &Channel,
        id: &str,
        publish: Remembered,
        at: Duration,
        now: Duration,
    ) {
        if let Some(number) = self.number(channel)
            && at + self.settings.publish_id_age > now
        {
            self.dedupe.remember(number, id, publish, at.min(now));
        }
    }

    /// Everything of a channel that there was is put back; its newest message has the offset `last`. What is not known
    /// to follow the message before it, up to `floor`, is forgotten.
    pub fn settle(&mut self, channel: &Channel, last: Offset, floor: Offset) {
        let Some(number) = self.number(channel) else { return };
        let state = existing(&mut self.channels, number);
        state.stream.reach(last);
        self.budget.release(state.stream.forget_up_to(floor));
    }

    /// Begins a channel's stream anew: nobody knows how the one that storage has ended. Gives `store` the new one.
    ///
    /// # Errors
    /// What `store` answers.
    pub fn renew<E>(
        &mut self,
        channel: &Channel,
        now: Duration,
        store: impl FnOnce(StreamRef<'_>) -> Result<Ticket, E>,
    ) -> Result<(), E> {
        if let Some(number) = self.number(channel) {
            self.drop_channel(number);
        }
        self.place_channel(channel, now, store).map(|_| ())
    }

    /// A channel's stream, if it is still the one with this epoch.
    pub fn stream(&self, channel: &Channel, epoch: &Epoch) -> Option<StreamRef<'_>> {
        let state = self.channels.get(&self.number(channel)?)?;
        (state.stream.epoch() == epoch).then(|| state.stream_ref())
    }

    /// What there is of a message of a stream.
    pub fn holding(&self, stream: ChannelNumber, offset: Offset, id: Option<&str>) -> Holding {
        if self.channels.get(&stream).is_some_and(|state| state.stream.holds(offset)) {
            Holding::Message
        } else if id.and_then(|id| self.dedupe.find(stream, id)).is_some_and(|found| found.offset == offset) {
            Holding::Id
        } else {
            Holding::Nothing
        }
    }

    fn create_restored(&mut self, channel: &Channel, epoch: &Epoch, now: Duration) -> ChannelNumber {
        let number = self.create(channel, epoch.clone(), now);
        if let Some(state) = self.channels.get(&number) {
            // What it will keep, and since when, is not known yet: it is looked at as soon as somebody looks.
            self.due.push(state.retention, Duration::ZERO, number);
        }
        number
    }
}
