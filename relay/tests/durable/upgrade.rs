//! One relay takes the place of another at a socket that a service manager holds.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::listener::Listener;
use super::process::Process;
use super::publisher::post;

const CHANNEL: &str = "news";

const SOON: Duration = Duration::from_secs(120);

fn message(number: u64) -> Value {
    json!({"channel": {"name": CHANNEL}, "payload": number, "id": format!("n-{number}")})
}

/// Publishes one number after the other for as long as somebody hears how many there were, each under its id until it has
/// an answer. Whoever is refused the connection fails the test.
async fn publish_on(address: SocketAddr, published: watch::Sender<u64>) -> u64 {
    while !published.is_closed() {
        let number = *published.borrow();
        match post(address, "/v1/publish", &message(number)).await {
            Ok((200, _)) => published.send_modify(|count| *count += 1),
            // The relay that stops lets go of a connection that it has not heard a request on.
            Err(error) => assert_ne!(error.kind(), ErrorKind::ConnectionRefused, "at {number}"),
            Ok((503, _)) => {}
            Ok(other) => panic!("{other:?}"),
        }
    }
    *published.borrow()
}

/// Waits until two more are published: the second of them was begun after this was.
async fn two_more(published: &mut watch::Receiver<u64>) {
    let enough = *published.borrow() + 2;
    let in_time = timeout(SOON, published.wait_for(|count| *count >= enough)).await;
    in_time.expect("nothing is published any more").expect("the publisher has ended");
}

#[tokio::test]
async fn while_one_relay_takes_the_place_of_another_nobody_is_refused_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut relay = Process::start_at(&socket, folder.path()).await;
    let listener = Listener::start(address, &[CHANNEL]).await;
    let (count, mut published) = watch::channel(0);
    let publishing = tokio::spawn(publish_on(address, count));
    for _ in 0..3 {
        two_more(&mut published).await;
        relay.stop().await;
        // Whoever connects now waits for the next one.
        sleep(Duration::from_millis(50)).await;
        relay = Process::start_at(&socket, folder.path()).await;
    }
    two_more(&mut published).await;
    drop(published);
    let published = publishing.await.unwrap();
    listener.until(&[CHANNEL], &json!(published - 1)).await;
    let heard: Vec<_> = listener.heard().into_iter().map(|heard| heard.payload).collect();
    assert_eq!(heard, (0..published).map(Value::from).collect::<Vec<_>>());
    assert!(relay.log().iter().any(|line| line.contains("handed over the socket")), "{:?}", relay.log());
    relay.stop().await;
}
