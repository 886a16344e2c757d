//! A channel's stream: it gives every message its offset, keeps the latest ones, and tells what a returning reader
//! missed.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use realtime_protocol::position::{Epoch, Offset, Position};
use realtime_protocol::subscriber::UserId;

use crate::publication::Audience;

/// The messages of one channel, in order.
#[derive(Debug)]
pub struct Stream {
    epoch: Epoch,
    /// The newest offset that was given out. Ahead of `last` while a message waits to be stored.
    placed: Offset,
    /// The newest message's.
    last: Offset,
    /// Everything after this offset is in the history.
    floor: Offset,
    history: VecDeque<Kept>,
    /// Bytes of the history's messages.
    message_bytes: usize,
}

/// A message of the history.
#[derive(Debug)]
struct Kept {
    offset: Offset,
    at: Duration,
    audience: Audience,
    message: Bytes,
}

impl Kept {
    fn held_bytes(&self) -> usize {
        // A shared buffer has a header and some spare room of its own.
        size_of::<Self>() + 64 + self.message.len() + self.audience.held_bytes()
    }
}

/// What a reader gets when it attaches.
#[derive(Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The point before the first of `missed`, or before the next message when nothing was missed.
    pub position: Position,
    /// Whether `missed` is everything since the reader's own position; `None` when it named none.
    pub is_whole: Option<bool>,
    /// Encoded messages, in order.
    pub missed: Vec<Bytes>,
}

impl Stream {
    /// An empty stream.
    pub const fn new(epoch: Epoch) -> Self {
        Self::ending_at(epoch, Offset::START)
    }

    /// A stream whose messages up to `last` are not in its history.
    pub const fn ending_at(epoch: Epoch, last: Offset) -> Self {
        Self { epoch, placed: last, last, floor: last, history: VecDeque::new(), message_bytes: 0 }
    }

    /// The stream's epoch and the offset of its newest message.
    pub fn position(&self) -> Position {
        self.at(self.last)
    }

    /// The position of one of its offsets.
    pub fn at(&self, offset: Offset) -> Position {
        Position { epoch: self.epoch.clone(), offset }
    }

    /// The stream's epoch.
    pub const fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// The newest offset that was given out.
    pub const fn placed(&self) -> Offset {
        self.placed
    }

    /// The offset of the newest message.
    pub const fn last(&self) -> Offset {
        self.last
    }

    /// Gives out the next offset.
    pub const fn place(&mut self) -> Offset {
        self.placed = self.placed.next();
        self.placed
    }

    /// Takes back every offset that was given out and not kept.
    pub const fn take_back(&mut self) {
        self.placed = self.last;
    }

    /// Keeps an encoded message, which is the newest from now on. Returns the bytes that it holds.
    pub fn keep(&mut self, offset: Offset, message: Bytes, audience: Audience, at: Duration) -> usize {
        self.last = offset;
        let kept = Kept { offset, at, audience, message };
        let bytes = kept.held_bytes();
        self.message_bytes += kept.message.len();
        self.history.push_back(kept);
        bytes
    }

    /// Keeps a message of an earlier life of the process, wherever its place is. Returns the bytes that it holds: 0
    /// when it is there already.
    pub fn keep_restored(
        &mut self,
        offset: Offset,
        message: Bytes,
        audience: Audience,
        at: Duration,
    ) -> usize {
        let Err(place) = self.history.binary_search_by_key(&offset, |kept| kept.offset) else {
            return 0;
        };
        let kept = Kept { offset, at, audience, message };
        let bytes = kept.held_bytes();
        self.message_bytes += kept.message.len();
        self.history.insert(place, kept);
        bytes
    }

    /// The newest offset is at least this one.
    pub fn reach(&mut self, last: Offset) {
        self.last = self.last.max(last);
        self.placed = self.placed.max(last);
    }

    /// Whether a message is in the history.
    pub fn holds(&self, offset: Offset) -> bool {
        self.history.binary_search_by_key(&offset, |kept| kept.offset).is_ok()
    }

    /// Everything up to this offset is not in the history. Returns the bytes that it held.
    pub fn forget_up_to(&mut self, floor: Offset) -> usize {
        let mut released = 0;
        while self.history.front().is_some_and(|kept| kept.offset <= floor) {
            released += self.forget_oldest();
        }
        self.floor = self.floor.max(floor);
        released
    }

