//! Parts: who writes, and in which order it arrives.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use realtime_hub::channel::{Reader, SessionId};
use realtime_protocol::subscriber::UserId;

use super::*;

const CHANNEL: ChannelNumber = ChannelNumber(1);
const DEADLINE: Duration = Duration::from_secs(20);

/// Where writers meet: each waits in its first write until a second one is there.
#[derive(Debug, Default)]
struct Meeting {
    writers: Mutex<HashSet<ThreadId>>,
    came: Condvar,
}

impl Meeting {
    fn wait_for_another(&self) {
        let mut writers = self.writers.lock().unwrap();
        writers.insert(thread::current().id());
        self.came.notify_all();
        let until = Instant::now() + DEADLINE;
        while writers.len() < 2 && Instant::now() < until {
            writers = self.came.wait_timeout(writers, DEADLINE).unwrap().0;
        }
    }
}

#[derive(Debug, Clone)]
struct Listener {
    session: SessionId,
    user: UserId,
    heard: Arc<Mutex<Vec<Bytes>>>,
    meeting: Option<Arc<Meeting>>,
}

impl Listener {
    fn heard(&self) -> Vec<Bytes> {
        self.heard.lock().unwrap().clone()
    }
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
        if let Some(meeting) = &self.meeting {
            meeting.wait_for_another();
        }
        self.heard.lock().unwrap().push(frame.clone());
    }

    fn join(&self, _: ChannelNumber, _: bool, _: Bytes) {}

    fn queue(&self, _: Bytes) {}

    fn queue_recovery(&self, _: Bytes) {}
}

fn listeners(count: u64, meeting: Option<&Arc<Meeting>>) -> Vec<Listener> {
    let user = UserId::parse("somebody").unwrap();
    let listener = |session| Listener {
        session: SessionId(session),
        user: user.clone(),
        heard: Arc::default(),
        meeting: meeting.cloned(),
    };
    (0..count).map(listener).collect()
}

fn frame(text: String, readers: &Arc<Vec<Listener>>) -> Frame<Listener> {
    Frame { bytes: Bytes::from(text), readers: Arc::clone(readers) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_write_one_channels_frame_at_the_same_time() {
    let meeting = Arc::default();
    let readers = Arc::new(listeners(2 * READERS_PER_PART as u64, Some(&meeting)));
    let frames = vec![frame("a".to_owned(), &readers)];
    tokio::spawn(write(CHANNEL, frames, 2)).await.unwrap();
    assert_eq!(meeting.writers.lock().unwrap().len(), 2);
    assert!(readers.iter().all(|reader| reader.heard() == ["a"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_reader_gets_every_frame_in_order_however_readers_come_and_go() {
    let all = listeners(3000, None);
    let mut frames = Vec::new();
    let mut wanted = vec![Vec::new(); all.len()];
    for round in 0..40 {
        // From round to round others are there, so that their parts shift.
        let there: Vec<usize> = (0..all.len()).filter(|index| (index + round) % 7 > round % 5).collect();
        let readers = Arc::new(there.iter().map(|index| all[*index].clone()).collect());
        for message in 0..3 {
            let text = format!("{round}.{message}");
            for index in &there {
                wanted[*index].push(text.clone());
            }
            frames.push(frame(text, &readers));
        }
    }
    tokio::spawn(write(CHANNEL, frames, 4)).await.unwrap();
    for (reader, wanted) in all.iter().zip(&wanted) {
        assert_eq!(&reader.heard(), wanted, "{:?}", reader.session);
    }
}

#[test]
fn parts_cover_all_readers_once_and_are_worth_their_while() {
    for (readers, max_parts, parts) in
        [(0, 4, 1), (1, 4, 1), (511, 4, 1), (512, 4, 2), (10_001, 4, 4), (10_001, 1, 1), (10_001, 0, 1)]
    {
        let ranges: Vec<_> = ranges(readers, max_parts).collect();
        assert_eq!(ranges.len(), parts, "{readers} readers in at most {max_parts}");
        assert_eq!(ranges.iter().cloned().flatten().collect::<Vec<_>>(), (0..readers).collect::<Vec<_>>());
    }
}
