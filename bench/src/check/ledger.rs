//! What stands at which place of a channel.

use crate::check::fault::Fault;
use crate::check::run::{End, Run};

/// A message as a subscriber got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The load generator's number.
    pub number: u32,
    /// The server's own offset, if it sends one.
    pub offset: Option<u64>,
}

/// A channel's messages in the order in which they came.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Delivered>,
    run: Run,
}

impl Ledger {
    /// How many messages have come.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none has.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The numbers, in order, from a place on.
    pub fn numbers(&self, places: std::ops::Range<usize>) -> impl Iterator<Item = u32> {
        self.entries.get(places).unwrap_or_default().iter().map(|entry| entry.number)
    }

    /// Notes what a subscriber got at a place: as a new entry, or as one that has to equal what others got there.
    ///
    /// # Errors
    /// A [`Fault`] when it does not, or when offsets do not rise.
    pub fn note(&mut self, place: usize, delivered: Delivered) -> Result<(), Fault> {
        match self.entries.get(place) {
            None => self.append(delivered),
            Some(entry) if *entry == delivered => Ok(()),
            Some(entry) if entry.number != delivered.number => Err(Fault::WrongNumber {
                due: entry.number,
                got: delivered.number,
                place,
                is_again: self.numbers(0..place).any(|number| number == delivered.number),
            }),
            Some(entry) => Err(Fault::WrongOffset {
                due: entry.offset.unwrap_or_default(),
                got: delivered.offset.unwrap_or_default(),
            }),
        }
    }

    fn append(&mut self, delivered: Delivered) -> Result<(), Fault> {
        if let (Some(last), Some(got)) = (self.entries.last().and_then(|last| last.offset), delivered.offset)
            && got <= last
        {
            return Err(Fault::WrongOffset { due: last, got });
        }
        self.entries.push(delivered);
        Ok(())
    }

    /// Keeps the bytes of a frame that has just been noted, if nobody has read beyond it.
    pub fn keep(&mut self, frame: &[u8], from: usize, to: usize) {
        if to == self.entries.len() {
            self.run.push(frame, from, to);
        }
    }

    /// How far bytes that begin at a place equal what was read before.
    pub fn matching(&self, place: usize, bytes: &[u8]) -> Option<End> {
        self.run.matching(place, bytes)
    }

    /// Whether the messages are exactly `published`, a list of numbers in the order of their publishing. In the same
    /// order too, when one publisher published them one after the other.
    ///
    /// # Errors
    /// The first [`Fault`].
    pub fn check_whole(&self, published: &[u32], is_ordered: bool) -> Result<(), Fault> {
        let mut missing = published.to_vec();
        missing.sort_unstable();
        let mut found: Vec<u32> = self.numbers(0..self.len()).collect();
        found.sort_unstable();
        if let Some(twice) = found.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(Fault::Stranger(twice.first().copied().unwrap_or_default()));
        }
        if let Some(stranger) = found.iter().find(|number| missing.binary_search(number).is_err()) {
            return Err(Fault::Stranger(*stranger));
        }
        missing.retain(|number| found.binary_search(number).is_err());
        if !missing.is_empty() {
            return Err(Fault::Lost { missing: missing.len(), published: published.len() });
        }
        let swapped = self.entries.iter().zip(self.entries.iter().skip(1)).find(|(a, b)| a.number > b.number);
        match swapped {
            Some((before, after)) if is_ordered => {
                Err(Fault::Swapped { before: before.number, after: after.number })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(numbers: &[u32]) -> Ledger {
        let mut ledger = Ledger::default();
        for (place, number) in numbers.iter().enumerate() {
            ledger.note(place, Delivered { number: *number, offset: None }).unwrap();
        }
        ledger
    }

    #[test]
    fn what_was_published_and_came_once_in_order_is_whole() {
        assert_eq!(ledger(&[3, 4, 7]).check_whole(&[3, 4, 7], true), Ok(()));
        assert_eq!(ledger(&[4, 3, 7]).check_whole(&[3, 4, 7], false), Ok(()));
    }

    #[test]
    fn what_the_first_reader_lost_doubled_or_swapped_is_found_at_the_end() {
        let published = [3, 4, 7];
        assert_eq!(
            ledger(&[3, 7]).check_whole(&published, true),
            Err(Fault::Lost { missing: 1, published: 3 })
        );
        assert_eq!(ledger(&[3, 4, 4, 7]).check_whole(&published, false), Err(Fault::Stranger(4)));
        assert_eq!(ledger(&[3, 4, 5, 7]).check_whole(&published, false), Err(Fault::Stranger(5)));
        let swapped = Fault::Swapped { before: 4, after: 3 };
        assert_eq!(ledger(&[4, 3, 7]).check_whole(&published, true), Err(swapped));
    }

    #[test]
    fn offsets_have_to_rise_and_to_be_the_same_for_all() {
        let mut ledger = Ledger::default();
        let at = |number, offset| Delivered { number, offset: Some(offset) };
        ledger.note(0, at(1, 10)).unwrap();
        ledger.note(1, at(2, 15)).unwrap();
        assert_eq!(ledger.note(2, at(3, 15)), Err(Fault::WrongOffset { due: 15, got: 15 }));
        assert_eq!(ledger.note(1, at(2, 16)), Err(Fault::WrongOffset { due: 15, got: 16 }));
        assert_eq!(ledger.note(1, at(2, 15)), Ok(()));
    }
}
