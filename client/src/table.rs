//! Who wants what: the channels, the subscriptions on each, and the indexes that find them. No decisions.

use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::{Offset, Position};

use crate::input::{Patience, SubscriptionId};
use crate::millis::Millis;
use crate::sorted::SortedMap;

/// A machine's short name for a channel that it holds. Valid until the next input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelKey(u32);

/// What the relay knows of a channel, on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Nothing.
    Unasked,
    /// Nothing yet: its request waits for earlier replies.
    Queued,
    /// It has been asked and has not answered.
    Asked,
    /// It delivers under this number.
    Held(ChannelNumber),
    /// It refused for the moment, and is asked again at this time.
    Resting(Millis),
}

/// One channel and its subscriptions.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) channel: Channel,
    /// The live ones first, then those without an answer; each kind in the order of their coming.
    pub(crate) subscriptions: Vec<SubscriptionId>,
    /// How many of them are live.
    pub(crate) live: usize,
    pub(crate) wire: Wire,
    /// What has been delivered; `None` before the first answer.
    pub(crate) position: Option<Position>,
    /// Temporary refusals in a row.
    pub(crate) refusals: u32,
}

/// What is known of a subscription.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Membership {
    pub(crate) key: ChannelKey,
    pub(crate) patience: Patience,
}

#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Option<Slot>>,
    free: Vec<ChannelKey>,
    /// The slots in use, in the order of their channels.
    by_channel: Vec<ChannelKey>,
    by_subscription: SortedMap<Membership>,
    by_number: SortedMap<ChannelKey>,
}

