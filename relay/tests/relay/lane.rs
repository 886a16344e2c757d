//! The lane before hyper is not to be told from hyper: requests that it takes, and the same made such that it leaves them
//! to hyper, have the same answers and the same effects.

use std::fmt::Write as _;

use realtime_relay::app::Relay;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::support::{Client, DEADLINE, Stream, connect, is_secure, relay};

/// A field that means nothing beside a length, and that the lane leaves to hyper all the same.
const FOR_HYPER: &str = "Trailer: x\r\n";

/// Turns that the relay has between two pieces of a request.
const TURNS: usize = 20;

const KEY: &str = "Authorization: Bearer dev\r\n";
const JSON: &str = "Content-Type: application/json\r\n";
const UPGRADE: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const OURS: &str = "Sec-WebSocket-Protocol: realtime.v1.json\r\n";

/// An answer as it can be compared: the fields in their order are no promise, and neither is the second.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Answer {
    status: String,
    fields: Vec<String>,
    body: String,
}

/// Takes one answer off the front of a text, if it is there whole.
fn split_answer(text: &str) -> Option<(Answer, &str)> {
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next()?;
    let mut fields: Vec<_> = lines.collect();
    let length = fields.iter().find_map(|field| field.strip_prefix("content-length: ")?.parse().ok());
    let (body, rest) = rest.split_at_checked(length.unwrap_or(0))?;
    for field in &mut fields {
        if let Some(date) = field.strip_prefix("date: ") {
            assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
            *field = "date".to_owned();
        }
    }
    fields.sort();
    Some((Answer { status, fields, body: body.to_owned() }, rest))
}

fn answers(mut text: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    while let Some((answer, rest)) = split_answer(text) {
        answers.push(answer);
        text = rest;
    }
    assert_eq!(text, "", "behind {answers:?}");
    answers
}

/// Sends pieces, each once the relay has had time for the one before, and reads so many answers, or to the end.
async fn exchange(stream: &mut Box<dyn Stream>, pieces: &[&[u8]], wanted: Option<usize>) -> Vec<Answer> {
    let mut read = Vec::new();
    for piece in pieces {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
        // The relay runs on this thread, and has read and answered when the others have had some turns.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }
    let reading = async {
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            let mut rest = text.as_str();
            let mut count = 0;
            while let Some((_, behind)) = split_answer(rest) {
                (rest, count) = (behind, count + 1);
            }
            if wanted == Some(count) || stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return answers(&text);
            }
        }
    };
    timeout(DEADLINE, reading).await.unwrap_or_else(|_| panic!("{wanted:?} answers in time"))
}

