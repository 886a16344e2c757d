//! Flushers: each waits for its hub to have something, and writes it. One write per reader and turn: what a channel
//! collected while others ran leaves as one frame.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use realtime_hub::channel::Delivery;
use realtime_hub::hub::Batch;
use realtime_protocol::frame::ChannelNumber;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::parts::{self, Frame, WRITES_PER_TURN};
use crate::broker::peer::Peer;
use crate::broker::shards::Shard;
use crate::websocket::writer;

/// About what one write takes. Gathering messages for as long as all writes take at most doubles the time until the last
/// reader has the first message.
const WRITE_TAKES: Duration = Duration::from_micros(3);

/// How long what is stored waits at most for what is being stored. A commit takes some dozens of microseconds unless the
/// disk has other things to do; the clock of tasks goes by milliseconds.
const COMMIT_TAKES: Duration = Duration::from_millis(1);

/// Readers from which on asking for more messages, about a microsecond, is nothing beside the writes.
const READERS_WORTH_A_LOOK: usize = 16;

/// Delivers what a hub hands out, until it is cancelled; what was collected by then is still delivered.
pub async fn run<P: Peer>(shard: Arc<Shard<P>>, cancel: CancellationToken, tracker: TaskTracker) {
    loop {
        let is_last = tokio::select! {
            biased;
            () = cancel.cancelled() => true,
            () = shard.wake.notified() => false,
        };
        // Not for longer than others wait for writes, either.
        gather(&shard, |shard| shard.hub.lock().due_readers().min(WRITES_PER_TURN)).await;
        let batches = shard.hub.lock().take_batches();
        deliver(&shard, batches, &tracker).await;
        if is_last {
            return;
        }
    }
}

/// Lets publishers add their messages to those that wait for so many readers.
///
/// Who is ready runs before this task does again. That alone would leave out those whose request is still in a socket:
/// tokio looks at the sockets when nobody is ready any more, and then runs whoever has yielded before whoever it found. So
/// it is asked again, as long as that brings messages, and for no longer than the writes will take.
async fn gather<P: Peer>(shard: &Shard<P>, readers: impl FnOnce(&Shard<P>) -> usize) {
    tokio::task::yield_now().await;
    let readers = readers(shard);
    if readers < READERS_WORTH_A_LOOK {
        return;
    }
    let until = Instant::now() + WRITE_TAKES.saturating_mul(u32::try_from(readers).unwrap_or(u32::MAX));
    let mut before = shard.brought();
    loop {
        tokio::task::yield_now().await;
        let brought = shard.brought();
        if brought == before || Instant::now() >= until {
            break;
        }
        before = brought;
    }
    next_commit(shard).await;
}

/// Waits for what is just being stored, so that it leaves with what is stored already: the publishers of that have had
/// their answers, and have published again.
async fn next_commit<P: Peer>(shard: &Shard<P>) {
    let mut stored = std::pin::pin!(shard.stored.notified());
    // From here on a commit is noticed.
    stored.as_mut().enable();
    if shard.hub.lock().is_storing() {
        let _ = timeout(COMMIT_TAKES, stored).await;
    }
}

async fn deliver<P: Peer>(shard: &Arc<Shard<P>>, batches: Vec<Batch<P>>, tracker: &TaskTracker) {
    let mut writes = 0;
    let mut batches = batches.into_iter();
    while let Some(batch) = batches.next() {
        if let Some(next) = batches.as_slice().first().and_then(first_reader) {
            next.prefetch();
        }
        if batch.is_large {
            tracker.spawn(deliver_large(Arc::clone(shard), batch.number, batch.deliveries));
            continue;
        }
        for delivery in batch.deliveries {
            writes += delivery.readers.len();
            write(shard, batch.number, delivery).await;
            if writes >= WRITES_PER_TURN {
                writes = 0;
                tokio::task::yield_now().await;
            }
        }
    }
}

fn first_reader<P>(batch: &Batch<P>) -> Option<&P> {
    batch.deliveries.first()?.readers.first()
}

/// Writes a channel's batches one after the other, so that other channels of its hub need not wait for it, and each on
/// as many workers as have time for it.
async fn deliver_large<P: Peer>(shard: Arc<Shard<P>>, number: ChannelNumber, first: Vec<Delivery<P>>) {
    let workers = Handle::current().metrics().num_workers();
    let mut deliveries = Some(first);
    while let Some(batch) = deliveries {
        let readers = batch.iter().map(|delivery| delivery.readers.len()).max().unwrap_or_default();
        let frames = batch.into_iter().map(|delivery| encode(&shard, delivery)).collect();
        parts::write(number, frames, workers).await;
        gather(&shard, |_| readers).await;
        deliveries = shard.hub.lock().finish(number);
    }
}

async fn write<P: Peer>(shard: &Shard<P>, number: ChannelNumber, delivery: Delivery<P>) {
    let Frame { bytes, readers } = encode(shard, delivery);
    parts::write_to(number, &bytes, &readers).await;
}

/// Makes a delivery's frame, and counts it as delivered.
fn encode<P>(shard: &Shard<P>, Delivery { frame, readers, messages }: Delivery<P>) -> Frame<P> {
    let bytes = writer::text_in_place(frame);
    shard.counters.delivered.fetch_add((messages * readers.len()) as u64, Ordering::Relaxed);
    shard.counters.delivered_bytes.fetch_add((bytes.len() * readers.len()) as u64, Ordering::Relaxed);
    Frame { bytes, readers }
}

#[cfg(test)]
#[path = "flusher_test.rs"]
mod tests;
