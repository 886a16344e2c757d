//! Channels of which a connection hears nothing more, though frames may be on their way to it.

use std::collections::HashMap;
use std::time::Duration;

use realtime_protocol::frame::ChannelNumber;

/// How long a channel stays muted at the least. A frame is on its way for as long as a flusher takes to write it to all
/// readers of its channel: milliseconds, or a second for a hundred thousand of them.
const LONG_ENOUGH: Duration = Duration::from_secs(60);

/// So many channels are kept without a look at which of them have been muted for long enough.
const FEW: usize = 64;

/// The channels that were ended: after the frame that says so, no message of theirs is written. What was muted for
/// longer than any frame is on its way is forgotten, so that this does not grow with a connection's age.
#[derive(Debug, Default)]
pub struct Muted(HashMap<ChannelNumber, Duration>);

impl Muted {
    /// Whether no channel is muted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a channel is muted.
    pub fn has(&self, number: ChannelNumber) -> bool {
        self.0.contains_key(&number)
    }

    /// Mutes a channel.
    pub fn add(&mut self, number: ChannelNumber, now: Duration) {
        // Looking through all of them each time their number has doubled costs little for each.
        if self.0.len() >= FEW && self.0.len().is_power_of_two() {
            self.0.retain(|_, since| now < *since + LONG_ENOUGH);
        }
        self.0.insert(number, now);
    }

    /// The channel is read again.
    pub fn remove(&mut self, number: ChannelNumber) {
        self.0.remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_muted_until_it_is_read_again() {
        let mut muted = Muted::default();
        muted.add(ChannelNumber(7), Duration::ZERO);
        assert!(muted.has(ChannelNumber(7)) && !muted.has(ChannelNumber(8)));
        muted.remove(ChannelNumber(7));
        assert!(!muted.has(ChannelNumber(7)));
    }

    #[test]
    fn what_was_muted_long_ago_is_forgotten() {
        let mut muted = Muted::default();
        for minute in 0..100u64 {
            for index in 0..50 {
                muted.add(ChannelNumber(100 * minute + index), Duration::from_secs(60 * minute));
            }
            assert!((0..50).all(|index| muted.has(ChannelNumber(100 * minute + index))));
            assert!(muted.0.len() <= 2 * FEW, "{} after {minute} minutes", muted.0.len());
        }
    }
}
