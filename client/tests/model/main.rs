//! A client against a model relay, over a network that cuts and delays at random: nothing is lost, doubled or out of
//! order, and what cannot be kept is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

#[path = "../machine/common.rs"]
mod common;
mod relay;
mod step;
mod world;

use proptest::prelude::*;

use crate::step::step;
use crate::world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_out_of_order(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let mut world = World::new(seed);
        for step in &steps {
            world.step(step);
        }
        world.settle();
        world.publish_everywhere();
        world.settle();
        for (told, last) in world.told_and_published() {
            prop_assert_eq!(told, Some(last), "everything has come");
        }
    }
}
