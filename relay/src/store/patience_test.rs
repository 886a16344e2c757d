//! What those are told who wait for a disk that does not answer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use super::contract::Store;
use super::disk::Durability;
use super::outcome::Outcome;
use super::world_test::World;

/// A world whose disk counts as silent as soon as somebody waits for it.
fn impatient() -> World {
    let mut world = World::new(Durability::Process);
    world.rules.patience = Duration::ZERO;
    world.restart();
    world
}

/// What somebody was told, if anything: a word.
fn told(outcome: &Outcome) -> Option<&'static str> {
    outcome.wait().now_or_never().map(|result| result.map_or_else(|refusal| refusal.word(), |()| "stored"))
}

#[test]
fn who_waits_for_a_silent_disk_is_let_go_and_learns_by_repeating_what_became_of_it() {
    for is_good in [true, false] {
        let mut world = impatient();
        let position = world.publish("a", Some("id")).unwrap();
        let outcome = world.waited_for();
        assert_eq!(told(&outcome), None);
        world.store.let_go();
        assert_eq!(told(&outcome), Some("unanswered"), "nobody can say that it is refused");
        world.disk.with(|content| content.operations_left = (!is_good).then_some(0));
        assert_eq!(world.commit(), is_good);
        world.disk.with(|content| content.operations_left = None);
        world.commit();
        assert_eq!(world.recover("a", None).position == position, is_good, "stored if the disk took it");
        let again = world.publish("a", Some("id")).unwrap();
        let is_new = !Arc::ptr_eq(&world.waited_for(), &outcome);
        assert_eq!((again == position, is_new), (true, !is_good), "what is not stored never had the place");
        world.commit();
        world.restart();
        assert_eq!(world.publish("a", Some("id")).unwrap(), again, "there once");
    }
}

#[test]
fn nobody_is_let_go_while_the_disk_answers_in_time() {
    let mut world = World::new(Durability::Process);
    world.publish("a", None).unwrap();
    let outcome = world.waited_for();
    world.store.let_go();
    assert_eq!(told(&outcome), None);
    world.commit();
    assert_eq!(told(&outcome), Some("stored"));
}

#[test]
fn who_comes_after_the_others_were_let_go_is_told_what_becomes_of_its_own() {
    let world = impatient();
    let mut queue = world.store.log.queue();
    let mut outcomes = Vec::new();
    let mut collect = |queue: &mut super::queue::Queue| {
        let collected = queue.collect_again(|batch, _| batch.is_wanted = true).unwrap();
        outcomes.push(Arc::clone(&collected.outcome));
        collected
    };
    let written_ticket = collect(&mut queue).ticket;
    let written = queue.take().unwrap();
    let collected_ticket = collect(&mut queue).ticket;
    queue.let_go();
    assert!(queue.outcome(written_ticket).is_some_and(|outcome| told(&outcome) == Some("unanswered")));
    collect(&mut queue);
    let first = queue.wrote(written, Duration::ZERO);
    queue.told(&first);
    let late = queue.outcome(collected_ticket).unwrap();
    let collected = queue.take().unwrap();
    let commit = queue.wrote(collected, Duration::ZERO);
    let whose: Vec<_> = outcomes.iter().map(|outcome| (told(outcome), Arc::ptr_eq(outcome, &late))).collect();
    assert_eq!(whose, [(Some("unanswered"), false), (Some("unanswered"), false), (None, true)]);
    assert!(commit.told.iter().any(|(_, outcome)| Arc::ptr_eq(outcome, &late)));
}
