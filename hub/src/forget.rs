//! What a hub forgets: messages that are too old, and what memory has no room for.

use std::time::Duration;

use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;

use crate::channel::Reader;
use crate::hub::{Hub, channel_bytes};
use crate::slack::GivesBack;

/// Channels that one call looks at when something has to be forgotten, so that no call holds a hub's lock for long.
/// The rest is done by the calls after it.
const MAX_FORGETTING_STEPS: usize = 4_096;

/// Channels that one call looks at in a row without finding anything to forget. Where the memory is full of channels that are
/// read, all of them would be looked at with every publish.
const MAX_IN_VAIN: usize = 64;

/// The soonest that a channel is looked at again.
const MIN_RECHECK: Duration = Duration::from_secs(1);

/// What must not go although memory is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spare {
    Nothing,
    /// Channels that have no messages: theirs may be about to come.
    Channels,
}

impl<R: Reader + Clone> Hub<R> {
    /// Forgets what is too old, and gives back the room that it took. To be called about every second.
    pub fn tick(&mut self, now: Duration) {
        self.dedupe.forget_old(now);
        self.forget_due(now);
        self.forget_left();
        self.left.give_back();
        self.by_name.give_back();
        self.channels.give_back();
        self.dedupe.give_back();
        self.due.give_back();
    }

    fn forget_due(&mut self, now: Duration) {
        for _ in 0..MAX_FORGETTING_STEPS {
            let Some((_, number)) = self.due.pop_due(now) else {
                return;
            };
            self.forget_old(number, now);
        }
    }

    fn forget_old(&mut self, number: ChannelNumber, now: Duration) {
        let Some(state) = self.channels.get_mut(&number) else {
            return;
        };
        let age = self.settings.retentions.get(state.retention).age;
        while state.stream.oldest_at().is_some_and(|at| at + age <= now) {
            self.budget.release(state.stream.forget_oldest());
        }
        // A channel's publish ids are known by its number, so it is remembered for as long as they are.
        if state.is_idle() && state.active_at + age.max(self.settings.publish_id_age) <= now {
            self.drop_channel(number);
            return;
        }
        // A channel with readers and no history is looked at again after a while, in case both have changed by then.
        let since = state.stream.oldest_at().unwrap_or(if state.is_idle() { state.active_at } else { now });
        self.due.push(state.retention, (since + age).max(now + MIN_RECHECK), number);
    }

    /// Forgets the oldest messages of this hub's channels, and channels that nobody uses, while the budget is
    /// exceeded.
    pub(crate) fn keep_within_budget(&mut self, now: Duration) {
        self.make_room(now, Spare::Nothing);
    }

    pub(crate) fn make_room(&mut self, now: Duration, spare: Spare) {
        self.forget_while(now, spare, |hub| hub.budget.is_exceeded());
    }

    /// When the oldest came of what this hub could forget, or before that; `None` when there is nothing.
    pub fn oldest_at(&self) -> Option<Duration> {
        self.due.oldest_at()
    }

    /// Forgets the oldest messages of this hub's channels, and channels that nobody uses, as far as they are not newer than
    /// `until`, until the budget has room again.
    pub fn forget_until(&mut self, until: Duration, now: Duration) {
        self.forget_while(now, Spare::Nothing, |hub| {
            !hub.budget.has_room() && hub.oldest_at().is_some_and(|at| at <= until)
        });
    }

    fn forget_while(&mut self, now: Duration, spare: Spare, goes_on: impl Fn(&Self) -> bool) {
        let mut in_vain = 0;
        for _ in 0..MAX_FORGETTING_STEPS {
            if in_vain == MAX_IN_VAIN || !goes_on(self) {
                return;
            }
            let Some((at, number)) = self.due.pop_oldest() else {
                return;
            };
            in_vain = if self.forget_oldest(number, at, now, spare) { 0 } else { in_vain + 1 };
        }
    }

    /// One step of that: the channel came up as the one with the oldest message at `at`, less the history's age. Returns
    /// whether there is less now.
    fn forget_oldest(&mut self, number: ChannelNumber, at: Duration, now: Duration, spare: Spare) -> bool {
        let Some(state) = self.channels.get_mut(&number) else {
            return true;
        };
        let age = self.settings.retentions.get(state.retention).age;
        let is_its_turn = state.stream.oldest_at().is_some_and(|oldest_at| oldest_at + age <= at);
        if is_its_turn {
            self.budget.release(state.stream.forget_oldest());
        } else if state.is_idle() && state.active_at < now && spare == Spare::Nothing {
            self.drop_channel(number);
            return true;
        }
        let next = state.stream.oldest_at().unwrap_or(now) + age;
        self.due.push(state.retention, next, number);
        is_its_turn
    }

    pub(crate) fn drop_channel(&mut self, number: ChannelNumber) {
        let Some(state) = self.channels.remove(&number) else {
            return;
        };
        self.by_name.remove(&state.channel);
        self.budget.release_channel(channel_bytes(&state.channel));
        self.budget.release(state.stream.held_bytes());
    }

    /// Whether somebody may come to read a channel: one that exists, or one for which there is a place. Where places are
    /// short, channels are forgotten that were read, and have no messages.
    pub fn has_place_for(&mut self, channel: &Channel) -> bool {
        if self.number(channel).is_some() || self.budget.has_place_for_channels() {
            return true;
        }
        for _ in 0..MAX_IN_VAIN {
            let Some((_, number)) = self.left.pop_front() else { break };
            let Some(state) = self.channels.get_mut(&number) else { continue };
            state.is_left = false;
            if state.is_idle() {
                self.drop_channel(number);
                break;
            }
        }
        self.budget.has_place_for_channels()
    }

