//! What a hub keeps, and what it forgets when.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::publication::{Audience, Publication};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::position::{Offset, Position};
use realtime_protocol::subscriber::UserId;

#[derive(Debug, Clone)]
struct Anyone(SessionId, UserId);

impl Reader for Anyone {
    fn session(&self) -> SessionId {
        self.0
    }

    fn user(&self) -> &UserId {
        &self.1
    }
}

struct Fixture {
    hub: Hub<Anyone>,
    budget: Arc<MemoryBudget>,
}

fn hub_with(settings: HubSettings, budget_bytes: usize) -> Fixture {
    let budget = Arc::new(MemoryBudget::new(budget_bytes));
    Fixture { hub: Hub::new(settings, Arc::clone(&budget), Numbers { first: 1, step: 1 }, 1), budget }
}

impl Fixture {
    fn publish(&mut self, channel: &str, bytes: usize, now_secs: u64) -> u64 {
        let payload = serde_json::value::to_raw_value(&"x".repeat(bytes)).unwrap();
        let publication =
            Publication { payload: &payload, publisher: None, audience: Audience::Everyone, id: None };
        let published = self.hub.publish(&channel_of(channel), publication, Duration::from_secs(now_secs));
        published.position.offset.get()
    }

    fn attach(&mut self, channel: &str, session: u64) {
        let reader = Anyone(SessionId(session), UserId::parse("u").unwrap());
        self.hub.attach(&channel_of(channel), reader, None, Duration::ZERO);
    }
}

fn channel_of(name: &str) -> Channel {
    Channel::parse(name, None).unwrap()
}

#[test]
fn a_channel_that_nobody_uses_is_dropped_after_the_history_age_and_gives_all_memory_back() {
    let mut fixture = hub_with(HubSettings::default(), usize::MAX);
    for index in 0..100 {
        fixture.publish(&format!("channel-{index}"), 100, 0);
    }
    assert!(fixture.budget.used_bytes() > 100 * 100);
    fixture.hub.tick(Duration::from_secs(299));
    assert_eq!(fixture.hub.channel_count(), 100);
    fixture.hub.tick(Duration::from_secs(300));
    assert_eq!(fixture.hub.channel_count(), 0);
    assert_eq!(fixture.budget.used_bytes(), 0);
}

#[test]
fn a_channel_with_a_reader_is_not_dropped() {
    let mut fixture = hub_with(HubSettings::default(), usize::MAX);
    fixture.attach("read", 1);
    for seconds in (0..3_000).step_by(10) {
        fixture.hub.tick(Duration::from_secs(seconds));
    }
    assert_eq!(fixture.hub.channel_count(), 1);
    fixture.hub.detach(&channel_of("read"), SessionId(1), Duration::from_secs(3_000));
    fixture.hub.tick(Duration::from_secs(3_299));
    assert_eq!(fixture.hub.channel_count(), 1);
    for seconds in 3_300..3_700 {
        fixture.hub.tick(Duration::from_secs(seconds));
    }
    assert_eq!(fixture.hub.channel_count(), 0);
}

#[test]
fn offsets_go_on_while_a_channel_lives() {
    let mut fixture = hub_with(HubSettings { history_messages: 2, ..HubSettings::default() }, usize::MAX);
    let offsets: Vec<_> = (0..5).map(|_| fixture.publish("c", 10, 0)).collect();
    assert_eq!(offsets, [1, 2, 3, 4, 5]);
}

#[test]
fn the_budget_holds_over_all_channels_and_the_oldest_messages_go_first() {
    let limit = 64 * 1024;
    let mut fixture = hub_with(HubSettings::default(), limit);
    let reader = UserId::parse("u").unwrap();
    let quiet = channel_of("quiet");
    fixture.publish("quiet", 1_000, 0);
    let at_quiet = |fixture: &mut Fixture| {
        let anyone = Anyone(SessionId(1), reader.clone());
        let attachment = fixture.hub.attach(&quiet, anyone, None, Duration::from_secs(1));
        fixture.hub.detach(&quiet, SessionId(1), Duration::from_secs(1));
        attachment.position
    };
    let position = at_quiet(&mut fixture);
    assert_eq!(position.offset.get(), 1);
    for second in 2..200 {
        fixture.publish("busy", 1_000, second);
        assert!(fixture.budget.used_bytes() <= limit, "second {second}");
    }
    // The busy channel keeps what fits; the quiet one's older message had to go.
    let recovered = |fixture: &mut Fixture, channel: &str, from: Option<&Position>| {
        let anyone = Anyone(SessionId(2), reader.clone());
        let attachment = fixture.hub.attach(&channel_of(channel), anyone, from, Duration::ZERO);
        fixture.hub.detach(&channel_of(channel), SessionId(2), Duration::ZERO);
        (attachment.recovered, attachment.position)
    };
    let before = |position: Position, messages: u64| Position {
        offset: Offset::new(position.offset.get() - messages).unwrap(),
        ..position
    };
    assert_eq!(recovered(&mut fixture, "quiet", Some(&before(position, 1))).0, Some(false));
    let (_, newest) = recovered(&mut fixture, "busy", None);
    assert_eq!(recovered(&mut fixture, "busy", Some(&before(newest.clone(), 10))).0, Some(true));
    assert_eq!(recovered(&mut fixture, "busy", Some(&before(newest, 190))).0, Some(false));
}

#[test]
fn channels_that_nobody_uses_give_way_when_memory_is_short() {
    let mut fixture = hub_with(HubSettings::default(), 10_000);
    for index in 0..1_000 {
        fixture.publish(&format!("channel-{index}"), 10, index);
        assert!(fixture.budget.used_bytes() <= 10_000, "after {index}");
    }
    assert!(fixture.hub.channel_count() < 30);
}

#[test]
fn a_hub_numbers_its_channels_apart_from_its_neighbours() {
    let budget = Arc::new(MemoryBudget::new(usize::MAX));
    let mut hub: Hub<Anyone> = Hub::new(HubSettings::default(), budget, Numbers { first: 3, step: 16 }, 1);
    let mut number = |name: &str, session| {
        let reader = Anyone(SessionId(session), UserId::parse("u").unwrap());
        hub.attach(&channel_of(name), reader, None, Duration::ZERO).number.0
    };
    assert_eq!([number("a", 1), number("b", 2), number("a", 3)], [3, 19, 3]);
}
