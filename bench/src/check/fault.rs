//! What a server under test did wrong.

use crate::wire::frame::BadFrame;

/// A fault ends a measurement: figures of a server that loses messages mean nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A subscriber was due one message and got another.
    #[error("message {got} came where message {due} was due, as the {place}th of its channel: {}", verdict(*is_again))]
    WrongNumber {
        /// What the others got there.
        due: u32,
        /// What this one got.
        got: u32,
        /// The place in the channel.
        place: usize,
        /// It had come before.
        is_again: bool,
    },
    /// An offset that does not rise, or differs between subscribers.
    #[error("offset {got} came behind or instead of offset {due}")]
    WrongOffset {
        /// The offset of the message before, or the one that the others got.
        due: u64,
        /// What this one got.
        got: u64,
    },
    /// A message that was never published, or on another channel, or twice.
    #[error("message {0} was not published on this channel, or it came twice")]
    Stranger(u32),
    /// Messages of one publisher in another order.
    #[error("message {after} stands behind message {before}, though it was published before")]
    Swapped {
        /// What stands first.
        before: u32,
        /// What stands next.
        after: u32,
    },
    /// Messages that nobody got.
    #[error("{missing} of {published} messages reached nobody")]
    Lost {
        /// How many.
        missing: usize,
        /// Of how many.
        published: usize,
    },
    /// A subscriber that got fewer than the others.
    #[error("a subscriber has {got} of {due} messages")]
    Behind {
        /// How many it got.
        got: usize,
        /// How many the others got.
        due: usize,
    },
    /// Bytes that are no WebSocket frame.
    #[error(transparent)]
    Frame(#[from] BadFrame),
    /// A message whose bytes are not as they were published, or no message at all.
    #[error("this is no message as it was published: {0}")]
    Garbled(String),
}

const fn verdict(is_again: bool) -> &'static str {
    if is_again { "it had come before" } else { "something is missing or late" }
}

impl Fault {
    /// [`Fault::Garbled`] with the beginning of what came.
    pub fn garbled(bytes: &[u8]) -> Self {
        let start = bytes.get(..bytes.len().min(80)).unwrap_or_default();
        Self::Garbled(String::from_utf8_lossy(start).into_owned())
    }
}
