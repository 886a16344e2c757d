//! What is done to a relay, by a seed.

use std::time::Duration;

use crate::random::Random;

/// How far the wall clock is off at the most. Between two of its jumps there are less than four minutes: publish ids are
/// kept for five, so that a relay that is started anew behind a jump has them still.
const FARTHEST_CLOCK_S: u64 = 115;

/// One deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// SIGKILL, and another relay after a while.
    Kill {
        /// How long there is none.
        gone: Duration,
    },
    /// SIGTERM, and another relay after a while.
    Drain {
        /// How long there is none.
        gone: Duration,
    },
    /// SIGSTOP, and SIGCONT after a while: what a laptop's sleep or a machine's migration looks like.
    Pause {
        /// How long it stands still.
        still: Duration,
    },
    /// The wall clock of the relay jumps.
    Clock {
        /// By how much it is off from now on, in seconds.
        off_s: i64,
    },
    /// The relay's disk is full for a while.
    FullDisk {
        /// For how long.
        full: Duration,
    },
}

/// What can be done here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    /// Whether the relay's clock can be set.
    pub has_clock: bool,
    /// Whether its disk can be filled.
    pub has_disk: bool,
}

impl Deed {
    /// A deed, among those for which there are means. A lack changes no other deed of a seed.
    pub fn draw(random: &mut Random, means: Means) -> Option<Self> {
        let what = random.below(10);
        let short = random.between(Duration::ZERO, Duration::from_millis(1_500));
        let long = random.between(Duration::from_millis(200), Duration::from_millis(4_000));
        let off_s = i64::try_from(random.below(2 * FARTHEST_CLOCK_S + 1)).unwrap_or(0)
            - FARTHEST_CLOCK_S.cast_signed();
        match what {
            0..=3 => Some(Self::Kill { gone: short }),
            4 | 5 => Some(Self::Drain { gone: short }),
            6 | 7 => Some(Self::Pause { still: long }),
            8 => means.has_clock.then_some(Self::Clock { off_s }),
            _ => means.has_disk.then_some(Self::FullDisk { full: long }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_means_leaves_the_other_deeds_of_a_seed_as_they_are() {
        let deeds = |has| {
            let mut random = Random::new(3);
            let means = Means { has_clock: has, has_disk: has };
            (0..200).map(|_| Deed::draw(&mut random, means)).collect::<Vec<_>>()
        };
        let (with, without) = (deeds(true), deeds(false));
        assert!(with.iter().all(Option::is_some));
        assert!(without.iter().any(Option::is_none));
        assert!(with.iter().zip(&without).all(|(one, other)| other.is_none() || one == other));
        let has = |kind: fn(&Deed) -> bool| with.iter().flatten().any(kind);
        assert!(
            has(|deed| matches!(deed, Deed::Kill { .. })) && has(|deed| matches!(deed, Deed::Drain { .. }))
        );
        assert!(
            has(|deed| matches!(deed, Deed::Pause { .. })) && has(|deed| matches!(deed, Deed::Clock { .. }))
        );
        assert!(has(|deed| matches!(deed, Deed::FullDisk { .. })));
        assert!(!has(|deed| matches!(deed, Deed::Clock { off_s } if off_s.abs() > 115)));
    }
}
