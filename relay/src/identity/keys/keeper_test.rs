//! When the key set is read, and what is in force meanwhile. The clock is the tests'.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jsonwebtoken::Algorithm;
use parking_lot::Mutex;
use tokio::time::{advance, sleep};

use super::*;
use crate::identity::keys::ring::Reading;
use crate::test_issuer::{KeyPair, key_set};

/// An issuer that takes a second to answer.
#[derive(Clone)]
struct Issuer {
    answer: Arc<Mutex<Result<String, String>>>,
    readings: Arc<AtomicUsize>,
    is_read: Arc<AtomicBool>,
}

const TAKES: Duration = Duration::from_secs(1);

impl Place for Issuer {
    async fn read(&mut self) -> Result<Vec<u8>, String> {
        assert!(!self.is_read.swap(true, Ordering::SeqCst), "two readings at once");
        self.readings.fetch_add(1, Ordering::SeqCst);
        sleep(TAKES).await;
        self.is_read.store(false, Ordering::SeqCst);
        self.answer.lock().clone().map(String::into_bytes)
    }
}

impl Issuer {
    fn publishing(kid: &'static str) -> Self {
        let issuer = Self::down();
        issuer.publish(kid);
        issuer
    }

    fn down() -> Self {
        let answer = Arc::new(Mutex::new(Err("connection refused".to_owned())));
        Self { answer, readings: Arc::default(), is_read: Arc::default() }
    }

    fn publish(&self, kid: &'static str) {
        *self.answer.lock() = Ok(key_set(&[&KeyPair::new(kid, Algorithm::EdDSA)]));
    }

    fn fail(&self, reason: &str) {
        *self.answer.lock() = Err(reason.to_owned());
    }

    fn readings(&self) -> usize {
        self.readings.load(Ordering::SeqCst)
    }

    /// Its keys, kept.
    fn kept(&self) -> KeyRing {
        let keeper = Keeper::new(self.clone(), "issuer", Checks::default(), Schedule::URL);
        let ring = keeper.ring();
        tokio::spawn(keeper.run(CancellationToken::new()));
        ring
    }
}

fn names(ring: &KeyRing) -> Vec<String> {
    ring.keys().map(|keys| keys.names()).unwrap_or_default()
}

/// Asks for newer keys and waits for a reading that begins from now on, or fails.
async fn renewed(ring: KeyRing) -> Result<(), String> {
    let mut renewal = ring.ask();
    while renewal.ended().await? == Reading::Earlier {}
    Ok(())
}

/// Lets time pass in small steps, so that whatever falls due on the way happens when it does.
async fn pass(seconds: u64) {
    for _ in 0..seconds * 10 {
        advance(Duration::from_millis(100)).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_read_at_once_and_again_every_five_minutes() {
    let issuer = Issuer::publishing("first");
    let ring = issuer.kept();
    assert_eq!(names(&ring), [""; 0]);
    pass(2).await;
    assert_eq!((names(&ring), issuer.readings()), (vec!["first:EdDSA".to_owned()], 1));
    issuer.publish("second");
    pass(295).await;
    assert_eq!((names(&ring), issuer.readings()), (vec!["first:EdDSA".to_owned()], 1));
    pass(10).await;
    assert_eq!((names(&ring), issuer.readings()), (vec!["second:EdDSA".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_a_new_key_waits_for_a_reading_that_begins_afterwards() {
    let issuer = Issuer::publishing("first");
    let ring = issuer.kept();
    pass(60).await;
    issuer.publish("second");
    assert_eq!(renewed(ring.clone()).await, Ok(()));
    assert_eq!((names(&ring), issuer.readings()), (vec!["second:EdDSA".to_owned()], 2));
    // In the middle of a reading: that one may be too old.
    let early = tokio::spawn(renewed(ring.clone()));
    while issuer.readings() < 3 {
        pass(1).await;
    }
    issuer.publish("third");
    assert_eq!(renewed(ring.clone()).await, Ok(()));
    assert_eq!((names(&ring), issuer.readings()), (vec!["third:EdDSA".to_owned()], 4));
    assert_eq!(early.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_crowd_that_asks_at_once_shares_one_reading() {
    let issuer = Issuer::publishing("first");
    let ring = issuer.kept();
    pass(60).await;
    let asked: Vec<_> = (0..1_000).map(|_| tokio::spawn(renewed(ring.clone()))).collect();
    for asked in asked {
        assert_eq!(asked.await.unwrap(), Ok(()));
    }
    assert_eq!(issuer.readings(), 2);
    pass(30).await;
    assert_eq!(issuer.readings(), 2, "nobody asks any more");
}

#[tokio::test(start_paused = true)]
async fn strangers_who_never_stop_asking_cost_the_issuer_six_readings_a_minute() {
    for is_down in [false, true] {
        let issuer = Issuer::publishing("first");
        let ring = issuer.kept();
        pass(120).await;
        if is_down {
            issuer.fail("down");
        }
        let before = issuer.readings();
        let strangers: Vec<_> = (0..50)
            .map(|_| {
                let ring = ring.clone();
                tokio::spawn(async move {
                    loop {
                        drop(renewed(ring.clone()).await);
                    }
                })
            })
            .collect();
        pass(600).await;
        strangers.into_iter().for_each(|stranger| stranger.abort());
        let readings = issuer.readings() - before;
        // A reading takes a second, ten seconds of rest follow; a failure's first rests are shorter.
        assert!((50..=62).contains(&readings), "{readings} readings, down: {is_down}");
        assert_eq!(names(&ring), ["first:EdDSA"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_leaves_the_keys_in_force_and_ends_by_itself() {
    let issuer = Issuer::publishing("first");
    let ring = issuer.kept();
    pass(60).await;
    for reason in ["connection refused", "no answer within 5 seconds"] {
        issuer.fail(reason);
        assert_eq!(renewed(ring.clone()).await, Err(reason.to_owned()));
    }
    *issuer.answer.lock() = Ok("<html>".to_owned());
    assert!(renewed(ring.clone()).await.unwrap_err().contains("no JSON Web Key Set"));
    *issuer.answer.lock() = Ok(r#"{"keys":[]}"#.to_owned());
    assert!(renewed(ring.clone()).await.unwrap_err().contains("no keys"));
    assert_eq!(names(&ring), ["first:EdDSA"]);
    issuer.publish("second");
    pass(65).await;
    assert_eq!(names(&ring), ["second:EdDSA"], "a minute of rest at the most, though nobody asks");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_at_the_start_is_tried_soon_and_then_less_and_less_often() {
    let issuer = Issuer::down();
    let ring = issuer.kept();
    let early = tokio::spawn(renewed(ring.clone()));
    pass(4).await;
    assert_eq!(early.await.unwrap(), Err("connection refused".to_owned()));
    pass(10 * 60).await;
    let readings = issuer.readings();
    assert!((14..=18).contains(&readings), "{readings}");
    issuer.publish("first");
    pass(65).await;
    assert_eq!(names(&ring), ["first:EdDSA"]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_keeper_ends_even_while_it_reads() {
    let cancel = CancellationToken::new();
    let keeper = Keeper::new(Issuer::publishing("first"), "issuer", Checks::default(), Schedule::URL);
    let running = tokio::spawn(keeper.run(cancel.clone()));
    advance(TAKES / 2).await;
    cancel.cancel();
    running.await.unwrap();
}
