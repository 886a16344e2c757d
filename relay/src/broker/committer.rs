//! The thread that writes what the store has collected, and has everyone told.
//!
//! A thread and no task: a write may wait for the disk. Telling is a task: whoever is told then runs as one crowd on its
//! worker. Told from the thread, the first of them took the core from it, and then the next, which cost a change between
//! the two for each publish (`docs/decisions/0014-what-the-data-plane-costs.md`).

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};

use tokio::runtime::Handle;

use crate::broker::peer::Peer;
use crate::broker::shards::Shard;
use crate::clock::Clock;
use crate::store::contract::{Commit, Store};

/// Starts it, inside a Tokio runtime. It ends when the store is closed and everything is written and told, or with the
/// runtime.
///
/// # Errors
/// When the system has no thread for it.
pub fn start<P: Peer>(
    shards: Vec<Arc<Shard<P>>>,
    store: Arc<dyn Store>,
    clock: Clock,
) -> io::Result<JoinHandle<()>> {
    let runtime = Handle::current();
    let shards: Arc<[_]> = shards.into();
    let work = move || {
        while let Some(commit) = store.commit() {
            let telling = runtime.spawn(tell(commit, Arc::clone(&shards), Arc::clone(&store), clock));
            // The next commit must not be told before this one: what failed is taken back to the last that did not.
            match runtime.block_on(telling) {
                Ok(()) => {}
                Err(error) if error.is_cancelled() => return,
                Err(error) => resume_unwind(error.into_panic()),
            }
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

/// Lets everyone know what became of what was collected.
pub(super) async fn tell<P: Peer>(
    commit: Commit,
    shards: Arc<[Arc<Shard<P>>]>,
    store: Arc<dyn Store>,
    clock: Clock,
) {
    take_in(&commit, &shards, clock);
    commit.told.iter().for_each(|(_, outcome)| outcome.tell(commit.result.clone().map(|_| ())));
    store.told(&commit);
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
                if accepted.messages > 0 {
                    shard.stored.notify_waiters();
                }
            }
            Err(_) => hub.take_back(),
        }
    }
}
