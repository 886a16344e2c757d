//! What a seed makes of a run: how many take part, how much is kept, and how bad the weather is.

use std::time::Duration;

use realtime_protocol::limits::{JOINED_FRAME_BYTES, RECOVERY_FRAME_BYTES};

use crate::random::Random;

/// The conditions of one run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Clients; some share a user, some are visitors.
    pub(crate) clients: usize,
    /// Users who have tokens.
    pub(crate) users: usize,
    /// Channels.
    pub(crate) channels: usize,
    /// Hubs that share the channels.
    pub(crate) hubs: usize,
    /// For how long things happen. Then the weather is fine, and everybody has to come to rest.
    pub(crate) storm: Duration,
    /// The longest time between two publishes, in milliseconds.
    pub(crate) publish_every_ms: u64,
    /// The longest time between two faults, in milliseconds.
    pub(crate) fault_every_ms: u64,
    /// The longest time that a segment takes, in milliseconds.
    pub(crate) latency_ms: u64,
    /// Bytes that a socket takes before its reader reads.
    pub(crate) socket_bytes: usize,
    /// Bytes of messages that may wait for one reader.
    pub(crate) outbox_bytes: usize,
    /// Messages that a channel keeps.
    pub(crate) history_messages: usize,
    /// For how long it keeps them.
    pub(crate) history_age: Duration,
    /// Bytes of the largest recovery.
    pub(crate) recovery_bytes: usize,
    /// Bytes at which a frame of joined messages is closed. Only a whole frame is heard, so a link that needs longer
    /// for one than silence may last would never bring it.
    pub(crate) joined_frame_bytes: usize,
    /// The same for what a recovery brings.
    pub(crate) recovery_frame_bytes: usize,
    /// Readers above which a batch is large.
    pub(crate) large_audience: usize,
    /// The heartbeat's interval.
    pub(crate) heartbeat: Duration,
    /// Subscriptions that one connection may have.
    pub(crate) max_subscriptions: usize,
    /// The longest time that a question about a permission takes, in milliseconds.
    pub(crate) question_ms: u64,
    /// The longest time between two frames that a hub's flusher writes, in milliseconds.
    pub(crate) write_pause_ms: u64,
    /// For how long a token holds.
    pub(crate) token_life: Option<Duration>,
}

impl Plan {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut one_of = |choices: &[u64]| choices.get(random.index(choices.len())).copied().unwrap_or(1);
        let latency_ms = one_of(&[1, 10, 60, 400]);
        // At least a KB a second: more than what counts as reading.
        let socket_bytes = one_of(&[64, 300, 2_000, 100_000]).max(latency_ms) as usize;
        Self {
            clients: one_of(&[1, 2, 3, 4, 6, 8]) as usize,
            users: one_of(&[1, 2, 3, 5]) as usize,
            channels: one_of(&[1, 2, 3, 4]) as usize,
            hubs: one_of(&[1, 1, 2, 3]) as usize,
            storm: Duration::from_secs(one_of(&[20, 40, 60, 120])),
            publish_every_ms: one_of(&[100, 300, 1_000, 4_000]),
            fault_every_ms: one_of(&[500, 1_500, 4_000, 10_000]),
            latency_ms,
            socket_bytes,
            joined_frame_bytes: if socket_bytes < 100_000 { 150 } else { JOINED_FRAME_BYTES },
            recovery_frame_bytes: if socket_bytes < 100_000 { 150 } else { RECOVERY_FRAME_BYTES },
            outbox_bytes: one_of(&[100, 300, 1_500, 4_000, 1_000_000]) as usize,
            history_messages: one_of(&[0, 1, 5, 30, 1_000]) as usize,
            history_age: Duration::from_secs(one_of(&[2, 10, 60, 300])),
            recovery_bytes: one_of(&[200, 2_000, 1_000_000]) as usize,
            large_audience: one_of(&[0, 2, 512]) as usize,
            heartbeat: Duration::from_secs(one_of(&[2, 5, 25])),
            max_subscriptions: one_of(&[1, 3, 100, 100]) as usize,
            question_ms: one_of(&[0, 5, 300]),
            write_pause_ms: one_of(&[0, 2, 2, 300]),
            token_life: Some(Duration::from_secs(one_of(&[15, 40, 300, 0]))).filter(|life| !life.is_zero()),
        }
    }
}
