//! What survives the end of a process, of a machine, and of a disk's patience.

use std::time::Duration;

use super::contract::Store;
use super::damage::What;
use super::disk::Durability;
use super::refusal::NotPlaced;
use super::world_test::{World, files, with_messages};

#[test]
fn everything_acknowledged_survives_the_end_of_the_process_with_the_same_epochs() {
    let mut world = with_messages(Durability::Process);
    assert!(files(&world).len() > 2, "{:?}", files(&world));
    for _ in 0..3 {
        world.restart();
        world.check_all();
        assert!(world.report.damage.is_empty(), "{:?}", world.report);
        world.say("b");
        world.say("new");
    }
    world.restart();
    world.check_all();
}

#[test]
fn a_stream_survives_without_a_message() {
    let mut world = World::new(Durability::Process);
    let position = world.attach("quiet");
    world.restart();
    assert_eq!(world.recover("quiet", Some(&position)).position, position);
    let first = world.say("quiet");
    assert_eq!(first.epoch, position.epoch);
    world.restart();
    assert_eq!(world.recover("quiet", Some(&position)).messages, [1]);
}

#[test]
fn a_publish_that_is_repeated_after_a_restart_is_answered_like_the_first_time() {
    let mut world = World::new(Durability::Process);
    world.publish("a", Some("other")).unwrap();
    let first = world.publish("a", Some("id")).unwrap();
    world.commit();
    world.say("a");
    world.restart();
    assert_eq!(world.publish("a", Some("id")).unwrap(), first);
    world.check_all();
    world.now += Duration::from_secs(300);
    world.restart();
    assert_ne!(world.publish("a", Some("id")).unwrap(), first);
}

#[test]
fn an_id_stays_that_of_its_message_over_restarts_also_when_the_message_is_forgotten() {
    let mut world = World::new(Durability::Process);
    world.rules.spare_bytes = 2_000;
    world.retention.messages = 2;
    world.restart();
    let first = world.publish("a", Some("id")).unwrap();
    world.commit();
    let is_its_own = |world: &mut World| {
        assert_eq!(world.publish("a", Some("id")).unwrap(), first);
        let another = world.publish_number("a", Some("id"), 1_000);
        assert!(matches!(another, Err(NotPlaced::IdTaken)), "{another:?}");
        world.publish_number("b", Some("id"), 1_000).unwrap();
    };
    world.restart();
    is_its_own(&mut world);
    // Its file goes, and nothing is written again of it but its id.
    let before = files(&world);
    for _ in 0..100 {
        world.say("a");
        world.tidy(0);
    }
    assert!(files(&world).iter().all(|file| !before.contains(file)), "{before:?} {:?}", files(&world));
    world.restart();
    is_its_own(&mut world);
}

#[test]
fn what_was_not_acknowledged_when_the_process_ended_is_not_there() {
    let mut world = World::new(Durability::Process);
    world.say("a");
    let position = world.publish("a", Some("id")).unwrap();
    world.restart();
    world.check_all();
    assert_eq!(world.publish("a", Some("id")).unwrap(), position, "its place is free");
}

#[test]
fn a_write_that_was_cut_short_by_the_end_of_the_process_is_no_damage() {
    let mut world = World::new(Durability::Process);
    for _ in 0..3 {
        world.say("a");
    }
    let newest = *files(&world).last().unwrap();
    let unfinished = vec![0xff; 57];
    world.disk.with(|content| content.files.get_mut(&newest).unwrap().bytes.extend(unfinished));
    world.restart();
    assert!(world.report.damage.is_empty(), "{:?}", world.report);
    world.check_all();
    world.restart();
    world.check_all();
}

#[test]
fn a_clean_stop_survives_the_end_of_the_machine() {
    let mut world = with_messages(Durability::Process);
    world.stop();
    world.lose_power(0.0);
    world.restart();
    assert!(world.report.damage.is_empty(), "{:?}", world.report);
    world.check_all();
}

