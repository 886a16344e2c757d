//! Turns of a channel with many readers: the next batch waits until the last one is written, so that order holds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::SessionId;
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::publication::{Audience, Publication};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;

use crate::support::Anyone;

#[test]
fn while_a_large_batch_is_being_written_its_channel_gives_no_other_and_then_all_that_came() {
    let settings = HubSettings { large_audience: 1, ..HubSettings::default() };
    let budget = Arc::new(MemoryBudget::new(usize::MAX));
    let mut hub = Hub::new(settings, budget, Numbers { first: 1, step: 1 }, 1);
    let channel = Channel::parse("c", None).unwrap();
    let payload = serde_json::value::to_raw_value("x").unwrap();
    let publish = |hub: &mut Hub<Anyone>| {
        let audience = Audience::Everyone;
        let publication = Publication { payload: &payload, publisher: None, audience, id: None };
        hub.publish(&channel, publication, Duration::ZERO).unwrap();
    };
    for session in 1..=2 {
        let reader = Anyone(SessionId(session), UserId::parse("u").unwrap());
        hub.attach(&channel, reader, None, Duration::ZERO);
    }
    publish(&mut hub);
    let batches = hub.take_batches();
    let number = match &batches[..] {
        [batch] if batch.is_large => batch.number,
        other => panic!("{other:?}"),
    };
    publish(&mut hub);
    publish(&mut hub);
    assert!(hub.take_batches().is_empty(), "the first is still being written");
    let messages = |deliveries: Vec<realtime_hub::channel::Delivery<Anyone>>| {
        deliveries.iter().map(|delivery| delivery.messages).sum::<usize>()
    };
    assert_eq!(hub.finish(number).map(messages), Some(2));
    publish(&mut hub);
    assert!(hub.take_batches().is_empty(), "so is what was given instead");
    assert_eq!(hub.finish(number).map(messages), Some(1));
    assert!(hub.finish(number).is_none());
    publish(&mut hub);
    assert_eq!(hub.take_batches().len(), 1);
}