    /// Everything after this offset is in the history.
    pub const fn floor(&self) -> Offset {
        self.floor
    }

    /// Forgets the oldest message. Returns the bytes that it held.
    pub fn forget_oldest(&mut self) -> usize {
        let Some(oldest) = self.history.pop_front() else {
            return 0;
        };
        self.floor = oldest.offset;
        self.message_bytes -= oldest.message.len();
        if self.history.is_empty() {
            self.history.shrink_to(0);
        }
        oldest.held_bytes()
    }

    /// Messages in the history.
    pub fn kept_messages(&self) -> usize {
        self.history.len()
    }

    /// Bytes of the messages in the history.
    pub const fn message_bytes(&self) -> usize {
        self.message_bytes
    }

    /// When the oldest message of the history was published.
    pub fn oldest_at(&self) -> Option<Duration> {
        self.history.front().map(|kept| kept.at)
    }

    /// Bytes that the history holds.
    pub fn held_bytes(&self) -> usize {
        self.history.iter().map(Kept::held_bytes).sum()
    }

    /// What a reader gets that stands at `from`. Whole, or declared not to be:
    ///
    /// - Same epoch, and nothing after `from` was forgotten: all of it.
    /// - Same epoch otherwise, or more than `max_bytes`: nothing, from the newest message on.
    /// - Another epoch (this stream began after the reader's was lost): how the old stream ended is unknown, so it is
    ///   not whole; but nothing of the new one is lost, as long as its beginning is still there.
    pub fn recover(&self, from: Option<&Position>, reader: &UserId, max_bytes: usize) -> Recovery {
        let Some(from) = from else {
            return Recovery { position: self.position(), is_whole: None, missed: Vec::new() };
        };
        let is_same_stream = from.epoch == self.epoch;
        let is_held = is_same_stream && (self.floor..=self.last).contains(&from.offset);
        let is_new_and_held = !is_same_stream && self.floor == Offset::START;
        let base = match (is_held, is_new_and_held) {
            (true, _) => from.offset,
            (_, true) => Offset::START,
            _ => self.last,
        };
        let missed = self.after(base, reader);
        if missed.iter().map(Bytes::len).sum::<usize>() > max_bytes {
            return Recovery { position: self.position(), is_whole: Some(false), missed: Vec::new() };
        }
        Recovery { position: self.at(base), is_whole: Some(is_held), missed }
    }

