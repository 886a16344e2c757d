//! A table by channel number. A hub gives the numbers out itself, so nobody can choose ones that meet in the table, and
//! a multiplication spreads them: the standard library's keyed hash was 900 of the 11,000 instructions of a message, three
//! of five times for a number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use realtime_protocol::frame::ChannelNumber;

/// Values by channel number.
pub(crate) type ByNumber<V> = HashMap<ChannelNumber, V, BuildHasherDefault<Spread>>;

/// The hash of one number.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Spread(u64);

/// 2^64 divided by the golden ratio (Knuth, volume 3, section 6.4): numbers at equal distances, as a hub gives them
/// out, land evenly.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for Spread {
    fn write_u64(&mut self, number: u64) {
        // A product's high bits are the well-mixed ones, and tables begin with the low ones. By 32, numbers at a distance
        // of 16 would share half of their places.
        self.0 = number.wrapping_mul(GOLDEN).rotate_left(26);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn hash(number: u64) -> u64 {
        let mut spread = Spread::default();
        std::hash::Hash::hash(&ChannelNumber(number), &mut spread);
        spread.finish()
    }

    #[test]
    fn numbers_at_a_distance_fall_into_places_of_their_own() {
        for step in [1, 2, 16, 1 << 20] {
            let places: HashSet<u64> = (0..1024).map(|index| hash(1 + index * step) % 2048).collect();
            // Random ones would fill 806 of the 2048.
            assert!(places.len() > 750, "{} places at a step of {step}", places.len());
        }
    }

    #[test]
    fn what_is_put_in_is_found_and_nothing_else() {
        let mut table = ByNumber::default();
        for number in 0..10_000 {
            table.insert(ChannelNumber(number * 16), number);
        }
        assert!((0..10_000).all(|number| table.get(&ChannelNumber(number * 16)) == Some(&number)));
        assert_eq!(table.get(&ChannelNumber(1)), None);
    }
}
