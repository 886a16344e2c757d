//! Publishing in two steps, for messages that are stored before they exist: [`Hub::place`] gives a message its place
//! and hands it to whoever stores it, [`Hub::accept`] makes it a message of the stream once it is stored, and
//! [`Hub::take_back`] undoes what could not be stored.
//!
//! Between the two steps nobody sees the message: it is neither delivered nor recovered, and an attaching reader
//! stands before it. So no reader ever knows a position that is not stored.
//!
//! Places are given out and accepted in the same order. Storage counts with [`Ticket`]s: everything that is stored
//! together has the same, and what is stored later has a higher one.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::{Epoch, Offset, Position};

use crate::channel::{ChannelState, Reader};
use crate::content::ContentHash;
use crate::dedupe::{IdTaken, Remembered};
use crate::hub::{Hub, encode, existing};
use crate::publication::{Audience, Publication};

/// Says with what else something is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

/// A stream as storage has to know it.
#[derive(Debug, Clone, Copy)]
pub struct StreamRef<'a> {
    /// Its channel's number.
    pub number: ChannelNumber,
    /// Its channel.
    pub channel: &'a Channel,
    /// Its epoch.
    pub epoch: &'a Epoch,
    /// The offset that the newest message has once everything that is on its way to storage is there.
    pub placed: Offset,
}

/// A message on its way to storage.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a> {
    /// Its stream, before this message.
    pub stream: StreamRef<'a>,
    /// Its offset; that of the message before it is the stream's.
    pub offset: Offset,
    /// When it was published.
    pub at: Duration,
    /// The message.
    pub publication: &'a Publication<'a>,
}

/// The answer to [`Hub::place`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Where the message will stand.
    pub position: Position,
    /// Whether this id was published before; the position is that message's.
    pub is_repeat: bool,
    /// What it is stored with; `None` when it is stored already.
    pub ticket: Option<Ticket>,
}

/// The answer to [`Hub::accept`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Messages that are there now.
    pub messages: usize,
    /// Whether [`Hub::take_batches`] has something now and had nothing before.
    pub wakes: bool,
}

/// What waits to be stored, in order.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    entries: VecDeque<Entry>,
    /// Everything up to this ticket is stored.
    stored: Ticket,
}

#[derive(Debug)]
struct Entry {
    ticket: Ticket,
    number: ChannelNumber,
    message: Option<Message>,
}

#[derive(Debug)]
struct Message {
    offset: Offset,
    at: Duration,
    encoded: Bytes,
    audience: Audience,
    id: Option<Box<str>>,
}

impl Waiting {
    fn ticket_of(&self, number: ChannelNumber, offset: Offset) -> Option<Ticket> {
        let is_it = |entry: &&Entry| {
            entry.number == number && entry.message.as_ref().is_some_and(|message| message.offset == offset)
        };
        self.entries.iter().rfind(is_it).map(|entry| entry.ticket)
    }
}

impl<R: Reader + Clone> Hub<R> {
    /// Gives a message its place, and `store` what it has to store.
    ///
    /// # Errors
    /// [`IdTaken`], or what `store` answers; nothing has changed then.
    pub fn place<E: From<IdTaken>>(
        &mut self,
        channel: &Channel,
        publication: Publication<'_>,
        now: Duration,
        store: impl FnOnce(&Placed<'_>) -> Result<Ticket, E>,
    ) -> Result<Placement, E> {
        let number = self.number_of(channel, now);
        let state = existing(&mut self.channels, number);
        let id = publication.id.map(|id| (id, ContentHash::of(&publication)));
        if let Some((id, content)) = id
            && let Some(offset) = self.dedupe.repeated(number, id, content)?
        {
            let ticket = self.waiting.ticket_of(number, offset);
            return Ok(Placement { position: state.stream.at(offset), is_repeat: true, ticket });
        }
        let offset = state.stream.placed().next();
        let stream = state.stream_ref();
        let ticket = store(&Placed { stream, offset, at: now, publication: &publication })?;
        state.stream.place();
        state.stored.get_or_insert(ticket);
        state.waiting += 1;
        if let Some((id, content)) = id {
            self.dedupe.remember(number, id, Remembered { offset, content: Some(content) }, now);
        }
        let message = Message {
            offset,
            at: now,
            encoded: encode(number, offset, &publication),
            audience: publication.audience,
            id: publication.id.map(Into::into),
        };
        self.waiting.entries.push_back(Entry { ticket, number, message: Some(message) });
        Ok(Placement { position: state.stream.at(offset), is_repeat: false, ticket: Some(ticket) })
    }

    /// Sees to it that a channel's stream is known to `store`, so that it outlives the process even if nothing is
    /// ever published. Returns what it is stored with; `None` when it is stored already.
    ///
    /// # Errors
    /// What `store` answers.
    pub fn place_channel<E>(
        &mut self,
        channel: &Channel,
        now: Duration,
        store: impl FnOnce(StreamRef<'_>) -> Result<Ticket, E>,
    ) -> Result<Option<Ticket>, E> {
        let number = self.number_of(channel, now);
        let stored = self.waiting.stored;
        let state = existing(&mut self.channels, number);
        if let Some(ticket) = state.stored {
            return Ok((ticket > stored).then_some(ticket));
        }
        let ticket = store(state.stream_ref())?;
        state.stored = Some(ticket);
        state.waiting += 1;
        self.waiting.entries.push_back(Entry { ticket, number, message: None });
        Ok(Some(ticket))
    }

    /// Everything up to a ticket is stored: its messages are there from now on, and collected for the readers.
    pub fn accept(&mut self, up_to: Ticket, now: Duration) -> Accepted {
        let was_idle = self.listed.is_empty();
        let mut messages = 0;
        self.waiting.stored = self.waiting.stored.max(up_to);
        while let Some(entry) = self.waiting.entries.pop_front_if(|entry| entry.ticket <= up_to) {
            let Some(state) = self.channels.get_mut(&entry.number) else { continue };
            state.waiting -= 1;
            state.active_at = now;
            let Some(Message { offset, at, encoded, audience, .. }) = entry.message else { continue };
            messages += 1;
            if state.add(offset, encoded, audience, at, &self.settings, &self.budget) {
                self.listed.push(entry.number);
                self.listed_readers += state.readers().len();
            }
        }
        self.keep_within_budget(now);
        Accepted { messages, wakes: was_idle && !self.listed.is_empty() }
    }

    /// Whether something waits to be stored.
    pub fn is_storing(&self) -> bool {
        !self.waiting.entries.is_empty()
    }

    /// What waits to be stored will not be: all of it is undone.
    pub fn take_back(&mut self) {
        while let Some(entry) = self.waiting.entries.pop_back() {
            let Some(state) = self.channels.get_mut(&entry.number) else { continue };
            state.waiting -= 1;
            state.stream.take_back();
            state.stored.take_if(|ticket| *ticket > self.waiting.stored);
            if let Some(id) = entry.message.and_then(|message| message.id) {
                self.dedupe.forget(entry.number, &id);
            }
        }
    }
}

impl<R> ChannelState<R> {
    pub(crate) fn stream_ref(&self) -> StreamRef<'_> {
        StreamRef {
            number: self.number,
            channel: &self.channel,
            epoch: self.stream.epoch(),
            placed: self.stream.placed(),
        }
    }
}
