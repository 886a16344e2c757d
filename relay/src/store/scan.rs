//! Reading one file after the other of a history, record by record.

use std::collections::HashMap;
use std::time::Duration;

use realtime_hub::dedupe::Remembered;
use realtime_hub::restore::Restored;
use realtime_protocol::channel::Channel;
use realtime_protocol::position::{Epoch, Offset};

use super::body::{self, FileBody};
use super::contract::Restore;
use super::damage::{Damage, Report, What};
use super::loaded_streams::{LoadedStreams, Place};
use super::record::{Found, Head, Kind, Records, Seal};

/// Streams by their numbers.
pub(crate) type Numbered = HashMap<u64, (Channel, Epoch)>;

/// What is known while the files of a history are read, oldest first.
pub(crate) struct Scan<'a> {
    restore: &'a mut dyn Restore,
    pub(crate) streams: LoadedStreams,
    pub(crate) report: Report,
    /// The streams by their numbers in the start of the relay that wrote what is read.
    numbered: Numbered,
    start: u64,
    file: FileScan,
}

/// What is known of the file that is read.
#[derive(Debug, Default)]
struct FileScan {
    number: u32,
    name: String,
    /// Records of the summary that are still to come; `None` when the summary is over, or is not whole.
    summary_left: Option<u32>,
    newest_at: Duration,
    is_damaged: bool,
}

