//! The thread that writes what the store has collected, and tells everyone.
//!
//! A thread and no task: a write may wait for the disk.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use crate::broker::peer::Peer;
use crate::broker::shards::Shard;
use crate::clock::Clock;
use crate::store::contract::{Commit, Store};

/// Starts it. It ends when the store is closed and everything is written.
///
/// # Errors
/// When the system has no thread for it.
pub fn start<P: Peer>(
    shards: Vec<Arc<Shard<P>>>,
    store: Arc<dyn Store>,
    clock: Clock,
) -> io::Result<JoinHandle<()>> {
    let work = move || {
        while let Some(commit) = store.commit() {
            take_in(&commit, &shards, clock);
            commit.told.iter().for_each(|(_, outcome)| outcome.tell(commit.result.clone().map(|_| ())));
            store.told(&commit);
        }
    };
    thread::Builder::new().name("store".to_owned()).spawn(|| {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            // Publishers would wait for ever, and nobody knows what is in the files.
            tracing::error!(
                "the thread that writes the history has panicked: the relay ends, to be started again"
            );
            std::process::abort();
        }
    })
}

/// What is stored is there from now on; what is not never was.
fn take_in<P: Peer>(commit: &Commit, shards: &[Arc<Shard<P>>], clock: Clock) {
    for shard in shards {
        let mut hub = shard.hub.lock();
        match &commit.result {
            Ok(ticket) => {
                let accepted = hub.accept(*ticket, clock.unix_now());
                drop(hub);
                shard.counters.published.fetch_add(accepted.messages as u64, Ordering::Relaxed);
                if accepted.wakes {
                    shard.wake.notify_one();
                }
            }
            Err(_) => hub.take_back(),
        }
    }
}
