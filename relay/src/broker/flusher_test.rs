//! Flushing: whose messages leave together.

use std::io::Write;
use std::os::unix::net::UnixStream as Sender;

use bytes::Bytes;
use parking_lot::Mutex;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::deferred::{Placed, StreamRef, Ticket};
use realtime_hub::publication::{Audience, Publication};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::Channel;
use realtime_protocol::frame::RequestId;
use realtime_protocol::subscriber::UserId;
use serde_json::value::RawValue;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::*;
use crate::broker::committer::tell;
use crate::broker::shards::Broker;
use crate::clock::Clock;
use crate::store::contract::{Collected, Commit, Hubs, Status, Store};
use crate::store::outcome::Outcome;
use crate::store::refusal::Refusal;

const DEADLINE: Duration = Duration::from_secs(60);

/// Publishers that wait for bytes, as those behind a socket do.
const PUBLISHERS: usize = 15;

#[derive(Debug, Clone)]
struct Listener {
    session: SessionId,
    user: UserId,
    heard: mpsc::UnboundedSender<Bytes>,
}

impl Reader for Listener {
    fn session(&self) -> SessionId {
        self.session
    }

    fn user(&self) -> &UserId {
        &self.user
    }
}

impl Peer for Listener {
    fn write(&self, _: ChannelNumber, frame: &Bytes) {
        let _ = self.heard.send(frame.clone());
    }

    fn join(&self, _: ChannelNumber, _: bool, _: Bytes) {}

    fn queue(&self, _: Bytes) {}

    fn queue_recovery(&self, _: Bytes) {}
}

/// A store that has stored what it collected when the test says so.
#[derive(Default)]
struct ByHand(Mutex<Option<Collected>>);

impl ByHand {
    fn collect(&self) -> Collected {
        let mut collected = self.0.lock();
        let next = || Collected { ticket: Ticket(1), outcome: Arc::new(Outcome::default()) };
        collected.get_or_insert_with(next).clone()
    }
}

impl Store for ByHand {
    fn message(&self, _: &Placed<'_>) -> Result<Collected, Refusal> {
        Ok(self.collect())
    }

    fn stream(&self, _: StreamRef<'_>) -> Result<Collected, Refusal> {
        Ok(self.collect())
    }

    fn outcome(&self, _: Ticket) -> Option<Arc<Outcome>> {
        None
    }

    /// Never waits.
    fn commit(&self) -> Option<Commit> {
        let Collected { ticket, outcome } = self.collect();
        *self.0.lock() = Some(Collected { ticket: Ticket(ticket.0 + 1), outcome: Arc::default() });
        Some(Commit { result: Ok(ticket), told: vec![(ticket, outcome)] })
    }

    fn told(&self, _: &Commit) {}

    fn let_go(&self) {}

    fn upkeep(&self, _: Duration, _: usize, _: &dyn Hubs) {}

    fn close(&self) {}

    fn status(&self) -> Status {
        Status { refuses: None, disk_bytes: 0 }
    }
}

/// A broker with such a store, one message that is stored and one that is being stored.
async fn storing() -> (Arc<Broker<Listener>>, Arc<dyn Store>, mpsc::UnboundedReceiver<Bytes>) {
    let store: Arc<dyn Store> = Arc::new(ByHand::default());
    let broker = flushing_to(Some(Arc::clone(&store)));
    let hears = attach(&broker, READERS_WORTH_A_LOOK);
    publish(&broker);
    let first = store.commit().unwrap();
    publish(&broker);
    tell(first, broker.shards().into(), Arc::clone(&store), broker.clock).await;
    (broker, store, hears)
}

/// A broker whose flushers run.
fn flushing() -> Arc<Broker<Listener>> {
    flushing_to(None)
}

fn flushing_to(store: Option<Arc<dyn Store>>) -> Arc<Broker<Listener>> {
    let mut broker = Broker::new(&HubSettings::default(), usize::MAX, Clock::start());
    broker.store = store;
    for shard in broker.shards() {
        tokio::spawn(run(Arc::clone(shard), CancellationToken::new(), TaskTracker::new()));
    }
    Arc::new(broker)
}

