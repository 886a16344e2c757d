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

    /// As a point in time: never.
    pub(crate) const MAX: Self = Self(u64::MAX);

    pub(crate) const fn new(millis: u64) -> Self {
        Self(millis)
    }

    pub(crate) const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    pub(crate) const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub(crate) const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Twice as long, so many times.
    pub(crate) const fn doubled(self, times: u32) -> Self {
        Self(self.0.saturating_mul(1 << times))
    }

    /// One of so many equal parts.
    pub(crate) const fn part(self, parts: u64) -> Self {
        Self(self.0 / parts)
    }
}

impl From<Duration> for Millis {
    /// Cut to whole milliseconds, of which there are enough for half a billion years.
    fn from(span: Duration) -> Self {
        let seconds = Self(span.as_secs().saturating_mul(1000));
        seconds.saturating_add(Self(u64::from(span.subsec_millis())))
    }
}

impl From<Millis> for Duration {
    fn from(span: Millis) -> Self {
        Self::from_millis(span.0)
    }
}
