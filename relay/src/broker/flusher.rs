//! Flushers: each waits for its hub to have something, and writes it. One write per reader and turn: what a channel
//! collected while others ran leaves as one frame.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use realtime_hub::channel::Delivery;
use realtime_hub::hub::Batch;
use realtime_protocol::frame::ChannelNumber;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::peer::Peer;
use crate::broker::shards::Shard;
use crate::websocket::writer;

/// Writes between two yields. At some microseconds a write others wait for a millisecond or two.
const WRITES_PER_TURN: usize = 256;

/// Delivers what a hub hands out, until it is cancelled; what was collected by then is still delivered.
pub async fn run<P: Peer>(shard: Arc<Shard<P>>, cancel: CancellationToken, tracker: TaskTracker) {
    loop {
        let is_last = tokio::select! {
            biased;
            () = cancel.cancelled() => true,
            () = shard.wake.notified() => false,
        };
        // Every publisher that is ready runs before this task does again, and its messages join these.
        tokio::task::yield_now().await;
        let batches = shard.hub.lock().take_batches();
        deliver(&shard, batches, &tracker).await;
        if is_last {
            return;
        }
    }
}

async fn deliver<P: Peer>(shard: &Arc<Shard<P>>, batches: Vec<Batch<P>>, tracker: &TaskTracker) {
    let mut writes = 0;
    for batch in batches {
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

/// Writes a channel's batches one after the other, so that other channels of its hub need not wait for it.
async fn deliver_large<P: Peer>(shard: Arc<Shard<P>>, number: ChannelNumber, first: Vec<Delivery<P>>) {
    let mut deliveries = Some(first);
    while let Some(batch) = deliveries {
        for delivery in batch {
            write(&shard, number, delivery).await;
        }
        tokio::task::yield_now().await;
        deliveries = shard.hub.lock().finish(number);
    }
}

async fn write<P: Peer>(shard: &Shard<P>, number: ChannelNumber, delivery: Delivery<P>) {
    let frame = writer::text_in_place(delivery.frame);
    let mut chunks = delivery.readers.chunks(WRITES_PER_TURN).peekable();
    while let Some(chunk) = chunks.next() {
        for reader in chunk {
            reader.write(number, &frame);
        }
        if chunks.peek().is_some() {
            tokio::task::yield_now().await;
        }
    }
    let readers = delivery.readers.len();
    shard.counters.delivered.fetch_add((delivery.messages * readers) as u64, Ordering::Relaxed);
    shard.counters.delivered_bytes.fetch_add((frame.len() * readers) as u64, Ordering::Relaxed);
}