#[test]
fn with_durability_machine_everything_acknowledged_survives_the_end_of_the_machine() {
    for share in [0.0, 0.3, 1.0] {
        let mut world = with_messages(Durability::Machine);
        world.publish("a", None).unwrap();
        world.lose_power(share);
        world.restart();
        assert!(world.report.damage.is_empty(), "{share}: {:?}", world.report);
        world.check_all();
    }
}

#[test]
fn with_durability_process_readers_are_told_after_the_end_of_the_machine() {
    for share in [0.0, 0.5, 1.0] {
        let mut world = with_messages(Durability::Process);
        world.lose_power(share);
        world.restart();
        assert_eq!(world.check().whole, 0, "{share}: nobody knows what is missing");
        if share == 1.0 {
            assert_eq!(world.report.damage[0].what, What::MachineDown);
        }
        let before = world.say("a");
        world.restart();
        assert!(world.recover("a", Some(&before)).is_whole, "it goes on from there");
    }
}

#[test]
fn a_full_disk_refuses_and_takes_messages_again_when_there_is_room() {
    let mut world = World::new(Durability::Process);
    for _ in 0..5 {
        world.say("a");
    }
    let position = world.recover("a", None).position;
    for room in [0, 1, 50, 90, 100] {
        world.disk.with(|content| content.room = Some(room));
        world.publish("a", Some("refused")).unwrap();
        world.publish("b", None).unwrap();
        assert!(!world.commit(), "with room for {room} bytes");
        assert!(world.publish("a", None).unwrap_err().to_string().contains("disk is full"));
        assert_eq!(world.recover("a", None).position, position, "nobody sees what was refused");
        assert!(!world.commit(), "it is still full");
        let (refusal, _) = world.store.status().refuses.unwrap();
        assert!(refusal.retry_after() >= Duration::from_secs(1));
        world.disk.with(|content| content.room = None);
        assert!(world.commit());
        world.check_all();
    }
    world.say("a");
    assert_ne!(world.publish("a", Some("refused")).unwrap(), position, "it was never published");
    world.commit();
    world.check_all();
    world.restart();
    assert!(world.report.damage.is_empty(), "{:?}", world.report);
    world.check_all();
}

#[test]
fn a_disk_that_does_not_answer_is_told_of_and_given_nothing_more_until_it_does() {
    let mut world = World::new(Durability::Process);
    world.rules.patience = Duration::ZERO;
    world.restart();
    assert!(world.store.status().refuses.is_none(), "nobody waits for it");
    let kept = world.publish("a", None).unwrap();
    let (refusal, _) = world.store.status().refuses.unwrap();
    assert_eq!(refusal.word(), "silent");
    assert!(world.publish("a", None).unwrap_err().to_string().contains("does not answer"));
    assert!(world.commit());
    assert!(world.store.status().refuses.is_none());
    assert_eq!(world.recover("a", None).position, kept, "what it was given is there");
    world.publish("b", None).unwrap();
    world.commit();
    world.check_all();
}

#[test]
fn a_disk_that_its_own_history_fills_is_good_again_when_messages_are_old_enough() {
    const ROOM: usize = 1_500_000;
    for file_bytes in [20_000, u64::MAX] {
        let mut world = World::new(Durability::Process);
        (world.rules.longest, world.rules.file_bytes) = (Duration::from_secs(100), file_bytes);
        world.retention.age = Duration::from_secs(100);
        world.disk.with(|content| content.room = Some(ROOM - content.reserved));
        world.restart();
        let quiet = world.attach("quiet");
        let filled = (0..ROOM).find(|_| world.publish("a", None).is_ok() && !world.commit());
        assert!(filled.is_some());
        // It stays full while everything is needed.
        world.tidy(u64::MAX / 4);
        assert!(world.publish("a", None).is_err());
        world.now += Duration::from_secs(101);
        for _ in 0..3 {
            world.tidy(u64::MAX / 4);
        }
        assert!(world.publish("a", None).is_ok() && world.commit(), "files of {file_bytes}");
        assert_eq!(world.recover("quiet", Some(&quiet)).position, quiet);
        world.restart();
        assert_eq!(world.recover("quiet", Some(&quiet)).position, quiet);
        assert!(world.report.damage.is_empty(), "{:?}", world.report);
    }
}

