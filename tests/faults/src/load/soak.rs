//! The soak: clients come, subscribe, hear, publish and leave, in every manner, for as long as asked. What the relay
//! holds afterwards is what it held before.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use realtime_client::Settings;
use realtime_protocol::channel::Channel;
use realtime_relay::command::dial::Way;
use realtime_relay::command::request::post;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::gauges::{self, Gauges};
use crate::actors::client::{Client, Config, Seen};
use crate::actors::relay::{RelayProcess, Setup};
use crate::random::Random;

/// Clients that come and go at the same time, each in a slot of its own.
const SLOTS: u64 = 200;

/// How long a client stays at the longest.
const LONGEST_STAY: Duration = Duration::from_secs(4);

/// How long a client's first subscription may take before it counts as one that never got there.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long the relay has until its last session is gone.
const REST_LIMIT: Duration = Duration::from_secs(30);

/// How long a channel without readers and messages is remembered, since its latest publish ids are; and a while more.
const CHANNELS_LIMIT: Duration = Duration::from_secs(5 * 60 + 60);

/// Which part of a soak warms the relay up.
const WARM_UP: u32 = 5;

/// A soak of at least this length waits for that in the end; a shorter one does not judge what channels hold.
const LONG: Duration = Duration::from_secs(60);

/// Channels that are shared by all; each client also has one of its own.
const SHARED: u64 = 20;

/// How often the relay is looked at, at the most: a soak of hours has as many points as a plot can show.
const MOST_SAMPLES: u32 = 240;

/// Descriptors and tasks that may remain: a connection that is just closing, the look at the metrics itself.
const SLACK: u64 = 5;

/// Which part of the memory after the warm-up may remain on top of it: pages that are free in part.
const MEMORY_SLACK: u64 = 10;

/// What is tried.
#[derive(Debug, Clone)]
pub struct Soak {
    /// The relay's program.
    pub relay: PathBuf,
    /// For how long, the warm-up included: a fifth of it.
    pub length: Duration,
    /// Of everything that is left to chance.
    pub seed: u64,
    /// Where the relay's log goes.
    pub log: PathBuf,
}

/// What the relay held at a moment.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    /// Since the start, in seconds.
    pub s: f64,
    /// What.
    #[serde(flatten)]
    pub gauges: Gauges,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoakReport {
    /// For how long.
    pub seconds: u64,
    /// How much of that warmed up.
    pub warm_up_seconds: u64,
    /// Clients that came and went.
    pub clients: u64,
    /// Those among them whose subscriptions did not become live.
    pub never_there: u64,
    /// Messages that they published.
    pub published: u64,
    /// Messages that they heard.
    pub delivered: u64,
    /// Before the first client.
    pub fresh: Gauges,
    /// At rest, after the warm-up.
    pub before: Gauges,
    /// At rest, in the end.
    pub after: Gauges,
    /// All along.
    pub samples: Vec<Sample>,
    /// What did not return to where it was; empty if all did.
    pub grown: Vec<String>,
}

/// Counts of what clients did.
#[derive(Debug, Default)]
struct Tally {
    clients: AtomicU64,
    never_there: AtomicU64,
    published: AtomicU64,
    delivered: AtomicU64,
}

