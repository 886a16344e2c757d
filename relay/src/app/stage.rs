//! Tasks that begin and stop together.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tasks that stop together.
#[derive(Default)]
pub struct Stage {
    /// Has all of them stop.
    pub cancel: CancellationToken,
    /// Who waits for them.
    pub tracker: TaskTracker,
}

impl Stage {
    /// Has them stop, and waits for them until the deadline; what is left then is told in the log.
    pub async fn stop(self, deadline: Duration, what: &str) {
        self.cancel.cancel();
        self.tracker.close();
        wait(&self.tracker, deadline, what).await;
    }
}

/// Waits for tasks until the deadline; what is left then is told in the log.
pub async fn wait(tracker: &TaskTracker, deadline: Duration, what: &str) {
    if timeout(deadline, tracker.wait()).await.is_err() {
        tracing::warn!(left = tracker.len(), what, "not everything ended in time");
    }
}
