//! A backend that publishes: one request at a time, with an id for each message that is kept over retries, as
//! `wix-realtime-backend` does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use realtime_protocol::channel::Channel;
use realtime_relay::command::dial::Way;
use realtime_relay::command::request::{Answer, post};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use crate::history::record::{Event, Op, Place, Recorder};
use crate::random::Random;

/// The key of a relay on a loopback address that was given none.
const KEY: &str = "dev";

/// A relay that has not answered by then is taken for lost. The backend package waits for 10 s; a run is shorter.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(3);

/// How long a publish may take with all its retries: that of the backend package.
const PUBLISH_LIMIT: Duration = Duration::from_secs(30);

/// The longest pause between two attempts. The backend package's is 2 s.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The longest first pause, as the backend package's; it doubles with each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where.
    pub channel: Channel,
    /// To whom only.
    pub users: Option<Vec<String>>,
    /// The payload's JSON text, made of its publish's number.
    pub payload: fn(Op, &mut Random) -> String,
}

/// A publisher.
#[derive(Debug)]
pub struct Publisher {
    way: Way,
    recorder: Arc<Recorder>,
    numbers: Arc<AtomicU32>,
    /// Of the run, so that ids of one run mean nothing to a relay that remembers another.
    run: u64,
    random: Random,
}

/// One message under way.
struct Waiting {
    op: Op,
    json: String,
    is_doubtful: bool,
}

/// What one attempt has brought for one message.
enum Fate {
    Accepted(Place),
    /// The relay says no for now: it did not take it.
    NotNow,
    /// The relay says no for good.
    Refused,
    /// Nobody knows.
    Doubtful,
}

impl Publisher {
    /// A publisher that speaks to a relay, or what stands in front of it.
    pub fn new(
        relay: SocketAddr,
        recorder: Arc<Recorder>,
        numbers: Arc<AtomicU32>,
        run: u64,
        random: Random,
    ) -> Self {
        Self { way: Way::plain(relay), recorder, numbers, run, random }
    }

    /// Publishes messages in their order, in one request, and again until each is settled.
    pub async fn publish(&mut self, drafts: &[Draft]) {
        let mut waiting: Vec<_> = drafts.iter().map(|draft| self.invoke(draft)).collect();
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        while !waiting.is_empty() {
            let fates = self.attempt(&waiting).await;
            waiting = self.settle(waiting, fates);
            if began.elapsed() > PUBLISH_LIMIT {
                break;
            }
            if !waiting.is_empty() {
                sleep(self.random.between(Duration::ZERO, pause)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        for Waiting { op, is_doubtful, .. } in waiting {
            self.recorder.record(if is_doubtful { Event::Unknown { op } } else { Event::Refused { op } });
        }
    }

    fn invoke(&mut self, draft: &Draft) -> Waiting {
        let op = Op(self.numbers.fetch_add(1, Ordering::Relaxed));
        let payload = (draft.payload)(op, &mut self.random);
        let channel = serde_json::json!(draft.channel);
        let options = draft.users.as_ref().map_or_else(String::new, |users| {
            format!(",\"options\":{}", serde_json::json!({ "users": users }))
        });
        let id = format!("{}-{}", self.run, op.0);
        let json = format!("{{\"channel\":{channel},\"payload\":{payload},\"id\":\"{id}\"{options}}}");
        self.recorder.record(Event::Invoke {
            op,
            channel: draft.channel.to_string(),
            users: draft.users.clone(),
            payload,
        });
        Waiting { op, json, is_doubtful: false }
    }

    /// One request, and what it has brought for each.
    async fn attempt(&self, waiting: &[Waiting]) -> Vec<Fate> {
        let (path, body) = match waiting {
            [one] => ("/v1/publish", one.json.clone()),
            many => {
                let messages: Vec<_> = many.iter().map(|waiting| waiting.json.as_str()).collect();
                ("/v1/publish/batch", format!("{{\"messages\":[{}]}}", messages.join(",")))
            }
        };
        match timeout(ATTEMPT_LIMIT, post(&self.way, path, KEY, body)).await {
            Ok(Ok(answer)) => fates(&answer, waiting.len()),
            _ => doubtful(waiting.len()),
        }
    }

    /// Records what is decided, and gives back what is to be sent again.
    fn settle(&self, waiting: Vec<Waiting>, fates: Vec<Fate>) -> Vec<Waiting> {
        let mut again = Vec::new();
        for (mut waiting, fate) in waiting.into_iter().zip(fates) {
            let op = waiting.op;
            match fate {
                Fate::Accepted(place) => self.recorder.record(Event::Acknowledged { op, place }),
                Fate::Refused if waiting.is_doubtful => self.recorder.record(Event::Unknown { op }),
                Fate::Refused => self.recorder.record(Event::Refused { op }),
                Fate::NotNow => {
                    self.recorder.record(Event::PutOff { op });
                    again.push(waiting);
                }
                Fate::Doubtful => {
                    waiting.is_doubtful = true;
                    again.push(waiting);
                }
            }
        }
        again
    }
}

fn doubtful(count: usize) -> Vec<Fate> {
    (0..count).map(|_| Fate::Doubtful).collect()
}

/// What the relay answers for one message.
#[derive(Deserialize)]
#[serde(untagged)]
enum Outcome {
    Accepted(Place),
    Failed { error: Problem },
}

/// What is read of a problem document.
#[derive(Deserialize)]
struct Problem {
    status: u16,
}

#[derive(Deserialize)]
struct Batch {
    results: Vec<Outcome>,
}

/// What an answer says about each of `count` messages.
fn fates(answer: &Answer, count: usize) -> Vec<Fate> {
    if !answer.status.is_success() {
        return (0..count).map(|_| refusal(answer.status.as_u16())).collect();
    }
    let results = match serde_json::from_slice::<Batch>(&answer.body) {
        Ok(batch) => batch.results,
        Err(_) => serde_json::from_slice(&answer.body)
            .map_or_else(|_| Vec::new(), |place| vec![Outcome::Accepted(place)]),
    };
    if results.len() != count {
        return doubtful(count);
    }
    let fate = |result| match result {
        Outcome::Accepted(place) => Fate::Accepted(place),
        Outcome::Failed { error } => refusal(error.status),
    };
    results.into_iter().map(fate).collect()
}

/// Overload and stops are for now, and 500 says nothing about what became of the message.
const fn refusal(status: u16) -> Fate {
    match status {
        408 | 429 | 503 => Fate::NotNow,
        400..=499 => Fate::Refused,
        _ => Fate::Doubtful,
    }
}
