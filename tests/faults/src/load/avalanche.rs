//! The avalanche: a relay restarts, and everybody comes back.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::beat::beat;
use super::crowd::Crowd;
use super::spread::Spread;
use super::track::Counts;
use crate::actors::relay::{RelayProcess, Setup};
use crate::trial::plan::Keeps;

/// How long all may take to be there, at the start and after the restart.
const GATHER_LIMIT: Duration = Duration::from_secs(120);

/// How long messages are published before the restart, and after everybody is back.
const QUIET: Duration = Duration::from_secs(3);

/// Between two messages.
const EVERY: Duration = Duration::from_millis(250);

/// What is tried.
#[derive(Debug, Clone)]
pub struct Avalanche {
    /// The relay's program.
    pub relay: PathBuf,
    /// How many clients.
    pub clients: usize,
    /// Whether the relay is killed (SIGKILL) or stops in good order (SIGTERM).
    pub is_killed: bool,
    /// Where the relay keeps its history.
    pub keeps: Keeps,
    /// Spreads the clients' attempts.
    pub seed: u64,
    /// Where the relay's log goes.
    pub log: PathBuf,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AvalancheReport {
    /// How many clients.
    pub clients: usize,
    /// Whether the relay was killed, or stopped in good order.
    pub is_killed: bool,
    /// Where the relay kept its history.
    pub keeps: Keeps,
    /// How many are back.
    pub back: usize,
    /// How long there was no relay, in seconds: from the signal until the new one listened.
    pub gone_s: f64,
    /// From the moment when the new relay listened until a client's subscription was live.
    pub back_after: Spread,
    /// Messages published.
    pub published: u64,
    /// What they got.
    pub counts: Counts,
    /// Processor time that the new relay took until everybody was back, in seconds.
    pub relay_cpu_s: f64,
}

/// Carries it out.
///
/// # Errors
/// When it cannot be set up, or not every client gets there before the restart.
pub async fn run(avalanche: &Avalanche) -> io::Result<AvalancheReport> {
    let folder = tempfile::Builder::new().prefix("faults-").tempdir()?;
    let mut flags: Vec<_> = ["--log", "warn"].map(Into::into).into();
    if avalanche.keeps.is_durable() {
        flags.extend(["--data-dir".into(), folder.path().join("data").into_os_string()]);
        flags.extend(["--durability", avalanche.keeps.word()].map(Into::into));
    }
    let setup =
        Setup { program: avalanche.relay.clone(), flags, env: Vec::new(), log: avalanche.log.clone() };
    let mut relay = RelayProcess::start(&setup).await?;
    let (address, looked_up) = watch::channel(relay.address());
    let mut crowd = Crowd::new(Instant::now());
    for _ in 0..avalanche.clients {
        crowd.enter(looked_up.clone(), avalanche.seed)?;
    }
    let there = crowd.wait(GATHER_LIMIT, |sight| sight.is_live).await;
    if there < avalanche.clients {
        return Err(io::Error::other(format!(
            "only {there} of {} clients have subscribed",
            avalanche.clients
        )));
    }
    let stop = CancellationToken::new();
    let publisher = tokio::spawn(beat(looked_up, EVERY, crowd.start, stop.clone()));
    sleep(QUIET).await;

    let ended = Instant::now();
    if avalanche.is_killed {
        relay.kill().await;
    } else {
        relay.drain().await?;
    }
    relay = RelayProcess::start(&setup).await?;
    address.send_replace(relay.address());
    let (listened, gone_s) = (crowd.start.elapsed(), ended.elapsed().as_secs_f64());
    let back =
        crowd.wait(GATHER_LIMIT, |sight| sight.live_at.is_some_and(|live_at| live_at > listened)).await;
    let relay_cpu_s = relay.cpu_s();

    sleep(QUIET).await;
    stop.cancel();
    let published = publisher.await.map_err(io::Error::other)?;
    crowd.wait(QUIET, |sight| sight.track.last() >= published).await;
    let since = |live_at: Option<Duration>| live_at.and_then(|live_at| live_at.checked_sub(listened));
    Ok(AvalancheReport {
        clients: avalanche.clients,
        is_killed: avalanche.is_killed,
        keeps: avalanche.keeps,
        back,
        gone_s,
        back_after: Spread::of(
            crowd.members.iter().filter_map(|member| since(member.sight().live_at)).collect(),
        ),
        published,
        counts: crowd.counts(published),
        relay_cpu_s,
    })
}

impl AvalancheReport {
    /// Whether everybody is back, and nobody missed anything without being told; with a history on a disk nobody missed
    /// anything.
    pub fn is_whole(&self) -> bool {
        let Counts { doubled, missed_and_told, missed_untold, .. } = self.counts;
        let is_complete = !self.keeps.is_durable() || missed_and_told == 0;
        self.back == self.clients && doubled == 0 && missed_untold == 0 && is_complete
    }
}