    fn after(&self, offset: Offset, reader: &UserId) -> Vec<Bytes> {
        let first = self.history.partition_point(|kept| kept.offset <= offset);
        let later = self.history.range(first..);
        later.filter(|kept| kept.audience.includes(reader)).map(|kept| kept.message.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream_with(messages: u64) -> Stream {
        let mut stream = Stream::new(Epoch::from_bits(1));
        for _ in 0..messages {
            let offset = stream.place();
            stream.keep(offset, Bytes::from(offset.get().to_string()), Audience::Everyone, Duration::ZERO);
        }
        stream
    }

    fn reader() -> UserId {
        UserId::parse("reader").unwrap()
    }

    fn at(bits: u64, offset: u64) -> Position {
        Position { epoch: Epoch::from_bits(bits), offset: Offset::new(offset).unwrap() }
    }

    #[test]
    fn a_history_of_which_nothing_is_left_takes_no_room() {
        let mut stream = stream_with(3);
        while stream.kept_messages() > 0 {
            assert!(stream.history.capacity() > 0);
            stream.forget_oldest();
        }
        assert_eq!(stream.history.capacity(), 0);
    }

    #[test]
    fn a_reader_without_a_position_starts_at_the_newest_message() {
        let recovery = stream_with(3).recover(None, &reader(), usize::MAX);
        assert_eq!(recovery, Recovery { position: at(1, 3), is_whole: None, missed: vec![] });
    }

    #[test]
    fn a_reader_gets_everything_after_its_position() {
        let recovery = stream_with(3).recover(Some(&at(1, 1)), &reader(), usize::MAX);
        assert_eq!(recovery.missed, ["2", "3"]);
        assert_eq!((recovery.is_whole, recovery.position), (Some(true), at(1, 1)));
    }

    #[test]
    fn a_reader_that_missed_nothing_is_whole_even_when_all_was_forgotten() {
        let mut stream = stream_with(3);
        while stream.forget_oldest() > 0 {}
        assert_eq!(stream.recover(Some(&at(1, 3)), &reader(), usize::MAX).is_whole, Some(true));
        assert_eq!(stream.recover(Some(&at(1, 2)), &reader(), usize::MAX).is_whole, Some(false));
    }

    #[test]
    fn a_recovery_with_a_hole_gives_no_part() {
        let mut stream = stream_with(5);
        stream.forget_oldest();
        stream.forget_oldest();
        let recovery = stream.recover(Some(&at(1, 1)), &reader(), usize::MAX);
        assert_eq!(recovery, Recovery { position: at(1, 5), is_whole: Some(false), missed: vec![] });
    }

    #[test]
    fn a_position_ahead_of_the_stream_is_not_believed() {
        assert_eq!(stream_with(3).recover(Some(&at(1, 4)), &reader(), usize::MAX).is_whole, Some(false));
    }

    #[test]
    fn a_new_stream_is_given_from_its_beginning_to_a_reader_of_the_lost_one() {
        let recovery = stream_with(2).recover(Some(&at(9, 70)), &reader(), usize::MAX);
        assert_eq!(recovery.missed, ["1", "2"]);
        assert_eq!((recovery.is_whole, recovery.position), (Some(false), at(1, 0)));
    }

    #[test]
    fn a_new_stream_that_has_lost_its_beginning_is_given_from_its_end() {
        let mut stream = stream_with(2);
        stream.forget_oldest();
        let recovery = stream.recover(Some(&at(9, 70)), &reader(), usize::MAX);
        assert_eq!(recovery, Recovery { position: at(1, 2), is_whole: Some(false), missed: vec![] });
    }

    #[test]
    fn what_is_forgotten_up_to_an_offset_is_no_part_of_a_recovery_whether_it_was_held_or_not() {
        let mut stream = stream_with(5);
        let one = stream.held_bytes() / 5;
        assert_eq!(stream.forget_up_to(Offset::new(2).unwrap()), 2 * one);
        assert_eq!(stream.recover(Some(&at(1, 1)), &reader(), usize::MAX).is_whole, Some(false));
        let recovery = stream.recover(Some(&at(1, 2)), &reader(), usize::MAX);
        assert_eq!((recovery.is_whole, recovery.missed.len()), (Some(true), 3));
        assert_eq!(stream.forget_up_to(Offset::new(1).unwrap()), 0);
        assert_eq!(stream.floor().get(), 2, "what was forgotten does not come back");

        let mut elsewhere = stream_with(0);
        elsewhere.reach(Offset::new(7).unwrap());
        assert_eq!(elsewhere.forget_up_to(Offset::new(7).unwrap()), 0);
        assert_eq!(elsewhere.recover(Some(&at(1, 3)), &reader(), usize::MAX).is_whole, Some(false));
        assert_eq!(elsewhere.recover(Some(&at(1, 7)), &reader(), usize::MAX).is_whole, Some(true));
        assert_eq!(elsewhere.place().get(), 8, "no offset is given out twice");
    }

    #[test]
    fn the_bytes_of_messages_are_those_of_the_history() {
        let mut stream = stream_with(3);
        assert_eq!(stream.message_bytes(), 3);
        stream.forget_oldest();
        assert_eq!(stream.message_bytes(), 2);
        while stream.forget_oldest() > 0 {}
        assert_eq!((stream.message_bytes(), stream.held_bytes()), (0, 0));
    }

    #[test]
    fn a_recovery_that_is_too_large_is_not_begun() {
        let recovery = stream_with(5).recover(Some(&at(1, 1)), &reader(), 3);
        assert_eq!(recovery, Recovery { position: at(1, 5), is_whole: Some(false), missed: vec![] });
        assert_eq!(stream_with(5).recover(Some(&at(1, 2)), &reader(), 3).is_whole, Some(true));
    }

    #[test]
    fn a_message_for_others_is_not_part_of_a_recovery() {
        let mut stream = stream_with(1);
        let offset = stream.place();
        stream.keep(offset, Bytes::from("secret"), Audience::Users(Default::default()), Duration::ZERO);
        let recovery = stream.recover(Some(&at(1, 0)), &reader(), usize::MAX);
        assert_eq!((recovery.missed, recovery.is_whole), (vec![Bytes::from("1")], Some(true)));
    }
}
