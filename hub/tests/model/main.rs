//! The hub against a model that keeps everything: every subscriber sees every later message exactly once and in
//! order, and a recovery is whole or says that it is not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]
#![allow(unreachable_pub, reason = "a test's modules are its own")]

mod storage;
mod world;

use std::time::Duration;

use proptest::prelude::*;
use realtime_hub::retention::{Retention, Retentions};
use realtime_hub::settings::HubSettings;

use crate::world::{CHANNELS, CLIENTS, Step, WINDOW, World, run};

fn publish() -> impl Strategy<Value = Step> {
    let only = prop::option::weighted(0.2, prop::collection::vec(0..CLIENTS, 0..3));
    (0..CHANNELS, only, prop::bool::weighted(0.1)).prop_map(|(channel, only, repeats)| Step::Publish {
        channel,
        only,
        repeats,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => publish(),
        4 => (0..CLIENTS, 0..CHANNELS).prop_map(|(client, channel)| Step::Subscribe { client, channel }),
        1 => (0..CLIENTS, 0..CHANNELS).prop_map(|(client, channel)| Step::Unsubscribe { client, channel }),
        2 => (0..CLIENTS).prop_map(|client| Step::Cut { client }),
        3 => Just(Step::Flush),
        1 => (0..40u64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

fn step_with_storage() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => step(),
        3 => prop::bool::weighted(0.8).prop_map(|succeeds| Step::Store { succeeds }),
        1 => Just(Step::Restart),
    ]
}

fn settings(retention: Retention) -> HubSettings {
    HubSettings {
        retentions: Retentions::of_all(retention),
        publish_id_age: WINDOW,
        ..HubSettings::default()
    }
}

/// A day: nothing is forgotten for its age.
const FOR_EVER: Duration = Duration::from_secs(86_400);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn everyone_sees_everything_once_and_in_order(
        steps in prop::collection::vec(step(), 1..120),
        messages in prop_oneof![Just(0usize), 1..6usize, Just(1000)],
        bytes in prop_oneof![3 => Just(usize::MAX), 1 => 0..60usize],
        joined_frame_bytes in prop_oneof![Just(1usize), Just(40), Just(65536)],
        large_audience in 0..4usize,
    ) {
        let retention = Retention { messages, age: WINDOW, bytes };
        let settings = HubSettings { joined_frame_bytes, large_audience, ..settings(retention) };
        run(World::new(settings, usize::MAX), steps);
    }

    #[test]
    fn a_tight_memory_budget_costs_recoveries_but_no_delivery(
        steps in prop::collection::vec(step(), 1..120), budget_bytes in 0..4_000usize,
    ) {
        run(World::new(HubSettings::default(), budget_bytes), without_repeats(steps));
    }

    #[test]
    fn over_failures_of_storage_and_restarts_nothing_that_was_stored_is_lost_or_doubled(
        steps in prop::collection::vec(step_with_storage(), 1..120), large_audience in 0..4usize,
    ) {
        let retention = Retention { messages: 1_000, age: FOR_EVER, ..Retention::default() };
        let settings = HubSettings { large_audience, ..settings(retention) };
        run(World::with_storage(settings, usize::MAX, true), steps);
    }

    #[test]
    fn over_restarts_a_recovery_is_whole_or_says_that_it_is_not(
        steps in prop::collection::vec(step_with_storage(), 1..120),
        messages in 0..6usize,
        budget_bytes in prop_oneof![Just(usize::MAX), 0..4_000usize],
    ) {
        let retention = Retention { messages, age: WINDOW, ..Retention::default() };
        run(World::with_storage(settings(retention), budget_bytes, false), without_repeats(steps));
    }
}

/// A channel that was dropped for want of memory has forgotten its publish ids.
fn without_repeats(steps: Vec<Step>) -> Vec<Step> {
    let once = |step| match step {
        Step::Publish { channel, only, .. } => Step::Publish { channel, only, repeats: false },
        step => step,
    };
    steps.into_iter().map(once).collect()
}
