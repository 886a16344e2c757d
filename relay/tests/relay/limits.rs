//! What a client gets that wants more than it may have, and that nobody else notices.

use futures_util::SinkExt;
use realtime_relay::app::Relay;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Answer, At, Client, DEADLINE, publish, raw_http, relay, settings};

/// A handshake of a client that a proxy speaks for.
fn handshake(relay: &impl At, client: &str) -> String {
    format!(
        "GET /v1/realtime HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         X-Forwarded-For: {client}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: realtime.v1.json\r\n\r\n",
        relay.at()
    )
}

/// Shakes hands for a client. The connection lasts as long as the socket. Returns the answer's status too.
async fn shake(relay: &impl At, client: &str) -> (TcpStream, u16) {
    let mut socket = TcpStream::connect(relay.at()).await.unwrap();
    socket.write_all(handshake(relay, client).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") && !answer.ends_with(b"}") {
        assert_ne!(timeout(DEADLINE, socket.read_buf(&mut answer)).await.unwrap().unwrap(), 0);
    }
    let answer = String::from_utf8(answer).unwrap();
    (socket, answer.split(' ').nth(1).unwrap().parse().unwrap())
}

async fn connect(relay: &impl At, client: &str) -> TcpStream {
    let (socket, status) = shake(relay, client).await;
    assert_eq!(status, 101);
    socket
}

async fn refused(relay: &impl At, client: &str) -> Answer {
    let request = handshake(relay, client).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    raw_http(relay, request.as_bytes()).await
}

#[tokio::test]
async fn a_client_behind_a_trusted_proxy_may_have_so_many_connections() {
    let relay = relay(&["--trusted-proxy", "127.0.0.0/8", "--max-connections-per-address", "2"]).await;
    let client = "2001:db8::1";
    let mut first = connect(&relay, client).await;
    let second = connect(&relay, "198.51.100.1, 2001:db8::2").await;
    let answer = refused(&relay, client).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (429, Some("too_many_requests")));
    assert!(answer.head.contains("\r\nretry-after: 10"), "{}", answer.head);
    let other = connect(&relay, "203.0.113.7").await;
    // One that ends makes room.
    first.shutdown().await.unwrap();
    let mut rest = Vec::new();
    timeout(DEADLINE, first.read_to_end(&mut rest)).await.unwrap().unwrap();
    drop(first);
    let again = async { while shake(&relay, client).await.1 == 429 {} };
    timeout(DEADLINE, again).await.unwrap();
    drop((second, other));
    relay.stop().await;
}

#[tokio::test]
async fn nobody_but_a_trusted_proxy_is_believed_whom_it_speaks_for() {
    let relay = relay(&["--max-connections-per-address", "1"]).await;
    let sockets = [connect(&relay, "203.0.113.7").await, connect(&relay, "203.0.113.7").await];
    drop(sockets);
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_is_full_says_when_to_try_again() {
    let relay = relay(&["--max-sessions", "1"]).await;
    let socket = connect(&relay, "203.0.113.7").await;
    let answer = refused(&relay, "203.0.113.8").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("unavailable")));
    assert!(answer.head.contains("\r\nretry-after: 1"), "{}", answer.head);
    drop(socket);
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_floods_is_told_so_and_others_do_not_notice() {
    let relay = relay(&["--max-frames-per-second", "5", "--max-subscriptions", "10"]).await;
    let (mut flooding, mut quiet) = (Client::visitor(&relay).await, Client::visitor(&relay).await);
    // One hello, and what the limit leaves: 5 and 2 for each subscription.
    for _ in 0..100 {
        if flooding.try_send(json!({"type": "pong"})).await.is_err() {
            break;
        }
    }
    let (code, reason, before) = flooding.closed().await;
    assert_eq!((code, reason.as_str()), (4504, "a connection may send 5 messages a second"));
    // A pong that was not asked for is answered with a ping, as far as the limit goes.
    assert!(before.len() < 100 && before.iter().all(|frame| frame["type"] == "ping"), "{before:?}");
    assert_eq!(quiet.subscribe(1, json!({"name": "c"}), None).await["type"], "subscribed");
    drop((flooding, quiet));
    relay.stop().await;
}

#[tokio::test]
async fn parts_of_a_message_that_never_ends_are_a_flood_too() {
    let relay = relay(&["--max-frames-per-second", "5", "--max-subscriptions", "10"]).await;
    let mut flooding = Client::visitor(&relay).await;
    for part in 0..100 {
        let kind = if part == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(Vec::new(), OpCode::Data(kind), false);
        if flooding.0.send(Message::Frame(frame)).await.is_err() {
            break;
        }
    }
    assert_eq!(flooding.closed().await.0, 4504);
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_comes_back_with_all_its_subscriptions_does_not_flood() {
    let relay = relay(&["--max-frames-per-second", "1", "--max-subscriptions", "200"]).await;
    let mut client = Client::visitor(&relay).await;
    for id in 0..200 {
        client.send(json!({"type": "subscribe", "id": id, "channel": {"name": format!("c{id}")}})).await;
    }
    for _ in 0..200 {
        assert_eq!(client.frame().await["type"], "subscribed");
    }
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn who_comes_to_read_finds_no_place_for_more_channels_than_memory_is_meant_for_and_others_read_on() {
    let mut settings = settings(&[]);
    settings.hub.least_channels_bytes = 10_000;
    settings.max_history_bytes = 100_000;
    let relay = Relay::start(settings).await.unwrap();
    let mut quiet = Client::visitor(&relay).await;
    quiet.subscribe(1, json!({"name": "c"}), None).await;
    let mut greedy = Client::visitor(&relay).await;
    let channel = |id: u32| json!({"name": "c", "resourceId": format!("{id:01000}")});
    let mut taken = 0;
    let refused = loop {
        let reply = greedy.subscribe(taken, channel(taken), None).await;
        if reply["type"] != "subscribed" {
            break reply;
        }
        taken += 1;
        assert!(taken < 1_000, "no end of channels");
    };
    assert_eq!((&refused["type"], &refused["status"]), (&json!("refused"), &json!(503)));
    assert!(
        refused["message"].as_str().unwrap().starts_with("there is no place for channel c/"),
        "{refused}"
    );
    // Half of the memory, at some 1,400 bytes each.
    assert!((25..40).contains(&taken), "{taken}");
    publish(&relay, json!({"name": "c"}), json!("still")).await;
    assert_eq!(quiet.payloads(1).await, ["still"]);
    // Whoever publishes is trusted with channels, and these can be read.
    publish(&relay, json!({"name": "new"}), json!("there")).await;
    assert_eq!(quiet.subscribe(2, json!({"name": "new"}), None).await["type"], "subscribed");
    drop((quiet, greedy));
    relay.stop().await;
}
