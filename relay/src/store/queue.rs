//! What is collected for the disk and what became of it, without touching it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use realtime_hub::deferred::Ticket;

use super::batch::Batch;
use super::body::FileBody;
use super::contract::{Collected, Commit, Status};
use super::end::{Boot, End};
use super::files::Files;
use super::gauge;
use super::medium::Reach;
use super::outcome::Outcome;
use super::record::Seal;
use super::refusal::Refusal;
use super::streams::Streams;

/// Bytes that may wait for the disk. A second of what a disk takes: a publisher should not wait longer unheard.
const MAX_BATCH_BYTES: usize = 64 * 1024 * 1024;

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author {
    /// The store.
    pub(crate) store: u64,
    /// This start of the relay.
    pub(crate) start: u64,
    /// This life of the machine.
    pub(crate) boot: Boot,
    /// The inode of the end's file.
    pub(crate) inode: u64,
    /// Whether everything is on the disk before it is acknowledged.
    pub(crate) is_synced: bool,
}

/// The batch that is collected, and everything that goes with it.
pub(crate) struct Queue {
    pub(crate) author: Author,
    pub(crate) files: Files,
    file_bytes: u64,
    batch: Batch,
    /// Messages of the batch that is being written.
    writing: usize,
    /// Streams that the batch's file knows.
    streams: Streams,
    is_roll_due: bool,
    /// How long the disk may take to answer.
    patience: Duration,
    /// Since when somebody waits for the disk, or since its last answer while others wait.
    unanswered_since: Option<Instant>,
    refuses: Option<(Refusal, Instant)>,
    /// The reserve is there to be written to although nothing else is taken.
    is_relieving: bool,
    is_closing: bool,
    /// Files that nobody needs, and whether people may want to look at them.
    removals: Vec<(u32, bool)>,
    /// Outcomes that have not been told yet.
    outcomes: Vec<(Ticket, Arc<Outcome>)>,
}

impl Queue {
    /// A queue whose first batch begins a file after these, `streams` being those of the newest. A file is sealed when
    /// it has `file_bytes`. Nothing is taken while the disk has not answered for longer than `patience`.
    pub(crate) fn new(
        author: Author,
        file_bytes: u64,
        patience: Duration,
        files: Files,
        streams: Streams,
    ) -> Self {
        let mut queue = Self {
            batch: Batch::new(Ticket(0), Seal::of(0)),
            writing: 0,
            author,
            file_bytes,
            files,
            streams,
            is_roll_due: false,
            patience,
            unanswered_since: None,
            refuses: None,
            is_relieving: false,
            is_closing: false,
            removals: Vec::new(),
            outcomes: Vec::new(),
        };
        let (number, bytes) = (queue.files.next_number(), queue.files.newest_bytes());
        queue.begin(|queue, ticket| queue.opening(ticket, number, bytes));
        queue
    }

    /// Collects something.
    pub(crate) fn collect(
        &mut self,
        add: impl FnOnce(&mut Batch, &mut Streams),
    ) -> Result<Collected, Refusal> {
        match &self.refuses {
            Some((refusal, _)) => Err(refusal.clone()),
            None if self.silent_for().is_some() => Err(Refusal::Silent),
            None => self.collect_again(add),
        }
    }

    /// Lets go of everyone who waits for a disk that has not answered for too long. What becomes of the messages is told
    /// to who asks later.
    pub(crate) fn let_go(&mut self) {
        if self.silent_for().is_none() {
            return;
        }
        for (ticket, outcome) in &mut self.outcomes {
            outcome.tell(Err(Refusal::Unanswered));
            // What is still collected may have company by the time at which the disk answers.
            if *ticket == self.batch.ticket {
                *outcome = Arc::default();
                self.batch.outcome = Arc::clone(outcome);
            }
        }
    }

    /// How long the disk has not answered, when that is too long.
    fn silent_for(&self) -> Option<Duration> {
        self.unanswered_since.map(|since| since.elapsed()).filter(|silence| *silence > self.patience)
    }

