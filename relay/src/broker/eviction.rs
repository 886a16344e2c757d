//! Making room: of the messages of all hubs the oldest go first, whoever publishes.
//!
//! A hub that finds the budget exceeded forgets its own oldest messages. Left at that, a hub that others publish to would
//! lose all it has, minutes or seconds old, while another one that has filled the memory keeps what is older. So room is
//! made before the budget is exceeded, and in the hub that has the oldest.

use std::time::Duration;

use parking_lot::Mutex;

use crate::broker::peer::Peer;
use crate::broker::shards::Broker;

/// Hubs that are looked at by one who makes room, one after the other.
const MAX_TURNS: usize = 32;

/// How long nobody tries again when there was nothing to forget: what fills the memory are channels that are read.
const REST: Duration = Duration::from_secs(1);

/// Who makes room, one at a time; and not before this moment.
#[derive(Debug, Default)]
pub(super) struct Eviction(Mutex<Duration>);

impl<P: Peer> Broker<P> {
    /// Makes some room when there is hardly any left. To be called before something is added; holds one hub's lock at a time.
    pub(super) fn make_room(&self) {
        if !self.budget.is_nearly_full() {
            return;
        }
        // Whoever comes meanwhile has room still.
        let Some(mut not_before) = self.eviction.0.try_lock() else { return };
        let now = self.clock.unix_now();
        if now < *not_before {
            return;
        }
        let used = self.budget.used_bytes();
        for _ in 0..MAX_TURNS {
            let Some((index, until)) = self.oldest() else { break };
            if let Some(shard) = self.shards.get(index) {
                shard.hub.lock().forget_until(until, now);
            }
            if self.budget.has_room() {
                return;
            }
        }
        if self.budget.used_bytes() >= used {
            *not_before = now + REST;
        }
    }

    /// The hub that has the oldest, and since when the next one has something.
    fn oldest(&self) -> Option<(usize, Duration)> {
        let mut oldest: Option<(Duration, usize)> = None;
        let mut next = Duration::MAX;
        for (index, shard) in self.shards.iter().enumerate() {
            let Some(at) = shard.hub.lock().oldest_at() else { continue };
            match oldest {
                Some((before, _)) if before <= at => next = next.min(at),
                before => {
                    next = before.map_or(next, |(at, _)| at);
                    oldest = Some((at, index));
                }
            }
        }
        oldest.map(|(_, index)| (index, next))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use realtime_hub::channel::{Reader, SessionId};
    use realtime_hub::publication::{Audience, Publication};
    use realtime_hub::settings::HubSettings;
    use realtime_protocol::channel::Channel;
    use realtime_protocol::frame::{ChannelNumber, RequestId};
    use realtime_protocol::position::Position;
    use realtime_protocol::subscriber::UserId;
    use serde_json::value::RawValue;

    use super::*;
    use crate::broker::publishing::Publishing;
    use crate::clock::Clock;

    const LIMIT_BYTES: usize = 1024 * 1024;

    #[derive(Debug, Clone)]
    struct Visitor(Arc<UserId>);

    impl Reader for Visitor {
        fn session(&self) -> SessionId {
            SessionId(1)
        }

        fn user(&self) -> &UserId {
            &self.0
        }
    }

    impl Peer for Visitor {
        fn write(&self, _: ChannelNumber, _: &Bytes) {}

        fn join(&self, _: ChannelNumber, _: bool, _: Bytes) {}

        fn queue(&self, _: Bytes) {}

        fn queue_recovery(&self, _: Bytes) {}
    }

    fn broker() -> Broker<Visitor> {
        Broker::new(&HubSettings::default(), LIMIT_BYTES, Clock::start())
    }

    fn channel(name: &str) -> Channel {
        Channel::parse(name, None).unwrap()
    }

    /// Publishes a kilobyte.
    fn publish(broker: &Broker<Visitor>, name: &str) -> Position {
        let payload: Box<RawValue> = serde_json::from_str(&format!("\"{}\"", "x".repeat(1_000))).unwrap();
        let publication =
            Publication { payload: &payload, publisher: None, audience: Audience::Everyone, id: None };
        match broker.publish(&channel(name), publication) {
            Ok(Publishing::Done(position)) => position,
            other => panic!("{other:?}"),
        }
    }

    fn attach(broker: &Broker<Visitor>, name: &str, from: &Position) {
        let visitor = Visitor(Arc::new(UserId::parse("v").unwrap()));
        broker.attach(RequestId(1), &channel(name), &visitor, Some(from)).unwrap();
    }

    #[test]
    fn the_oldest_messages_of_all_channels_go_first_whichever_hub_has_them() {
        let broker = broker();
        let first = publish(&broker, "old");
        // More than there is room for, all of it in one hub.
        (0..1_100).for_each(|_| drop(publish(&broker, "old")));
        let names: Vec<_> = (0..64).map(|index| format!("new{index}")).collect();
        let positions: Vec<_> = names.iter().map(|name| publish(&broker, name)).collect();
        for _ in 0..4 {
            names.iter().for_each(|name| drop(publish(&broker, name)));
        }
        assert!(broker.history_bytes() <= LIMIT_BYTES);
        for (name, position) in names.iter().zip(&positions) {
            attach(&broker, name, position);
        }
        let totals = broker.totals();
        assert_eq!((totals.recovered, totals.not_recovered), (64, 0));
        attach(&broker, "old", &first);
        assert_eq!(broker.totals().not_recovered, 1);
    }

    #[test]
    fn channels_that_are_read_and_fill_all_memory_stay_and_hold_nobody_up() {
        let broker = broker();
        let visitor = Visitor(Arc::new(UserId::parse("v").unwrap()));
        // Each weighs some four hundred bytes.
        for index in 0..4_000 {
            broker.attach(RequestId(1), &channel(&format!("read{index}")), &visitor, None).unwrap();
        }
        assert!(broker.history_bytes() > LIMIT_BYTES);
        (0..100).for_each(|index| drop(publish(&broker, &format!("read{index}"))));
        let totals = broker.totals();
        assert_eq!((totals.channels, totals.subscriptions), (4_000, 4_000));
    }
}
