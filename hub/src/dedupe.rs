//! Repeated publishes: a publisher that did not hear the answer sends again with the same id, and gets the first
//! answer instead of a second message.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::Offset;

/// The ids of recent publishes. Bounded by age and by number.
#[derive(Debug)]
pub struct Dedupe {
    max_age: Duration,
    max_ids: usize,
    hashers: [RandomState; 2],
    offsets: HashMap<Fingerprint, Offset>,
    order: VecDeque<(Duration, Fingerprint)>,
}

/// 128 bits under keys that nobody outside knows, so that two ids do not meet by chance or by intent.
type Fingerprint = [u64; 2];

impl Dedupe {
    /// Remembers at most `max_ids` ids, each for `max_age`.
    pub fn new(max_age: Duration, max_ids: usize) -> Self {
        Self {
            max_age,
            max_ids,
            hashers: [RandomState::new(), RandomState::new()],
            offsets: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// The offset of the earlier publish with this id on this channel.
    pub fn find(&self, channel: ChannelNumber, id: &str) -> Option<Offset> {
        self.offsets.get(&self.fingerprint(channel, id)).copied()
    }

    /// Remembers a publish.
    pub fn remember(&mut self, channel: ChannelNumber, id: &str, offset: Offset, now: Duration) {
        let fingerprint = self.fingerprint(channel, id);
        if self.offsets.insert(fingerprint, offset).is_none() {
            self.order.push_back((now, fingerprint));
        }
        self.forget_old(now);
    }

    /// Forgets a publish that did not take place. Quick for a recent one.
    pub fn forget(&mut self, channel: ChannelNumber, id: &str) {
        let fingerprint = self.fingerprint(channel, id);
        self.offsets.remove(&fingerprint);
        if let Some(place) = self.order.iter().rposition(|(_, other)| *other == fingerprint) {
            self.order.remove(place);
        }
    }

    /// Ids that are remembered.
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether no id is remembered.
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Forgets what is too old or too much.
    pub fn forget_old(&mut self, now: Duration) {
        while let Some((at, fingerprint)) = self.order.front() {
            let is_fresh = now.saturating_sub(*at) < self.max_age;
            if is_fresh && self.order.len() <= self.max_ids {
                return;
            }
            self.offsets.remove(fingerprint);
            self.order.pop_front();
        }
    }

    fn fingerprint(&self, channel: ChannelNumber, id: &str) -> Fingerprint {
        self.hashers.each_ref().map(|hasher| hasher.hash_one((channel, id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: ChannelNumber = ChannelNumber(1);

    #[test]
    fn an_id_is_known_on_its_own_channel_only() {
        let mut dedupe = Dedupe::new(Duration::from_secs(1), 10);
        dedupe.remember(CHANNEL, "a", Offset::START.next(), Duration::ZERO);
        assert_eq!(dedupe.find(CHANNEL, "a"), Some(Offset::START.next()));
        assert_eq!(dedupe.find(ChannelNumber(2), "a"), None);
        assert_eq!(dedupe.find(CHANNEL, "b"), None);
    }

    #[test]
    fn a_publish_that_did_not_take_place_can_take_place_later() {
        let mut dedupe = Dedupe::new(Duration::from_secs(10), 10);
        for id in ["a", "b", "c"] {
            dedupe.remember(CHANNEL, id, Offset::START, Duration::ZERO);
        }
        dedupe.forget(CHANNEL, "b");
        assert_eq!((dedupe.find(CHANNEL, "b"), dedupe.len()), (None, 2));
        dedupe.remember(CHANNEL, "b", Offset::START.next(), Duration::from_secs(9));
        dedupe.forget_old(Duration::from_secs(10));
        assert_eq!((dedupe.find(CHANNEL, "b"), dedupe.len()), (Some(Offset::START.next()), 1));
    }

    #[test]
    fn an_id_is_forgotten_when_it_is_old() {
        let mut dedupe = Dedupe::new(Duration::from_secs(1), 10);
        dedupe.remember(CHANNEL, "a", Offset::START, Duration::ZERO);
        dedupe.forget_old(Duration::from_millis(999));
        assert!(dedupe.find(CHANNEL, "a").is_some());
        dedupe.forget_old(Duration::from_secs(1));
        assert!(dedupe.find(CHANNEL, "a").is_none());
    }

    #[test]
    fn the_oldest_id_goes_when_there_are_too_many() {
        let mut dedupe = Dedupe::new(Duration::from_secs(1), 2);
        for id in ["a", "b", "c"] {
            dedupe.remember(CHANNEL, id, Offset::START, Duration::ZERO);
        }
        assert!(dedupe.find(CHANNEL, "a").is_none());
        assert!(dedupe.find(CHANNEL, "b").is_some() && dedupe.find(CHANNEL, "c").is_some());
    }
}