    /// Collects something that has to be written again, which goes on while a full disk is relieved.
    pub(crate) fn collect_again(
        &mut self,
        add: impl FnOnce(&mut Batch, &mut Streams),
    ) -> Result<Collected, Refusal> {
        if let Some((refusal, _)) = self.refuses.as_ref().filter(|_| !self.is_relieving) {
            return Err(refusal.clone());
        }
        if self.is_closing {
            return Err(Refusal::Stopping);
        }
        if self.batch.bytes.len() > MAX_BATCH_BYTES {
            return Err(Refusal::Busy);
        }
        add(&mut self.batch, &mut self.streams);
        self.unanswered_since.get_or_insert_with(Instant::now);
        Ok(Collected { ticket: self.batch.ticket, outcome: Arc::clone(&self.batch.outcome) })
    }

    /// The batch, if somebody waits for it, to be written now.
    pub(crate) fn take(&mut self) -> Option<Batch> {
        if !self.batch.is_wanted {
            return None;
        }
        let (number, before) = match (&self.batch.opens, self.files.growing()) {
            (Some((number, _)), _) => (*number, 0),
            (None, Some(file)) => (file.number, file.bytes),
            (None, None) => (self.files.next_number(), 0),
        };
        let bytes = before + self.batch.bytes.len() as u64;
        let is_forced = std::mem::take(&mut self.is_roll_due);
        let taken = if is_forced || bytes >= self.file_bytes {
            self.begin(|queue, ticket| queue.opening(ticket, number + 1, bytes))
        } else {
            self.begin(|_, ticket| Batch::new(ticket, Seal::of(number)))
        };
        // Whoever wants a new file does not want to wait for the next message.
        self.batch.is_wanted |= is_forced;
        self.writing = taken.messages;
        Some(taken)
    }

    /// Makes a batch the one that is collected. Returns the one before it.
    fn begin(&mut self, make: impl FnOnce(&mut Self, Ticket) -> Batch) -> Batch {
        let ticket = Ticket(self.batch.ticket.0 + 1);
        let batch = make(self, ticket);
        self.outcomes.push((ticket, Arc::clone(&batch.outcome)));
        std::mem::replace(&mut self.batch, batch)
    }

    fn opening(&mut self, ticket: Ticket, number: u32, previous_bytes: u64) -> Batch {
        let Author { store, start, .. } = self.author;
        let about = FileBody { store, start, previous_bytes, streams: 0 };
        Batch::opening(ticket, number, about, &mut self.streams)
    }

    /// The end of the history once a batch is written.
    pub(crate) fn end_with(&self, batch: &Batch) -> End {
        let (newest, before) = match (&batch.opens, self.files.growing()) {
            (None, Some(file)) => (file.number, file.bytes),
            (Some((number, _)), _) => (*number, 0),
            (None, None) => (0, 0),
        };
        let oldest = self.files.oldest().unwrap_or(newest);
        End { oldest, newest, bytes: before + batch.bytes.len() as u64, ..self.author.end(false) }
    }

    /// The end of the history as it is.
    pub(crate) fn end(&self, is_clean: bool) -> End {
        self.files.end(self.author.end(is_clean))
    }

    /// A batch is written.
    pub(crate) fn wrote(&mut self, batch: Batch, took: Duration) -> Commit {
        self.unanswered_since = self.batch.is_wanted.then(Instant::now);
        self.writing = 0;
        let bytes = batch.bytes.len() as u64;
        self.files.wrote(batch.opens.map(|(number, _)| number), bytes, batch.newest_at);
        gauge::note_commit(bytes, took);
        Commit { result: Ok(batch.ticket), told: vec![(batch.ticket, batch.outcome)] }
    }

