//! Damage is found, wherever it is, and costs no more than the file that it hit held.

use super::body::FileBody;
use super::damage::{Damage, What};
use super::disk::Durability;
use super::load::LoadError;
use super::record::{self, Head, Kind, Seal};
use super::world_test::{Wholes, World, files, with_messages};

#[test]
fn a_copy_of_the_folder_is_known_to_be_one() {
    let mut world = with_messages(Durability::Process);
    world.stop();
    world.disk.with(|content| content.inode += 1);
    world.restart();
    assert_eq!(world.report.damage[0].what, What::Copied);
    assert_eq!(world.check().whole, 0);
    world.acknowledged.clear();
    world.say("a");
    world.restart();
    assert!(world.report.damage.is_empty(), "it is this relay's own from now on: {:?}", world.report);
    world.check_all();
}

#[test]
fn any_flipped_bit_is_found_and_costs_no_more_than_the_file_held() {
    let whole = with_messages(Durability::Process);
    let numbers = files(&whole);
    for number in &numbers {
        let bytes = whole.disk.with(|content| content.files[number].bytes.len());
        // Every bit would take minutes; so every second byte has its turn, and each bit of a byte as often.
        for bit in (0..bytes * 8).step_by(17) {
            let world = whole.fork(|disk| {
                disk.with(|content| {
                    content.files.get_mut(number).unwrap().bytes[bit / 8] ^= 1 << (bit % 8);
                });
            });
            assert_eq!(world.report.damage.len(), 1, "file {number}, bit {bit}: {:?}", world.report);
            assert!(world.report.damage[0].file.contains(&number.to_string()));
            check_cost(&world, *number, &numbers);
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_found_and_costs_no_more_than_it_held() {
    let whole = with_messages(Durability::Process);
    let numbers = files(&whole);
    for number in &numbers {
        let bytes = whole.disk.with(|content| content.files[number].bytes.len());
        for length in 0..bytes {
            let world = whole.fork(|disk| {
                disk.with(|content| content.files.get_mut(number).unwrap().bytes.truncate(length));
            });
            let damage = &world.report.damage;
            let is_told = damage.iter().any(|damage| matches!(damage.what, What::Truncated { .. }));
            assert!(is_told, "file {number}, {length} bytes: {:?}", world.report);
            check_cost(&world, *number, &numbers);
        }
    }
}

#[test]
fn a_file_that_is_gone_is_missed_and_costs_no_more_than_it_held() {
    let whole = with_messages(Durability::Process);
    let numbers = files(&whole);
    for number in &numbers {
        let world = whole.fork(|disk| {
            disk.with(|content| content.files.remove(number));
        });
        assert_eq!(world.report.damage.len(), 1, "{:?}", world.report);
        assert_eq!(world.report.damage[0].what, What::Missing);
        check_cost(&world, *number, &numbers);
    }
}

/// was sealed, a channel that has nothing in it loses nothing at all.
fn check_cost(world: &World, number: u32, numbers: &[u32]) {
    let Wholes { whole, .. } = world.check();
    let (oldest, newest) = (numbers[0], *numbers.last().unwrap());
    if number == newest {
        return;
    }
    for (channel, acknowledged) in &world.acknowledged {
        let (last, _) = acknowledged.last().unwrap();
        assert!(world.recover(channel, Some(last)).is_whole, "{channel} still knows how far it went");
    }
    assert!(whole >= world.acknowledged.len());
    let is_whole_from_the_start = |channel: &str| {
        let (first, _) = &world.acknowledged[channel][0];
        world.recover(channel, Some(first)).is_whole
    };
    assert!(is_whole_from_the_start("only-late"));
    assert!(number == oldest || is_whole_from_the_start("only-early"));
}

#[test]
fn after_a_damage_it_goes_on_and_the_damaged_file_is_set_aside() {
    let mut world = with_messages(Durability::Process);
    let numbers = files(&world);
    world.disk.with(|content| content.files.get_mut(&numbers[1]).unwrap().bytes[300] ^= 1);
    world.restart();
    assert_eq!(world.report.damage.len(), 1);
    let before = world.check();
    world.say("a");
    world.tidy(u64::MAX / 4);
    assert_eq!(world.disk.with(|content| content.set_aside.clone()), [numbers[1]]);
    let after = world.check();
    assert_eq!((after.whole, after.all), (before.whole + 1, before.all + 1));
    world.restart();
    assert!(world.report.damage.is_empty(), "{:?}", world.report);
    assert_eq!(world.check(), after);
}

#[test]
fn a_damaged_end_is_found_and_readers_are_told() {
    let mut world = with_messages(Durability::Process);
    world.disk.with(|content| content.end = None);
    world.restart();
    assert_eq!(world.report.damage[0].what, What::NoEnd);
    assert_eq!(world.check().whole, 0);
    let before = world.say("a");
    world.restart();
    assert!(world.report.damage.is_empty(), "{:?}", world.report);
    assert!(world.recover("a", Some(&before)).is_whole);
}

#[test]
fn a_file_of_another_history_is_not_believed() {
    let other = with_messages(Durability::Process);
    let mut world = with_messages(Durability::Process);
    let strange = other.disk.with(|content| content.files[&2].clone());
    world.disk.with(|content| content.files.insert(2, strange));
    world.restart();
    assert_eq!(world.report.damage[0].what, What::Foreign);
    world.check();
}

#[test]
fn a_file_in_a_newer_format_is_refused_and_nothing_is_changed() {
    let world = with_messages(Durability::Process);
    let about = FileBody { store: 1, start: 1, previous_bytes: 0, streams: 0 };
    let mut newer = Vec::new();
    record::write(&mut newer, Seal::of(1), &Head::of(Kind::File, 1), |out| {
        about.write(out);
        let version = out.len() - 30;
        out[version] += 1;
    });
    with_file(&world, 1, |bytes| *bytes = newer);
    // What else says so, the end's file, may be damaged.
    world.disk.with(|content| content.end = None);
    let before = world.disk.with(|content| format!("{content:?}"));
    assert!(matches!(world.open(), Err(LoadError::Newer(2))));
    assert_eq!(world.disk.with(|content| format!("{content:?}")), before);
}

/// The bytes of a file, to be damaged.
fn with_file(world: &World, number: u32, damage: impl FnOnce(&mut Vec<u8>)) {
    world.disk.with(|content| {
        let file = content.files.get_mut(&number).unwrap();
        damage(&mut file.bytes);
        file.synced.clone_from(&file.bytes);
    });
}

/// Where a payload stands in a file.
fn place_of(bytes: &[u8], id: &str) -> usize {
    bytes.windows(id.len()).rposition(|window| window == id.as_bytes()).unwrap()
}

#[test]
fn what_survived_the_end_of_the_machine_does_not_go_missing_unnoticed_later() {
    let mut world = World::new(Durability::Machine);
    for _ in 0..4 {
        world.say("a");
    }
    world.lose_power(0.0);
    world.restart();
    world.check_all();
    with_file(&world, 1, |bytes| bytes.truncate(bytes.len() - 60));
    world.restart();
    let is_missed = |damage: &Damage| matches!(damage.what, What::Truncated { .. });
    assert!(world.report.damage.iter().any(is_missed), "{:?}", world.report);
    assert_eq!(world.check().whole, 0);
}

#[test]
fn a_message_that_was_written_again_does_not_vouch_for_later_ones() {
    let mut world = with_messages(Durability::Process);
    let numbers = files(&world);
    with_file(&world, numbers[0], |bytes| bytes[100] ^= 1);
    world.restart();
    world.publish("only-early", Some("later")).unwrap();
    world.commit();
    // What is needed of the damaged file is written again, behind the later message.
    world.tidy(u64::MAX / 4);
    let newest = *files(&world).last().unwrap();
    with_file(&world, newest, |bytes| {
        let head = place_of(bytes, "later") - 40;
        bytes[head] ^= 1;
    });
    world.restart();
    world.check();
}

#[test]
fn a_file_whose_successor_is_damaged_has_no_unfinished_end() {
    let mut world = World::new(Durability::Process);
    world.say("a");
    world.restart();
    world.publish("a", Some("lost")).unwrap();
    world.commit();
    world.restart();
    world.say("b");
    world.restart();
    world.say("c");
    with_file(&world, 2, |bytes| {
        let body = place_of(bytes, "lost");
        bytes.truncate(body);
    });
    with_file(&world, 3, Vec::clear);
    world.restart();
    world.check();
}

#[test]
fn a_stream_is_in_the_next_summary_although_its_only_message_in_the_newest_file_is_damaged() {
    let mut world = World::new(Durability::Process);
    world.say("b");
    world.restart();
    world.publish("b", Some("lost")).unwrap();
    world.commit();
    with_file(&world, 2, |bytes| {
        let body = place_of(bytes, "lost");
        bytes[body] ^= 1;
    });
    world.restart();
    world.say("c");
    // The record of the stream itself, in the summary behind the file's own record of 78 bytes.
    with_file(&world, 2, |bytes| bytes[90] ^= 1);
    world.restart();
    world.check();
}