impl Table {
    pub(crate) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_channel: Vec::new(),
            by_subscription: SortedMap::new(),
            by_number: SortedMap::new(),
        }
    }

    /// Whether nobody wants anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_subscription.is_empty()
    }

    pub(crate) fn slot(&self, key: ChannelKey) -> Option<&Slot> {
        self.slots.get(key.0 as usize)?.as_ref()
    }

    pub(crate) fn slot_mut(&mut self, key: ChannelKey) -> Option<&mut Slot> {
        self.slots.get_mut(key.0 as usize)?.as_mut()
    }

    /// Every channel in use.
    pub(crate) fn keys(&self) -> impl Iterator<Item = ChannelKey> + use<> {
        (0..self.slots.len() as u32).map(ChannelKey)
    }

    pub(crate) fn key_of(&self, channel: &Channel) -> Option<ChannelKey> {
        let at = self.place_of(channel).ok()?;
        self.by_channel.get(at).copied()
    }

    pub(crate) fn membership(&self, subscription: SubscriptionId) -> Option<Membership> {
        self.by_subscription.get(subscription.0.into())
    }

    /// Puts a channel that has no position yet at this one.
    pub(crate) fn resume(&mut self, channel: &Channel, position: Position) {
        if let Some(slot) = self.key_of(channel).and_then(|key| self.slot_mut(key)) {
            slot.position.get_or_insert(position);
        }
    }

    /// Whom the message is for, unless it was delivered before or nobody wants it. Moves the position on.
    pub(crate) fn accept(&mut self, number: ChannelNumber, offset: Offset) -> Option<ChannelKey> {
        let key = self.by_number.get(number.0)?;
        let position = self.slot_mut(key)?.position.as_mut()?;
        if offset <= position.offset {
            return None;
        }
        position.offset = offset;
        Some(key)
    }

    /// Adds a subscription without an answer, and its channel where that is new.
    pub(crate) fn add(
        &mut self,
        subscription: SubscriptionId,
        channel: Channel,
        patience: Patience,
    ) -> ChannelKey {
        let key = match self.key_of(&channel) {
            Some(key) => key,
            None => self.open_slot(channel),
        };
        if let Some(slot) = self.slot_mut(key) {
            slot.subscriptions.push(subscription);
        }
        self.by_subscription.insert(subscription.0.into(), Membership { key, patience });
        key
    }

    /// Takes one subscription out; its channel stays.
    pub(crate) fn remove(&mut self, subscription: SubscriptionId) -> Option<ChannelKey> {
        let Membership { key, .. } = self.by_subscription.remove(subscription.0.into())?;
        let slot = self.slot_mut(key)?;
        let at = slot.subscriptions.iter().position(|s| *s == subscription)?;
        slot.subscriptions.remove(at);
        slot.live -= usize::from(at < slot.live);
        Some(key)
    }

    /// Takes all subscriptions of a channel out: the live ones, and those without an answer.
    pub(crate) fn remove_all(&mut self, key: ChannelKey) -> (Vec<SubscriptionId>, Vec<SubscriptionId>) {
        let Some(slot) = self.slot_mut(key) else {
            return (Vec::new(), Vec::new());
        };
        let pending = slot.subscriptions.split_off(slot.live);
        let live = std::mem::take(&mut slot.subscriptions);
        slot.live = 0;
        for subscription in live.iter().chain(&pending) {
            self.by_subscription.remove(subscription.0.into());
        }
        (live, pending)
    }

    /// Takes out the subscriptions of a channel that have no answer and whose patience is limited.
    pub(crate) fn remove_impatient(&mut self, key: ChannelKey) -> Vec<SubscriptionId> {
        let pending = self.slot(key).and_then(|slot| slot.subscriptions.get(slot.live..)).unwrap_or_default();
        let is_impatient = |subscription: &SubscriptionId| {
            self.membership(*subscription).is_some_and(|m| m.patience == Patience::Limited)
        };
        let impatient: Vec<_> = pending.iter().copied().filter(is_impatient).collect();
        for subscription in &impatient {
            self.remove(*subscription);
        }
        impatient
    }

    /// From now on this number means this channel.
    pub(crate) fn hold(&mut self, key: ChannelKey, number: ChannelNumber) {
        if let Some(slot) = self.slot_mut(key) {
            slot.wire = Wire::Held(number);
            self.by_number.insert(number.0, key);
        }
    }

    /// This number means nothing any more. Gives the channel that it meant.
    pub(crate) fn release(&mut self, number: ChannelNumber) -> Option<ChannelKey> {
        let key = self.by_number.remove(number.0)?;
        self.slot_mut(key)?.wire = Wire::Unasked;
        Some(key)
    }

    /// Forgets a channel that nobody wants. Its key may come to mean another.
    pub(crate) fn close_slot(&mut self, key: ChannelKey) {
        let place = self.slot(key).and_then(|slot| self.place_of(&slot.channel).ok());
        let (Some(at), Some(slot)) = (place, self.slots.get_mut(key.0 as usize).and_then(Option::take))
        else {
            return;
        };
        self.by_channel.remove(at);
        if let Wire::Held(number) = slot.wire {
            self.by_number.remove(number.0);
        }
        self.free.push(key);
    }

    /// The connection is gone, and with it everything that the relay knew.
    pub(crate) fn forget_wires(&mut self) {
        self.by_number.clear();
        for key in self.keys() {
            match self.slot_mut(key) {
                Some(slot) if slot.subscriptions.is_empty() => self.close_slot(key),
                Some(slot) => slot.wire = Wire::Unasked,
                None => {}
            }
        }
    }

    /// Where a channel stands among those in use, or would stand.
    fn place_of(&self, channel: &Channel) -> Result<usize, usize> {
        let order = |key: &ChannelKey| self.slot(*key).map(|slot| &slot.channel).cmp(&Some(channel));
        self.by_channel.binary_search_by(order)
    }

    fn open_slot(&mut self, channel: Channel) -> ChannelKey {
        let key = match self.free.pop() {
            Some(key) => key,
            None => {
                self.slots.push(None);
                ChannelKey(self.slots.len() as u32 - 1)
            }
        };
        let (Ok(at) | Err(at)) = self.place_of(&channel);
        self.by_channel.insert(at, key);
        if let Some(place) = self.slots.get_mut(key.0 as usize) {
            *place = Some(Slot {
                channel,
                subscriptions: Vec::new(),
                live: 0,
                wire: Wire::Unasked,
                position: None,
                refusals: 0,
            });
        }
        key
    }
}
