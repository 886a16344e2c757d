//! The lane before hyper is not to be told from hyper: requests that it takes, and the same made such that it leaves them
//! to hyper, have the same answers and the same effects.

#[path = "lane/answers.rs"]
mod answers;
#[path = "lane/requests.rs"]
mod requests;
#[path = "lane/two.rs"]
mod two;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use self::answers::{Answer, exchange, without_epoch};
use self::requests::{
    JSON, KEY, OURS, UPGRADE, for_hyper, handshake, head_bytes, message, other_requests, plain_requests,
    publish, publish_with_head,
};
use self::two::Two;
use crate::support::{Client, DEADLINE, connect, is_secure, relay};

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
async fn a_request_may_come_byte_by_byte_and_a_body_once_it_is_asked_for() {
    let two = Two::start([&[], &[]]).await;
    let one = publish(&format!("{KEY}{JSON}"), &message("c", ""));
    let text = format!("{one}{one}");
    let bytes: Vec<_> = text.as_bytes().chunks(1).collect();
    two.agree([&bytes, &[for_hyper(&text).as_bytes()]], Some(2), "byte by byte").await;
    // The first is the lane's; of the second the head, and then the body byte by byte.
    let (head, body) = text.split_at(one.len() + head_bytes(&one));
    let pieces: Vec<_> = std::iter::once(head.as_bytes()).chain(body.as_bytes().chunks(1)).collect();
    two.agree([&pieces, &[for_hyper(&text).as_bytes()]], Some(2), "a body byte by byte").await;

    let asking = publish(&format!("{KEY}{JSON}Expect: 100-continue\r\n"), &message("c", ""));
    let (head, body) = asking.split_at(head_bytes(&asking));
    let other = for_hyper(head);
    let pieces = [&[head.as_bytes(), body.as_bytes()][..], &[other.as_bytes(), body.as_bytes()]];
    let answers = two.agree(pieces, Some(2), "a body that is asked for").await;
    assert_eq!(answers[0].status, "HTTP/1.1 100 Continue");
    two.stop().await;
}

#[tokio::test]
async fn on_both_sides_of_each_limit_of_size_the_answers_are_alike() {
    let two = Two::start([&[], &[]]).await;
    let mut texts = Vec::new();
    // The lane's own limits, beyond which hyper answers, and then hyper's.
    for (bytes, fields, status) in [
        (16 * 1024, 6, "200"),
        (16 * 1024 + 1, 6, "200"),
        (32 * 1024, 6, "200"),
        (32 * 1024 + 1, 6, "431"),
        (0, 32, "200"),
        (0, 33, "200"),
        (0, 100, "200"),
        (0, 101, "431"),
    ] {
        texts.push(([false, true].map(|hyper| publish_with_head(bytes, fields, hyper)), status));
    }
    // What the lane reads at once, head and body together.
    for bytes in [64 * 1024, 64 * 1024 + 1] {
        let of = |payload: usize| {
            let body = format!(r#"{{"channel":{{"name":"c"}},"payload":"{payload:0payload$}"}}"#);
            publish(&format!("{KEY}{JSON}"), &body)
        };
        let lane = of(bytes - of(60_000).len() + 60_000);
        assert_eq!(lane.len(), bytes);
        texts.push(([lane.clone(), for_hyper(&lane)], "200"));
    }
    for ([lane, hyper], status) in texts {
        let what = format!("a head of {} bytes", head_bytes(&lane));
        let answers = two.agree([&[lane.as_bytes()], &[hyper.as_bytes()]], Some(1), &what).await;
        assert!(answers[0].status.contains(status), "{what}: {answers:?}");
    }
    two.stop().await;
}

#[tokio::test]
async fn who_wants_more_than_there_is_is_refused_alike() {
    let two = Two::start([&["--max-sessions", "1", "--max-publishes-per-second", "1"]; 2]).await;
    let handshake = handshake(&format!("{UPGRADE}{OURS}X-Forwarded-For: 203.0.113.7\r\n"));
    let held = two.sessions(&handshake).await;
    let answers = two.agree_about(&handshake, Some(1)).await;
    assert!(
        answers[0].status.contains("503")
            && answers[0].fields.iter().any(|field| field.starts_with("retry-after"))
    );
    let publishes = publish(&format!("{KEY}{JSON}"), &message("c", "")).repeat(3);
    let answers = two.agree_about(&publishes, Some(3)).await;
    assert!(
        answers[0].status.contains("200") && answers[1..].iter().all(|answer| answer.status.contains("429"))
    );
    drop(held);
    two.stop().await;

    let flags = ["--trusted-proxy", "127.0.0.0/8", "--max-connections-per-address", "1"];
    let two = Two::start([&flags; 2]).await;
    let held = two.sessions(&handshake).await;
    let answers = two.agree_about(&handshake, Some(1)).await;
    assert!(answers[0].status.contains("429"), "{answers:?}");
    drop(held);
    two.stop().await;
}

/// What a relay answers to what is sent `before` it stops, so many answers, and to what comes `behind` that.
async fn answers_at_the_end(before: &str, answered: usize, behind: &str) -> [Vec<Answer>; 2] {
    let relay = relay(&[]).await;
    let mut stream = connect(&relay).await;
    let early = exchange(&mut stream, &[before.as_bytes()], Some(answered)).await;
    let stopping = tokio::spawn(relay.stop());
    // It gets some turns for nothing.
    exchange(&mut stream, &[b""], Some(0)).await;
    let late = exchange(&mut stream, &[behind.as_bytes()], None).await;
    drop(stream);
    stopping.await.unwrap();
    [early, late].map(|answers| answers.into_iter().map(without_epoch).collect())
}

#[tokio::test]
async fn a_relay_that_stops_parts_alike_from_who_has_asked_and_who_is_about_to() {
    let whole = publish(&format!("{KEY}{JSON}"), &message("c", ""));
    let (half, rest) = whole.split_at(whole.len() / 2);
    let (head, body) = whole.split_at(head_bytes(&whole));
    for (before, answered, behind, late) in [(&*whole, 1, &*whole, 0), (half, 0, rest, 1), (head, 0, body, 1)]
    {
        let lane = answers_at_the_end(before, answered, behind).await;
        let hyper = answers_at_the_end(&for_hyper(before), answered, behind).await;
        assert_eq!(lane, hyper, "{before:?} and then {behind:?}");
        assert_eq!(lane[1].len(), late, "{before:?} and then {behind:?}");
        let closes = |answer: &Answer| answer.fields.iter().any(|field| field == "connection: close");
        assert!(lane[1].iter().all(closes), "{lane:?}");
    }
}

/// The one thing that can be told: hyper lets go of a client in the middle of any request but its first.
#[tokio::test]
async fn a_request_behind_the_lanes_that_has_begun_to_come_when_the_relay_stops_is_answered() {
    let whole = publish(&format!("{KEY}{JSON}"), &message("c", ""));
    for at in [1, whole.len() / 2, head_bytes(&whole), whole.len() - 1] {
        let (half, rest) = whole.split_at(at);
        let [_, late] = answers_at_the_end(&format!("{whole}{half}"), 1, rest).await;
        assert_eq!(late.len(), 1, "cut at {at}");
        assert_eq!(late[0].body, r#"{"offset":2}"#, "cut at {at}");
    }
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
    let (read, _) = tokio::join!(stream.read_to_end(&mut rest), relay.stop());
    assert_eq!((read.unwrap(), rest), (0, Vec::new()));
}
