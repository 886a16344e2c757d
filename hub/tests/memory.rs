//! What a hub keeps, and what it forgets when.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::budget::MemoryBudget;
use realtime_hub::channel::SessionId;
use realtime_hub::hub::{Hub, Numbers};
use realtime_hub::publication::{Audience, Publication};
use realtime_hub::retention::{ChannelPattern, Retention, RetentionRule, Retentions};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::position::{Offset, Position};
use realtime_protocol::subscriber::UserId;

use crate::support::Anyone;

struct Fixture {
    hub: Hub<Anyone>,
    budget: Arc<MemoryBudget>,
}

fn hub_with(settings: HubSettings, budget_bytes: usize) -> Fixture {
    let budget = Arc::new(MemoryBudget::new(budget_bytes));
    Fixture { hub: Hub::new(settings, Arc::clone(&budget), Numbers { first: 1, step: 1 }, 1), budget }
}

fn of_all(retention: Retention) -> HubSettings {
    HubSettings { retentions: Retentions::of_all(retention), ..HubSettings::default() }
}

fn with_rules(rules: &[(&str, Retention)]) -> HubSettings {
    let rules = rules.iter().map(|(channels, retention)| RetentionRule {
        channels: ChannelPattern::parse(channels).unwrap(),
        retention: *retention,
    });
    let retentions = Retentions { rules: rules.collect(), ..Retentions::default() };
    HubSettings { retentions, ..HubSettings::default() }
}

impl Fixture {
    fn publish(&mut self, channel: &str, bytes: usize, now_secs: u64) -> u64 {
        let payload = serde_json::value::to_raw_value(&"x".repeat(bytes)).unwrap();
        let publication =
            Publication { payload: &payload, publisher: None, audience: Audience::Everyone, id: None };
        let published = self.hub.publish(&channel_of(channel), publication, Duration::from_secs(now_secs));
        published.unwrap().position.offset.get()
    }