fn publish(headers: &str, body: &str) -> String {
    format!(
        "POST /v1/publish HTTP/1.1\r\nHost: relay\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn handshake(headers: &str) -> String {
    format!("GET /v1/realtime HTTP/1.1\r\nHost: relay\r\n{headers}\r\n")
}

/// The same request, for hyper.
fn for_hyper(request: &str) -> String {
    request.replacen("\r\n", &format!("\r\n{FOR_HYPER}"), 1)
}

fn message(channel: &str, more: &str) -> String {
    format!(r#"{{"channel":{{"name":"{channel}"}},"payload":{{"n":1}}{more}}}"#)
}

/// Requests that are whole and plain, right and wrong.
fn plain_requests() -> Vec<String> {
    let key_and_json = format!("{KEY}{JSON}");
    let mut requests: Vec<String> = [
        message("c", ""),
        message("c", r#","id":"i1""#),
        message("c", r#","id":"i1","options":{"users":[]}"#),
        message("c", r#","options":{"users":["anna"],"includePublisher":true},"publisher":{"id":"ben"}"#),
        message("a:b", ""),
        message("c", r#","unknown":1"#),
        "{}".to_owned(),
        "[]".to_owned(),
        "no json".to_owned(),
        String::new(),
        r#"{"channel":"c","payload":1}"#.to_owned(),
        format!(r#"{{"channel":{{"name":"c"}},"payload":"{}"}}"#, "x".repeat(300)),
        format!(r#"{{"channel":{{"name":"c"}},"payload":"{}"}}"#, "x".repeat(3000)),
    ]
    .iter()
    .map(|body| publish(&key_and_json, body))
    .collect();
    let body = message("c", "");
    for headers in [
        "",
        KEY,
        JSON,
        "Authorization: Bearer wrong\r\nContent-Type: application/json\r\n",
        "Authorization: Basic dev\r\nContent-Type: application/json\r\n",
        "Authorization: Bearer dev\r\nAuthorization: Bearer wrong\r\nContent-Type: application/json\r\n",
        "authorization: bearer dev\r\nCONTENT-TYPE: application/json; charset=utf-8\r\nUser-Agent: x\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json; charset=latin1\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n",
        "Authorization: Bearer dev\r\nContent-Type: text/plain\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nIdempotency-Key: \"i2\"\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nIdempotency-Key: \"i2\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nIdempotency-Key: \u{fc}\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nConnection: Keep-Alive\r\n",
        "Authorization: Bearer dev\r\nContent-Type: application/json\r\nCookie:\r\n",
    ] {
        requests.push(publish(headers, &body));
    }
    for headers in [
        format!("{UPGRADE}{OURS}Origin: https://evil.example\r\n"),
        format!("{UPGRADE}Sec-WebSocket-Protocol: other\r\n"),
        UPGRADE.to_owned(),
        format!("{UPGRADE}{OURS}").replace("Version: 13", "Version: 8"),
        format!("{UPGRADE}{OURS}").replace("Upgrade: websocket", "Upgrade: h2c"),
        format!("{UPGRADE}{OURS}").replace(", Upgrade", ""),
    ] {
        requests.push(handshake(&headers));
    }
    requests
}

/// Requests that are anything but plain, which hyper gets whoever looks at them first.
fn other_requests() -> Vec<String> {
    let body = message("c", "");
    let whole = publish(&format!("{KEY}{JSON}"), &body);
    let with = |field: &str| publish(&format!("{KEY}{JSON}{field}"), &body);
    let mut many = String::new();
    for field in 0..120 {
        let _ = write!(many, "X-{field}: 1\r\n");
    }
    vec![
        with("Connection: close\r\n"),
        with("Host: other\r\nConnection: close\r\n"),
        with("Expect: something\r\nConnection: close\r\n"),
        with(&format!("Content-Length: {}\r\nConnection: close\r\n", body.len())),
        with("Content-Length: 1\r\nConnection: close\r\n"),
        with(&many),
        with(&format!("X: {}\r\n", "x".repeat(40_000))),
        with("no field\r\n"),
        with(" folded: 1\r\n"),
        with("Connection: close\r\n").replace("HTTP/1.1", "HTTP/1.0"),
        with("Connection: close\r\n").replace("/v1/publish", "/v1/publish?a=b"),
        with("Connection: close\r\n").replace("/v1/publish", "http://relay/v1/publish"),
        with("Connection: close\r\n").replace("POST", "PUT"),
        with("Connection: close\r\n").replace("Host: relay\r\n", ""),
        whole.replace("HTTP/1.1", "HTTP/2.0"),
        whole.replace("Content-Length: ", "Content-Length: +"),
        "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
        handshake("Connection: close\r\n"),
        "NONSENSE\r\n\r\n".to_owned(),
    ]
}

/// Two relays to which the same is done, once through the lane and once through hyper.
struct Two([Relay; 2]);

impl Two {
    async fn start(flags: [&[&str]; 2]) -> Self {
        Self([relay(flags[0]).await, relay(flags[1]).await])
    }

    /// Has the first relay answer some pieces and the second others, and compares. `wanted` is how many answers there are,
    /// where the connection goes on behind them.
    async fn agree(&self, pieces: [&[&[u8]]; 2], wanted: Option<usize>, what: &str) -> Vec<Answer> {
        let mut all = Vec::new();
        for (relay, pieces) in self.0.iter().zip(pieces) {
            let mut stream = connect(relay).await;
            let answers = exchange(&mut stream, pieces, wanted).await;
            all.push(answers.into_iter().map(without_epoch).collect());
        }
        let [lane, hyper]: [Vec<Answer>; 2] = all.try_into().unwrap();
        assert_eq!(lane, hyper, "{what}");
        assert!(wanted.is_none_or(|wanted| lane.len() == wanted), "{what}: {lane:?}");
        lane
    }

    /// Has both answer one text, which the second leaves to hyper.
    async fn agree_about(&self, text: &str, wanted: Option<usize>) -> Vec<Answer> {
        self.agree([&[text.as_bytes()], &[for_hyper(text).as_bytes()]], wanted, text).await
    }

    async fn stop(self) {
        for relay in self.0 {
            relay.stop().await;
        }
    }
}

/// A position's epoch is each relay's own.
fn without_epoch(mut answer: Answer) -> Answer {
    if let Ok(Value::Object(mut document)) = serde_json::from_str(&answer.body)
        && document.remove("epoch").is_some()
    {
        answer.body = Value::from(document).to_string();
    }
    answer
}

/// A number below `end`, from a sequence that its seed repeats (Knuth's, of MMIX).
fn below(end: usize, seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize % end
}

#[tokio::test]
async fn a_request_is_answered_alike_in_the_lane_and_by_hyper() {
    let two = Two::start([&[], &[]]).await;
    let mut statuses = Vec::new();
    for request in plain_requests() {
        let answers = two.agree_about(&request, Some(1)).await;
        statuses.push(answers[0].status.split(' ').nth(1).unwrap().to_owned());
    }
    statuses.sort();
    statuses.dedup();
    assert_eq!(statuses, ["200", "400", "401", "403", "415", "422", "426"]);
    two.stop().await;
}

#[tokio::test]
async fn what_is_not_plain_is_hypers_to_answer() {
    let two = Two::start([&[], &[]]).await;
    for request in other_requests() {
        two.agree_about(&request, None).await;
    }
    two.stop().await;
}

#[tokio::test]
async fn a_handshake_is_answered_alike_and_what_came_with_it_is_heard() {
    let two = Two::start([&[], &[]]).await;
    let request = handshake(&format!("{UPGRADE}{OURS}Origin: http://localhost:3000\r\n"));
    let answers = two.agree_about(&request, Some(1)).await;
    assert!(answers[0].status.starts_with("HTTP/1.1 101 "), "{answers:?}");
    // To close behind the answer is nothing that a WebSocket could do.
    two.agree_about(&request.replace("keep-alive", "close"), Some(1)).await;
    // A frame that does not wait for the answer, masked with zeros.
    let hello = br#"{"type":"hello"}"#;
    let frame = [&[0x81, 0x80 | hello.len() as u8, 0, 0, 0, 0][..], hello].concat();
    for request in [request.clone(), for_hyper(&request)] {
        let mut stream = connect(&two.0[0]).await;
        stream.write_all(&[request.as_bytes(), &frame].concat()).await.unwrap();
        let mut read = Vec::new();
        let welcomed = async {
            while !String::from_utf8_lossy(&read).contains(r#"{"type":"welcome""#) {
                assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
            }
        };
        timeout(DEADLINE, welcomed).await.unwrap();
    }
    two.stop().await;
}

#[tokio::test]
async fn requests_that_come_together_are_answered_in_their_order() {
    let two = Two::start([&[], &[]]).await;
    let (plain, other) = (plain_requests(), other_requests());
    for seed in 0..60 {
        let mut state = seed;
        let mut text = String::new();
        let count = 2 + below(3, &mut state);
        for _ in 0..count {
            text += &plain[below(plain.len(), &mut state)];
        }
        // The last one may end the connection.
        let ends = below(2, &mut state) == 0;
        if ends {
            text += &other[below(other.len(), &mut state)];
        }
        let answers = two.agree_about(&text, (!ends).then_some(count)).await;
        assert!(answers.len() >= count, "seed {seed}: {answers:?}");
    }
    two.stop().await;
}

#[tokio::test]
async fn more_requests_at_once_than_answers_may_wait_are_all_answered() {
    let two = Two::start([&[], &[]]).await;
    let (refused, good) = (publish("", "{}"), publish(&format!("{KEY}{JSON}"), &message("c", "")));
    let many = format!("{}{good}", refused.repeat(200)).repeat(3);
    let answers = two.agree_about(&many, Some(603)).await;
    assert_eq!(answers[602].body, r#"{"offset":3}"#);
    two.stop().await;
}

#[tokio::test]
async fn a_request_may_come_in_any_two_pieces() {
    let two = Two::start([&[], &[]]).await;
    let publish = publish(&format!("{KEY}{JSON}"), &message("c", ""));
    let handshake = handshake(&format!("{UPGRADE}{OURS}"));
    // Behind a request that is there whole, so that the lane has begun already; then with another behind it.
    for (text, answers) in [(format!("{publish}{publish}"), 2), (format!("{publish}{handshake}"), 2)] {
        let text = text.as_bytes();
        let hyper = for_hyper(std::str::from_utf8(text).unwrap());
        // A handshake of TLS for each of them takes its time.
        for at in (1..text.len()).step_by(if is_secure() { 16 } else { 1 }) {
            let (first, second) = text.split_at(at);
            two.agree([&[first, second], &[hyper.as_bytes()]], Some(answers), &format!("split at {at}"))
                .await;
        }
    }
    two.stop().await;
}

#[tokio::test]
async fn a_connection_goes_on_whoever_answered_on_it_last() {
    let two = Two::start([&[], &[]]).await;
    let publish = publish(&format!("{KEY}{JSON}"), &message("c", ""));
    let health = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut streams = [connect(&two.0[0]).await, connect(&two.0[1]).await];
    let mut offsets = Vec::new();
    for request in [&publish, &publish, health, &publish] {
        let lane = exchange(&mut streams[0], &[request.as_bytes()], Some(1)).await;
        let hyper = exchange(&mut streams[1], &[for_hyper(request).as_bytes()], Some(1)).await;
        let [lane, hyper] = [lane, hyper].map(|mut answers| without_epoch(answers.remove(0)));
        assert_eq!(lane, hyper);
        offsets.push(lane.body);
    }
    assert_eq!(offsets[3], r#"{"offset":3}"#, "{offsets:?}");
    drop(streams);
    two.stop().await;
}

#[tokio::test]
async fn a_message_that_has_to_be_stored_is_answered_alike() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let flags = folders.each_ref().map(|folder| ["--data-dir", folder.path().to_str().unwrap()]);
    let two = Two::start([&flags[0], &flags[1]]).await;
    let publish = |more: &str| publish(&format!("{KEY}{JSON}"), &message("c", more));
    let wrong = publish(r#","unknown":1"#);
    let three = format!("{}{wrong}{}", publish(""), publish(r#","id":"i""#));
    let answers = two.agree_about(&three, Some(3)).await;
    assert_eq!(answers[2].body, r#"{"offset":2}"#);
    // What has an id already is no other message.
    let again = two.agree_about(&publish(r#","id":"i""#), Some(1)).await;
    assert_eq!(again[0].body, r#"{"offset":2}"#);
    two.stop().await;
}

#[tokio::test]
async fn what_is_published_in_the_lane_is_delivered_in_its_order() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    client.subscribe(1, json!({"name": "c"}), None).await;
    let publish = |n: usize| {
        publish(&format!("{KEY}{JSON}"), &format!(r#"{{"channel":{{"name":"c"}},"payload":{n}}}"#))
    };
    let mut stream = connect(&relay).await;
    let together: String = (0..100).map(publish).collect();
    let answers = exchange(&mut stream, &[together.as_bytes()], Some(100)).await;
    assert!(answers.iter().all(|answer| answer.status == "HTTP/1.1 200 OK"));
    let wanted: Vec<_> = (0..100).map(Value::from).collect();
    assert_eq!(client.payloads(100).await, wanted);
    drop((client, stream));
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_stops_closes_connections_at_rest_at_once() {
    let relay = relay(&[]).await;
    let mut stream = connect(&relay).await;
    let request = publish(&format!("{KEY}{JSON}"), &message("c", ""));
    exchange(&mut stream, &[request.as_bytes()], Some(1)).await;
    let mut rest = Vec::new();
    let (read, ()) = tokio::join!(stream.read_to_end(&mut rest), relay.stop());
    assert_eq!((read.unwrap(), rest), (0, Vec::new()));
}
