//! One memory budget over all channels of all hubs of a process, and one for the ids of publishes.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What channels themselves may hold in any case, however little is kept of their messages: some 150,000 of them.
pub const MIN_CHANNELS_BYTES: usize = 64 * 1024 * 1024;

/// Twice the usual limit of a payload.
const MIN_MARGIN_BYTES: usize = 128 * 1024;

/// Counts what histories and channels hold, and publish ids. Hubs that share it evict their oldest messages while it is
/// exceeded.
#[derive(Debug)]
pub struct MemoryBudget {
    limit_bytes: usize,
    /// How little room is hardly any.
    margin_bytes: usize,
    channels_limit_bytes: usize,
    used_bytes: AtomicUsize,
    channel_bytes: AtomicUsize,
    publish_ids: AtomicUsize,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub fn new(limit_bytes: usize) -> Self {
        Self::with_channels(limit_bytes, MIN_CHANNELS_BYTES)
    }

    /// A budget of so many bytes, of which channels themselves may hold half, and so many in any case.
    pub fn with_channels(limit_bytes: usize, least_channels_bytes: usize) -> Self {
        Self {
            limit_bytes,
            // A thousandth, so that making room is done for many messages at once and takes no time that anybody notices; in
            // small budgets what a large message or two take.
            margin_bytes: (limit_bytes / 1024).max(MIN_MARGIN_BYTES).min(limit_bytes / 8),
            channels_limit_bytes: least_channels_bytes.max(limit_bytes / 2),
            used_bytes: AtomicUsize::new(0),
            channel_bytes: AtomicUsize::new(0),
            publish_ids: AtomicUsize::new(0),
        }
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
        self.used_bytes() > self.limit_bytes - self.margin_bytes
    }

    /// Whether there is room again after it was nearly full: twice as much as was left then.
    pub fn has_room(&self) -> bool {
        self.used_bytes() <= self.limit_bytes - 2 * self.margin_bytes
    }

    /// Whether those who come to read may make further channels.
    pub fn has_place_for_channels(&self) -> bool {
        self.channel_bytes.load(Ordering::Relaxed) <= self.channels_limit_bytes
    }

    pub(crate) fn charge_channel(&self, bytes: usize) {
        self.channel_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.charge(bytes);
    }

    pub(crate) fn release_channel(&self, bytes: usize) {
        self.channel_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.release(bytes);
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
