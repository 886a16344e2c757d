//! The streams that the newest file knows: each file tells by itself whose messages it has.

use std::collections::HashMap;

use realtime_hub::deferred::StreamRef;
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::{Epoch, Offset};

/// The streams whose record the newest file has.
#[derive(Debug, Default)]
pub(crate) struct Streams(HashMap<ChannelNumber, Known>);

/// A stream of the newest file.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) channel: Channel,
    pub(crate) epoch: Epoch,
    /// The offset of its newest message.
    pub(crate) last: Offset,
    /// Whether anything but the summary at the file's beginning is about it.
    pub(crate) is_written: bool,
}

/// What has to be undone when a write fails: a stream as it was.
#[derive(Debug)]
pub(crate) struct Undo(ChannelNumber, Option<(Offset, bool)>);

impl Streams {
    /// Streams of which each was written to.
    pub(crate) fn of(streams: impl IntoIterator<Item = (ChannelNumber, Known)>) -> Self {
        Self(streams.into_iter().collect())
    }

    /// The streams of a file that begins with these, as its summary of the file before it.
    pub(crate) fn summarised(streams: impl IntoIterator<Item = (ChannelNumber, Known)>) -> Self {
        let untouched = |(number, known)| (number, Known { is_written: false, ..known });
        Self(streams.into_iter().map(untouched).collect())
    }

    pub(crate) fn knows(&self, number: ChannelNumber) -> bool {
        self.0.contains_key(&number)
    }

    /// Something is written about a stream, whose newest message has this offset then.
    pub(crate) fn wrote(&mut self, stream: StreamRef<'_>, last: Offset) -> Undo {
        if let Some(known) = self.0.get_mut(&stream.number) {
            let undo = Undo(stream.number, Some((known.last, known.is_written)));
            known.last = known.last.max(last);
            known.is_written = true;
            return undo;
        }
        let (channel, epoch) = (stream.channel.clone(), stream.epoch.clone());
        self.0.insert(stream.number, Known { channel, epoch, last, is_written: true });
        Undo(stream.number, None)
    }

    pub(crate) fn undo(&mut self, undo: Undo) {
        match undo {
            Undo(number, None) => {
                self.0.remove(&number);
            }
            Undo(number, Some((last, is_written))) => {
                if let Some(known) = self.0.get_mut(&number) {
                    (known.last, known.is_written) = (last, is_written);
                }
            }
        }
    }

    /// The streams that were written to, which is what the next file's summary tells. In the order of their numbers:
    /// of two streams of one channel the later one has the higher.
    pub(crate) fn written(&self) -> Vec<(ChannelNumber, Known)> {
        let written = self.0.iter().filter(|(_, known)| known.is_written);
        let mut written: Vec<_> = written.map(|(number, known)| (*number, known.clone())).collect();
        written.sort_unstable_by_key(|(number, _)| *number);
        written
    }
}
