//! A disk that hangs: it neither takes what is written nor says that it cannot.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::full::until;
use super::process::Process;
use super::support::{Client, DEADLINE, KEY_AND_JSON, connect, free_address, http, publish, publish_text};

/// Lets a relay's disk hang that has written nothing yet: the first file of its history is a pipe that nobody reads,
/// and opening that to write to it waits for a reader.
async fn hang_up(folder: &Path) {
    let pipe = Command::new("mkfifo").arg(folder.join("00000001.history")).status().await.unwrap();
    assert!(pipe.success());
}

#[tokio::test]
async fn a_second_signal_ends_a_relay_at_once_that_is_held_up_while_it_stops() {
    let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
    let mut relay = Process::start(address, folder.path(), &[]).await;
    hang_up(folder.path()).await;
    // The answer comes although the disk does not know the channel: from now on it is waited for.
    Client::visitor(&address).await.subscribe(1, json!({"name": "c"}), None).await;
    relay.signal("TERM").await;
    relay.says("stopping").await;
    let began = Instant::now();
    let status = loop {
        if let Some(status) = relay.ended() {
            break status;
        }
        assert!(began.elapsed() < DEADLINE, "it does not end: {:?}", relay.log());
        relay.signal("INT").await;
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(status.code(), Some(130), "{:?}", relay.log());
    relay.says("told to stop once more: ending at once").await;
}

#[tokio::test]
async fn a_stop_gives_a_hanging_disk_up_and_fails_without_having_confirmed_what_it_did_not_store() {
    let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
    let mut relay = Process::start(address, folder.path(), &[]).await;
    hang_up(folder.path()).await;
    let message = json!({"channel": {"name": "c"}, "payload": 1, "id": "1"}).to_string();
    let mut publisher = connect(&address).await;
    let length = message.len();
    let head =
        format!("POST /v1/publish HTTP/1.1\r\nHost: h\r\n{KEY_AND_JSON}Content-Length: {length}\r\n\r\n");
    publisher.write_all(format!("{head}{message}").as_bytes()).await.unwrap();
    until(|| async { metrics(&address).await.contains("\nrelay_channels 1\n") }).await;

    relay.signal("TERM").await;
    assert_eq!(relay.end().await.code(), Some(1), "{:?}", relay.log());
    relay
        .says("ERROR the history could not be closed: the next start will check it error=the disk does not")
        .await;
    relay.says("of 1 messages that wait for it nobody was told that they are stored").await;
    let mut answer = Vec::new();
    // The connection may have been cut.
    let _ = publisher.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(!answer.contains(" 200 "), "{answer}");

    std::fs::remove_file(folder.path().join("00000001.history")).unwrap();
    let relay = Process::start(address, folder.path(), &[]).await;
    assert_eq!(publish(&address, json!({"name": "c"}), json!(2)).await["offset"], 1);
    relay.stop().await;
}

async fn metrics(address: &SocketAddr) -> String {
    http(address, "GET", "/metrics", KEY_AND_JSON, "").await.body
}

#[tokio::test]
async fn a_publish_in_flight_when_the_disk_hangs_is_told_that_nobody_knows_and_later_ones_are_refused() {
    let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
    let relay = Process::start(address, folder.path(), &[]).await;
    hang_up(folder.path()).await;
    let message = |id: &str| json!({"channel": {"name": "c"}, "payload": 1, "id": id}).to_string();
    for _ in ["at first", "repeated"] {
        let answer = publish_text(&address, &message("1")).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (504, Some("unconfirmed")));
        assert!(answer.head.contains("\r\nretry-after: 5"), "{}", answer.head);
        assert!(answer.json()["detail"].as_str().unwrap().contains("with the same id"), "{}", answer.body);
    }
    let later = publish_text(&address, &message("2")).await;
    assert_eq!((later.status, later.json()["code"].as_str()), (503, Some("unavailable")), "{}", later.body);
    let counts = metrics(&address).await;
    assert!(counts.contains("\nrelay_store_refused_total{reason=\"unanswered\"} 2\n"), "{counts}");
    assert!(counts.contains("\nrelay_store_refused_total{reason=\"silent\"} 1\n"), "{counts}");
    relay.kill().await;
}
