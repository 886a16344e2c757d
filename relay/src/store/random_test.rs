//! Random runs of publishes, failures, kills, power losses and damages, against what was acknowledged.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use realtime_hub::settings::HubSettings;
use realtime_protocol::position::Position;

use super::disk::Durability;
use super::fake_disk::Content;
use super::world_test::World;

#[derive(Debug, Clone)]
enum Step {
    Publish { channel: usize, repeats: bool },
    Attach { channel: usize },
    Commit,
    Fail { operations: u32 },
    Fill { room: usize },
    Repair,
    Wait { seconds: u64 },
    Tidy,
    Kill,
    Stop,
    LosePower { share: f64 },
    Damage { file: usize, at: usize, how: u8 },
}

const CHANNELS: [&str; 4] = ["a", "b", "c", "d"];

fn step() -> impl Strategy<Value = Step> {
    let channel = 0..CHANNELS.len();
    prop_oneof![
        20 => (channel.clone(), prop::bool::weighted(0.1))
            .prop_map(|(channel, repeats)| Step::Publish { channel, repeats }),
        2 => channel.prop_map(|channel| Step::Attach { channel }),
        12 => Just(Step::Commit),
        1 => (0..9u32).prop_map(|operations| Step::Fail { operations }),
        1 => (0..300usize).prop_map(|room| Step::Fill { room }),
        2 => Just(Step::Repair),
        1 => (0..100u64).prop_map(|seconds| Step::Wait { seconds }),
        2 => Just(Step::Tidy),
        3 => Just(Step::Kill),
        1 => Just(Step::Stop),
    ]
}

fn step_with_losses() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => step(),
        1 => (0.0..=1.0).prop_map(|share| Step::LosePower { share }),
        1 => (0..8usize, any::<usize>(), 0..4u8).prop_map(|(file, at, how)| Step::Damage { file, at, how }),
    ]
}

impl World {
    fn take(&mut self, step: Step, ids: &mut BTreeMap<usize, (String, Position, Duration)>) {
        match step {
            Step::Publish { channel, repeats } => {
                let is_known = |at: Duration| self.now < at + HubSettings::default().publish_id_age;
                let earlier = ids.get(&channel).filter(|(_, _, at)| repeats && is_known(*at)).cloned();
                let id = earlier.as_ref().map_or_else(|| self.serial().to_string(), |(id, ..)| id.clone());
                if let Ok(position) = self.publish(CHANNELS[channel], Some(&id)) {
                    if let Some((_, first, _)) = &earlier {
                        assert_eq!(position, *first, "a repeat is answered like the first time");
                    }
                    if self.commit() && earlier.is_none() {
                        ids.insert(channel, (id, position, self.now));
                    }
                }
            }
            Step::Attach { channel } => drop(self.attach(CHANNELS[channel])),
            Step::Commit => drop(self.commit()),
            Step::Fail { operations } => self.disk.with(|content| content.operations_left = Some(operations)),
            Step::Fill { room } => self.disk.with(|content| content.room = Some(room)),
            Step::Repair => self.repair(),
            Step::Wait { seconds } => self.now += Duration::from_secs(seconds),
            Step::Tidy => self.tidy(u64::MAX / 4),
            Step::Kill => {
                self.repair();
                self.restart();
            }
            Step::Stop => {
                self.repair();
                self.stop();
                self.restart();
            }
            Step::LosePower { share } => {
                // Not while the disk fails: then what was refused may be there.
                self.repair();
                self.commit();
                self.lose_power(share);
                self.restart();
            }
            Step::Damage { file, at, how } => {
                self.disk.with(|content| damage(content, file, at, how));
                self.repair();
                self.restart();
            }
        }
    }

    fn repair(&mut self) {
        self.disk.with(|content| (content.operations_left, content.room) = (None, None));
    }
}

fn damage(content: &mut Content, file: usize, at: usize, how: u8) {
    let numbers: Vec<_> = content.files.keys().copied().collect();
    let number = numbers.get(file).or(numbers.last()).copied();
    let Some(damaged) = number.and_then(|number| content.files.get_mut(&number)) else { return };
    let place = at % damaged.bytes.len().max(1);
    match (how, damaged.bytes.get_mut(place)) {
        (0, Some(byte)) => *byte ^= 1 << (at % 7),
        (1, _) => damaged.bytes.truncate(place),
        (2, _) => drop(content.files.remove(&number.unwrap_or_default())),
        (_, _) => {
            content.end.as_mut().unwrap().bytes.iter_mut().skip(place).step_by(50).for_each(|b| *b ^= 4)
        }
    }
    // It stays so when the machine goes down.
    content.files.values_mut().chain(&mut content.end).for_each(|file| file.synced.clone_from(&file.bytes));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_fails_while_the_machine_is_up_nothing_acknowledged_is_lost(
        steps in prop::collection::vec(step(), 1..150), is_synced in any::<bool>(),
    ) {
        let mut world = World::new(if is_synced { Durability::Machine } else { Durability::Process });
        let mut ids = BTreeMap::new();
        for step in steps {
            world.take(step, &mut ids);
            world.check_all();
            prop_assert!(world.report.damage.is_empty(), "{:?}", world.report);
        }
    }

    #[test]
    fn whatever_is_lost_or_damaged_nobody_is_told_that_it_has_everything_who_has_not(
        steps in prop::collection::vec(step_with_losses(), 1..150), is_synced in any::<bool>(),
    ) {
        let mut world = World::new(if is_synced { Durability::Machine } else { Durability::Process });
        for step in steps {
            let step = match step {
                // What a lost message's id was is lost with it.
                Step::Publish { channel, .. } => Step::Publish { channel, repeats: false },
                step => step,
            };
            world.take(step, &mut BTreeMap::new());
            world.check();
        }
    }
}
