//! The streams of a history while it is read: what is known of each, and whether that is all.

use std::collections::HashMap;

use realtime_protocol::channel::Channel;
use realtime_protocol::position::{Epoch, Offset};

/// Somewhere in a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: u32,
    pub(crate) at: usize,
}

/// What was read of a stream.
#[derive(Debug)]
pub(crate) struct LoadedStream {
    pub(crate) epoch: Epoch,
    /// The offset of its newest message.
    pub(crate) last: Offset,
    /// The offset of each message and of the one before it.
    links: Vec<(Offset, Offset)>,
    /// The newest place that tells how far it goes.
    seen: Place,
    /// The newest file that was written to for it.
    pub(crate) written_in: u32,
}

/// The streams of a history, and the places behind which something unknown may have been.
#[derive(Debug, Default)]
pub(crate) struct LoadedStreams {
    by_channel: HashMap<Channel, LoadedStream>,
    doubts: Vec<Place>,
}

/// What became of a stream.
#[derive(Debug)]
pub(crate) enum Settled {
    /// Everything above `floor` is there; so many messages had to be given up because one between them is lost.
    Known { floor: Offset, given_up: u64 },
    /// Nobody knows how far it went. So many of its messages were there.
    Doubtful { given_up: u64 },
}

impl LoadedStreams {
    /// There is a stream, whose newest message has at least this offset. Another stream of the channel is gone.
    pub(crate) fn stream(&mut self, channel: &Channel, epoch: &Epoch, last: Offset, place: Place) {
        if let Some(known) = self.by_channel.get_mut(channel).filter(|known| known.epoch == *epoch) {
            known.last = known.last.max(last);
            known.seen = place;
            return;
        }
        let stream =
            LoadedStream { epoch: epoch.clone(), last, links: Vec::new(), seen: place, written_in: 0 };
        self.by_channel.insert(channel.clone(), stream);
    }

    /// A file was written to for a stream.
    pub(crate) fn written(&mut self, channel: &Channel, file: u32) {
        if let Some(stream) = self.by_channel.get_mut(channel) {
            stream.written_in = file;
        }
    }

    /// A stream has a message, or had it: then there is no link to the one before it. Unless it was written again, it
    /// tells how far the stream went at its place.
    pub(crate) fn message(
        &mut self,
        channel: &Channel,
        offset: Offset,
        before: Option<Offset>,
        tells_at: Option<Place>,
    ) {
        if let Some(stream) = self.by_channel.get_mut(channel) {
            stream.last = stream.last.max(offset);
            stream.seen = tells_at.unwrap_or(stream.seen);
            stream.links.extend(before.map(|before| (offset, before)));
        }
    }

    /// Something is missing at a place, and nobody knows of which streams.
    pub(crate) fn doubt(&mut self, place: Place) {
        self.doubts.push(place);
    }

    /// How far the streams of a file go that were written to is known nonetheless.
    pub(crate) fn dispel(&mut self, file: u32) {
        self.doubts.retain(|place| place.file != file);
    }

    /// Every stream, and what became of it.
    pub(crate) fn into_settled(self) -> impl Iterator<Item = (Channel, LoadedStream, Settled)> {
        let doubted = self.doubts.into_iter().max();
        self.by_channel.into_iter().map(move |(channel, mut stream)| {
            let settled = stream.settle(doubted);
            (channel, stream, settled)
        })
    }
}

impl LoadedStream {
    fn settle(&mut self, doubted: Option<Place>) -> Settled {
        let mut links = std::mem::take(&mut self.links);
        if doubted.is_some_and(|place| self.seen < place) {
            return Settled::Doubtful { given_up: links.len() as u64 };
        }
        // What was written again is there twice.
        links.sort_unstable();
        links.dedup();
        let mut floor = self.last;
        while let Some((_, before)) = links.pop_if(|(offset, _)| *offset == floor) {
            floor = before;
        }
        Settled::Known { floor, given_up: links.len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(number: u64) -> Offset {
        Offset::new(number).unwrap()
    }

    fn place(at: usize) -> Place {
        Place { file: 1, at }
    }

    fn channel() -> Channel {
        Channel::parse("c", None).unwrap()
    }

    /// A stream of which these links were read, in this order.
    fn with_links(last: u64, links: &[(u64, u64)]) -> LoadedStreams {
        let mut streams = LoadedStreams::default();
        streams.stream(&channel(), &Epoch::from_bits(1), offset(last), place(0));
        for (index, (number, before)) in links.iter().enumerate() {
            streams.message(&channel(), offset(*number), Some(offset(*before)), Some(place(1 + index)));
        }
        streams
    }

    fn settled(streams: LoadedStreams) -> (Option<u64>, u64) {
        let (_, _, settled) = streams.into_settled().next().unwrap();
        match settled {
            Settled::Known { floor, given_up } => (Some(floor.get()), given_up),
            Settled::Doubtful { given_up } => (None, given_up),
        }
    }

    #[test]
    fn links_reach_down_to_the_first_gap_in_whatever_order_they_were_read() {
        assert_eq!(settled(with_links(0, &[(1, 0), (2, 1), (3, 2)])), (Some(0), 0));
        assert_eq!(settled(with_links(0, &[(8, 5), (3, 2), (5, 3), (8, 5)])), (Some(2), 0));
        assert_eq!(settled(with_links(0, &[(1, 0), (2, 1), (4, 3), (5, 4)])), (Some(3), 2));
        assert_eq!(settled(with_links(9, &[(7, 6), (8, 7)])), (Some(9), 2), "the newest is missing");
        assert_eq!(settled(with_links(9, &[])), (Some(9), 0));
    }

    #[test]
    fn a_message_that_is_known_to_be_lost_is_a_gap() {
        let mut streams = with_links(0, &[(1, 0), (3, 2)]);
        streams.message(&channel(), offset(2), None, Some(place(9)));
        assert_eq!(settled(streams), (Some(2), 1));
        let mut newest = with_links(0, &[(1, 0)]);
        newest.message(&channel(), offset(2), None, Some(place(9)));
        assert_eq!(settled(newest), (Some(2), 1));
    }

    #[test]
    fn a_stream_is_doubtful_unless_something_behind_the_doubt_tells_how_far_it_goes() {
        let doubted_at = |at| {
            let mut streams = with_links(0, &[(1, 0), (2, 1)]);
            streams.doubt(place(at));
            settled(streams)
        };
        assert_eq!(doubted_at(1), (Some(0), 0));
        assert_eq!(doubted_at(3), (None, 2));
        let mut dispelled = with_links(0, &[(1, 0)]);
        dispelled.doubt(place(3));
        dispelled.doubt(Place { file: 0, at: 3 });
        dispelled.dispel(1);
        assert_eq!(settled(dispelled), (Some(0), 0));
    }

    #[test]
    fn a_message_that_was_written_again_tells_nothing_about_what_is_doubted() {
        let mut streams = with_links(0, &[(1, 0)]);
        streams.doubt(place(5));
        streams.message(&channel(), offset(1), Some(offset(0)), None);
        assert_eq!(settled(streams), (None, 2));
    }

    #[test]
    fn a_later_stream_of_a_channel_replaces_the_earlier_one() {
        let mut streams = with_links(0, &[(1, 0), (2, 1)]);
        streams.stream(&channel(), &Epoch::from_bits(2), offset(0), place(9));
        let (_, stream, settled) = streams.into_settled().next().unwrap();
        assert_eq!((stream.epoch, stream.last), (Epoch::from_bits(2), offset(0)));
        assert!(matches!(settled, Settled::Known { given_up: 0, .. }));
    }
}
