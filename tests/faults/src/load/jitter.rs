//! The jitter test: every client's TCP is cut hard again and again, and stays away for a while, while messages go on.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::beat::beat;
use super::crowd::Crowd;
use super::spread::Spread;
use super::track::Counts;
use crate::actors::relay::{RelayProcess, Setup};
use crate::proxy::{Fault, How, Proxy};
use crate::random::Random;

/// How long all may take to be there at the start, and to get the last message in the end.
const GATHER_LIMIT: Duration = Duration::from_secs(60);

/// Any port of this machine.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What is tried.
#[derive(Debug, Clone)]
pub struct Jitter {
    /// The relay's program.
    pub relay: PathBuf,
    /// How many clients.
    pub clients: usize,
    /// For how long.
    pub length: Duration,
    /// Between two messages.
    pub every: Duration,
    /// Between two cuts of one client: from half of it to one and a half.
    pub cut_every: Duration,
    /// How long a client's network is gone after a cut.
    pub away: Duration,
    /// Of the cuts' moments.
    pub seed: u64,
    /// Where the relay's log goes.
    pub log: PathBuf,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JitterReport {
    /// How many clients.
    pub clients: usize,
    /// For how long.
    pub seconds: u64,
    /// Messages published.
    pub published: u64,
    /// Connections that clients lost.
    pub cuts: u64,
    /// Recoveries without a gap.
    pub whole: u64,
    /// What they got.
    pub counts: Counts,
    /// Messages of a connection that was there: from the publish to the delivery.
    pub normal: Spread,
    /// Messages of an outage, where the page is told that it is online again, as browsers tell it: from the network's
    /// return to the delivery.
    pub returned_told: Spread,
    /// The same where nobody tells it, and its own next attempt finds out.
    pub returned_alone: Spread,
    /// Processor time of the relay, in seconds.
    pub relay_cpu_s: f64,
}

/// Carries it out.
///
/// # Errors
/// When it cannot be set up, or not every client gets there.
pub async fn run(jitter: &Jitter) -> io::Result<JitterReport> {
    let flags = ["--log", "warn"].map(Into::into).into();
    let setup = Setup { program: jitter.relay.clone(), flags, env: Vec::new(), log: jitter.log.clone() };
    let relay = RelayProcess::start(&setup).await?;
    let mut crowd = Crowd::new(Instant::now());
    let mut proxies = Vec::with_capacity(jitter.clients);
    for _ in 0..jitter.clients {
        let proxy = Proxy::start(ANYWHERE, relay.address(), jitter.seed).await?;
        crowd.enter(watch::channel(proxy.address()).1, jitter.seed)?;
        proxies.push(proxy);
    }
    let there = crowd.wait(GATHER_LIMIT, |sight| sight.is_live).await;
    if there < jitter.clients {
        return Err(io::Error::other(format!("only {there} of {} clients have subscribed", jitter.clients)));
    }
    let crowd = Arc::new(crowd);
    let stop = CancellationToken::new();
    let publisher =
        tokio::spawn(beat(watch::channel(relay.address()).1, jitter.every, crowd.start, stop.clone()));
    let mut cutters = tokio::task::JoinSet::new();
    for (number, proxy) in proxies.into_iter().enumerate() {
        cutters.spawn(cut_again_and_again(jitter.clone(), number, proxy, Arc::clone(&crowd)));
    }
    sleep(jitter.length).await;
    // Their proxies stay: everyone comes back and gets the rest.
    let proxies = cutters.join_all().await;
    stop.cancel();
    let published = publisher.await.map_err(io::Error::other)?;
    crowd.wait(GATHER_LIMIT, |sight| sight.track.last() >= published).await;
    drop(proxies);
    Ok(report(jitter, &relay, &crowd, published))
}

/// Whether a client is told that its network is back: every other one is.
const fn is_told(number: usize) -> bool {
    number.is_multiple_of(2)
}

async fn cut_again_and_again(jitter: Jitter, number: usize, proxy: Proxy, crowd: Arc<Crowd>) -> Proxy {
    let end = tokio::time::Instant::now() + jitter.length;
    let mut random = Random::branch(jitter.seed, number as u64);
    // The first at any moment, so that the cuts are spread from the start.
    let mut next = tokio::time::Instant::now() + random.between(Duration::ZERO, jitter.cut_every);
    while next + jitter.away < end {
        sleep_until(next).await;
        proxy.apply(&Fault::Refuse);
        proxy.apply(&Fault::Cut { how: How::Reset });
        sleep(jitter.away).await;
        let Some(member) = crowd.members.get(number) else { break };
        member.sight().healed_at = Some(crowd.start.elapsed());
        proxy.heal();
        if is_told(number) {
            member.client.wake();
        }
        next = tokio::time::Instant::now() + random.between(jitter.cut_every / 2, jitter.cut_every * 3 / 2);
    }
    proxy
}

fn report(jitter: &Jitter, relay: &RelayProcess, crowd: &Crowd, published: u64) -> JitterReport {
    let mut spans = [Vec::new(), Vec::new(), Vec::new()];
    let [normal, told, alone] = &mut spans;
    let (mut cuts, mut whole) = (0, 0);
    for (number, member) in crowd.members.iter().enumerate() {
        let mut sight = member.sight();
        normal.append(&mut sight.normal);
        if is_told(number) { &mut *told } else { &mut *alone }.append(&mut sight.returned);
        cuts += sight.outages;
        whole += sight.whole;
    }
    let [normal, returned_told, returned_alone] = spans.map(Spread::of);
    JitterReport {
        clients: jitter.clients,
        seconds: jitter.length.as_secs(),
        published,
        cuts,
        whole,
        counts: crowd.counts(published),
        normal,
        returned_told,
        returned_alone,
        relay_cpu_s: relay.cpu_s(),
    }
}

impl JitterReport {
    /// Whether every message came to every client, once.
    pub const fn is_whole(&self) -> bool {
        let Counts { delivered, doubled, missed_and_told, missed_untold } = self.counts;
        delivered == self.published * self.clients as u64
            && doubled == 0
            && missed_and_told == 0
            && missed_untold == 0
    }
}
