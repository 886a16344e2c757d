//! Repeated publishes: a publisher that did not hear the answer sends again with the same id, and gets the first
//! answer instead of a second message.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::Offset;

use crate::budget::MemoryBudget;
use crate::content::ContentHash;
use crate::slack::GivesBack;

/// The ids of recent publishes. Bounded by age and by number.
#[derive(Debug)]
pub struct Dedupe {
    bounds: Bounds,
    budget: Arc<MemoryBudget>,
    hashers: [RandomState; 2],
    publishes: HashMap<Fingerprint, Remembered>,
    order: VecDeque<(Duration, Fingerprint)>,
}

/// How long ids are remembered, and how many.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// For how long.
    pub age: Duration,
    /// How many by all who share the budget. A channel that brings far more than others may have nearly all of them.
    pub shared: usize,
    /// How many one keeps whatever the others bring, so that a busy channel cannot have others' publishes doubled. All
    /// together may exceed `shared` by that.
    pub own: usize,
}

/// What is remembered of a publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// Where its message stands.
    pub offset: Offset,
    /// What it said; `None` where nobody knows any more, so that everything counts as the same.
    pub content: Option<ContentHash>,
}

/// The publish's id was that of another message a while ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdTaken;

/// 128 bits under keys that nobody outside knows, so that two ids do not meet by chance or by intent.
type Fingerprint = [u64; 2];

