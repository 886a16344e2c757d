//! One trial from its beginning to its verdict.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use realtime_client::Settings;
use realtime_protocol::channel::Channel;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::cast::{self, PUBLISHERS, Part};
use super::place::Place;
use super::plan::Plan;
use super::report::{Report, deeds};
use crate::actors::client::{Client, Config, Seen};
use crate::actors::nemesis::Nemesis;
use crate::actors::publisher::{Draft, Publisher};
use crate::actors::relay::RelayProcess;
use crate::actors::weather::weather;
use crate::history::check::check;
use crate::history::record::{self, ClientNumber, Continuity, Entry, Event, Op, Recorder};
use crate::history::rules::Rules;
use crate::proxy::Proxy;
use crate::random::Random;

/// How long everybody has to come back and to get everything, when all is well again.
const CALM_LIMIT: Duration = Duration::from_secs(180);

/// How long the episodes of a network are, about.
const NETWORK_PACE: Duration = Duration::from_millis(1_500);

/// How far the deeds of the nemesis are apart, about.
const RELAY_PACE: Duration = Duration::from_secs(2);

/// Any port of this machine.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How long everybody has for one last message, before there is another: whoever was told of a gap begins behind the
/// first.
const ROUND_LIMIT: Duration = Duration::from_secs(2);

/// The latest of those last messages that each client has got in each channel.
type Fences = Arc<Mutex<BTreeMap<(ClientNumber, String), Op>>>;

/// Makes a trial. Broken promises are in the report; the history that shows them is left where the plan says.
///
/// # Errors
/// When it could not be carried out, or the relay ended by itself.
pub async fn run(plan: &Plan) -> io::Result<Report> {
    let place = Place::make(plan)?;
    let outcome = Trial::begin(plan, &place).await?.carry_out(plan).await;
    let outcome = outcome.and_then(|entries| judge(plan, &place, &entries));
    if outcome.is_err() {
        let _ = fs::create_dir_all(&plan.evidence);
        let _ = fs::copy(place.log(), plan.evidence.join("relay.log"));
    }
    outcome
}

fn judge(plan: &Plan, place: &Place, entries: &[Entry]) -> io::Result<Report> {
    let rules = cast::rules(&cast::cast().map_err(io::Error::other)?, plan.keeps);
    let verdict = check(entries, &rules);
    if !verdict.is_clean() {
        fs::create_dir_all(&plan.evidence)?;
        record::write(entries, fs::File::create(plan.evidence.join("history.jsonl"))?)?;
        fs::write(plan.evidence.join("rules.json"), serde_json::to_string_pretty(&rules)?)?;
        fs::copy(place.log(), plan.evidence.join("relay.log"))?;
    }
    Ok(Report {
        seed: plan.seed,
        keeps: plan.keeps,
        seconds: plan.length.as_secs(),
        deeds: deeds(entries),
        lacks: place.lacks.clone(),
        verdict,
    })
}

struct Trial {
    recorder: Arc<Recorder>,
    nemesis: Nemesis,
    proxies: Vec<(String, Arc<Proxy>)>,
    clients: Vec<Client>,
    publishers: Vec<Publisher>,
    numbers: Arc<AtomicU32>,
    channels: Vec<Channel>,
    rules: Rules,
    fences: Fences,
}

impl Trial {
    async fn begin(plan: &Plan, place: &Place) -> io::Result<Self> {
        let setup = place.setup(plan);
        let relay = RelayProcess::start(&setup).await?;
        let recorder = Arc::new(Recorder::start());
        let (address, _) = watch::channel(relay.address());
        let mut nemesis = Nemesis::new(setup, relay, address, Arc::clone(&recorder));
        nemesis.clock.clone_from(&place.clock);
        nemesis.filler = place.filler();
        let cast = cast::cast().map_err(io::Error::other)?;
        let mut trial = Self {
            recorder,
            nemesis,
            proxies: Vec::new(),
            clients: Vec::new(),
            publishers: Vec::new(),
            numbers: Arc::default(),
            channels: cast::channels().map_err(io::Error::other)?.into(),
            rules: cast::rules(&cast, plan.keeps),
            fences: Fences::default(),
        };
        for part in cast {
            trial.enter(plan, place, part).await?;
        }
        for number in 0..PUBLISHERS {
            let seed = Random::branch(plan.seed, 2_000 + u64::from(number));
            let proxy = trial.proxy(format!("publisher {number}"), plan.seed).await?;
            let publisher = trial.publisher(proxy, plan.seed, seed);
            trial.publishers.push(publisher);
        }
        Ok(trial)
    }

    async fn proxy(&mut self, name: String, seed: u64) -> io::Result<SocketAddr> {
        let proxy = Proxy::start(ANYWHERE, self.nemesis.relay().address(), seed).await?;
        let address = proxy.address();
        self.proxies.push((name, Arc::new(proxy)));
        Ok(address)
    }

    fn publisher(&self, relay: SocketAddr, run: u64, random: Random) -> Publisher {
        let (recorder, numbers) = (Arc::clone(&self.recorder), Arc::clone(&self.numbers));
        Publisher::new(relay, recorder, numbers, run, random)
    }

