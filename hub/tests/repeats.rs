//! A publish that comes again: it is answered with where its message stands, whatever came since, and is no message.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::dedupe::IdTaken;
use realtime_hub::deferred::Ticket;
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::publication::{Audience, Publication};
use realtime_hub::retention::{Retention, Retentions};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;

/// Nobody reads here.
#[derive(Debug, Clone)]
struct Nobody;

impl Reader for Nobody {
    fn session(&self) -> SessionId {
        unreachable!("nobody reads")
    }

    fn user(&self) -> &UserId {
        unreachable!("nobody reads")
    }
}

const NOW: Duration = Duration::from_secs(1);

/// One of so many hubs that share a budget and the room for ids.
fn hub(budget: &Arc<MemoryBudget>, max_publish_ids: usize, [first, step]: [u64; 2]) -> Hub<Nobody> {
    let settings = HubSettings { max_publish_ids, ..HubSettings::default() };
    Hub::new(settings, Arc::clone(budget), Numbers { first, step }, first)
}

fn channel() -> Channel {
    Channel::parse("c", None).unwrap()
}

fn with_id<T>(id: &str, work: impl FnOnce(Publication<'_>) -> T) -> T {
    let payload = serde_json::value::to_raw_value(id).unwrap();
    work(Publication { payload: &payload, publisher: None, audience: Audience::Everyone, id: Some(id) })
}

/// Publishes; returns the offset, and whether it was there already.
fn publish(hub: &mut Hub<Nobody>, id: &str) -> (u64, bool) {
    let published = with_id(id, |publication| hub.publish(&channel(), publication, NOW)).unwrap();
    (published.position.offset.get(), published.is_repeat)
}

#[test]
fn a_repeat_is_answered_with_the_place_of_its_own_message_and_not_of_the_newest() {
    let mut hub = hub(&Arc::new(MemoryBudget::new(usize::MAX)), 100, [1, 1]);
    let first: Vec<_> = ["a", "b", "c"].map(|id| publish(&mut hub, id)).into();
    assert_eq!(first, [(1, false), (2, false), (3, false)]);
    let again: Vec<_> = ["a", "c", "b"].map(|id| publish(&mut hub, id)).into();
    assert_eq!(again, [(1, true), (3, true), (2, true)]);
    assert_eq!(publish(&mut hub, "d"), (4, false), "a repeat takes no place");
}

#[test]
fn a_repeat_of_what_is_being_stored_is_answered_with_its_own_place_and_ticket() {
    let mut hub = hub(&Arc::new(MemoryBudget::new(usize::MAX)), 100, [1, 1]);
    let mut tickets = (1..).map(Ticket);
    let mut place = |id: &str| {
        let placement = with_id(id, |publication| {
            hub.place(&channel(), publication, NOW, |_| Ok::<_, IdTaken>(tickets.next().unwrap()))
        });
        let placement = placement.unwrap();
        (placement.position.offset.get(), placement.is_repeat, placement.ticket.map(|ticket| ticket.0))
    };
    assert_eq!([place("a"), place("b")], [(1, false, Some(1)), (2, false, Some(2))]);
    assert_eq!([place("a"), place("b")], [(1, true, Some(1)), (2, true, Some(2))]);
}

#[test]
fn an_id_is_known_for_its_time_though_its_channel_keeps_nothing_and_nobody_reads_it() {
    let retentions = Retentions::of_all(Retention { age: Duration::from_secs(1), ..Retention::default() });
    let settings =
        HubSettings { retentions, publish_id_age: Duration::from_secs(60), ..HubSettings::default() };
    let budget = Arc::new(MemoryBudget::new(usize::MAX));
    let mut hub: Hub<Nobody> = Hub::new(settings, budget, Numbers { first: 1, step: 1 }, 1);
    assert_eq!(publish(&mut hub, "a"), (1, false));
    for second in 2..50 {
        hub.tick(Duration::from_secs(second));
    }
    assert_eq!(publish(&mut hub, "a"), (1, true));
    for second in 50..200 {
        hub.tick(Duration::from_secs(second));
    }
    assert_eq!(hub.channel_count(), 0, "and not for longer");
}

#[test]
fn half_of_the_room_for_ids_is_shared_out_and_the_rest_is_for_who_needs_it() {
    let budget = Arc::new(MemoryBudget::new(usize::MAX));
    let [mut busy, mut quiet] = [hub(&budget, 8, [1, 2]), hub(&budget, 8, [2, 2])];
    let known = |hub: &mut Hub<Nobody>, ids: std::ops::Range<u64>| {
        // From the newest on: asking for one that is not known makes it known, and another forgotten.
        ids.rev().take_while(|id| publish(hub, &id.to_string()).1).count()
    };
    for id in 0..20 {
        publish(&mut busy, &id.to_string());
    }
    assert_eq!(known(&mut busy, 12..20), 8, "who is alone has all of it");
    for id in 0..3 {
        publish(&mut quiet, &id.to_string());
    }
    assert_eq!(known(&mut quiet, 0..3), 2, "a quarter of it is its own, whatever the other brings");
}
