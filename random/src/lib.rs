//! Numbers that look random and that a seed repeats: for waits that spread, epochs that differ, and trials that can be
//! had again. Never for secrets: who has seen one number knows all that follow.

/// The generator SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): eight bytes of
/// state, any seed is good, and no number comes twice before all 2^64 have come.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, any of 64 bits.
    #[must_use = "a number is taken to be used"]
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when there is none. Small numbers come a little more often, by less than `end` in 2^64.
    #[must_use = "a number is taken to be used"]
    pub const fn below(&mut self, end: u64) -> u64 {
        let number = self.number();
        if end == 0 { 0 } else { number % end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference() {
        // The first outputs of https://prng.di.unimi.it/splitmix64.c for the seed 1234567.
        let mut numbers = SplitMix64::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423_u64];
        assert_eq!([(); 3].map(|()| numbers.number()), expected);
    }

    #[test]
    fn a_number_is_below_its_end_and_none_is_below_nothing() {
        let mut numbers = SplitMix64::new(7);
        assert!((0..1_000).all(|_| numbers.below(3) < 3));
        assert_eq!((numbers.below(1), numbers.below(0)), (0, 0));
    }
}
