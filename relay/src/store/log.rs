//! Writing: one write for a batch, and one over the end's file.
//!
//! A disk that is full may be full of this very history. So some of it is kept in reserve: when something can be given
//! back, the reserve is room enough to write again what is still needed.
//!
//! What a failed write has left is cut off before anything else is written, and behind the end it would not count
//! anyway: so nothing that was refused comes back. (Only if the disk refuses even that, and the machine goes down at
//! that moment, a message that was on the disk and refused nonetheless may.)

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::batch::Batch;
use super::contract::{Collected, Commit};
use super::gauge;
use super::medium::{Medium, Reach, Tail};
use super::queue::Queue;
use super::refusal::Refusal;
use super::streams::Streams;

/// How long after a failure the disk is tried again.
const PROBE_AFTER: Duration = Duration::from_secs(1);

/// How much has to fit for the disk to count as good again: more than a usual batch, so that the next one is not
/// refused at once.
const PROBE_BYTES: usize = 256 * 1024;

/// Bytes of the reserve: more than is written again between two looks at what came of it.
const RESERVE_BYTES: usize = 1024 * 1024;

/// The newest end of a history: many collect, one writes.
pub(crate) struct Log {
    pub(crate) medium: Arc<dyn Medium>,
    queue: Mutex<Queue>,
    wake: Condvar,
    writer: Mutex<Writer>,
    /// Grows with every answer of the disk.
    answers: AtomicU64,
}

/// What the one who writes has done.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Something was written, or was not and will not be.
    Wrote(Commit),
    /// Something was done that nobody waits for.
    Tidied,
    /// There was nothing to do.
    Idle,
    /// The disk still does not take anything.
    Refusing,
    /// There will be nothing to do any more.
    Closed,
}

/// What only the one who writes needs.
#[derive(Default)]
struct Writer {
    tail: Option<Box<dyn Tail>>,
    /// A failed write may have left something behind what counts.
    has_rest: bool,
}

impl Log {
    pub(crate) fn new(medium: Arc<dyn Medium>, queue: Queue) -> Self {
        // Where there is no room even for that, there is one as soon as there is.
        let _ = medium.reserve(RESERVE_BYTES);
        Self {
            medium,
            queue: Mutex::new(queue),
            wake: Condvar::new(),
            writer: Mutex::default(),
            answers: AtomicU64::new(0),
        }
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock()
    }

    /// Collects something for the next write.
    pub(crate) fn collect(&self, add: impl FnOnce(&mut Batch, &mut Streams)) -> Result<Collected, Refusal> {
        let collected = self.queue.lock().collect(add)?;
        self.wake.notify_one();
        Ok(collected)
    }

    /// Collects something without which no room can be given back: if need be, from the reserve.
    pub(crate) fn collect_again(
        &self,
        add: impl FnOnce(&mut Batch, &mut Streams),
    ) -> Result<Collected, Refusal> {
        let collected = self.queue.lock().collect_again(add)?;
        self.wake.notify_one();
        Ok(collected)
    }

    /// There is something to give back: on a full disk that is what the reserve is for.
    pub(crate) fn relieve(&self) {
        if self.queue.lock().is_full() && self.medium.release().is_ok() {
            self.queue.lock().begin_relief();
        }
    }

    /// Wakes the one who writes, since the queue has something new for it.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits for a batch and writes it. `None` when the queue is closed and there is none.
    pub(crate) fn commit(&self) -> Option<Commit> {
        loop {
            self.wait();
            // Whoever publishes has just woken this thread. Where both share a core, others are about to publish, too, and
            // what they add is written with the first; where they do not, this takes no time.
            thread::yield_now();
            match self.turn() {
                Turn::Wrote(commit) => return Some(commit),
                Turn::Closed => return None,
                Turn::Tidied | Turn::Idle | Turn::Refusing => {}
            }
        }
    }

    /// Waits until there is something to do.
    fn wait(&self) {
        let mut queue = self.queue.lock();
        if queue.refuses().is_some() && !queue.is_closing() {
            self.wake.wait_for(&mut queue, PROBE_AFTER);
        } else {
            self.wake.wait_while(&mut queue, |queue| !queue.has_work());
        }
    }

    /// Does what there is to do, without waiting for more.
    pub(crate) fn turn(&self) -> Turn {
        let mut writer = self.writer.lock();
        let mut queue = self.queue.lock();
        if queue.refuses().is_some() && !queue.is_relieving() {
            if queue.is_closing() {
                return Turn::Closed;
            }
            drop(queue);
            return self.probe(&mut writer);
        }
        let removals = queue.take_removals();
        if !removals.is_empty() {
            drop(queue);
            self.remove(removals);
            return Turn::Tidied;
        }
        if let Some(batch) = queue.take() {
            drop(queue);
            return Turn::Wrote(self.write(&mut writer, batch));
        }
        match (queue.is_closing(), queue.refuses().is_some()) {
            (true, _) => Turn::Closed,
            (false, false) => Turn::Idle,
            (false, true) => {
                drop(queue);
                self.probe(&mut writer)
            }
        }
    }

