//! When each channel has to be looked at because something of it may have to be forgotten.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use realtime_protocol::frame::ChannelNumber;

use crate::retention::{RetentionNumber, Retentions};
use crate::slack::GivesBack;

/// Every channel once, by the moment at which its oldest message becomes too old. Kept lazily: a channel whose moment
/// has moved is put back when its old one comes up.
///
/// A heap for each retention: within one, who is due first also has the oldest message.
#[derive(Debug)]
pub(crate) struct DueChannels(Vec<DueHeap>);

#[derive(Debug)]
struct DueHeap {
    age: Duration,
    channels: BinaryHeap<Reverse<(Duration, ChannelNumber)>>,
}

/// A channel that came up, and the moment for which it was put there.
pub(crate) type Due = (Duration, ChannelNumber);

impl DueChannels {
    pub(crate) fn new(retentions: &Retentions) -> Self {
        let ages = retentions.rules.iter().map(|rule| rule.retention.age).chain([retentions.default.age]);
        Self(ages.map(|age| DueHeap { age, channels: BinaryHeap::new() }).collect())
    }

    pub(crate) fn push(&mut self, retention: RetentionNumber, at: Duration, number: ChannelNumber) {
        if let Some(heap) = self.0.get_mut(retention.index()) {
            heap.channels.push(Reverse((at, number)));
        }
    }

    /// A channel that is due by now.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<Due> {
        let heap = self.0.iter_mut().find(|heap| heap.next_at().is_some_and(|at| at <= now))?;
        heap.pop()
    }

    /// The channel with the oldest message of all, due or not.
    pub(crate) fn pop_oldest(&mut self) -> Option<Due> {
        let with_messages = self.0.iter_mut().filter(|heap| !heap.channels.is_empty());
        with_messages.min_by_key(|heap| heap.oldest_at())?.pop()
    }

    /// When the oldest message of all came, or before that.
    pub(crate) fn oldest_at(&self) -> Option<Duration> {
        self.0.iter().filter_map(DueHeap::oldest_at).min()
    }
}

#[cfg(test)]
impl DueChannels {
    /// The channels that there is room for.
    pub(crate) fn capacity(&self) -> usize {
        self.0.iter().map(|heap| heap.channels.capacity()).sum()
    }
}

impl GivesBack for DueChannels {
    fn give_back(&mut self) {
        self.0.iter_mut().for_each(|heap| heap.channels.give_back());
    }
}

impl DueHeap {
    fn oldest_at(&self) -> Option<Duration> {
        self.next_at().map(|at| at.saturating_sub(self.age))
    }

    fn next_at(&self) -> Option<Duration> {
        self.channels.peek().map(|Reverse((at, _))| *at)
    }

    fn pop(&mut self) -> Option<Due> {
        self.channels.pop().map(|Reverse(due)| due)
    }
}
