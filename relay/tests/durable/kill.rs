//! Relays that are killed at random moments under load: every acknowledged message is accounted for at every listener.
//!
//! `RELAY_KILL_ROUNDS=500 cargo test -p realtime-relay --test durable kill` runs as many rounds as it is told;
//! `RELAY_KILL_SEED` repeats the moments of a run as far as the machine lets them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use realtime_random::SplitMix64;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::listener::Listener;
use super::process::Process;
use super::publisher::Publisher;
use super::support::free_address;

const CHANNELS: [&str; 4] = ["a", "b", "c", "d"];

/// Messages are never too many or too old to be recovered.
const FLAGS: [&str; 4] = ["--history-messages", "10000000", "--history-seconds", "86400"];

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_relay_is_killed_every_acknowledged_message_arrives_once_and_in_order() {
    let rounds = from_environment("RELAY_KILL_ROUNDS").unwrap_or(5);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = from_environment("RELAY_KILL_SEED").unwrap_or(now.as_nanos() as u64);
    println!("RELAY_KILL_SEED={seed}");
    let mut random = SplitMix64::new(seed);

    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut relay = Process::start(address, folder.path(), &FLAGS).await;
    let early = Listener::start(address, &CHANNELS).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let publishers: Vec<_> = CHANNELS
        .iter()
        .map(|channel| publish(Publisher::new(address, channel), random.below(u64::MAX), &is_over))
        .collect();
    let mut late = None;
    for round in 0..rounds {
        sleep(Duration::from_millis(20 + random.below(900))).await;
        // One in five is a stop in good order; and now and then a relay is killed while it starts.
        match random.below(5) {
            0 => relay.stop().await,
            _ => relay.kill().await,
        }
        if random.below(3) == 0 {
            let moment = Duration::from_millis(random.below(150));
            Process::start_and_kill(address, folder.path(), &FLAGS, moment).await;
        }
        let durability = if random.below(2) == 0 { "process" } else { "machine" };
        relay = Process::start(address, folder.path(), &[&FLAGS[..], &["--durability", durability]].concat())
            .await;
        let log = relay.log().join("\n");
        assert!(!log.contains("ERROR") && !log.contains("damaged"), "{log}");
        if round == rounds / 2 {
            late = Some(Listener::start(address, &CHANNELS).await);
        }
    }

    is_over.store(true, Ordering::Relaxed);
    let mut published = Vec::new();
    for publisher in publishers {
        published.push(publisher.await.unwrap());
    }
    for publisher in &mut published {
        publisher.finish().await;
    }
    for listener in [Some(early), late].into_iter().flatten() {
        listener.until(&CHANNELS, &json!("the end")).await;
        check(&listener, &published);
    }
    let messages: usize = published.iter().map(|publisher| publisher.published.len()).sum();
    println!("{messages} messages in {rounds} rounds");
    relay.stop().await;
}

/// What a listener has heard of each channel, against what its publisher was told.
fn check(listener: &Listener, publishers: &[Publisher]) {
    let lost: Vec<_> = listener.said().into_iter().filter(|line| line.contains("may be missing")).collect();
    assert_eq!(lost, [""; 0], "every recovery is whole");
    for publisher in publishers {
        let heard: Vec<_> =
            listener.heard().into_iter().filter(|heard| heard.channel == publisher.channel).collect();
        for pair in heard.windows(2) {
            assert!(pair[0].offset < pair[1].offset, "in order: {pair:?}");
            assert_eq!(pair[0].epoch, pair[1].epoch, "the same stream");
        }
        let numbers: Vec<_> = heard.iter().filter_map(|heard| heard.payload.as_u64()).collect();
        assert!(
            numbers.is_sorted_by(|one, next| one < next),
            "each once, in the order of the calls: {numbers:?}"
        );
        let first = numbers.first().copied().unwrap_or_default();
        for published in publisher.published.iter().filter(|published| published.number >= first) {
            let found = heard.iter().find(|heard| heard.payload == json!(published.number));
            match (&published.position, found) {
                (Some((epoch, offset)), Some(heard)) => {
                    assert_eq!((epoch, *offset), (&heard.epoch, heard.offset), "{published:?}");
                }
                (Some(_), None) => panic!("{} lost {published:?}", publisher.channel),
                // Nobody was told what became of it.
                (None, _) => {}
            }
        }
        assert!(numbers.iter().all(|number| publisher.knows(*number)), "nothing that nobody published");
    }
}

type Publishing = JoinHandle<Publisher>;

/// Publishes until it is over.
fn publish(mut publisher: Publisher, seed: u64, is_over: &Arc<AtomicBool>) -> Publishing {
    let is_over = Arc::clone(is_over);
    let mut random = SplitMix64::new(seed);
    tokio::spawn(async move {
        while !is_over.load(Ordering::Relaxed) {
            let count = if random.below(3) == 0 { 2 + random.below(6) } else { 1 };
            publisher.publish(count as usize, random.below(10) == 0).await;
            sleep(Duration::from_millis(random.below(15))).await;
        }
        publisher
    })
}
