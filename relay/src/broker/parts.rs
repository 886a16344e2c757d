//! Writing frames to many readers, in parts that several workers take: the fan-out of one busy channel is not bound to
//! one core.
//!
//! Each reader gets the frames in their order. Frames for the same readers are written together, each part of the readers
//! by one task; frames for others (somebody has come or gone in between) wait until all parts are done, because a reader
//! may be in another part then.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use realtime_protocol::frame::ChannelNumber;
use tokio::task::JoinSet;

use crate::broker::peer::Peer;

/// Writes between two yields. At some microseconds a write others wait for a millisecond or two.
pub(super) const WRITES_PER_TURN: usize = 256;

/// Readers that are worth a part of their own: at some microseconds a write, these take most of a millisecond, and
/// handing them to another worker takes some microseconds.
const READERS_PER_PART: usize = 256;

/// A frame and those who get it.
#[derive(Debug)]
pub(super) struct Frame<P> {
    pub(super) bytes: Bytes,
    pub(super) readers: Arc<Vec<P>>,
}

/// Writes frames in their order, in at most so many parts at once.
pub(super) async fn write<P: Peer>(number: ChannelNumber, frames: Vec<Frame<P>>, max_parts: usize) {
    for alike in frames.chunk_by(|one, next| Arc::ptr_eq(&one.readers, &next.readers)) {
        let Some(Frame { readers, .. }) = alike.first() else { continue };
        let bytes: Arc<[Bytes]> = alike.iter().map(|frame| frame.bytes.clone()).collect();
        let parts = ranges(readers.len(), max_parts);
        let parts = parts.map(|range| write_part(number, Arc::clone(&bytes), Arc::clone(readers), range));
        if parts.len() == 1 {
            for part in parts {
                part.await;
            }
        } else {
            // The last one is this worker's own, and the others' are those before: tokio lets what a task spawned last
            // be taken by nobody else.
            let mut writing: JoinSet<()> = parts.collect();
            while writing.join_next().await.is_some() {}
        }
    }
}

async fn write_part<P: Peer>(
    number: ChannelNumber,
    frames: Arc<[Bytes]>,
    readers: Arc<Vec<P>>,
    range: Range<usize>,
) {
    for frame in &*frames {
        write_to(number, frame, readers.get(range.clone()).unwrap_or_default()).await;
    }
}

/// Writes one frame to readers, and lets others run in between.
pub(super) async fn write_to<P: Peer>(number: ChannelNumber, frame: &Bytes, readers: &[P]) {
    let mut chunks = readers.chunks(WRITES_PER_TURN).peekable();
    while let Some(chunk) = chunks.next() {
        for reader in chunk {
            reader.write(number, frame);
        }
        if chunks.peek().is_some() {
            tokio::task::yield_now().await;
        }
    }
}

/// The parts of so many readers: as equal as can be, none too small to be worth it, and at most so many.
fn ranges(readers: usize, max_parts: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
    let parts = (readers / READERS_PER_PART).clamp(1, max_parts.max(1));
    (0..parts).map(move |part| readers * part / parts..readers * (part + 1) / parts)
}

#[cfg(test)]
#[path = "parts_test.rs"]
mod tests;
