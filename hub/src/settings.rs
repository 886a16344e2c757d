//! What a hub may keep, and how it cuts its work.

use std::time::Duration;

use crate::budget::MIN_CHANNELS_BYTES;
use crate::retention::Retentions;

/// The rules of one hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSettings {
    /// What channels keep for recovery.
    pub retentions: Retentions,
    /// How long the id of a publish is remembered.
    pub publish_id_age: Duration,
    /// Publish ids that all hubs which share a budget remember; beyond that each gives up its oldest first, but none more
    /// than leaves it half of its even share.
    pub max_publish_ids: usize,
    /// Bytes that channels themselves may hold in any case. With more than that, and more than half of the budget that all hubs
    /// share, nobody makes further ones by coming to read.
    pub least_channels_bytes: usize,
    /// Bytes that one recovery may have. What is more is not recovered, and the reader is told.
    pub max_recovery_bytes: usize,
    /// Bytes at which a frame of joined messages is closed.
    pub joined_frame_bytes: usize,
    /// The same for what a recovery brings.
    pub recovery_frame_bytes: usize,
    /// Subscribers above which a channel's batch counts as large, see [`crate::hub::Batch::is_large`].
    pub large_audience: usize,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self {
            retentions: Retentions::default(),
            publish_id_age: Duration::from_secs(300),
            // A publisher tries for up to 30 s: 17,000 publishes a second, all of one channel if so. At a hundred bytes each,
            // the tables' spare room included, 52 MB.
            max_publish_ids: 524_288,
            least_channels_bytes: MIN_CHANNELS_BYTES,
            // Eight of the largest outboxes' worth: more is quicker to load anew than to replay.
            max_recovery_bytes: 8 * 1024 * 1024,
            joined_frame_bytes: realtime_protocol::limits::JOINED_FRAME_BYTES,
            recovery_frame_bytes: realtime_protocol::limits::RECOVERY_FRAME_BYTES,
            // A write takes some microseconds in the kernel: more than a few milliseconds of them others should not wait for.
            large_audience: 512,
        }
    }
}

impl HubSettings {
    /// How long anything of a message is remembered at the most.
    pub fn longest_memory(&self) -> Duration {
        let rules = self.retentions.rules.iter().map(|rule| &rule.retention);
        let ages = rules.chain([&self.retentions.default]).map(|retention| retention.age);
        ages.fold(self.publish_id_age, Duration::max)
    }
}
