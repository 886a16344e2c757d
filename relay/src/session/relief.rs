//! The memory of what waits for clients, of the whole relay: looked at every second, and relieved when it is too much.
//!
//! A frame that waits for many readers is one piece of memory. So the sum over all outboxes, each of which counts its
//! frames in full, tells that there is enough, and only when it does not are the frames themselves counted, each once.

use std::collections::HashMap;
use std::sync::Arc;

use metrics::{counter, describe_counter};

use crate::log::pace::Pace;
use crate::session::connection::Connection;
use crate::session::registry::Registry;

const RELIEVED: &str = "relay_outboxes_relieved_total";

/// Tells the metrics recorder what this room counts through it.
pub fn describe() {
    describe_counter!(
        RELIEVED,
        "Clients that were sent away to recover because the relay's memory was used up."
    );
    // It is there before the first time, so that whoever watches it sees that, too.
    counter!(RELIEVED).increment(0);
}

/// Sends away those for whom most waits, until what waits has at most so many bytes. Returns how many. `waiting_bytes` is
/// what [`Registry::waiting_bytes`] has just told.
pub fn relieve(registry: &Registry, waiting_bytes: usize, allowed_bytes: usize) -> usize {
    if waiting_bytes <= allowed_bytes {
        return 0;
    }
    let mut waiting = registry.with_something_waiting();
    let mut memory = Memory::default();
    for (_, connection) in &waiting {
        connection.each_waiting(|frame| memory.add(frame));
    }
    if memory.bytes <= allowed_bytes {
        return 0;
    }
    waiting.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let relieved =
        send_away(waiting.into_iter().map(|(_, connection)| connection), &mut memory, allowed_bytes);
    tell(relieved);
    relieved
}

fn send_away(
    connections: impl Iterator<Item = Arc<Connection>>,
    memory: &mut Memory,
    allowed_bytes: usize,
) -> usize {
    let mut relieved = 0;
    for connection in connections {
        if memory.bytes <= allowed_bytes {
            break;
        }
        connection.each_waiting(|frame| memory.remove(frame));
        relieved += usize::from(connection.send_away());
    }
    relieved
}

fn tell(relieved: usize) {
    static PACE: Pace = Pace::new();
    counter!(RELIEVED).increment(relieved as u64);
    if let Some(left_out) = PACE.turn() {
        tracing::warn!(
            relieved,
            left_out,
            "the memory for slow clients is used up, so those for whom most waited were sent away to recover \
             (--max-memory-bytes)"
        );
    }
}

/// The memory of frames, each counted once however many wait for it.
#[derive(Default)]
struct Memory {
    bytes: usize,
    /// By where a frame's bytes are: how many outboxes have it.
    frames: HashMap<usize, usize>,
}

impl Memory {
    fn add(&mut self, frame: &[u8]) {
        let holders = self.frames.entry(frame.as_ptr().addr()).or_default();
        *holders += 1;
        if *holders == 1 {
            self.bytes += frame.len();
        }
    }

    fn remove(&mut self, frame: &[u8]) {
        if let Some(holders) = self.frames.get_mut(&frame.as_ptr().addr()) {
            *holders = holders.saturating_sub(1);
            if *holders == 0 {
                self.bytes = self.bytes.saturating_sub(frame.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::broker::peer::Peer;
    use crate::session::connection::SendingState;
    use crate::session::connection::tests::connection;

    async fn waiting(id: u64, frames: &[Bytes]) -> Arc<Connection> {
        let (connection, client) = connection(id, "anna").await;
        // Nobody reads, and nothing is written before somebody flushes.
        std::mem::forget(client);
        frames.iter().for_each(|frame| connection.queue_recovery(frame.clone()));
        connection
    }

    fn open(connections: &[Arc<Connection>]) -> Vec<bool> {
        connections.iter().map(|connection| connection.state() == SendingState::Open).collect()
    }

    #[tokio::test]
    async fn those_for_whom_most_waits_are_sent_away_until_it_is_enough() {
        let registry = Registry::default();
        let frame = |bytes: usize| Bytes::from(vec![0; bytes]);
        let connections = [
            waiting(1, &[frame(100)]).await,
            waiting(2, &[frame(500), frame(500)]).await,
            waiting(3, &[]).await,
            waiting(4, &[frame(800)]).await,
        ];
        connections.iter().for_each(|connection| registry.enter(connection));
        assert_eq!(registry.waiting_bytes(), 1_900);
        assert_eq!(relieve(&registry, registry.waiting_bytes(), 1_900), 0);
        assert_eq!(relieve(&registry, registry.waiting_bytes(), 900), 1);
        assert_eq!(open(&connections), [true, false, true, true]);
        assert_eq!(
            relieve(&registry, registry.waiting_bytes(), 899 + 100),
            0,
            "what is left of who was sent away is a close frame"
        );
    }

    #[tokio::test]
    async fn a_frame_that_waits_for_many_is_counted_once() {
        let registry = Registry::default();
        let shared = Bytes::from(vec![0; 1_000]);
        let connections = [
            waiting(1, std::slice::from_ref(&shared)).await,
            waiting(2, &[shared.clone(), Bytes::from(vec![0; 50])]).await,
        ];
        connections.iter().for_each(|connection| registry.enter(connection));
        assert_eq!(relieve(&registry, registry.waiting_bytes(), 1_050), 0);
        assert_eq!(open(&connections), [true, true]);
        // To be rid of the frame both have to go.
        assert_eq!(relieve(&registry, registry.waiting_bytes(), 500), 2);
    }
}
