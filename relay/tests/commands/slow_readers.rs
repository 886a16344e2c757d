//! What becomes of clients that do not read: each may leave so much unread, and all of them together so much.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::metrics::{Counts, until};
use super::support::{Client, publish};
use super::terminal::Logged;

/// Clients that do not read.
const CLIENTS: usize = 20;

/// Publishes before whoever does not read must have been noticed: far more than sockets and outboxes hold.
const AT_MOST: usize = 2_000;

/// Longer than an answer may wait, whatever else the machine does.
const PATIENCE: Duration = Duration::from_secs(300);

const UNTAKEN: &str = "relay_http_answers_untaken_total";
const SENT_AWAY: &str = r#"relay_sessions_ended_total{reason="Slow"}"#;
const RELIEVED: &str = "relay_outboxes_relieved_total";

/// A connection that holds little, so that what a client does not read soon waits in the relay.
async fn connected(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    socket.connect(address).await.unwrap()
}

async fn subscribed(address: SocketAddr, channel: &str) -> Client {
    let stream = connected(address).await;
    let mut client = Client::connect_over(Box::new(stream), address).await;
    client.send(json!({"type": "hello"})).await;
    assert_eq!(client.frame().await["type"], "welcome");
    client.subscribe(1, json!({ "name": channel }), None).await;
    client
}

async fn clients(address: SocketAddr, channel: impl Fn(usize) -> String) -> Vec<Client> {
    let mut clients = Vec::new();
    for index in 0..CLIENTS {
        clients.push(subscribed(address, &channel(index)).await);
    }
    clients
}

/// Publishes to these channels in turn until the relay has counted so many; returns what it has counted then.
async fn publish_until(relay: &Logged, channels: &[String], counter: &str, wanted: usize) -> Counts {
    let payload = json!("x".repeat(60_000));
    for channel in channels.iter().cycle().take(AT_MOST) {
        publish(&relay.address, json!({ "name": channel }), payload.clone()).await;
        let counts = Counts::read(relay.operators).await;
        if counts.of(counter) >= wanted as f64 {
            return counts;
        }
    }
    panic!("{counter} is {} and not {wanted}", Counts::read(relay.operators).await.of(counter));
}

/// Reads on until the last message or the end, and tells whether the client was sent away.
async fn was_sent_away(mut client: Client) -> bool {
    loop {
        match client.frame_or_end().await {
            Ok(Value::Array(messages)) if messages.iter().any(|message| message[2] == "last") => {
                return false;
            }
            Ok(_) => {}
            // One that has not read the close frame in three seconds has lost the connection, and comes back as well.
            Err(code) => {
                assert!(code == 4001 || code == 1006, "{code}");
                return true;
            }
        }
    }
}

fn lines_with(log: &str, words: &str) -> usize {
    log.lines().filter(|line| line.contains(words)).count()
}

/// Lines of one kind in so much time: the first at once, then one in ten seconds.
fn paced(time: Duration) -> usize {
    1 + time.as_secs() as usize / 10
}

#[tokio::test]
async fn who_does_not_read_is_sent_away_counted_and_told_of_once() {
    let begun = Instant::now();
    let relay = Logged::serve(&["--max-outbox-bytes", "100000"]).await;
    let clients = clients(relay.address, |_| "c".to_owned()).await;
    publish_until(&relay, &["c".to_owned()], SENT_AWAY, CLIENTS).await;
    for client in clients {
        assert!(was_sent_away(client).await);
    }
    let lines = lines_with(&relay.end().await, "a client read too slowly (--max-outbox-bytes)");
    assert!((1..=paced(begun.elapsed())).contains(&lines), "{lines} lines for {CLIENTS} clients");
}

