//! What is collected for one write.

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::content::ContentHash;
use realtime_hub::deferred::{Placed, StreamRef, Ticket};
use realtime_hub::restore::Holding;

use super::body::{self, FileBody, MessageBody};
use super::outcome::Outcome;
use super::record::{self, Head, Kind, Seal};
use super::streams::{Streams, Undo};

/// Records that are written together, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) ticket: Ticket,
    pub(crate) bytes: Vec<u8>,
    /// Whether there is anything that somebody waits for.
    pub(crate) is_wanted: bool,
    /// How many of them are new messages.
    pub(crate) messages: usize,
    /// The file that begins with this batch, if one does, and the streams that the file before it knew.
    pub(crate) opens: Option<(u32, Streams)>,
    /// When the newest of its messages was published.
    pub(crate) newest_at: Option<Duration>,
    pub(crate) outcome: Arc<Outcome>,
    seal: Seal,
    undo: Vec<Undo>,
}

impl Batch {
    pub(crate) fn new(ticket: Ticket, seal: Seal) -> Self {
        Self {
            ticket,
            bytes: Vec::new(),
            is_wanted: false,
            messages: 0,
            opens: None,
            newest_at: None,
            outcome: Arc::default(),
            seal,
            undo: Vec::new(),
        }
    }

    /// A batch that begins a file with a summary of what `streams`, those of the file before it, were written to.
    /// `streams` are those of the new file then.
    pub(crate) fn opening(ticket: Ticket, file: u32, about: FileBody, streams: &mut Streams) -> Self {
        let mut batch = Self::new(ticket, Seal::of(file));
        let written = streams.written();
        let about = FileBody { streams: written.len() as u32, ..about };
        batch.write(Head::of(Kind::File, u64::from(file)), |out| about.write(out));
        for (number, known) in &written {
            let head = Head { offset: known.last.get(), ..Head::of(Kind::Stream, number.0) };
            batch.write(head, |out| body::write_stream(out, &known.channel, &known.epoch));
        }
        batch.opens = Some((file, std::mem::replace(streams, Streams::summarised(written))));
        batch
    }

    pub(crate) fn message(&mut self, placed: &Placed<'_>, streams: &mut Streams) {
        let Placed { stream, offset, at, publication } = *placed;
        self.messages += 1;
        self.introduce(stream, streams);
        self.undo.push(streams.wrote(stream, offset));
        let (offset, previous) = (offset.get(), stream.placed.get());
        let head =
            Head { offset, previous, at_ms: self.date(at), ..Head::of(Kind::Message, stream.number.0) };
        self.write(head, |out| {
            let id = publication.id;
            body::write_message(out, publication.payload, publication.publisher, &publication.audience, id);
        });
    }

    pub(crate) fn stream(&mut self, stream: StreamRef<'_>, streams: &mut Streams) {
        self.introduce(stream, streams);
        self.undo.push(streams.wrote(stream, stream.placed));
    }

    /// Writes again what an older file has of a message and is still needed.
    pub(crate) fn again(
        &mut self,
        stream: StreamRef<'_>,
        head: &Head,
        message: &MessageBody<'_>,
        holding: Holding,
        streams: &mut Streams,
    ) {
        self.stream(stream, streams);
        self.date(Duration::from_millis(head.at_ms));
        let head = Head { number: stream.number.0, is_again: true, ..*head };
        match (holding, message.id) {
            (Holding::Message, id) => self.write(head, |out| {
                let publisher = message.publisher.as_ref();
                body::write_message(out, message.payload, publisher, &message.audience, id);
            }),
            (Holding::Id, Some(id)) => {
                let content = Some(message.content());
                self.write(Head { kind: Kind::Id, ..head }, |out| body::write_id(out, id, content));
            }
            (Holding::Id, None) | (Holding::Nothing, _) => {}
        }
    }

    /// Writes again that a message had this id.
    pub(crate) fn id_again(
        &mut self,
        stream: StreamRef<'_>,
        head: &Head,
        (id, content): (&str, Option<ContentHash>),
        streams: &mut Streams,
    ) {
        self.stream(stream, streams);
        self.date(Duration::from_millis(head.at_ms));
        let head = Head { number: stream.number.0, is_again: true, ..*head };
        self.write(head, |out| body::write_id(out, id, content));
    }

    /// Undoes what collecting it has changed.
    pub(crate) fn undo(self, streams: &mut Streams) {
        for undo in self.undo.into_iter().rev() {
            streams.undo(undo);
        }
        if let Some((_, before)) = self.opens {
            *streams = before;
        }
    }

    /// A file tells whose messages it has before it has them.
    fn introduce(&mut self, stream: StreamRef<'_>, streams: &Streams) {
        self.is_wanted = true;
        if !streams.knows(stream.number) {
            let head = Head { offset: stream.placed.get(), ..Head::of(Kind::Stream, stream.number.0) };
            self.write(head, |out| body::write_stream(out, stream.channel, stream.epoch));
        }
    }

    /// Something of this moment is in it. Returns the moment as records have it.
    fn date(&mut self, at: Duration) -> u64 {
        self.newest_at = self.newest_at.max(Some(at));
        at.as_millis() as u64
    }

    fn write(&mut self, head: Head, body: impl FnOnce(&mut Vec<u8>)) {
        let head = Head { begins_write: self.bytes.is_empty(), ..head };
        record::write(&mut self.bytes, self.seal, &head, body);
    }
}