    /// A batch could not be written: what is collected meanwhile is undone with it, and nothing is taken until
    /// [`Queue::recovered`].
    pub(crate) fn failed(&mut self, failed: Batch, refusal: Refusal) -> Commit {
        let since = self.refuses.take().map_or_else(Instant::now, |(_, since)| since);
        self.refuses = Some((refusal.clone(), since));
        self.unanswered_since = None;
        self.writing = 0;
        self.is_relieving = false;
        let spare = Batch::new(self.batch.ticket, Seal::of(0));
        let collected = std::mem::replace(&mut self.batch, spare);
        let told = [&failed, &collected].map(|batch| (batch.ticket, Arc::clone(&batch.outcome)));
        let opens = failed.opens.is_some();
        collected.undo(&mut self.streams);
        failed.undo(&mut self.streams);
        let (number, bytes) = (self.files.next_number(), self.files.newest_bytes());
        match self.files.growing().filter(|_| !opens).map(|file| file.number) {
            Some(number) => self.begin(|_, ticket| Batch::new(ticket, Seal::of(number))),
            None => self.begin(|queue, ticket| queue.opening(ticket, number, bytes)),
        };
        Commit { result: Err(refusal), told: told.into() }
    }

    /// Whether something could not be written, and since when.
    pub(crate) fn refuses(&self) -> Option<&(Refusal, Instant)> {
        self.refuses.as_ref()
    }

    /// It still cannot be written.
    pub(crate) fn still_refuses(&mut self, now: Refusal) {
        if let Some((refusal, _)) = &mut self.refuses {
            *refusal = now;
        }
    }

    /// Whether nothing is taken because the disk is full.
    pub(crate) const fn is_full(&self) -> bool {
        matches!(self.refuses, Some((Refusal::Full, _)))
    }

    /// The reserve is there to be written to.
    pub(crate) const fn begin_relief(&mut self) {
        self.is_relieving = self.refuses.is_some();
    }

    pub(crate) const fn is_relieving(&self) -> bool {
        self.is_relieving
    }

    /// The disk takes something again. Returns since when it had not.
    pub(crate) fn recovered(&mut self) -> Option<Instant> {
        self.is_relieving = false;
        self.refuses.take().map(|(_, since)| since)
    }

    pub(crate) const fn close(&mut self) {
        self.is_closing = true;
    }

    /// Whether there is something to do for the one who writes.
    pub(crate) const fn has_work(&self) -> bool {
        self.batch.is_wanted || !self.removals.is_empty() || self.is_closing
    }

    pub(crate) const fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// The file that grows is sealed soon, so that it can be removed.
    pub(crate) fn roll(&mut self) {
        if self.files.growing().is_none() || self.batch.opens.is_some() {
            return;
        }
        self.is_roll_due = true;
        self.batch.is_wanted = true;
    }

    /// Nobody needs the oldest file any more.
    pub(crate) fn remove_oldest(&mut self) {
        if let Some(file) = self.files.oldest_sealed() {
            self.files.remove_oldest();
            self.removals.push((file.number, file.is_damaged));
        }
    }

    pub(crate) fn take_removals(&mut self) -> Vec<(u32, bool)> {
        std::mem::take(&mut self.removals)
    }

    /// The outcome of a ticket that has not been told yet.
    pub(crate) fn outcome(&self, ticket: Ticket) -> Option<Arc<Outcome>> {
        let found = self.outcomes.iter().find(|(other, _)| *other == ticket);
        found.map(|(_, outcome)| Arc::clone(outcome))
    }

    pub(crate) fn told(&mut self, commit: &Commit) {
        self.outcomes.retain(|(ticket, _)| commit.told.iter().all(|(told, _)| told != ticket));
    }

    /// Messages of which nobody knows yet whether they are stored.
    pub(crate) const fn waiting(&self) -> usize {
        self.writing + self.batch.messages
    }

    pub(crate) fn status(&self) -> Status {
        let refuses = self.refuses.as_ref().map(|(refusal, since)| (refusal.clone(), since.elapsed()));
        Status {
            refuses: refuses.or_else(|| self.silent_for().map(|silence| (Refusal::Silent, silence))),
            disk_bytes: self.files.bytes(),
        }
    }
}

impl Author {
    /// How far a write has to come before it counts.
    pub(crate) const fn reach(&self) -> Reach {
        if self.is_synced { Reach::Disk } else { Reach::System }
    }

    /// An end that this author writes. Where it is has to be filled in.
    pub(crate) const fn end(&self, is_clean: bool) -> End {
        let Self { store, boot, inode, is_synced, .. } = *self;
        End { store, oldest: 0, newest: 0, bytes: 0, is_clean, is_synced, boot, inode }
    }
}