    /// Whether a reader that missed the last `messages` of a channel gets them.
    fn recovers(&mut self, channel: &str, messages: u64, now_secs: u64) -> bool {
        let channel = channel_of(channel);
        let now = Duration::from_secs(now_secs);
        let mut attach = |from: Option<&Position>| {
            let reader = Anyone(SessionId(u64::MAX), UserId::parse("u").unwrap());
            let attachment = self.hub.attach(&channel, reader, from, now);
            self.hub.detach(&channel, SessionId(u64::MAX), now);
            attachment
        };
        let newest = attach(None).position;
        // A channel that was dropped has begun anew.
        newest.offset.get().checked_sub(messages).is_some_and(|before| {
            let from = Position { offset: Offset::new(before).unwrap(), ..newest };
            attach(Some(&from)).recovered.unwrap()
        })
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
    let mut fixture = hub_with(of_all(Retention { messages: 2, ..Retention::default() }), usize::MAX);
    let offsets: Vec<_> = (0..5).map(|_| fixture.publish("c", 10, 0)).collect();
    assert_eq!(offsets, [1, 2, 3, 4, 5]);
}

#[test]
fn the_budget_holds_over_all_channels_and_the_oldest_messages_go_first() {
    let limit = 64 * 1024;
    let mut fixture = hub_with(HubSettings::default(), limit);
    fixture.publish("quiet", 1_000, 0);
    assert!(fixture.recovers("quiet", 1, 1));
    for second in 2..200 {
        fixture.publish("busy", 1_000, second);
        assert!(fixture.budget.used_bytes() <= limit, "second {second}");
    }
    // The busy channel keeps what fits; the quiet one's older message had to go.
    assert!(!fixture.recovers("quiet", 1, 200));
    assert!(fixture.recovers("busy", 10, 200));
    assert!(!fixture.recovers("busy", 190, 200));
}

#[test]
fn the_oldest_messages_go_first_however_long_they_could_have_stayed() {
    let long = Retention { age: Duration::from_secs(86_400), ..Retention::default() };
    let mut fixture = hub_with(with_rules(&[("long*", long)]), 64 * 1024);
    fixture.publish("long", 1_000, 0);
    for second in 1..40 {
        fixture.publish("short", 1_000, second);
        fixture.publish("long-too", 1_000, second);
    }
    assert!(!fixture.recovers("long", 1, 40), "the oldest message is a day's, and the oldest nonetheless");
    assert!(fixture.recovers("short", 20, 40) && fixture.recovers("long-too", 20, 40));
    assert!(!fixture.recovers("short", 39, 40) && !fixture.recovers("long-too", 39, 40));
}

#[test]
fn each_channel_keeps_what_its_rule_says() {
    let few = Retention { messages: 3, ..Retention::default() };
    let brief = Retention { age: Duration::from_secs(10), ..Retention::default() };
    let small = Retention { bytes: 1_000, ..Retention::default() };
    let rules = [("few*", few), ("brief", brief), ("*-small", small)];
    let mut fixture = hub_with(with_rules(&rules), usize::MAX);
    for channel in ["few-1", "brief", "very-small", "other"] {
        for _ in 0..20 {
            fixture.publish(channel, 90, 100);
        }
    }
    fixture.hub.tick(Duration::from_secs(109));
    assert!(fixture.recovers("few-1", 3, 109) && !fixture.recovers("few-1", 4, 109));
    assert!(fixture.recovers("brief", 20, 109));
    // On the wire each message has 90 bytes, two quotation marks, and its number and offset.
    assert!(fixture.recovers("very-small", 9, 109) && !fixture.recovers("very-small", 11, 109));
    fixture.hub.tick(Duration::from_secs(110));
    assert!(!fixture.recovers("brief", 1, 110));
    assert!(fixture.recovers("other", 20, 110));
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

#[test]
fn the_readers_of_what_waits_to_be_delivered_are_counted_until_it_is_taken() {
    let mut fixture = hub_with(HubSettings::default(), usize::MAX);
    for (session, channel) in ["a", "a", "b", "silent"].into_iter().enumerate() {
        fixture.attach(channel, session as u64);
    }
    assert_eq!(fixture.hub.due_readers(), 0);
    fixture.publish("a", 1, 0);
    fixture.publish("a", 1, 0);
    assert_eq!(fixture.hub.due_readers(), 2);
    fixture.publish("b", 1, 0);
    fixture.publish("nobody", 1, 0);
    assert_eq!(fixture.hub.due_readers(), 3);
    fixture.hub.take_batches();
    assert_eq!(fixture.hub.due_readers(), 0);
}

/// One of many channels, which weighs a kilobyte and a half.
fn resource(index: usize) -> Channel {
    Channel::parse("read", Some(&format!("{index:01000}"))).unwrap()
}

#[test]
fn channels_that_are_read_hold_so_much_and_those_that_were_left_make_place_for_others() {
    let budget = Arc::new(MemoryBudget::with_channels(100_000, 200_000));
    let numbers = Numbers { first: 1, step: 1 };
    let mut hub = Hub::new(HubSettings::default(), Arc::clone(&budget), numbers, 1);
    let reader = || Anyone(SessionId(1), UserId::parse("u").unwrap());
    let mut count = 0;
    while hub.has_place_for(&resource(count)) {
        hub.attach(&resource(count), reader(), None, Duration::ZERO);
        count += 1;
    }
    assert!((200_000..202_000).contains(&budget.used_bytes()), "{count} channels");
    assert!(hub.has_place_for(&resource(0)), "it exists");
    // One is left and read again, and one is left.
    for index in [8, 7] {
        hub.detach(&resource(index), SessionId(1), Duration::ZERO);
    }
    hub.attach(&resource(8), reader(), None, Duration::ZERO);
    assert!(hub.has_place_for(&resource(count)));
    hub.attach(&resource(count), reader(), None, Duration::ZERO);
    assert_eq!((hub.number(&resource(7)), hub.number(&resource(8)).is_some()), (None, true));
    assert!(!hub.has_place_for(&resource(count + 1)));
    assert_eq!(hub.channel_count(), count);
}
