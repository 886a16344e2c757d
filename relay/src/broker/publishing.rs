//! A publish that has a place, and may still have to be stored.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use realtime_hub::publication::Publication;
use realtime_protocol::channel::Channel;
use realtime_protocol::position::Position;

use crate::broker::peer::Peer;
use crate::broker::shards::Shard;
use crate::store::contract::Store;
use crate::store::outcome::Outcome;
use crate::store::refusal::{NotPlaced, Refusal};

/// How far a publish is.
#[derive(Debug)]
pub enum Publishing {
    /// The message is there, at this position.
    Done(Position),
    /// It will be at this position as soon as it is stored.
    Storing(Position, Arc<Outcome>),
}

impl Publishing {
    /// Waits until the message is there.
    ///
    /// # Errors
    /// When it could not be stored: it is not there then, and nobody has seen it.
    pub async fn done(self) -> Result<Position, Refusal> {
        match self {
            Self::Done(position) => Ok(position),
            Self::Storing(position, outcome) => outcome.wait().await.map(|()| position),
        }
    }
}

impl<P: Peer> Shard<P> {
    /// Gives a message its place and to the store.
    pub(super) fn place(
        &self,
        store: &dyn Store,
        channel: &Channel,
        publication: Publication<'_>,
        now: Duration,
    ) -> Result<Publishing, NotPlaced> {
        let mut hub = self.hub.lock();
        let mut outcome = None;
        let placement = hub.place(channel, publication, now, |placed| {
            let collected = store.message(placed)?;
            outcome = Some(collected.outcome);
            self.counters.placed.fetch_add(1, Ordering::Relaxed);
            Ok::<_, NotPlaced>(collected.ticket)
        })?;
        // A repeat waits for what the first one waits for.
        let outcome = outcome.or_else(|| store.outcome(placement.ticket?));
        Ok(match outcome {
            Some(outcome) => Publishing::Storing(placement.position, outcome),
            None => Publishing::Done(placement.position),
        })
    }

    /// Sees to it that the store knows a channel. Returns what to wait for, if anything.
    pub(super) fn place_channel(
        &self,
        store: &dyn Store,
        channel: &Channel,
        now: Duration,
    ) -> Result<Option<Arc<Outcome>>, Refusal> {
        let mut hub = self.hub.lock();
        let ticket = hub.place_channel(channel, now, |stream| Ok(store.stream(stream)?.ticket))?;
        Ok(ticket.and_then(|ticket| store.outcome(ticket)))
    }
}
