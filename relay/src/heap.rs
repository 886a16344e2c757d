//! The heap's memory, which goes back to the system when a crowd has left.
//!
//! glibc keeps what a program frees for its next allocations, unless it lies at the heap's very end: a relay would keep
//! the memory of its busiest hour for ever. `malloc_trim(3)` gives back every whole page that is free. That took 0.05 to
//! 0.2 ms after thousands of clients and channels, during which other allocations wait, so it is done seldom: when what
//! the relay holds has fallen to a half of what it was.

/// What is too little to be worth it, in bytes.
const WORTH_BYTES: usize = 1 << 20;

/// What the relay holds, as it rises and falls.
#[derive(Debug, Default)]
pub struct Tide {
    highest_bytes: usize,
}

impl Tide {
    /// Whether it has fallen to a half of the most that there was since this last said so. `held_bytes` is what is held
    /// now, roughly.
    pub fn has_ebbed(&mut self, held_bytes: usize) -> bool {
        self.highest_bytes = self.highest_bytes.max(held_bytes);
        let has_ebbed =
            held_bytes <= self.highest_bytes / 2 && self.highest_bytes - held_bytes >= WORTH_BYTES;
        if has_ebbed {
            self.highest_bytes = held_bytes;
        }
        has_ebbed
    }
}

/// Gives back to the system what is free. Not for a task: it may take milliseconds.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "a function of the C library; nothing safe leads to it")]
pub fn give_back() {
    // SAFETY: it may be called at any time from any thread, and touches only memory that nobody has.
    let gave = unsafe { libc::malloc_trim(0) } == 1;
    tracing::debug!(gave, "free memory was given back to the system");
}

/// Other allocators give back by themselves, or have no way to be asked.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub const fn give_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn a_tide_has_ebbed_when_half_of_it_is_gone_and_then_not_again_before_half_of_that_is() {
        let mut tide = Tide::default();
        let heights = [0, 10, 40, 21, 20, 19, 11, 10, 12, 9];
        let ebbs = heights.map(|height| tide.has_ebbed(height * MIB));
        assert_eq!(ebbs, [false, false, false, false, true, false, false, true, false, false]);
    }

    #[test]
    fn little_is_not_worth_it() {
        let mut tide = Tide::default();
        assert!(!tide.has_ebbed(MIB - 1));
        assert!(!tide.has_ebbed(0));
        assert!(!tide.has_ebbed(MIB));
        assert!(tide.has_ebbed(0));
    }

    /// So that a crash would be seen here and not in the night.
    #[test]
    fn what_is_in_use_stays_when_the_rest_is_given_back() {
        let kept: Vec<Box<[u8]>> = (0..2_000_u32).map(|number| vec![number as u8; 4_096].into()).collect();
        let kept: Vec<_> = kept.into_iter().enumerate().filter(|(number, _)| number % 2 == 0).collect();
        give_back();
        assert!(kept.iter().all(|(number, bytes)| bytes.iter().all(|byte| *byte == *number as u8)));
    }
}
