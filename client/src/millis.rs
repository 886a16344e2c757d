//! Time inside of the machine.

use std::time::Duration;

/// A span of time in whole milliseconds; a point in time is the span since the driver's beginning.
///
/// In here in place of `Duration`, whose seconds and nanoseconds take twice the code at each comparison, which every page
/// would download.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Millis(u64);

impl Millis {
    pub(crate) const ZERO: Self = Self(0);

    /// Longer than anything lasts; as a point in time: never. Three of them can be added without an overflow.
    pub(crate) const MAX: Self = Self(u64::MAX / 4);

    /// At most [`Millis::MAX`].
    pub(crate) fn new(millis: u64) -> Self {
        Self(millis).min(Self::MAX)
    }

    pub(crate) const fn from_secs(seconds: u32) -> Self {
        Self(seconds as u64 * 1000)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    /// Twice as long, so many times: at most 16.
    pub(crate) fn doubled(self, times: u32) -> Self {
        // Longer ones are cut, so that no bit leaves at the top.
        let short = self.0.min(Self::MAX.0 >> 16);
        Self(short << times.min(16))
    }

    /// One of so many equal parts.
    pub(crate) const fn part(self, parts: u64) -> Self {
        Self(self.0 / parts)
    }

    /// What is left without the other; nothing, where that is more.
    pub(crate) const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Add for Millis {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl From<Duration> for Millis {
    /// Cut to whole milliseconds.
    fn from(span: Duration) -> Self {
        let seconds = span.as_secs().min(Self::MAX.0 / 1000);
        Self::new(seconds * 1000 + u64::from(span.subsec_millis()))
    }
}

impl From<Millis> for Duration {
    fn from(span: Millis) -> Self {
        Self::from_millis(span.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_spans_stay_in_order() {
        let longest = Millis::from(Duration::MAX);
        assert!(longest <= Millis::MAX);
        assert!(longest + longest + longest > longest);
        assert_eq!(Millis::new(u64::MAX), Millis::MAX);
        assert!(longest.doubled(u32::MAX) <= Millis::MAX);
    }

    #[test]
    fn doubling_is_doubling() {
        assert_eq!(Millis::new(3).doubled(0), Millis::new(3));
        assert_eq!(Millis::new(3).doubled(4), Millis::new(48));
    }

    #[test]
    fn spans_of_the_driver_are_cut_to_milliseconds() {
        let span = Duration::new(7, 123_999_999);
        assert_eq!(Millis::from(span), Millis::new(7_123));
        assert_eq!(Duration::from(Millis::new(7_123)), Duration::from_millis(7_123));
    }
}
