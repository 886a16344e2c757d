//! One client's messages, which are numbered from 1: what came, what did not, and whether that was told.

use serde::{Deserialize, Serialize};

/// What one client has got.
#[derive(Debug, Clone, Default)]
pub struct Track {
    last: u64,
    is_gap_told: bool,
    counts: Counts,
}

/// What clients have got, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Messages that came, each counted once.
    pub delivered: u64,
    /// Messages that came again, without a gap told in between.
    pub doubled: u64,
    /// Messages that did not come, of which the client was told.
    pub missed_and_told: u64,
    /// Messages that did not come, of which nobody told: there must be none.
    pub missed_untold: u64,
}

impl Track {
    /// The client was told that messages may be missing.
    pub const fn gap_told(&mut self) {
        self.is_gap_told = true;
    }

    /// A message has come.
    pub const fn got(&mut self, number: u64) {
        if number <= self.last {
            // Where a relay forgot its publish ids with its life, a retry is a new message, behind a gap that is told.
            self.counts.doubled += if self.is_gap_told { 0 } else { 1 };
            return;
        }
        self.skipped_to(number);
        self.counts.delivered += 1;
        self.last = number;
        self.is_gap_told = false;
    }

    /// The last message that came.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// What it amounts to so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// What it amounts to when `published` messages are all there were.
    pub const fn end(mut self, published: u64) -> Counts {
        self.skipped_to(published.saturating_add(1));
        self.counts
    }

    const fn skipped_to(&mut self, number: u64) {
        let missed = number.saturating_sub(self.last).saturating_sub(1);
        if self.is_gap_told {
            self.counts.missed_and_told += missed;
        } else {
            self.counts.missed_untold += missed;
        }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.doubled += other.doubled;
        self.missed_and_told += other.missed_and_told;
        self.missed_untold += other.missed_untold;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(numbers: &[u64], gap_before: Option<u64>, published: u64) -> [u64; 4] {
        let mut track = Track::default();
        for number in numbers {
            if gap_before == Some(*number) {
                track.gap_told();
            }
            track.got(*number);
        }
        let Counts { delivered, doubled, missed_and_told, missed_untold } = track.end(published);
        [delivered, doubled, missed_and_told, missed_untold]
    }

    #[test]
    fn every_message_is_delivered_missed_and_told_or_missed_untold() {
        assert_eq!(counts(&[1, 2, 3], None, 3), [3, 0, 0, 0]);
        assert_eq!(counts(&[1, 2, 2, 3], None, 3), [3, 1, 0, 0]);
        assert_eq!(counts(&[1, 4], None, 4), [2, 0, 0, 2]);
        assert_eq!(counts(&[1, 4], Some(4), 4), [2, 0, 2, 0]);
        assert_eq!(counts(&[1, 2], None, 4), [2, 0, 0, 2]);
        assert_eq!(counts(&[], None, 4), [0, 0, 0, 4]);
    }
}