    /// Takes those off the list of channels that were left which are read again, or do not exist any more. Who was read again
    /// and left goes to its end.
    fn forget_left(&mut self) {
        for _ in 0..MAX_FORGETTING_STEPS {
            let Some((at, number)) = self.left.front().copied() else { return };
            let again = match self.channels.get_mut(&number) {
                Some(state) if state.is_idle() && state.active_at <= at => return,
                Some(state) if state.is_idle() => Some((state.active_at, number)),
                Some(state) => {
                    state.is_left = false;
                    None
                }
                None => None,
            };
            self.left.pop_front();
            self.left.extend(again);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use realtime_protocol::subscriber::UserId;

    use super::*;
    use crate::budget::MemoryBudget;
    use crate::channel::SessionId;
    use crate::hub::Numbers;
    use crate::publication::{Audience, Publication};
    use crate::retention::{Retention, Retentions};
    use crate::settings::HubSettings;

    #[derive(Debug, Clone)]
    struct Anyone(Arc<UserId>);

    impl Reader for Anyone {
        fn session(&self) -> SessionId {
            SessionId(1)
        }

        fn user(&self) -> &UserId {
            &self.0
        }
    }

    #[test]
    fn the_list_of_channels_that_were_left_does_not_grow_with_those_that_have_gone() {
        let budget = Arc::new(MemoryBudget::new(usize::MAX));
        let mut hub = Hub::new(HubSettings::default(), budget, Numbers { first: 1, step: 1 }, 1);
        let reader = Anyone(Arc::new(UserId::parse("u").unwrap()));
        let channel = |index: u64| Channel::parse("c", Some(&index.to_string())).unwrap();
        for second in 0..2_000 {
            let now = Duration::from_secs(second);
            // One that is new each time, and one that is left again and again.
            for channel in [channel(second), channel(1_000_000)] {
                hub.attach(&channel, reader.clone(), None, now);
                hub.detach(&channel, SessionId(1), now);
            }
            hub.tick(now);
        }
        assert!(hub.left.len() <= hub.channel_count(), "{} of {}", hub.left.len(), hub.channel_count());
        assert!(hub.channel_count() < 400, "{}", hub.channel_count());
    }

    #[test]
    fn ticks_give_back_the_room_of_a_crowd_that_has_gone() {
        let budget = Arc::new(MemoryBudget::new(usize::MAX));
        let mut hub = Hub::new(HubSettings::default(), budget, Numbers { first: 1, step: 1 }, 1);
        let reader = Anyone(Arc::new(UserId::parse("u").unwrap()));
        let payload = serde_json::value::to_raw_value(&1).unwrap();
        for index in 0..1_000 {
            let channel = Channel::parse("c", Some(&index.to_string())).unwrap();
            let publication = Publication {
                payload: &payload,
                publisher: None,
                audience: Audience::Everyone,
                id: Some("id"),
            };
            hub.publish(&channel, publication, Duration::ZERO).unwrap();
            let read = Channel::parse("read", Some(&index.to_string())).unwrap();
            hub.attach(&read, reader.clone(), None, Duration::ZERO);
            hub.detach(&read, SessionId(1), Duration::ZERO);
        }
        let capacities = |hub: &Hub<Anyone>| {
            let [ids, order] = hub.dedupe.capacities();
            let tables = [hub.left.capacity(), hub.by_name.capacity(), hub.channels.capacity()];
            [&tables[..], &[ids, order, hub.due.capacity()]].concat()
        };
        assert!(capacities(&hub).iter().all(|room| *room >= 1_000), "{:?}", capacities(&hub));
        (1..=3).for_each(|day| hub.tick(Duration::from_secs(day * 86_400)));
        assert_eq!(hub.channel_count(), 0);
        assert_eq!(capacities(&hub), [0; 6]);
    }

    /// A hub of which somebody reads so many channels, since zero.
    fn read_hub(budget_bytes: usize, age: Duration, channels: usize) -> Hub<Anyone> {
        let retentions = Retentions::of_all(Retention { age, ..Retention::default() });
        let settings = HubSettings { retentions, ..HubSettings::default() };
        let budget = Arc::new(MemoryBudget::new(budget_bytes));
        let mut hub = Hub::new(settings, budget, Numbers { first: 1, step: 1 }, 1);
        let reader = Anyone(Arc::new(UserId::parse("u").unwrap()));
        for index in 0..channels {
            let channel = Channel::parse("c", Some(&index.to_string())).unwrap();
            hub.attach(&channel, reader.clone(), None, Duration::ZERO);
        }
        hub
    }

    #[test]
    fn a_channel_that_keeps_nothing_is_looked_at_once_in_a_tick() {
        let mut hub = read_hub(usize::MAX, Duration::ZERO, 1);
        let now = Duration::from_secs(10);
        hub.tick(now);
        assert_eq!(hub.due.pop_due(now), None, "the same tick would look at it again and again");
        assert!(hub.due.pop_due(now + MIN_RECHECK).is_some());
    }

    #[test]
    fn a_publish_looks_at_few_of_the_channels_of_which_nothing_can_be_forgotten() {
        let age = Duration::from_secs(60);
        let mut hub = read_hub(0, age, 3 * MAX_IN_VAIN);
        hub.make_room(Duration::from_secs(10), Spare::Nothing);
        let untouched = std::iter::from_fn(|| hub.due.pop_due(age)).count();
        assert_eq!(untouched, 2 * MAX_IN_VAIN);
    }
}
