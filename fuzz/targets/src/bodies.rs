//! Bodies of requests.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use realtime_hub::channel::{Reader, SessionId};
use realtime_hub::settings::HubSettings;
use realtime_protocol::channel::{Channel, UncheckedChannel};
use realtime_protocol::frame::{ChannelNumber, RequestId};
use realtime_protocol::limits::MAX_BATCH_MESSAGES;
use realtime_protocol::position::{Epoch, Offset, Position};
use realtime_protocol::subscriber::UserId;
use realtime_relay::broker::peer::Peer;
use realtime_relay::broker::shards::Broker;
use realtime_relay::clock::Clock;
use realtime_relay::http::body::read_json;
use realtime_relay::http::problem::Problem;
use realtime_relay::http::{batch, disconnect, permissions, publish};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};
use warp::reply::Response;

use crate::{choice, pieces as cut};

/// The limit for a payload; small, so that a short input can exceed it.
const MAX_PAYLOAD_BYTES: usize = 200;

/// The limit for a body that comes in pieces.
const MAX_BODY_BYTES: usize = 300;

/// The user that reads what was published.
const READER: &str = "u1";

/// The first byte cuts the others in pieces, in which they are read as a body: whole, or not at all when there are too
/// many.
pub fn pieces(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let chunks = cut(bytes, choice).into_iter().map(|piece| Ok(Bytes::copy_from_slice(piece)));
    let headers = json_headers();
    let body = read_json(&headers, stream::iter(chunks.collect::<Vec<_>>()), MAX_BODY_BYTES);
    match (block_on(body), bytes.len()) {
        (Ok(read), length) => assert!(read == bytes && (1..=MAX_BODY_BYTES).contains(&length)),
        (Err(problem), 0) => assert_eq!(problem.code().status(), 400),
        (Err(problem), length) => {
            assert_eq!(problem.code().status(), 413);
            assert!(length > MAX_BODY_BYTES);
        }
    }
}

/// What is published is there afterwards, byte for byte; what is not says why in one document.
pub fn publish(bytes: &[u8]) {
    let broker = broker();
    let placed = publish::one(&broker, &HeaderMap::new(), bytes, MAX_PAYLOAD_BYTES);
    match placed.and_then(|publishing| block_on(publish::answer(publishing))) {
        Ok(response) => expect_published(&broker, bytes, &json_of(response)),
        Err(problem) => expect_problem(&problem),
    }
}

/// Each message of a batch has its answer, in their order: a position where the message is there, else a problem.
pub fn batch(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    let batch = match batch::read_batch(&body) {
        Ok(batch) => batch,
        Err(problem) => return expect_problem(&problem),
    };
    let messages = batch.len();
    assert!(messages <= MAX_BATCH_MESSAGES);
    let answer = json_of(block_on(batch.publish(&broker(), MAX_PAYLOAD_BYTES)).expect("nothing to wait for"));
    let results = answer["results"].as_array().expect("results");
    let given: Value = serde_json::from_slice(bytes).unwrap_or_default();
    assert_eq!(results.len(), messages);
    for (index, result) in results.iter().enumerate() {
        match result.get("error") {
            Some(error) => assert!(matches!(error["status"].as_u64(), Some(400 | 413)), "{error}"),
            // serde_json reads no number as a value that no double can hold; the relay lets it be.
            None if given.is_null() => assert!(result["offset"].is_u64(), "{result}"),
            None => assert!(result["epoch"].is_string() && given["messages"][index].is_object(), "{result}"),
        }
    }
}

/// The bodies by which a backend steers: whoever reads them gets what has been checked, or a problem.
pub fn control(bytes: &[u8]) {
    let (choice, bytes) = choice(bytes);
    let problem = match choice % 3 {
        0 => permissions::read_selection(bytes).map(drop),
        1 => permissions::read_question(bytes).map(|question| {
            assert!(!question.subscriber.id.as_str().contains(char::is_control));
        }),
        _ => disconnect::read(bytes).map(|wish| {
            assert!((1..=100).contains(&wish.reason.chars().count()), "{:?}", wish.reason);
            assert!(!wish.reason.contains(char::is_control), "{:?}", wish.reason);
            assert!(!wish.user.as_str().is_empty() && !wish.user.as_str().contains(char::is_control));
        }),
    };
    if let Err(problem) = problem {
        expect_problem(&problem);
    }
}

/// A body that was accepted, looked at with other eyes.
#[derive(serde::Deserialize)]
struct Given<'a> {
    channel: UncheckedChannel,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow, default)]
    options: Option<&'a RawValue>,
}

fn expect_published(broker: &Broker<Listener>, body: &[u8], answer: &Value) {
    let given: Given<'_> = serde_json::from_slice(body).expect("what is accepted is a publish");
    let channel = given.channel.check().expect("what is accepted has a channel");
    assert!(given.payload.get().len() <= MAX_PAYLOAD_BYTES, "a payload over the limit was accepted");
    let offset = answer["offset"].as_u64().and_then(Offset::new).expect("an offset");
    let epoch = answer["epoch"].as_str().and_then(Epoch::parse).expect("an epoch");
    assert_eq!(offset, Offset::START.next(), "the first message of its channel");
    let recovered = recovered(broker, &channel, &Position { epoch, offset: Offset::START });
    let is_for_some = given.options.is_some_and(|options| options.get().contains("users"));
    match &recovered[..] {
        [] => assert!(is_for_some, "the message is lost"),
        [frame] => {
            // Before the text is the header of a WebSocket frame.
            let payload = format!(",{}", given.payload.get());
            let is_there = frame.windows(payload.len()).any(|window| window == payload.as_bytes());
            assert!(is_there, "the payload is not as it came: {}", frame.escape_ascii());
        }
        frames => panic!("one message came in {} frames", frames.len()),
    }
}

fn expect_problem(problem: &Problem) {
    let document: Value = serde_json::from_str(&problem.to_json()).expect("a problem is JSON");
    assert!(matches!(document["status"].as_u64(), Some(400 | 413)), "{document}");
    assert!(document["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{document}");
}

/// A reader that keeps what a recovery brings it. Clones share it.
#[derive(Clone)]
struct Listener {
    user: UserId,
    recovered: Arc<Mutex<Vec<Bytes>>>,
}

fn recovered(broker: &Broker<Listener>, channel: &Channel, from: &Position) -> Vec<Bytes> {
    let user = UserId::parse(READER).unwrap();
    let listener = Listener { user, recovered: Arc::default() };
    broker.attach(RequestId(1), channel, &listener, Some(from));
    std::mem::take(&mut listener.recovered.lock().unwrap())
}

impl Reader for Listener {
    fn session(&self) -> SessionId {
        SessionId(1)
    }

    fn user(&self) -> &UserId {
        &self.user
    }
}

impl Peer for Listener {
    fn write(&self, _number: ChannelNumber, _frame: &Bytes) {}

    fn join(&self, _number: ChannelNumber, _is_new: bool, _reply: Bytes) {}

    fn queue(&self, _frame: Bytes) {}

    fn queue_recovery(&self, frame: Bytes) {
        self.recovered.lock().unwrap().push(frame);
    }
}

fn broker() -> Broker<Listener> {
    Broker::new(&HubSettings::default(), 1024 * 1024, Clock::start())
}

fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))])
}

fn json_of(response: Response) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    let body = block_on(response.into_body().collect()).expect("an answer is whole");
    serde_json::from_slice(&body.to_bytes()).expect("an answer is JSON")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
