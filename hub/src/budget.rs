//! One memory budget over all channels of all hubs of a process, and one for the ids of publishes.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Twice the usual limit of a payload.
const MIN_MARGIN_BYTES: usize = 128 * 1024;

/// Counts what histories and channels hold, and publish ids. Hubs that share it evict their oldest messages while it is
/// exceeded.
#[derive(Debug)]
pub struct MemoryBudget {
    limit_bytes: usize,
    used_bytes: AtomicUsize,
    publish_ids: AtomicUsize,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub const fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, used_bytes: AtomicUsize::new(0), publish_ids: AtomicUsize::new(0) }
    }

    /// Bytes in use.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// Whether more is in use than may be.
    pub fn is_exceeded(&self) -> bool {
        self.used_bytes() > self.limit_bytes
    }

    /// Whether hardly any room is left: some messages would exceed it.
    pub fn is_nearly_full(&self) -> bool {
        self.used_bytes() > self.limit_bytes - self.margin_bytes()
    }

    /// Whether there is room again after it was nearly full: twice as much as was left then.
    pub fn has_room(&self) -> bool {
        self.used_bytes() <= self.limit_bytes - 2 * self.margin_bytes()
    }

    /// A thousandth, so that making room is done for many messages at once and takes no time that anybody notices; in small
    /// budgets what a large message or two take.
    fn margin_bytes(&self) -> usize {
        (self.limit_bytes / 1024).max(MIN_MARGIN_BYTES).min(self.limit_bytes / 8)
    }

    pub(crate) fn charge(&self, bytes: usize) {
        self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn release(&self, bytes: usize) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Publish ids that are remembered.
    pub fn publish_ids(&self) -> usize {
        self.publish_ids.load(Ordering::Relaxed)
    }

    pub(crate) fn charge_id(&self) {
        self.publish_ids.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn release_id(&self) {
        self.publish_ids.fetch_sub(1, Ordering::Relaxed);
    }
}
