//! Parts: who writes, and in which order it arrives.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use realtime_hub::channel::{Reader, SessionId};
use realtime_protocol::subscriber::UserId;

use super::*;

const CHANNEL: ChannelNumber = ChannelNumber(1);
const DEADLINE: Duration = Duration::from_secs(60);

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

/// Something else that the first worker has to do: it is back when the others have written to so many.
#[derive(Debug)]
struct Errand {
    busy: Mutex<Option<ThreadId>>,
    written: Mutex<usize>,
    wrote: Condvar,
    back_after: usize,
}

impl Errand {
    fn wait_or_count(&self) {
        let me = thread::current().id();
        let is_first = self.busy.lock().unwrap().replace(me).is_none();
        let mut written = self.written.lock().unwrap();
        if !is_first {
            *written += 1;
            return self.wrote.notify_all();
        }
        let until = Instant::now() + DEADLINE;
        while *written < self.back_after && Instant::now() < until {
            written = self.wrote.wait_timeout(written, DEADLINE).unwrap().0;
        }
        assert!(*written >= self.back_after, "others wrote to {written} meanwhile");
    }
}

#[derive(Debug, Clone)]
struct Listener {
    session: SessionId,
    user: UserId,
    heard: Arc<Mutex<Vec<Bytes>>>,
    meeting: Option<Arc<Meeting>>,
    errand: Option<Arc<Errand>>,
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
        if let Some(errand) = &self.errand {
            errand.wait_or_count();
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
        errand: None,
    };
    (0..count).map(listener).collect()
}

fn frame(text: String, readers: &Arc<Vec<Listener>>) -> Frame<Listener> {
    Frame { bytes: Bytes::from(text), readers: Arc::clone(readers) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_write_one_channels_frame_at_the_same_time() {
    let meeting = Arc::default();
    let readers = Arc::new(listeners(2 * READERS_PER_WORKER as u64, Some(&meeting)));
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_less_time_takes_fewer_readers() {
    let mut readers = listeners(2 * READERS_PER_WORKER as u64, None);
    let errand = Arc::new(Errand {
        busy: Mutex::default(),
        written: Mutex::default(),
        wrote: Condvar::default(),
        back_after: readers.len() - READERS_PER_PART,
    });
    readers.iter_mut().for_each(|reader| reader.errand = Some(Arc::clone(&errand)));
    let readers = Arc::new(readers);
    tokio::spawn(write(CHANNEL, vec![frame("a".to_owned(), &readers)], 2)).await.unwrap();
    assert!(readers.iter().all(|reader| reader.heard() == ["a"]));
}

#[test]
fn further_workers_are_worth_their_while() {
    for (readers, max_workers, wanted) in
        [(0, 4, 1), (1, 4, 1), (511, 4, 1), (512, 4, 2), (10_001, 4, 4), (10_001, 1, 1), (10_001, 0, 1)]
    {
        assert_eq!(workers(readers, max_workers), wanted, "{readers} readers, at most {max_workers}");
    }
}
