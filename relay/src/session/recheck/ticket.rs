//! The right to ask about one running subscription.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use crate::session::recheck::pending::Target;
use crate::session::recheck::rechecks::Rechecks;

/// As long as this is there, its question counts as one of those that are being asked. Dropped without a word, the
/// subscription is done with: it was answered, or has ended.
#[derive(Debug)]
pub struct Ticket {
    rechecks: Arc<Rechecks>,
    target: Target,
    _permit: OwnedSemaphorePermit,
}

impl Ticket {
    pub(super) const fn new(rechecks: Arc<Rechecks>, target: Target, permit: OwnedSemaphorePermit) -> Self {
        Self { rechecks, target, _permit: permit }
    }

    /// The answer is outdated: the question is to be asked once more.
    pub fn again(self) {
        self.rechecks.add(vec![self.target]);
    }

    /// Nobody could decide: the question is to be asked again later.
    pub fn put_off(self, now: Duration) {
        self.rechecks.put_off(self.target, now);
    }
}
