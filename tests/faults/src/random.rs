//! Pseudo-random numbers that a seed repeats.

use std::time::Duration;

use realtime_random::SplitMix64;

/// What a trial asks of chance: one seed, one sequence.
#[derive(Debug, Clone)]
pub struct Random(SplitMix64);

impl Random {
    /// The sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// A sequence of its own for a part of the whole, so that parts do not disturb each other's.
    pub const fn branch(seed: u64, part: u64) -> Self {
        Self::new(Self::new(seed ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93)).number())
    }

    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0.number()
    }

    /// A number below `end`; 0 when there is none.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0.below(end)
    }

    /// True in so many of a hundred cases.
    pub const fn is_one_of_hundred(&mut self, cases: u64) -> bool {
        self.below(100) < cases
    }

    /// One of several; `None` of nothing.
    pub fn choice<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        let index = self.below(among.len() as u64);
        among.get(usize::try_from(index).ok()?)
    }

    /// A span from one to another, in whole milliseconds.
    pub fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let room = longest.saturating_sub(shortest).as_millis();
        shortest
            + Duration::from_millis(self.below(u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_sequence_and_its_branches_others() {
        let take = |mut random: Random| (0..8).map(|_| random.number()).collect::<Vec<_>>();
        assert_eq!(take(Random::new(7)), take(Random::new(7)));
        assert_ne!(take(Random::new(7)), take(Random::new(8)));
        assert_ne!(take(Random::branch(7, 0)), take(Random::branch(7, 1)));
        assert_ne!(take(Random::branch(7, 0)), take(Random::branch(8, 0)));
    }

    #[test]
    fn spans_and_choices_stay_within_their_bounds_and_reach_them() {
        let mut random = Random::new(1);
        let (short, long) = (Duration::from_millis(3), Duration::from_millis(5));
        let spans: Vec<_> = (0..100).map(|_| random.between(short, long)).collect();
        assert_eq!(spans.iter().min(), Some(&short));
        assert_eq!(spans.iter().max(), Some(&long));
        let chosen: Vec<_> = (0..100).filter_map(|_| random.choice(&[1, 2, 3])).collect();
        assert!([1, 2, 3].iter().all(|number| chosen.contains(&number)));
        assert_eq!(random.choice::<u8>(&[]), None);
    }
}
