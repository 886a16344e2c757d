//! `relay subscribe`.

use realtime_relay::app::Relay;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::support::{DEADLINE, free_address, publish, publish_text, relay};
use super::terminal::{Running, run};

#[tokio::test]
async fn a_subscriber_prints_a_line_for_each_message_as_it_comes() {
    let relay = relay(&[]).await;
    let url = format!("http://{}", relay.address());
    let mut subscriber = Running::start(&["subscribe", "chat", "chat/7", "--url", &url]);
    subscriber.says("listening to chat").await;
    subscriber.says("listening to chat/7").await;
    let position = publish(&relay, json!({"name": "chat"}), json!({"text": "Hi"})).await;
    let line = format!(
        r#"{{"channel":{{"name":"chat"}},"epoch":{},"offset":1,"payload":{{"text":"Hi"}}}}"#,
        position["epoch"]
    );
    assert_eq!(subscriber.line().await, line);
    let body = r#"{"channel":{"name":"chat","resourceId":"7"},"payload":[ 1e400,
        2],"publisher":{"id":"anna"},"options":{"includePublisher":true}}"#;
    assert_eq!(publish_text(&relay, body).await.status, 200);
    let line = subscriber.line().await;
    let end = r#","offset":1,"payload":[ 1e400,         2],"publisher":{"id":"anna"}}"#;
    assert!(line.ends_with(end), "{line}");
    subscriber.signal("TERM").await;
    assert_eq!(subscriber.code().await, 0);
    relay.stop().await;
}

#[tokio::test]
async fn a_position_brings_what_came_since() {
    let relay = relay(&[]).await;
    let url = format!("http://{}", relay.address());
    let first = publish(&relay, json!({"name": "chat"}), json!(1)).await;
    publish(&relay, json!({"name": "chat"}), json!(2)).await;
    let since = format!("{}:{}", first["epoch"].as_str().unwrap(), first["offset"]);
    let mut subscriber = Running::start(&["subscribe", "chat", "--since", &since, "--url", &url]);
    assert!(subscriber.line().await.contains(r#""offset":2,"payload":2"#));
    subscriber.signal("INT").await;
    assert_eq!(subscriber.code().await, 0);
    let mut subscriber = Running::start(&["subscribe", "chat", "--since", "other:7", "--url", &url]);
    subscriber.says("cannot continue at other:7: messages may be missing").await;
    relay.stop().await;
}

#[tokio::test]
async fn a_subscriber_survives_a_restart_of_the_relay() {
    let (first, url) = serve(&free_address().to_string()).await;
    let mut subscriber = Running::start(&["subscribe", "chat", "--url", &url]);
    subscriber.says("listening to chat").await;
    assert_eq!(run(&["publish", "chat", "\"before\"", "--url", &url]).await.code, 0);
    assert!(subscriber.line().await.contains("before"));
    first.signal("TERM").await;
    assert_eq!(first.code().await, 0);
    subscriber.says("the connection is lost").await;
    let (second, _) = serve(url.trim_start_matches("http://")).await;
    // Perhaps before the subscriber is back: it is told from the new stream's start.
    assert_eq!(run(&["publish", "chat", "\"meanwhile\"", "--url", &url]).await.code, 0);
    subscriber.says("connected again").await;
    subscriber.says("chat: the relay cannot continue").await;
    assert!(subscriber.line().await.contains(r#""offset":1,"payload":"meanwhile""#));
    subscriber.signal("TERM").await;
    assert_eq!(subscriber.code().await, 0);
    second.signal("INT").await;
    assert_eq!(second.code().await, 0);
}

/// A relay that listens at this address, and its URL.
async fn serve(address: &str) -> (Running, String) {
    let mut relay = Running::start(&["serve", "--listen", address]);
    let line = relay.line().await;
    (relay, line.strip_prefix("listening on ").unwrap().to_owned())
}

#[tokio::test]
async fn a_subscriber_whose_output_nobody_reads_any_more_ends_quietly() {
    let relay = relay(&[]).await;
    let url = format!("http://{}", relay.address());
    let mut subscriber = Running::start(&["subscribe", "chat", "--url", &url]);
    subscriber.says("listening to chat").await;
    subscriber.close_output();
    publish(&relay, json!({"name": "chat"}), json!(1)).await;
    assert_eq!(subscriber.code().await, 0);
    relay.stop().await;
}

#[tokio::test]
async fn a_subscriber_whose_output_stands_still_hears_signals_and_loses_nothing() {
    let relay = relay(&[]).await;
    let url = format!("http://{}", relay.address());
    let mut subscriber = Running::start(&["subscribe", "chat", "--url", &url]);
    subscriber.says("listening to chat").await;
    // More than the command lets wait, and not more than the relay keeps for one that it had to send away.
    let text = "x".repeat(40_000);
    for number in 0..200 {
        publish(&relay, json!({"name": "chat"}), json!([number, text])).await;
    }
    for number in 0..200 {
        let message: serde_json::Value = serde_json::from_str(&subscriber.line().await).unwrap();
        assert_eq!(message["payload"][0], number);
    }
    for number in 0..100 {
        publish(&relay, json!({"name": "chat"}), json!([number, text])).await;
    }
    subscriber.signal("TERM").await;
    assert_eq!(subscriber.code().await, 0);
    relay.stop().await;
}

#[tokio::test]
async fn a_lost_connection_brings_what_was_missed_meanwhile_once() {
    let relay = relay(&[]).await;
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gateway.local_addr().unwrap());
    let mut subscriber = Running::start(&["subscribe", "chat", "--url", &url]);
    let connection = pass_on(&gateway, &relay).await;
    subscriber.says("listening to chat").await;
    publish(&relay, json!({"name": "chat"}), json!("before")).await;
    assert!(subscriber.line().await.contains(r#""offset":1,"payload":"before""#));
    connection.abort();
    subscriber.says("the connection is lost").await;
    publish(&relay, json!({"name": "chat"}), json!("meanwhile")).await;
    let _connection = pass_on(&gateway, &relay).await;
    assert!(subscriber.line().await.contains(r#""offset":2,"payload":"meanwhile""#));
    publish(&relay, json!({"name": "chat"}), json!("after")).await;
    assert!(subscriber.line().await.contains(r#""offset":3,"payload":"after""#));
    subscriber.signal("TERM").await;
    assert_eq!(subscriber.code().await, 0);
    relay.stop().await;
}

/// Passes the next connection on to the relay, until the task is aborted.
async fn pass_on(gateway: &TcpListener, relay: &Relay) -> JoinHandle<()> {
    let (mut near, _) = timeout(DEADLINE, gateway.accept()).await.expect("a connection in time").unwrap();
    let mut far = TcpStream::connect(relay.address()).await.unwrap();
    tokio::spawn(async move {
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    })
}

#[tokio::test]
async fn a_subscriber_with_nothing_left_to_listen_to_fails_and_says_why() {
    let relay = relay(&["--require-permissions", "--token-secret", "secret"]).await;
    let url = format!("http://{}", relay.address());
    let ended = run(&["subscribe", "a", "b", "--url", &url]).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(
        ended.err.contains("relay: a: refused: ") && ended.err.contains("relay: b: refused: "),
        "{}",
        ended.err
    );
    let ended = run(&["subscribe", "a", "--token", "forged", "--url", &url]).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.contains("(4501)") && !ended.err.contains("forged"), "{}", ended.err);
    relay.stop().await;
}