#[tokio::test]
async fn when_the_memory_of_all_is_used_up_those_for_whom_most_waits_are_sent_away_and_the_others_hear_all() {
    // No outbox is full: together they are more than is left of the memory.
    let flags = "--max-outbox-bytes 100000000 --max-history-bytes 1000000 --max-memory-bytes 3000000 --history-messages 1";
    let relay = Logged::serve(&flags.split(' ').collect::<Vec<_>>()).await;
    let clients = clients(relay.address, |index| format!("c{index}")).await;
    let channels: Vec<_> = (0..CLIENTS).map(|index| format!("c{index}")).collect();
    // The first is behind by most.
    let most = std::iter::repeat_n(channels[0].clone(), 3);
    let order: Vec<_> = most.chain(channels[1..].iter().cloned()).collect();
    publish_until(&relay, &order, RELIEVED, 1).await;
    for channel in &channels {
        publish(&relay.address, json!({ "name": channel }), json!("last")).await;
    }
    let mut sent_away = Vec::new();
    for client in clients {
        sent_away.push(was_sent_away(client).await);
    }
    let number = sent_away.iter().filter(|was| **was).count();
    // A client hears of its end before its session has come to it.
    let counts = until(relay.operators, SENT_AWAY, number as f64).await;
    assert_eq!(counts.of(RELIEVED), number as f64);
    assert!(sent_away[0] && number < CLIENTS, "{sent_away:?}");
    let lines = lines_with(&relay.end().await, "the memory for slow clients is used up");
    assert!((1..=number).contains(&lines), "{lines} lines for {number} clients");
}

/// Asks for this, and takes nothing of the answers.
async fn asked(address: SocketAddr, requests: &str) -> TcpStream {
    let mut stream = connected(address).await;
    stream.write_all(requests.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_given_up_counted_and_told_of_once() {
    let site = tempfile::tempdir().unwrap();
    // Much more than sockets hold.
    std::fs::File::create(site.path().join("large")).unwrap().set_len(64 * 1024 * 1024).unwrap();
    let relay = Logged::serve(&["--site", site.path().to_str().unwrap()]).await;
    let begun = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(asked(relay.address, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await);
    }
    // Answered without hyper; each is refused in some hundred bytes.
    let publishes = "POST /v1/publish HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".repeat(20_000);
    let lane = tokio::spawn(async move { asked(relay.address, &publishes).await });
    let given_up = async {
        while Counts::read(relay.operators).await.of(UNTAKEN) < (CLIENTS + 1) as f64 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, given_up).await.expect("all of them are given up");
    assert!(begun.elapsed() >= Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(Counts::read(relay.operators).await.of(UNTAKEN), (CLIENTS + 1) as f64);
    drop((clients, lane));
    let lines = lines_with(&relay.end().await, "a client took nothing of its answer for 30 seconds");
    assert!((1..=paced(begun.elapsed())).contains(&lines), "{lines} lines for {CLIENTS} clients");
}

/// Messages of a recovery that is nearly as large as one may be, each with a frame of its own.
const MISSED: usize = 130;

#[tokio::test]
async fn however_often_who_does_not_read_asks_for_what_it_missed_it_waits_in_the_relay_once() {
    const TIMES: u32 = 6;
    let relay = Logged::serve(&[]).await;
    let first = publish(&relay.address, json!({ "name": "c" }), json!("first")).await;
    let payload = json!("x".repeat(60_000));
    for _ in 0..MISSED {
        publish(&relay.address, json!({ "name": "c" }), payload.clone()).await;
    }
    let mut client = subscribed(relay.address, "other").await;
    for id in 0..TIMES {
        let channel = json!({ "name": "c" });
        client.send(json!({"type": "subscribe", "id": id, "channel": channel, "position": first})).await;
    }
    let (mut replies, mut messages, mut most) = (0, 0, 0.0_f64);
    while messages < MISSED * TIMES as usize {
        if messages % 20 == 0 {
            most = most.max(Counts::read(relay.operators).await.of("relay_outbox_bytes"));
        }
        match client.frame().await {
            Value::Array(frame) => messages += frame.len(),
            reply => {
                assert_eq!((&reply["type"], &reply["recovered"]), (&json!("subscribed"), &json!(true)));
                replies += 1;
            }
        }
    }
    assert_eq!(replies, TIMES);
    assert!(most < 9_000_000.0, "{most} bytes waited for one client");
    relay.end().await;
}
