//! How long to wait between attempts: full jitter, so that clients which lost their relay together do not return
//! together.

use realtime_random::SplitMix64;

use crate::millis::Millis;
use crate::settings::Times;

/// What spreads clients over time.
#[derive(Debug, Clone)]
pub(crate) struct Random(SplitMix64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// A span from nothing to `most`.
    pub(crate) fn up_to(&mut self, most: Millis) -> Millis {
        Millis::new(self.0.number() % most.get().saturating_add(1))
    }
}

/// The wait after `failures` failures in a row: anything up to a bound that doubles with each, never less than the
/// floor.
pub(crate) fn delay(failures: u32, times: &Times, random: &mut Random) -> Millis {
    // 2^16 times any sensible base is beyond any sensible cap.
    let bound = times.backoff_base.doubled(failures.min(16));
    random.up_to(bound.min(times.backoff_cap)).max(times.backoff_floor)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::Settings;

    fn delays(failures: u32) -> Vec<Duration> {
        let mut random = Random::new(7);
        (0..1000).map(|_| delay(failures, &Times::from(&Settings::default()), &mut random).into()).collect()
    }

    #[test]
    fn waits_spread_from_the_floor_to_a_bound_that_doubles() {
        let base = Settings::default().backoff_base;
        for (failures, factor) in [(0, 1), (1, 2), (2, 4), (3, 8)] {
            let delays = delays(failures);
            let bound = base * factor;
            assert!(delays.iter().all(|d| *d <= bound));
            assert!(delays.iter().any(|d| *d > bound.mul_f64(0.95)));
            assert!(delays.iter().any(|d| *d < bound.mul_f64(0.15)));
        }
    }

    #[test]
    fn waits_never_pass_the_cap_nor_fall_below_the_floor() {
        let settings = Settings::default();
        for failures in [6, 16, 17, u32::MAX] {
            let delays = delays(failures);
            assert!(delays.iter().all(|d| *d <= settings.backoff_cap && *d >= settings.backoff_floor));
        }
    }
}
