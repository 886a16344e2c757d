//! What a broker needs of a store, and a store of its broker.

use std::sync::Arc;
use std::time::Duration;

use realtime_hub::dedupe::Remembered;
use realtime_hub::deferred::{Placed, StreamRef, Ticket};
use realtime_hub::restore::{Holding, Restored};
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::ChannelNumber;
use realtime_protocol::position::{Epoch, Offset};

use super::outcome::Outcome;
use super::refusal::Refusal;

/// Where messages are kept so that they outlive the process. Without one, hubs keep them in memory only.
///
/// What is given to a store under the lock of a hub is collected, and written together by [`Store::commit`], in the
/// order in which it was given. Nothing here but `commit`, `upkeep` and `close` touches the disk.
pub trait Store: Send + Sync {
    /// Collects a message.
    ///
    /// # Errors
    /// [`Refusal`]: it is not collected.
    fn message(&self, placed: &Placed<'_>) -> Result<Collected, Refusal>;

    /// Collects a stream that has no messages yet.
    ///
    /// # Errors
    /// [`Refusal`]: it is not collected.
    fn stream(&self, stream: StreamRef<'_>) -> Result<Collected, Refusal>;

    /// What becomes of a ticket that was given out earlier; `None` when it is stored. To be called under the lock of
    /// the hub that has the ticket: before it is told that storing has failed, every hub takes back what it has.
    fn outcome(&self, ticket: Ticket) -> Option<Arc<Outcome>>;

    /// Waits until something is collected and writes it. `None` when the store is closed and everything is written.
    fn commit(&self) -> Option<Commit>;

    /// The outcomes of a commit were told.
    fn told(&self, commit: &Commit);

    /// Lets go of everyone who waits for a disk that has not answered for too long: whether their messages are stored is not
    /// known to them then. To be called about every second.
    fn let_go(&self);

    /// Gives room back that nobody needs. To be called about every second, where blocking is allowed, inside a Tokio
    /// runtime. `held_bytes` is what histories hold in memory.
    fn upkeep(&self, now: Duration, held_bytes: usize, hubs: &dyn Hubs);

    /// Takes nothing any more. What is collected is still committed.
    fn close(&self);

    /// How it is.
    fn status(&self) -> Status;
}

/// Something that will be written.
#[derive(Debug, Clone)]
pub struct Collected {
    /// With what else.
    pub ticket: Ticket,
    /// What becomes of it.
    pub outcome: Arc<Outcome>,
}

/// The hubs, as a store sees them that wants to know what it still has to keep.
pub trait Hubs {
    /// Calls `each` with the stream of a channel while its hub is locked, if it still has this epoch, and with what
    /// the hub still holds of a message.
    fn with_stream(
        &self,
        channel: &Channel,
        epoch: &Epoch,
        message: Option<(Offset, Option<&str>)>,
        each: &mut dyn FnMut(StreamRef<'_>, Holding),
    );
}

/// Who takes in what a store has kept, at the start.
pub trait Restore {
    /// There is such a stream. Another stream of the same channel is gone.
    fn stream(&mut self, channel: &Channel, epoch: &Epoch);
    /// A message of it, in any order.
    fn message(&mut self, channel: &Channel, message: Restored<'_>);
    /// It was published with this id.
    fn id(&mut self, channel: &Channel, id: &str, publish: Remembered, at: Duration);
    /// That was all of a channel. Its newest message has the offset `last`; what it has up to `floor` has holes.
    /// Returns the number that the channel has now.
    fn settle(&mut self, channel: &Channel, last: Offset, floor: Offset) -> Option<ChannelNumber>;
}

/// What one [`Store::commit`] came to.
#[derive(Debug)]
pub struct Commit {
    /// Up to where everything is stored; or why nothing is that was collected so far.
    pub result: Result<Ticket, Refusal>,
    /// To be told that, once the hubs know.
    pub told: Vec<(Ticket, Arc<Outcome>)>,
}

/// How a store is.
#[derive(Debug, Clone)]
pub struct Status {
    /// Whether it takes messages; if not, why, and since when.
    pub refuses: Option<(Refusal, Duration)>,
    /// Bytes that it has on the disk.
    pub disk_bytes: u64,
}
