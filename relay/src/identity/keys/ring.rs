//! The keys in force, and how one waits for newer ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Notify, watch};

use super::set::KeySet;

/// The keys in force. Clones are the same.
#[derive(Clone, Default)]
pub struct KeyRing {
    shared: Arc<Shared>,
}

/// Newer keys that were asked for.
pub struct Renewal {
    number: u64,
    states: watch::Receiver<State>,
}

/// A reading that has ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It began before somebody asked. What is missing may be too new for it.
    Earlier,
    /// It began afterwards.
    Ours,
}

#[derive(Default)]
struct Shared {
    state: watch::Sender<State>,
    /// The number of the latest reading that has begun; the first is 1.
    begun: AtomicU64,
    /// The number of the latest reading that somebody waits for.
    wanted: AtomicU64,
    wake: Notify,
}

#[derive(Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// The number of the latest reading that has ended.
    ended: u64,
    /// Why that one failed, if it did.
    failure: Option<String>,
}

impl KeyRing {
    /// The keys in force; `None` before the first reading that succeeds.
    pub fn keys(&self) -> Option<Arc<KeySet>> {
        self.shared.state.borrow().keys.clone()
    }

    /// Asks for newer keys. Many who ask share a reading.
    pub fn ask(&self) -> Renewal {
        let number = self.shared.begun.load(Ordering::Acquire) + 1;
        self.shared.wanted.fetch_max(number, Ordering::AcqRel);
        self.shared.wake.notify_one();
        Renewal { number, states: self.shared.state.subscribe() }
    }

    /// Resolves when there are keys.
    pub async fn filled(&self) {
        // The sender is part of this ring: it cannot go first.
        let _ = self.shared.state.subscribe().wait_for(|state| state.keys.is_some()).await;
    }

    /// Whether somebody waits for a reading that has not begun.
    pub fn is_asked_for(&self) -> bool {
        self.shared.wanted.load(Ordering::Acquire) > self.shared.begun.load(Ordering::Acquire)
    }

    /// Resolves when somebody may have asked.
    pub async fn asked(&self) {
        self.shared.wake.notified().await;
    }

    /// A reading begins.
    pub fn begin(&self) {
        self.shared.begun.fetch_add(1, Ordering::AcqRel);
    }

    /// The reading has ended: with new keys, with the same as before, or not at all.
    pub fn end(&self, outcome: Result<Option<KeySet>, String>) {
        self.shared.state.send_modify(|state| {
            state.ended = self.shared.begun.load(Ordering::Acquire);
            match outcome {
                Ok(keys) => {
                    state.failure = None;
                    state.keys = keys.map(Arc::new).or_else(|| state.keys.take());
                }
                Err(reason) => state.failure = Some(reason),
            }
        });
    }
}

impl Renewal {
    /// Waits for the next reading that ends.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn ended(&mut self) -> Result<Reading, String> {
        // The ring is kept by whoever reads the keys: without it there are none to come.
        self.states.changed().await.map_err(|_| "the relay is stopping".to_owned())?;
        let state = self.states.borrow_and_update();
        match &state.failure {
            Some(reason) => Err(reason.clone()),
            None if state.ended < self.number => Ok(Reading::Earlier),
            None => Ok(Reading::Ours),
        }
    }
}
