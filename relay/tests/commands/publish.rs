//! `relay publish` and `relay token`.

use serde_json::json;
use tokio::net::TcpSocket;

use super::support::{Client, relay};
use super::terminal::{command, end_of, run, run_with_input};

#[tokio::test]
async fn a_publish_prints_where_its_message_stands() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    let reply = client.subscribe(1, json!({"name": "chat", "resourceId": "7"}), None).await;
    let url = format!("http://{}", relay.address());
    let payload = r#"{ "b": 1e400, "a": "ä\u0000" }"#;
    let ended = run(&["publish", "chat/7", payload, "--url", &url]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let position: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&position["epoch"], &position["offset"]), (&reply["position"]["epoch"], &json!(1)));
    assert_eq!(client.text().await, format!("[[{},1,{payload}]]", reply["number"]));

    // What a file has: the line end behind it is not part of the payload.
    let ended = run_with_input(&["publish", "chat/7", "-", "--url", &url], "[1,\n 2]\n").await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(client.text().await, format!("[[{},2,[1,\n 2]]]", reply["number"]));

    let ended = run(&["publish", "chat/7", "-1", "--user", "nobody", "--url", &url]).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    relay.stop().await;
}

#[tokio::test]
async fn a_publish_that_the_relay_does_not_take_fails_with_the_relays_reason() {
    let relay = relay(&["--api-key", "secret", "--max-payload-bytes", "10"]).await;
    let url = format!("http://{}", relay.address());
    let ended = run(&["publish", "chat", "1", "--url", &url]).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.starts_with("relay: the relay answered 401 Unauthorized: "), "{}", ended.err);
    let ended =
        run(&["publish", "chat", "\"more than ten\"", "--api-key", "secret,other", "--url", &url]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("payload has 15 bytes: at most 10 are allowed"), "{}", ended.err);
    relay.stop().await;
}

#[tokio::test]
async fn a_publish_to_nobody_says_that_nobody_is_there() {
    // Taken and not listened on: a port that is free could be given to somebody else meanwhile.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let ended = run(&["publish", "chat", "1", "--url", &url]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains(&format!("cannot connect to the relay at {url}")), "{}", ended.err);
    assert!(
        ended.err.contains("is it running (relay serve), and is --url or RELAY_URL its address?"),
        "{}",
        ended.err
    );
}

#[tokio::test]
async fn a_token_makes_its_bearer_that_user() {
    let relay = relay(&["--token-secret", "secret"]).await;
    let mut command = command(&["token", "--sub", "anna", "--type", "admin", "--ttl", "1m"]);
    command.env("RELAY_TOKEN_SECRET", "secret");
    let ended = end_of(command, "").await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let (_, welcome) = Client::hello(&relay, json!({"type": "hello", "token": ended.out.trim_end()})).await;
    assert_eq!(welcome["subscriber"], json!({"id": "anna", "type": "Admin"}));
    relay.stop().await;
}
