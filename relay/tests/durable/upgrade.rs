//! One relay takes the place of another at a socket that a service manager holds.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::listener::Listener;
use super::process::Process;
use super::publisher::post;

const CHANNEL: &str = "news";

fn message(number: u64) -> Value {
    json!({"channel": {"name": CHANNEL}, "payload": number, "id": format!("n-{number}")})
}

/// Publishes one number after the other until it is told to stop, each under its id until it has an answer. Returns how
/// many there were. Whoever is refused the connection fails the test.
async fn publish_until(address: SocketAddr, enough: Arc<AtomicBool>) -> u64 {
    let mut number = 0;
    while !enough.load(Ordering::Relaxed) {
        match post(address, "/v1/publish", &message(number)).await {
            Ok((200, _)) => number += 1,
            // The relay that stops lets go of a connection that it has not heard a request on.
            Err(error) => assert_ne!(error.kind(), ErrorKind::ConnectionRefused, "at {number}"),
            Ok((503, _)) => {}
            Ok(other) => panic!("{other:?}"),
        }
    }
    number
}

#[tokio::test]
async fn while_one_relay_takes_the_place_of_another_nobody_is_refused_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut relay = Process::start_at(&socket, folder.path()).await;
    let listener = Listener::start(address, &[CHANNEL]).await;
    let enough = Arc::new(AtomicBool::new(false));
    let publishing = tokio::spawn(publish_until(address, Arc::clone(&enough)));
    for _ in 0..3 {
        relay.stop().await;
        // Whoever connects now waits for the next one.
        sleep(Duration::from_millis(50)).await;
        relay = Process::start_at(&socket, folder.path()).await;
    }
    enough.store(true, Ordering::Relaxed);
    let published = publishing.await.unwrap();
    assert!(published > 3, "{published} publishes");
    listener.until(&[CHANNEL], &json!(published - 1)).await;
    let heard: Vec<_> = listener.heard().into_iter().map(|heard| heard.payload).collect();
    assert_eq!(heard, (0..published).map(Value::from).collect::<Vec<_>>());
    assert!(relay.log().iter().any(|line| line.contains("handed over the socket")), "{:?}", relay.log());
    relay.stop().await;
}
