//! What the broker needs to know of those whom messages reach.

use bytes::Bytes;
use realtime_hub::channel::Reader;
use realtime_protocol::frame::ChannelNumber;

use crate::broker::pages::Pages;

/// Someone who can be written to. None of these wait: what cannot be written now waits in the peer's outbox, and a
/// peer whose outbox is full is disconnected by itself.
pub trait Peer: Reader + Clone + Send + Sync + 'static {
    /// It is written to soon: of many peers, none is in the processor's cache when its turn comes.
    fn prefetch(&self) {}

    /// Writes a frame of a channel's messages now, or queues it behind what waits already.
    fn write(&self, number: ChannelNumber, frame: &Bytes);

    /// The same, for a frame that is in pages, too, which a socket can share with others.
    fn write_shared(&self, number: ChannelNumber, frame: &Bytes, _pages: &mut Pages) {
        self.write(number, frame);
    }

    /// Notes that it reads a channel from now on, and queues the reply that says so. Called under the channel's lock;
    /// `is_new` tells whether it did not read it before.
    fn join(&self, number: ChannelNumber, is_new: bool, reply: Bytes);

    /// Queues an answer without a system call, for use under a lock. Its outbox's limit does not count it: whoever does
    /// not take answers is read no further.
    fn queue(&self, frame: Bytes);

    /// Queues a frame of a recovery, which its outbox's limit does not count: the hub has bounded it.
    fn queue_recovery(&self, frame: Bytes);
}
