//! What is done to a network: episodes of a schedule, one after the other.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::history::record::{Event, Recorder};
use crate::proxy::Proxy;
use crate::proxy::schedule::Schedule;

/// Lets the episodes of a seed happen to a proxy until it is told to stop; then all is well.
pub async fn weather(
    name: String,
    proxy: Arc<Proxy>,
    seed: u64,
    pace: Duration,
    recorder: Arc<Recorder>,
    stop: CancellationToken,
) {
    for episode in Schedule::new(seed, pace) {
        let happens = async {
            sleep(episode.quiet).await;
            proxy.apply(&episode.fault);
            let deed = format!("{name}: {:?} for {:?}", episode.fault, episode.lasts);
            recorder.record(Event::Nemesis { deed });
            sleep(episode.lasts).await;
            proxy.heal();
        };
        if stop.run_until_cancelled(happens).await.is_none() {
            break;
        }
    }
    proxy.heal();
}
