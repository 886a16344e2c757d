//! Faults by a seed: what goes wrong, for how long, and how long it is quiet before the next.

use std::time::Duration;

use super::fault::{Direction, Fault, How};
use crate::random::Random;

/// One thing to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// How long all is well before it.
    pub quiet: Duration,
    /// What.
    pub fault: Fault,
    /// How long until it is healed.
    pub lasts: Duration,
}

/// Episodes without end, the same for the same seed.
#[derive(Debug, Clone)]
pub struct Schedule {
    random: Random,
    pace: Duration,
}

impl Schedule {
    /// Episodes of about this length each, and as much quiet between them.
    pub const fn new(seed: u64, pace: Duration) -> Self {
        Self { random: Random::new(seed), pace }
    }
}

impl Iterator for Schedule {
    type Item = Episode;

    fn next(&mut self) -> Option<Episode> {
        let (shortest, longest) = (self.pace / 10, self.pace * 2);
        let quiet = self.random.between(shortest, longest);
        let fault = fault(&mut self.random);
        let lasts = self.random.between(shortest, longest);
        Some(Episode { quiet, fault, lasts })
    }
}

fn fault(random: &mut Random) -> Fault {
    let direction = match random.below(3) {
        0 => Direction::Up,
        1 => Direction::Down,
        _ => Direction::Both,
    };
    match random.below(10) {
        0..=2 => Fault::Cut { how: How::Reset },
        3 => Fault::Cut { how: How::Orderly },
        4 => Fault::Stall { direction },
        5 => Fault::BlackHole,
        6 => Fault::Delay { direction, ms: random.below(300), jitter_ms: random.below(200) },
        7 => Fault::Throttle {
            direction,
            bytes_per_second: 4096 + u32::try_from(random.below(60_000)).unwrap_or(0),
        },
        8 => Fault::Refuse,
        _ => Fault::HalfClose {
            direction: if random.is_one_of_hundred(50) { Direction::Up } else { Direction::Down },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_one_schedule_and_in_time_everything_goes_wrong() {
        let episodes = |seed| Schedule::new(seed, Duration::from_secs(1)).take(300).collect::<Vec<_>>();
        assert_eq!(episodes(5), episodes(5));
        assert_ne!(episodes(5), episodes(6));
        let kinds: std::collections::BTreeSet<_> = episodes(5)
            .iter()
            .map(|episode| serde_json::to_value(&episode.fault).unwrap()["kind"].to_string())
            .collect();
        assert_eq!(kinds.len(), 7, "{kinds:?}");
        assert!(episodes(5).iter().all(|episode| episode.lasts <= Duration::from_secs(2)));
    }
}