/// What a file came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanned {
    /// Bytes up to which it counts.
    pub(crate) bytes: u64,
    pub(crate) newest_at: Duration,
    pub(crate) is_damaged: bool,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(restore: &'a mut dyn Restore) -> Self {
        Self {
            restore,
            streams: LoadedStreams::default(),
            report: Report::default(),
            numbered: Numbered::new(),
            start: 0,
            file: FileScan::default(),
        }
    }

    /// Reads a file. What was written together behind `sure_bytes` may be unfinished, and ends the file then without
    /// being a damage.
    pub(crate) fn file(&mut self, number: u32, name: String, bytes: &[u8], sure_bytes: usize) -> Scanned {
        self.file = FileScan { number, name, ..FileScan::default() };
        let mut read = 0;
        for found in Records::new(bytes, Seal::of(number)) {
            let is_whole = matches!(found, Found::Record { .. });
            let rest = bytes.get(found.at()..).unwrap_or_default();
            if !is_whole && found.at() >= sure_bytes && !goes_on(rest, number) {
                break;
            }
            read = self.found(found);
        }
        self.report.bytes += read as u64;
        let FileScan { newest_at, is_damaged, .. } = self.file;
        Scanned { bytes: read as u64, newest_at, is_damaged }
    }

    /// The streams whose messages may be in the file that was read last. If it is damaged, it may not tell by itself.
    pub(crate) fn numbered(&self) -> Numbered {
        self.numbered.clone()
    }

    /// Everything was read.
    pub(crate) fn finish(self) -> (LoadedStreams, &'a mut dyn Restore, Report) {
        (self.streams, self.restore, self.report)
    }

    /// Something is wrong with a file, after which nobody knows what else was there.
    pub(crate) fn doubt(&mut self, number: u32, at: usize, damage: Damage) {
        self.report.damage.push(damage);
        self.streams.doubt(Place { file: number, at });
    }

    /// Takes in what was found. Returns where it ends.
    fn found(&mut self, found: Found<'_>) -> usize {
        match found {
            Found::Record { at, head, body } => {
                if !self.record(at, &head, body) {
                    self.damaged(at, What::Record { at: at as u64, bytes: body.len() as u64 });
                    self.streams.doubt(self.place(at));
                }
                at + super::record::whole_bytes(body.len())
            }
            Found::BadBody { at, head, bytes } => {
                self.damaged(at, What::Record { at: at as u64, bytes: bytes as u64 });
                self.bad_body(at, &head);
                at + bytes
            }
            Found::Unreadable { at, bytes } => {
                self.damaged(at, What::Unreadable { at: at as u64, bytes: bytes as u64 });
                self.streams.doubt(self.place(at));
                at + bytes
            }
        }
    }

    fn damaged(&mut self, at: usize, what: What) {
        tracing::debug!(file = self.file.name, at, "damage");
        self.file.is_damaged = true;
        self.file.summary_left = None;
        self.report.damage.push(Damage { file: self.file.name.clone(), what });
    }

    const fn place(&self, at: usize) -> Place {
        Place { file: self.file.number, at }
    }

    /// A record whose body is damaged: whose it was may be all that matters.
    fn bad_body(&mut self, at: usize, head: &Head) {
        let place = self.place(at);
        let (stream, offset) = (self.numbered.get(&head.number), Offset::new(head.offset));
        match (head.kind, stream, offset) {
            (Kind::Message, Some((channel, _)), Some(offset)) => {
                self.report.lost_messages += 1;
                self.streams.message(channel, offset, None, Some(place).filter(|_| !head.is_again));
                self.streams.written(channel, self.file.number);
            }
            (Kind::Id, ..) => {}
            _ => self.streams.doubt(place),
        }
    }

    /// Takes in a record. Returns whether it makes sense.
    fn record(&mut self, at: usize, head: &Head, body: &[u8]) -> bool {
        let (Some(offset), Some(previous)) = (Offset::new(head.offset), Offset::new(head.previous)) else {
            return false;
        };
        match head.kind {
            Kind::File => self.begin(head, body),
            Kind::Stream => self.stream(at, head, offset, body),
            Kind::Message => self.message(at, head, offset, previous, body),
            Kind::Id => self.id(head, offset, body),
        }
        .is_some()
    }

    fn begin(&mut self, head: &Head, body: &[u8]) -> Option<()> {
        let about = FileBody::read(body).filter(|_| head.number == u64::from(self.file.number))?;
        if about.start != self.start {
            self.start = about.start;
            self.numbered.clear();
        }
        self.file.summary_left = Some(about.streams);
        self.end_summary();
        Some(())
    }

    /// If the summary is whole, it tells everything about the file before.
    fn end_summary(&mut self) {
        if self.file.summary_left == Some(0) {
            self.file.summary_left = None;
            self.streams.dispel(self.file.number.saturating_sub(1));
        }
    }

    fn stream(&mut self, at: usize, head: &Head, last: Offset, body: &[u8]) -> Option<()> {
        let (channel, epoch) = body::read_stream(body)?;
        self.streams.stream(&channel, &epoch, last, self.place(at));
        self.restore.stream(&channel, &epoch);
        match &mut self.file.summary_left {
            Some(left) => *left -= 1,
            None => self.streams.written(&channel, self.file.number),
        }
        self.end_summary();
        self.numbered.insert(head.number, (channel, epoch));
        Some(())
    }

    fn message(
        &mut self,
        at: usize,
        head: &Head,
        offset: Offset,
        previous: Offset,
        body: &[u8],
    ) -> Option<()> {
        let message = body::read_message(body)?;
        let place = self.place(at);
        let Some((channel, _)) = self.numbered.get(&head.number) else {
            // Whose it was stood where a damage is now.
            self.report.lost_messages += 1;
            return Some(());
        };
        let seen = Some(place).filter(|_| !head.is_again);
        self.streams.message(channel, offset, Some(previous), seen);
        self.streams.written(channel, self.file.number);
        let at = Duration::from_millis(head.at_ms);
        self.file.newest_at = self.file.newest_at.max(at);
        self.report.messages += 1;
        let id = message.id.map(|id| (id, message.content()));
        let restored = Restored {
            offset,
            at,
            payload: message.payload,
            publisher: message.publisher.as_ref(),
            audience: message.audience,
        };
        self.restore.message(channel, restored);
        if let Some((id, content)) = id {
            self.restore.id(channel, id, Remembered { offset, content: Some(content) }, at);
        }
        Some(())
    }

    fn id(&mut self, head: &Head, offset: Offset, body: &[u8]) -> Option<()> {
        let (id, content) = body::read_id(body)?;
        let at = Duration::from_millis(head.at_ms);
        self.file.newest_at = self.file.newest_at.max(at);
        if let Some((channel, _)) = self.numbered.get(&head.number) {
            self.streams.written(channel, self.file.number);
            self.restore.id(channel, id, Remembered { offset, content }, at);
        }
        Some(())
    }
}

/// Whether something was written after the damage at the beginning of `bytes`.
fn goes_on(bytes: &[u8], number: u32) -> bool {
    let mut behind = Records::new(bytes, Seal::of(number)).skip(1);
    behind.any(|found| matches!(found, Found::Record { head, .. } | Found::BadBody { head, .. } if head.begins_write))
}