    async fn enter(&mut self, plan: &Plan, place: &Place, part: Part) -> io::Result<()> {
        let number = part.client;
        let address = self.proxy(format!("client {}", number.0), plan.seed).await?;
        let token = part.member.as_deref().map(|member| place.token(plan, member)).transpose()?;
        let settings = Settings {
            backoff_cap: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(4),
            ..Settings::default()
        };
        let (_, relay) = watch::channel(address);
        let seed = Random::branch(plan.seed, 1_000 + u64::from(number.0)).number();
        let config = Config { relay, channels: part.channels, token, settings, seed };
        let (recorder, fences) = (Arc::clone(&self.recorder), Arc::clone(&self.fences));
        self.clients.push(Client::start(config, move |seen| {
            if let Seen::Delivered { channel, payload, .. } = &seen
                && let Some(op) = cast::fence_of(payload)
            {
                let at = (number, channel.to_string());
                fences.lock().unwrap_or_else(PoisonError::into_inner).insert(at, op);
            }
            recorder.record(event(number, &seen));
        }));
        Ok(())
    }

    /// Lets it all happen, and returns the history when it has come to rest.
    async fn carry_out(mut self, plan: &Plan) -> io::Result<Vec<Entry>> {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for ((name, proxy), part) in self.proxies.iter().cloned().zip(100..) {
            let (recorder, stop) = (Arc::clone(&self.recorder), stop.clone());
            let seed = Random::branch(plan.seed, part).number();
            let relay = self.nemesis.address.subscribe();
            tasks.spawn(follow(relay, Arc::clone(&proxy), stop.clone()));
            tasks.spawn(weather(name, proxy, seed, NETWORK_PACE, recorder, stop));
        }
        for (publisher, number) in std::mem::take(&mut self.publishers).into_iter().zip(0..) {
            let random = Random::branch(plan.seed, 3_000 + number);
            tasks.spawn(publish(publisher, self.channels.clone(), random, stop.clone()));
        }
        let timer = stop.clone();
        let length = plan.length;
        tasks.spawn(async move {
            sleep(length).await;
            timer.cancel();
        });
        self.nemesis.run(Random::branch(plan.seed, 4_000).number(), RELAY_PACE, &stop).await?;
        for (_, proxy) in &self.proxies {
            proxy.lead_to(self.nemesis.relay().address());
        }
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(io::Error::other)?;
        }
        self.come_to_rest(plan.seed).await?;
        Ok(self.recorder.entries())
    }

    /// A last message in each channel, and time for everybody to get it.
    async fn come_to_rest(&self, run: u64) -> io::Result<()> {
        self.recorder.record(Event::Nemesis { deed: "all is well again".to_owned() });
        let mut publisher = self.publisher(self.nemesis.relay().address(), run, Random::new(run));
        let deadline = Instant::now() + CALM_LIMIT;
        while Instant::now() < deadline {
            let first = Op(self.numbers.load(Ordering::Relaxed));
            for channel in &self.channels {
                let draft = Draft { channel: channel.clone(), users: None, payload: cast::fence };
                publisher.publish(&[draft]).await;
            }
            let round = Instant::now() + ROUND_LIMIT;
            while Instant::now() < round {
                if self.have_all_got(first) {
                    return Ok(());
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
        // Whoever has not got it by now is found by the judge.
        Ok(())
    }

    /// Whether every client has got the last message of each channel that it may read.
    fn have_all_got(&self, first: Op) -> bool {
        let fences = self.fences.lock().unwrap_or_else(PoisonError::into_inner);
        self.rules.clients.iter().all(|(client, reader)| {
            let has_got =
                |channel: &String| fences.get(&(*client, channel.clone())).is_some_and(|op| *op >= first);
            reader.may_read.iter().all(has_got)
        })
    }
}

fn event(client: ClientNumber, seen: &Seen<'_>) -> Event {
    match seen {
        Seen::Up => Event::Connection { client, is_up: true },
        Seen::Down => Event::Connection { client, is_up: false },
        Seen::Denied { channel } => Event::Denied { client, channel: channel.to_string() },
        Seen::Subscribed { channel, continuity, position } => Event::Subscribed {
            client,
            channel: channel.to_string(),
            continuity: match continuity {
                realtime_client::Continuity::First => Continuity::First,
                realtime_client::Continuity::Whole => Continuity::Whole,
                realtime_client::Continuity::Lost => Continuity::Lost,
            },
            place: place_of(position),
        },
        Seen::Delivered { channel, position, payload } => Event::Delivered {
            client,
            channel: channel.to_string(),
            place: place_of(position),
            payload: (*payload).to_owned(),
        },
    }
}

fn place_of(position: &realtime_protocol::position::Position) -> record::Place {
    record::Place { epoch: position.epoch.as_str().to_owned(), offset: position.offset.get() }
}

/// Leads a proxy to wherever the relay is.
async fn follow(mut relay: watch::Receiver<SocketAddr>, proxy: Arc<Proxy>, stop: CancellationToken) {
    loop {
        let address = *relay.borrow_and_update();
        proxy.lead_to(address);
        match stop.run_until_cancelled(relay.changed()).await {
            Some(Ok(())) => {}
            _ => return,
        }
    }
}

/// Publishes until it is told to stop; what has begun is brought to its end.
async fn publish(
    mut publisher: Publisher,
    channels: Vec<Channel>,
    mut random: Random,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let drafts = cast::drafts(&channels, &mut random);
        publisher.publish(&drafts).await;
        sleep(random.between(Duration::ZERO, Duration::from_millis(40))).await;
    }
}