    /// A number that grows for as long as the disk goes on answering.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    fn write(&self, writer: &mut Writer, batch: Batch) -> Commit {
        let began = Instant::now();
        let written = self.try_write(writer, &batch);
        self.answered();
        match written {
            Ok(()) => self.queue.lock().wrote(batch, began.elapsed()),
            Err(error) => {
                tracing::error!(%error, "messages cannot be stored: publishes are refused until they can");
                // If that fails, too, it is tried again before anything else is written.
                let _ = self.cut_rest(writer);
                self.queue.lock().failed(batch, Refusal::of(error))
            }
        }
    }

    fn try_write(&self, writer: &mut Writer, batch: &Batch) -> io::Result<()> {
        let (end, is_first, reach) = {
            let queue = self.queue.lock();
            (queue.end_with(batch), queue.files.growing().is_none(), queue.author.reach())
        };
        let mut opened = match &batch.opens {
            Some((number, _)) => Some(self.medium.create(*number, reach)?),
            None => None,
        };
        writer.has_rest |= opened.is_none();
        let Some(tail) = opened.as_mut().or(writer.tail.as_mut()) else {
            return Err(io::Error::other("there is no file to write to"));
        };
        tail.append(&batch.bytes)?;
        if reach == Reach::Disk {
            let began = Instant::now();
            tail.sync()?;
            gauge::note_sync(began.elapsed());
        }
        // After the machine went down it has to be known which file is the newest, and above all that something was
        // written since the last clean stop. How much that was need not be known.
        let end_reach = match opened {
            Some(_) if is_first => Reach::Disk,
            Some(_) => reach,
            None => Reach::System,
        };
        self.medium.write_end(&end.encode(), end_reach)?;
        writer.has_rest = false;
        writer.tail = opened.or(writer.tail.take());
        Ok(())
    }

    /// Tries whether the disk takes something again, after what the failed write has left is gone.
    fn probe(&self, writer: &mut Writer) -> Turn {
        match self.try_probe(writer) {
            Ok(()) => {
                if let Some(since) = self.queue.lock().recovered() {
                    tracing::info!(seconds = since.elapsed().as_secs(), "messages can be stored again");
                }
                Turn::Tidied
            }
            Err(error) => {
                self.queue.lock().still_refuses(Refusal::of(error));
                Turn::Refusing
            }
        }
    }

    fn try_probe(&self, writer: &mut Writer) -> io::Result<()> {
        self.cut_rest(writer)?;
        let reach = self.queue.lock().author.reach();
        self.medium.probe(PROBE_BYTES + RESERVE_BYTES, reach)?;
        self.medium.reserve(RESERVE_BYTES)
    }

    /// Removes what a failed write has left.
    fn cut_rest(&self, writer: &mut Writer) -> io::Result<()> {
        let (end, reach) = {
            let queue = self.queue.lock();
            (queue.end(false), queue.author.reach())
        };
        if let Some(tail) = writer.tail.as_mut().filter(|_| writer.has_rest) {
            tail.cut(end.bytes)?;
            self.medium.write_end(&end.encode(), reach)?;
            writer.has_rest = false;
        }
        Ok(())
    }

    /// Removes files, once the end's file does not count on them any more.
    fn remove(&self, files: Vec<(u32, bool)>) {
        let (end, reach) = {
            let queue = self.queue.lock();
            (queue.end(false), queue.author.reach())
        };
        let removed = self.medium.write_end(&end.encode(), reach).and_then(|()| {
            files.iter().try_for_each(|(number, is_damaged)| match is_damaged {
                true => self.medium.set_aside(*number),
                false => self.medium.remove(*number),
            })
        });
        if let Err(error) = removed {
            // Files before the oldest that counts are removed at the next start.
            tracing::warn!(%error, "a file of the history could not be removed");
        }
    }

    /// Everything is on the disk, and the next start need not doubt it.
    pub(crate) fn finish(&self) -> io::Result<()> {
        let mut writer = self.writer.lock();
        let (end, sealed) = {
            let queue = self.queue.lock();
            (queue.end(true), queue.files.sealed_numbers())
        };
        let has_rest = writer.has_rest;
        // If nothing was written, what the end's file says still holds.
        let Some(tail) = &mut writer.tail else { return Ok(()) };
        // They may have been sealed without waiting for the disk.
        for number in sealed {
            self.medium.sync(number)?;
            self.answered();
        }
        if has_rest {
            tail.cut(end.bytes)?;
        }
        tail.sync()?;
        self.medium.write_end(&end.encode(), Reach::Disk)
    }
}
