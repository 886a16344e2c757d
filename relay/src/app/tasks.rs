//! What a relay does by itself, for as long as it runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::app::stage::Stage;
use crate::broker::flusher;
use crate::heap::{self, Tide};
use crate::http::connection::Routes;
use crate::http::listen::{self, Entrance};
use crate::providers::Followed;
use crate::ready::Readiness;
use crate::session::connection::Connection;
use crate::session::recheck::task as recheck;
use crate::session::sessions::Sessions;
use crate::store::refusal::Refusal;
use crate::tls::reload::Watched;

/// How often old messages are looked for.
const TICK: Duration = Duration::from_secs(1);

/// Has messages delivered, subscriptions asked about again, and what is old or left tidied up.
pub fn start_delivery(sessions: &Arc<Sessions>, readiness: &Arc<Readiness>) -> Stage {
    let stage = Stage::default();
    for shard in sessions.broker.shards() {
        stage.tracker.spawn(flusher::run::<Arc<Connection>>(
            Arc::clone(shard),
            stage.cancel.clone(),
            stage.tracker.clone(),
        ));
    }
    stage.tracker.spawn(recheck::run(Arc::clone(sessions), stage.cancel.clone()));
    stage.tracker.spawn(tick(Arc::clone(sessions), Arc::clone(readiness), stage.cancel.clone()));
    stage
}

/// Follows a permissions file. Returns what tells it to look now.
pub fn start_following(followed: Followed, sessions: &Arc<Sessions>, stage: &Stage) -> Arc<Notify> {
    let told = Arc::new(Notify::new());
    stage.tracker.spawn(followed.run(Arc::clone(sessions), Arc::clone(&told), stage.cancel.clone()));
    told
}

/// Follows a certificate's files. Returns what tells it to look now.
pub fn start_renewal(watched: Watched, stage: &Stage) -> Arc<Notify> {
    let told = Arc::new(Notify::new());
    stage.tracker.spawn(watched.run(Arc::clone(&told), stage.cancel.clone()));
    told
}

/// Listens at an address, and serves who comes.
pub fn start_http(entrance: Entrance, routes: Routes) -> Stage {
    let stage = Stage::default();
    let serving = listen::serve(entrance, routes, stage.cancel.clone(), stage.tracker.clone());
    stage.tracker.spawn(serving);
    stage
}

/// What is done once a second.
async fn tick(sessions: Arc<Sessions>, readiness: Arc<Readiness>, cancel: CancellationToken) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tide = Tide::default();
    let mut store = StoreCare::default();
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return store.finish().await,
            _ = ticks.tick() => sessions.broker.tick(),
        }
        if tide.has_ebbed(sessions.relieve()) {
            tokio::task::spawn_blocking(heap::give_back);
        }
        if let Some(status) = sessions.broker.store_status() {
            sessions.broker.let_go();
            store.look(status.refuses.map(|(refusal, _)| refusal), &readiness);
            store.tidy(&sessions).await;
        }
    }
}

/// The history on a disk, as it was when it was last looked at.
#[derive(Debug, Default)]
struct StoreCare {
    was_silent: bool,
    /// Waits for the disk, maybe for long: nothing else may wait for it.
    upkeep: Option<JoinHandle<()>>,
}

impl StoreCare {
    /// Says whether it takes messages, and why not.
    fn look(&mut self, refuses: Option<Refusal>, readiness: &Readiness) {
        let is_silent = matches!(refuses, Some(Refusal::Silent));
        match (self.was_silent, is_silent) {
            (false, true) => tracing::error!("the disk does not answer: publishes are refused until it does"),
            (true, false) => tracing::info!("the disk answers again"),
            _ => {}
        }
        self.was_silent = is_silent;
        match refuses {
            Some(refusal) => readiness.fault("store", refusal.to_string()),
            None => readiness.clear("store"),
        }
    }

    /// Has it tidied, unless it still is.
    async fn tidy(&mut self, sessions: &Arc<Sessions>) {
        if self.upkeep.as_ref().is_none_or(JoinHandle::is_finished) {
            self.finish().await;
            let sessions = Arc::clone(sessions);
            self.upkeep = Some(tokio::task::spawn_blocking(move || sessions.broker.upkeep()));
        }
    }

    /// Waits until it is tidied.
    async fn finish(&mut self) {
        if let Some(upkeep) = self.upkeep.take()
            && let Err(error) = upkeep.await
        {
            tracing::error!(%error, "the history could not be tidied");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_does_not_answer_keeps_the_relay_from_being_ready_until_it_does() {
        let readiness = Readiness::default();
        let mut care = StoreCare::default();
        care.look(Some(Refusal::Silent), &readiness);
        assert!(readiness.why_not().unwrap().contains("disk does not answer"));
        care.look(None, &readiness);
        assert_eq!(readiness.why_not(), None);
    }
}