fn channel() -> Channel {
    Channel::parse("news", None).unwrap()
}

/// What the first of so many readers hears.
fn attach(broker: &Broker<Listener>, readers: usize) -> mpsc::UnboundedReceiver<Bytes> {
    let (heard, hears) = mpsc::unbounded_channel();
    let user = UserId::parse("somebody").unwrap();
    for number in 0..readers {
        // The others hear, too, and nobody asks them.
        let heard = if number == 0 { heard.clone() } else { mpsc::unbounded_channel().0 };
        let listener = Listener { session: SessionId(number as u64), user: user.clone(), heard };
        broker.attach(RequestId(1), &channel(), &listener, None);
    }
    hears
}

fn publish(broker: &Broker<Listener>) {
    let payload = RawValue::from_string("0".to_owned()).unwrap();
    let publication =
        Publication { payload: &payload, publisher: None, audience: Audience::Everyone, id: None };
    broker.publish(&channel(), publication).unwrap();
}

/// The messages of a frame: each is an array, and they are in one.
fn messages(frame: &Bytes) -> usize {
    frame.iter().filter(|byte| **byte == b'[').count() - 1
}

#[tokio::test(start_paused = true)]
async fn who_comes_to_read_does_not_wait_for_a_disk_that_says_nothing() {
    let store: Arc<dyn Store> = Arc::new(ByHand::default());
    let broker = flushing_to(Some(store));
    timeout(Duration::from_secs(60), broker.make_known(&channel())).await.unwrap();
    let _hears = attach(&broker, 1);
    assert_eq!(broker.totals().subscriptions, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn messages_that_still_wait_in_sockets_leave_with_the_first_when_there_are_many_readers() {
    // A relay's work is done by its workers, and this test's is to be, too.
    let test = tokio::spawn(async {
        let broker = flushing();
        let mut hears = attach(&broker, READERS_WORTH_A_LOOK);
        let (waiting, mut waits) = mpsc::unbounded_channel();
        let mut senders: Vec<Sender> = Vec::new();
        for _ in 0..PUBLISHERS {
            let (sender, mut receiver) = socket_pair();
            senders.push(sender);
            let (broker, waiting) = (Arc::clone(&broker), waiting.clone());
            tokio::spawn(async move {
                waiting.send(()).unwrap();
                receiver.read_u8().await.unwrap();
                publish(&broker);
            });
        }
        for _ in 0..PUBLISHERS {
            waits.recv().await.unwrap();
        }
        for sender in &mut senders {
            sender.write_all(b".").unwrap();
        }
        publish(&broker);
        let first = timeout(DEADLINE, hears.recv()).await.expect("a frame in time").unwrap();
        assert_eq!(messages(&first), 1 + PUBLISHERS);
    });
    test.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn publishers_without_end_do_not_keep_the_first_message_back() {
    let test = tokio::spawn(async {
        let broker = flushing();
        let mut hears = attach(&broker, READERS_WORTH_A_LOOK);
        let without_end = tokio::spawn(async move {
            loop {
                publish(&broker);
                tokio::task::yield_now().await;
            }
        });
        timeout(DEADLINE, hears.recv()).await.expect("a frame in time").unwrap();
        without_end.abort();
    });
    test.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_being_stored_leaves_with_the_one_that_is() {
    let (broker, store, mut hears) = storing().await;
    // More turns than the flusher takes until it only waits for the store.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(hears.is_empty());
    tell(store.commit().unwrap(), broker.shards().into(), store, broker.clock).await;
    let frame = timeout(DEADLINE, hears.recv()).await.expect("a frame in time").unwrap();
    assert_eq!(messages(&frame), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_get_on_holds_nothing_back_that_is_stored() {
    let (_broker, _store, mut hears) = storing().await;
    let frame = timeout(DEADLINE, hears.recv()).await.expect("a frame in time").unwrap();
    assert_eq!(messages(&frame), 1);
}

fn socket_pair() -> (Sender, UnixStream) {
    let (sender, receiver) = Sender::pair().unwrap();
    receiver.set_nonblocking(true).unwrap();
    (sender, UnixStream::from_std(receiver).unwrap())
}
