//! Writing frames to many readers, by several workers: the fan-out of one busy channel is not bound to one core.
//!
//! Each reader gets the frames in their order. Frames for the same readers are written together, and each part of the
//! readers is taken by one worker; frames for others (somebody has come or gone in between) wait until all parts are done,
//! because a reader may be in another part then.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use realtime_protocol::frame::ChannelNumber;
use tokio::task::JoinSet;

use crate::broker::pages::Pages;
use crate::broker::peer::Peer;

/// Writes between two yields. At some microseconds a write others wait for a millisecond or two.
pub(super) const WRITES_PER_TURN: usize = 256;

/// Readers that are worth a further worker: at some microseconds a write, these take most of a millisecond, and waking
/// another worker takes some microseconds.
const READERS_PER_WORKER: usize = 256;

/// Readers that a worker takes at a time. Whoever has less time takes fewer parts, and nobody waits long for the last one.
const READERS_PER_PART: usize = 32;

/// So many frames of a batch are put into pages that sockets share. Readers of large frames are seldom given more at once,
/// and each has four descriptors for as long as it is written.
const MAX_IN_PAGES: usize = 8;

/// A frame and those who get it.
#[derive(Debug)]
pub(super) struct Frame<P> {
    pub(super) bytes: Bytes,
    pub(super) readers: Arc<Vec<P>>,
}

/// Writes frames in their order, on at most so many workers at once.
pub(super) async fn write<P: Peer>(number: ChannelNumber, frames: Vec<Frame<P>>, max_workers: usize) {
    for alike in frames.chunk_by(|one, next| Arc::ptr_eq(&one.readers, &next.readers)) {
        let Some(Frame { readers, .. }) = alike.first() else { continue };
        let frames = alike.iter().map(|frame| frame.bytes.clone()).collect();
        let workers = workers(readers.len(), max_workers);
        let parts =
            Arc::new(Parts { number, frames, readers: Arc::clone(readers), taken: AtomicUsize::new(0) });
        if workers == 1 {
            parts.write().await;
        } else {
            // The last one is this worker's own, and the others' are those before: tokio lets what a task spawned last
            // be taken by nobody else.
            let mut writing: JoinSet<()> = (0..workers).map(|_| Arc::clone(&parts).write()).collect();
            while writing.join_next().await.is_some() {}
        }
    }
}

/// Frames for the same readers, and how far those are taken.
#[derive(Debug)]
struct Parts<P> {
    number: ChannelNumber,
    frames: Vec<Bytes>,
    readers: Arc<Vec<P>>,
    taken: AtomicUsize,
}

impl<P: Peer> Parts<P> {
    /// Takes parts and writes to them until none is left.
    async fn write(self: Arc<Self>) {
        let mut writes = 0;
        let mut in_pages = None;
        while let Some(part) = self.next() {
            let in_pages = in_pages.get_or_insert_with(|| self.in_pages());
            for (index, frame) in self.frames.iter().enumerate() {
                if writes >= WRITES_PER_TURN {
                    writes = 0;
                    tokio::task::yield_now().await;
                }
                let pages = in_pages.get_mut(index).and_then(Option::as_mut);
                write_part(self.number, frame, pages, part);
                writes += part.len();
            }
        }
    }

    /// The pages of the first frames, where they are worth it.
    fn in_pages(&self) -> Vec<Option<Pages>> {
        let first = self.frames.iter().take(MAX_IN_PAGES);
        first.map(|frame| Pages::of(frame, self.readers.len())).collect()
    }

    fn next(&self) -> Option<&[P]> {
        // Only who takes what is decided here: the readers themselves have been there before.
        let start = self.taken.fetch_add(READERS_PER_PART, Ordering::Relaxed);
        self.readers.get(start..)?.chunks(READERS_PER_PART).next()
    }
}

/// Writes one frame to readers, and lets others run in between.
pub(super) async fn write_to<P: Peer>(number: ChannelNumber, frame: &Bytes, readers: &[P]) {
    let mut pages = Pages::of(frame, readers.len());
    let mut chunks = readers.chunks(WRITES_PER_TURN).peekable();
    while let Some(chunk) = chunks.next() {
        write_part(number, frame, pages.as_mut(), chunk);
        if chunks.peek().is_some() {
            tokio::task::yield_now().await;
        }
    }
}

fn write_part<P: Peer>(number: ChannelNumber, frame: &Bytes, pages: Option<&mut Pages>, readers: &[P]) {
    match pages {
        None => each(readers, |reader| reader.write(number, frame)),
        Some(pages) => each(readers, |reader| reader.write_shared(number, frame, pages)),
    }
}

/// Does something for one reader after the other, each time while the next one is fetched.
fn each<P: Peer>(readers: &[P], mut act: impl FnMut(&P)) {
    let mut following = readers.iter().skip(1);
    for reader in readers {
        if let Some(next) = following.next() {
            next.prefetch();
        }
        act(reader);
    }
}

/// How many workers so many readers are worth, of at most so many.
fn workers(readers: usize, max_workers: usize) -> usize {
    (readers / READERS_PER_WORKER).clamp(1, max_workers.max(1))
}

#[cfg(test)]
#[path = "parts_test.rs"]
mod tests;