#[test]
fn whichever_operation_fails_nothing_is_half_there() {
    for durability in [Durability::Process, Durability::Machine] {
        for operations in 0..40 {
            let mut world = World::new(durability);
            world.disk.with(|content| content.operations_left = Some(operations));
            for _ in 0..30 {
                for channel in ["a", "b", "c"] {
                    let _ = world.publish(channel, None);
                }
                world.commit();
                world.check_all();
            }
            // Killed while the disk fails, and while it works again.
            for operations in [Some(3), None] {
                world.disk.with(|content| content.operations_left = operations);
                world.commit();
                world.restart();
                assert!(world.report.damage.is_empty(), "{operations:?}: {:?}", world.report);
                world.check_all();
            }
            world.say("a");
            world.restart();
            world.check_all();
        }
    }
}

#[test]
fn what_nobody_needs_leaves_the_disk() {
    let mut world = with_messages(Durability::Process);
    let bytes = |world: &World| -> usize {
        world.disk.with(|content| content.files.values().map(|file| file.bytes.len()).sum())
    };
    world.retention.messages = 2;
    world.restart();
    world.acknowledged.clear();
    world.say("a");
    let before = bytes(&world);
    world.tidy(0);
    assert_eq!(bytes(&world), before, "a little is not worth the work");
    world.now += world.rules.longest;
    world.tidy(0);
    world.tidy(0);
    assert!(bytes(&world) < 600, "{} of {before} are left", bytes(&world));
    world.restart();
    world.say("a");
    world.restart();
    world.check_all();
}

#[test]
fn giving_room_back_loses_nothing_that_is_needed() {
    let mut world = World::new(Durability::Process);
    world.rules.longest = Duration::from_secs(1_000);
    world.restart();
    let quiet = world.attach("quiet");
    world.publish("a", Some("id")).unwrap();
    world.commit();
    for round in 0..200 {
        world.now += Duration::from_secs(20);
        world.say("a");
        if round % 50 == 0 {
            world.say("now-and-then");
        }
        world.tidy(u64::MAX / 4);
        if round % 7 == 0 {
            world.restart();
            assert!(world.report.damage.is_empty(), "{round}: {:?}", world.report);
        }
        world.check_all();
        assert_eq!(world.recover("quiet", Some(&quiet)).position, quiet);
    }
}

#[test]
fn the_disk_has_no_more_than_four_times_what_is_held_however_little_room_that_makes_at_once() {
    const SPARE_BYTES: u64 = 2_000;
    let mut world = World::new(Durability::Process);
    world.rules.spare_bytes = SPARE_BYTES;
    world.retention.messages = 4;
    world.restart();
    // Files at the beginning of which most is needed for ever, and behind them ever more that is not.
    for channel in 0..100 {
        world.say(&format!("quiet-{channel}"));
    }
    let held = world.store.status().disk_bytes;
    for _ in 0..400 {
        world.say("busy");
        world.tidy(held);
        // What is written between two looks may be there besides.
        let most = 4 * (held + SPARE_BYTES) + 2 * world.rules.file_bytes;
        assert!(world.store.status().disk_bytes <= most, "{:?} of {most}", world.store.status());
    }
    world.restart();
    for channel in 0..100 {
        assert_eq!(world.recover(&format!("quiet-{channel}"), None).position.offset.get(), 1);
    }
}

#[test]
fn what_was_refused_does_not_come_back_when_the_machine_goes_down_after_a_restart() {
    let mut world = World::new(Durability::Machine);
    world.say("a");
    // The write and its sync succeed; the end's file and the cutting do not.
    world.disk.with(|content| content.operations_left = Some(2));
    world.publish("a", None).unwrap();
    assert!(!world.commit());
    world.disk.with(|content| content.operations_left = None);
    world.restart();
    world.lose_power(0.0);
    world.restart();
    world.check_all();
}
