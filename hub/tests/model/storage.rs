//! Storage that fails when it is told to, and what a hub is made of again after a restart.

use std::collections::HashMap;
use std::time::Duration;

use realtime_hub::content::ContentHash;
use realtime_hub::dedupe::Remembered;
use realtime_hub::deferred::{Placed, StreamRef, Ticket};
use realtime_hub::hub::Hub;
use realtime_hub::publication::Audience;
use realtime_hub::restore::Restored;
use realtime_protocol::channel::Channel;
use realtime_protocol::position::{Epoch, Offset};
use serde_json::value::RawValue;

use crate::world::TestReader;

/// What is stored, what is being written, and what is collected meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    written: Ticket,
    writing: Vec<Record>,
    collecting: Vec<Record>,
    stored: Vec<Record>,
}

#[derive(Debug, Clone)]
struct Record {
    channel: Channel,
    epoch: Epoch,
    previous: Offset,
    message: Option<Message>,
}

#[derive(Debug, Clone)]
struct Message {
    offset: Offset,
    at: Duration,
    payload: Box<RawValue>,
    audience: Audience,
    id: Option<String>,
}

impl Record {
    fn last(&self) -> Offset {
        self.message.as_ref().map_or(self.previous, |message| message.offset)
    }
}

impl Storage {
    pub(crate) fn message(&mut self, placed: &Placed<'_>) -> Ticket {
        let publication = placed.publication;
        let message = Message {
            offset: placed.offset,
            at: placed.at,
            payload: publication.payload.to_owned(),
            audience: publication.audience.clone(),
            id: publication.id.map(str::to_owned),
        };
        self.push(placed.stream, Some(message))
    }

    pub(crate) fn stream(&mut self, stream: StreamRef<'_>) -> Ticket {
        self.push(stream, None)
    }

    fn push(&mut self, stream: StreamRef<'_>, message: Option<Message>) -> Ticket {
        let (channel, epoch) = (stream.channel.clone(), stream.epoch.clone());
        assert_eq!(stream.placed, self.last_of(&channel, &epoch), "a stream has no place that nobody has");
        self.collecting.push(Record { channel, epoch, previous: stream.placed, message });
        Ticket(self.written.0 + 2)
    }

    fn last_of(&self, channel: &Channel, epoch: &Epoch) -> Offset {
        let all = self.stored.iter().chain(&self.writing).chain(&self.collecting);
        let of_stream = all.filter(|record| record.channel == *channel && record.epoch == *epoch);
        of_stream.map(Record::last).max().unwrap_or_default()
    }

    /// What is being written is stored from now on; what was collected meanwhile is being written. Returns the ticket
    /// up to which everything is stored.
    pub(crate) fn succeed(&mut self) -> Ticket {
        self.written.0 += 1;
        self.stored.append(&mut self.writing);
        self.writing = std::mem::take(&mut self.collecting);
        self.written
    }

    /// Everything is lost that is not stored.
    pub(crate) fn fail(&mut self) {
        self.writing.clear();
        self.collecting.clear();
    }

    /// Puts everything that is stored back into an empty hub, as if the oldest of it had been written anew last.
    pub(crate) fn restore(&mut self, hub: &mut Hub<TestReader>, now: Duration) {
        self.fail();
        let mut newest: HashMap<Channel, Epoch> = HashMap::new();
        for record in &self.stored {
            newest.insert(record.channel.clone(), record.epoch.clone());
        }
        self.stored.retain(|record| newest.get(&record.channel) == Some(&record.epoch));
        for record in &self.stored {
            hub.restore_stream(&record.channel, &record.epoch, now);
        }
        let turned = self.stored.len() / 3;
        for record in self.stored[turned..].iter().chain(&self.stored[..turned]) {
            let Some(message) = &record.message else { continue };
            let Message { offset, at, payload, audience, id } = message;
            let restored =
                Restored { offset: *offset, at: *at, payload, publisher: None, audience: audience.clone() };
            hub.restore_message(&record.channel, restored, now);
            if let Some(id) = id {
                let content = Some(ContentHash::of_parts(payload, None, audience));
                let publish = Remembered { offset: *offset, content };
                hub.restore_id(&record.channel, id, publish, *at, now);
            }
        }
        for (channel, epoch) in &newest {
            hub.settle(channel, self.last_of(channel, epoch), Offset::START);
        }
    }
}