/// Carries it out.
///
/// # Errors
/// When the relay does not start or ends.
pub async fn run(soak: &Soak) -> io::Result<SoakReport> {
    let flags = [
        "--log",
        "warn",
        "--history-seconds",
        "2",
        "--heartbeat-seconds",
        "2",
        "--heartbeat-timeout-seconds",
        "2",
    ];
    let setup = Setup {
        program: soak.relay.clone(),
        flags: flags.map(Into::into).into(),
        env: Vec::new(),
        log: soak.log.clone(),
    };
    let relay = RelayProcess::start(&setup).await?;
    let run = Run { address: relay.address(), tally: Arc::default(), start: Instant::now(), seed: soak.seed };
    let mut samples = Vec::new();
    let fresh = run.sample(&mut samples).await?;
    let warm_up = soak.length / WARM_UP;
    run.phase(warm_up, 0, &mut samples).await?;
    let before = run.rest(REST_LIMIT, |gauges| gauges.sessions == 0, &mut samples).await?;
    run.phase(soak.length - warm_up, SLOTS, &mut samples).await?;
    let mut after = run.rest(REST_LIMIT, |gauges| gauges.sessions == 0, &mut samples).await?;
    let is_long = soak.length >= LONG;
    if is_long {
        after = run.rest(CHANNELS_LIMIT, |gauges| gauges.channels == 0, &mut samples).await?;
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Ok(SoakReport {
        seconds: soak.length.as_secs(),
        warm_up_seconds: warm_up.as_secs(),
        clients: count(&run.tally.clients),
        never_there: count(&run.tally.never_there),
        published: count(&run.tally.published),
        delivered: count(&run.tally.delivered),
        fresh,
        before,
        after,
        samples,
        grown: grown(&before, &after, is_long),
    })
}

struct Run {
    address: SocketAddr,
    tally: Arc<Tally>,
    start: Instant,
    seed: u64,
}

impl Run {
    /// Clients come and go for a while.
    async fn phase(&self, length: Duration, first_slot: u64, samples: &mut Vec<Sample>) -> io::Result<()> {
        let end = Instant::now() + length;
        let mut slots = JoinSet::new();
        for slot in first_slot..first_slot + SLOTS {
            let random = Random::branch(self.seed, slot);
            slots.spawn(come_and_go(self.address, random, slot, end, Arc::clone(&self.tally)));
        }
        let pause = (length / MOST_SAMPLES).max(Duration::from_millis(500));
        while Instant::now() < end {
            self.sample(samples).await?;
            sleep(pause).await;
        }
        slots.join_all().await;
        Ok(())
    }

    /// Waits until the relay is at rest, but not for ever.
    async fn rest(
        &self,
        limit: Duration,
        is_at_rest: impl Fn(&Gauges) -> bool,
        samples: &mut Vec<Sample>,
    ) -> io::Result<Gauges> {
        let deadline = Instant::now() + limit;
        while !is_at_rest(&self.sample(samples).await?) && Instant::now() < deadline {
            sleep(limit / 60).await;
        }
        // What closes behind the last session has a moment more.
        sleep(Duration::from_secs(1)).await;
        self.sample(samples).await
    }

    async fn sample(&self, samples: &mut Vec<Sample>) -> io::Result<Gauges> {
        let gauges = gauges::read(self.address).await?;
        samples.push(Sample { s: (self.start.elapsed().as_secs_f64() * 10.0).round() / 10.0, gauges });
        Ok(gauges)
    }
}

/// One client after the other: each subscribes, publishes when it is there, stays a while, and leaves in good order or
/// without a word.
async fn come_and_go(relay: SocketAddr, mut random: Random, slot: u64, end: Instant, tally: Arc<Tally>) {
    let mut turn = 0;
    while Instant::now() < end {
        turn += 1;
        let shared = format!("shared-{}", random.below(SHARED));
        let Some(channels) = [shared.clone(), format!("own-{slot}-{turn}")]
            .iter()
            .map(|name| Channel::parse(name, None).ok())
            .collect::<Option<Vec<_>>>()
        else {
            return;
        };
        let (live, mut lives) = watch::channel(0_u32);
        let config = Config {
            relay: watch::channel(relay).1,
            channels,
            token: None,
            settings: Settings::default(),
            seed: random.number(),
        };
        let heard = Arc::clone(&tally);
        let client = Client::start(config, move |seen| match seen {
            Seen::Subscribed { .. } => live.send_modify(|count| *count += 1),
            Seen::Delivered { .. } => drop(heard.delivered.fetch_add(1, Ordering::Relaxed)),
            _ => {}
        });
        tally.clients.fetch_add(1, Ordering::Relaxed);
        let are_live = lives.wait_for(|count| *count >= 2);
        if tokio::time::timeout(PATIENCE, are_live).await.is_ok_and(|live| live.is_ok()) {
            publish(relay, &shared, &tally).await;
        } else {
            tally.never_there.fetch_add(1, Ordering::Relaxed);
        }
        sleep(random.between(Duration::ZERO, LONGEST_STAY)).await;
        if random.is_one_of_hundred(50) {
            client.leave().await;
        }
    }
}

async fn publish(relay: SocketAddr, channel: &str, tally: &Tally) {
    let body = format!("{{\"channel\":{{\"name\":\"{channel}\"}},\"payload\":\"{}\"}}", "hello ".repeat(20));
    if post(&Way::plain(relay), "/v1/publish", "dev", body)
        .await
        .is_ok_and(|answer| answer.status.is_success())
    {
        tally.published.fetch_add(1, Ordering::Relaxed);
    }
}

/// What there is more of afterwards than before, beyond what may be. Channels go later than anything else.
fn grown(before: &Gauges, after: &Gauges, has_forgotten_channels: bool) -> Vec<String> {
    let memory = before.resident_bytes + before.resident_bytes / MEMORY_SLACK;
    let once_forgotten = |most| if has_forgotten_channels { most } else { u64::MAX };
    [
        ("bytes of memory", before.resident_bytes, after.resident_bytes, once_forgotten(memory)),
        ("descriptors", before.descriptors, after.descriptors, before.descriptors + SLACK),
        ("tasks", before.tasks, after.tasks, before.tasks + SLACK),
        ("sessions", 0, after.sessions, 0),
        ("subscriptions", 0, after.subscriptions, 0),
        ("channels", 0, after.channels, once_forgotten(0)),
    ]
    .into_iter()
    .filter(|(_, _, now, most)| now > most)
    .map(|(what, was, now, most)| format!("{now} {what} where there were {was}: at most {most} may remain"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_grown_beyond_its_tolerance_is_named() {
        let before = Gauges { resident_bytes: 50 << 20, descriptors: 20, tasks: 10, ..Gauges::default() };
        let after = Gauges { resident_bytes: 55 << 20, descriptors: 22, ..before };
        assert_eq!(grown(&before, &after, true), Vec::<String>::new());
        let remembered = Gauges { channels: 9, resident_bytes: 90 << 20, ..after };
        assert_eq!(
            (grown(&before, &remembered, false).len(), grown(&before, &remembered, true).len()),
            (0, 2)
        );
        let after = Gauges {
            resident_bytes: 56 << 20,
            descriptors: 30,
            tasks: 40,
            sessions: 1,
            subscriptions: 1,
            channels: 1,
        };
        let grown = grown(&before, &after, true);
        assert_eq!(grown.len(), 6, "{grown:?}");
        assert_eq!(grown[1], "30 descriptors where there were 20: at most 25 may remain");
    }
}
