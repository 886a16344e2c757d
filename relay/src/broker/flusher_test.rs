//! Flushing: whose messages leave together.

use std::io::Write;
use std::os::unix::net::UnixStream as Sender;

use bytes::Bytes;
use realtime_hub::channel::{Reader, SessionId};
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
use crate::broker::shards::Broker;
use crate::clock::Clock;

const DEADLINE: Duration = Duration::from_secs(20);

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

/// A broker whose flushers run.
fn flushing() -> Arc<Broker<Listener>> {
    let broker = Broker::new(&HubSettings::default(), usize::MAX, Clock::start());
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

fn socket_pair() -> (Sender, UnixStream) {
    let (sender, receiver) = Sender::pair().unwrap();
    receiver.set_nonblocking(true).unwrap();
    (sender, UnixStream::from_std(receiver).unwrap())
}