impl Dedupe {
    /// Remembers within these bounds, and counts in the budget that others share.
    pub fn new(bounds: Bounds, budget: Arc<MemoryBudget>) -> Self {
        Self {
            bounds,
            budget,
            hashers: [RandomState::new(), RandomState::new()],
            publishes: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// The earlier publish with this id on this channel.
    pub fn find(&self, channel: ChannelNumber, id: &str) -> Option<Remembered> {
        self.publishes.get(&self.fingerprint(channel, id)).copied()
    }

    /// The offset of the earlier publish with this id on this channel, of which this one is a repetition.
    ///
    /// # Errors
    /// When that one said something else.
    pub fn repeated(
        &self,
        channel: ChannelNumber,
        id: &str,
        content: ContentHash,
    ) -> Result<Option<Offset>, IdTaken> {
        match self.find(channel, id) {
            Some(Remembered { content: Some(other), .. }) if other != content => Err(IdTaken),
            found => Ok(found.map(|remembered| remembered.offset)),
        }
    }

    /// Remembers a publish.
    pub fn remember(&mut self, channel: ChannelNumber, id: &str, publish: Remembered, now: Duration) {
        let fingerprint = self.fingerprint(channel, id);
        if self.publishes.insert(fingerprint, publish).is_none() {
            self.order.push_back((now, fingerprint));
            self.budget.charge_id();
        }
        self.forget_old(now);
    }

    /// Forgets a publish that did not take place. Quick for a recent one.
    pub fn forget(&mut self, channel: ChannelNumber, id: &str) {
        let fingerprint = self.fingerprint(channel, id);
        self.publishes.remove(&fingerprint);
        if let Some(place) = self.order.iter().rposition(|(_, other)| *other == fingerprint) {
            self.order.remove(place);
            self.budget.release_id();
        }
    }

    /// Ids that are remembered.
    pub fn len(&self) -> usize {
        self.publishes.len()
    }

    /// Whether no id is remembered.
    pub fn is_empty(&self) -> bool {
        self.publishes.is_empty()
    }

    /// Forgets what is too old or too much.
    pub fn forget_old(&mut self, now: Duration) {
        while let Some((at, fingerprint)) = self.order.front() {
            let is_fresh = now.saturating_sub(*at) < self.bounds.age;
            let has_room =
                self.order.len() <= self.bounds.own || self.budget.publish_ids() <= self.bounds.shared;
            if is_fresh && has_room {
                return;
            }
            self.publishes.remove(fingerprint);
            self.order.pop_front();
            self.budget.release_id();
        }
    }

    fn fingerprint(&self, channel: ChannelNumber, id: &str) -> Fingerprint {
        self.hashers.each_ref().map(|hasher| hasher.hash_one((channel, id)))
    }
}

#[cfg(test)]
impl Dedupe {
    /// The ids and the order that there is room for.
    pub(crate) fn capacities(&self) -> [usize; 2] {
        [self.publishes.capacity(), self.order.capacity()]
    }
}

impl GivesBack for Dedupe {
    fn give_back(&mut self) {
        self.publishes.give_back();
        self.order.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: ChannelNumber = ChannelNumber(1);

    /// Nobody shares its budget.
    fn dedupe(seconds: u64, ids: usize) -> Dedupe {
        sharing(
            &Arc::new(MemoryBudget::new(0)),
            Bounds { age: Duration::from_secs(seconds), shared: ids, own: 0 },
        )
    }

    fn sharing(budget: &Arc<MemoryBudget>, bounds: Bounds) -> Dedupe {
        Dedupe::new(bounds, Arc::clone(budget))
    }

    /// A publish of which only its offset is known.
    fn nth(offset: u64) -> Remembered {
        Remembered { offset: Offset::new(offset).unwrap(), content: None }
    }

    #[test]
    fn an_id_is_that_of_one_message_and_one_of_which_nobody_knows_more_is_that_of_any() {
        let content = |number| ContentHash::from_stored(number).unwrap();
        let mut dedupe = dedupe(1, 10);
        dedupe.remember(CHANNEL, "a", Remembered { content: Some(content(7)), ..nth(1) }, Duration::ZERO);
        dedupe.remember(CHANNEL, "b", nth(2), Duration::ZERO);
        assert_eq!(dedupe.repeated(CHANNEL, "a", content(7)), Ok(Offset::new(1)));
        assert_eq!(dedupe.repeated(CHANNEL, "a", content(8)), Err(IdTaken));
        assert_eq!(dedupe.repeated(CHANNEL, "b", content(8)), Ok(Offset::new(2)));
        assert_eq!(dedupe.repeated(CHANNEL, "c", content(8)), Ok(None));
    }

    #[test]
    fn an_id_is_known_on_its_own_channel_only() {
        let mut dedupe = dedupe(1, 10);
        dedupe.remember(CHANNEL, "a", nth(1), Duration::ZERO);
        assert_eq!(dedupe.find(CHANNEL, "a"), Some(nth(1)));
        assert_eq!(dedupe.find(ChannelNumber(2), "a"), None);
        assert_eq!(dedupe.find(CHANNEL, "b"), None);
    }

    #[test]
    fn a_publish_that_did_not_take_place_can_take_place_later() {
        let mut dedupe = dedupe(10, 10);
        for id in ["a", "b", "c"] {
            dedupe.remember(CHANNEL, id, nth(0), Duration::ZERO);
        }
        dedupe.forget(CHANNEL, "b");
        assert_eq!((dedupe.find(CHANNEL, "b"), dedupe.len()), (None, 2));
        dedupe.remember(CHANNEL, "b", nth(1), Duration::from_secs(9));
        dedupe.forget_old(Duration::from_secs(10));
        assert_eq!((dedupe.find(CHANNEL, "b"), dedupe.len()), (Some(nth(1)), 1));
    }

    #[test]
    fn an_id_is_forgotten_when_it_is_old() {
        let mut dedupe = dedupe(1, 10);
        dedupe.remember(CHANNEL, "a", nth(0), Duration::ZERO);
        dedupe.forget_old(Duration::from_millis(999));
        assert!(dedupe.find(CHANNEL, "a").is_some());
        dedupe.forget_old(Duration::from_secs(1));
        assert!(dedupe.find(CHANNEL, "a").is_none());
    }

    #[test]
    fn the_oldest_id_goes_when_there_are_too_many() {
        let mut dedupe = dedupe(1, 2);
        for id in ["a", "b", "c"] {
            dedupe.remember(CHANNEL, id, nth(0), Duration::ZERO);
        }
        assert!(dedupe.find(CHANNEL, "a").is_none());
        assert!(dedupe.find(CHANNEL, "b").is_some() && dedupe.find(CHANNEL, "c").is_some());
    }

    #[test]
    fn a_busy_one_has_what_the_others_leave_and_leaves_each_of_them_its_own() {
        let budget = Arc::new(MemoryBudget::new(0));
        let bounds = Bounds { age: Duration::from_secs(1), shared: 10, own: 2 };
        let [mut busy, mut quiet] = [sharing(&budget, bounds), sharing(&budget, bounds)];
        let bring = |dedupe: &mut Dedupe, ids: std::ops::Range<u64>| {
            ids.for_each(|id| dedupe.remember(CHANNEL, &id.to_string(), nth(id), Duration::ZERO));
        };
        bring(&mut busy, 0..50);
        assert_eq!((busy.len(), busy.find(CHANNEL, "40")), (10, Some(nth(40))));
        bring(&mut quiet, 0..3);
        assert_eq!((quiet.len(), quiet.find(CHANNEL, "0")), (2, None));
        bring(&mut busy, 50..60);
        assert_eq!((busy.len(), quiet.len(), budget.publish_ids()), (8, 2, 10));
        busy.forget(CHANNEL, "59");
        busy.forget(CHANNEL, "nobody's");
        assert_eq!(budget.publish_ids(), 9);
        busy.forget_old(Duration::from_secs(1));
        quiet.forget_old(Duration::from_secs(1));
        assert_eq!(budget.publish_ids(), 0);
    }
}
