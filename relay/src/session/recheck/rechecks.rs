//! Running subscriptions that are to be asked about again, as sessions and backends see them.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use realtime_protocol::channel::Channel;
use realtime_protocol::subscriber::UserId;
use tokio::sync::{Notify, Semaphore};

use crate::permission::gauge;
use crate::session::recheck::changes::{Changes, Generation};
use crate::session::recheck::pending::{Pending, Target};
use crate::session::recheck::selection::Selection;

/// Questions about running subscriptions that are open at once. Few beside those of clients that subscribe, which
/// should not wait behind them, and enough to keep the rate where an answer takes some milliseconds.
pub const MAX_OPEN_QUESTIONS: usize = 32;

/// What has changed, and what is to be asked because of that.
#[derive(Debug)]
pub struct Rechecks {
    changes: Changes,
    pending: Mutex<Pending>,
    pub(super) wake: Notify,
    pub(super) open: Arc<Semaphore>,
    pub(super) per_second: u32,
}

impl Rechecks {
    /// Nothing to ask yet; at most so many questions a second later.
    pub fn new(per_second: u32) -> Arc<Self> {
        Arc::new(Self {
            changes: Changes::default(),
            pending: Mutex::default(),
            wake: Notify::new(),
            open: Arc::new(Semaphore::new(MAX_OPEN_QUESTIONS)),
            per_second,
        })
    }

    /// Where things stand: to be noted when a question is asked.
    pub fn generation(&self) -> Generation {
        self.changes.generation()
    }

    /// Whether the answer to a question that was asked then may be another now.
    pub fn concern(&self, since: Generation, channel: &Channel, user: &UserId) -> bool {
        self.changes.concern(since, channel, user)
    }

    /// Notes a change: from now on, answers from before are outdated. Then the subscriptions that it concerns are to be
    /// looked up and [added](Self::add), in this order.
    pub fn note(&self, selection: Selection) {
        self.changes.note(selection);
    }

    /// Adds subscriptions that are to be asked about.
    pub fn add(&self, targets: Vec<Target>) {
        self.change(|pending| pending.add(targets));
    }

    pub(super) fn put_off(&self, target: Target, now: Duration) {
        self.change(|pending| pending.put_off(target, now));
    }

    pub(super) fn next(&self, now: Duration) -> Option<Target> {
        let mut pending = self.pending.lock();
        let next = pending.next(now);
        gauge::set_waiting_rechecks(pending.len());
        next
    }

    /// When something is to be asked, if anything is.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.pending.lock().next_at()
    }

    fn change(&self, change: impl FnOnce(&mut Pending)) {
        let mut pending = self.pending.lock();
        change(&mut pending);
        gauge::set_waiting_rechecks(pending.len());
        drop(pending);
        self.wake.notify_one();
    }
}
