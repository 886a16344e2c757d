//! A token's end, and a new token on the same connection.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use realtime_relay::app::Relay;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::issuer::{KeyPair, KeyServer, Reply, in_seconds, key_set};
use crate::support::{Client, publish, relay};
use crate::tokens::{sign, token};

/// A relay that forgives no clock.
async fn exact_relay() -> Relay {
    relay(&["--token-secret", "secret", "--token-clock-skew-seconds", "0"]).await
}

fn until(user: &str, seconds: i64) -> String {
    sign(&json!({"sub": user, "exp": in_seconds(seconds)}), "secret")
}

async fn hello(relay: &Relay, token: &str) -> (Client, Value) {
    Client::hello(relay, json!({"type": "hello", "token": token})).await
}

fn refresh(token: &str) -> Value {
    json!({"type": "refresh", "token": token})
}

#[tokio::test]
async fn a_refresh_keeps_a_session_beyond_the_end_of_its_first_token() {
    let relay = exact_relay().await;
    let (mut client, welcome) = hello(&relay, &until("anna", 10)).await;
    let left = welcome["expiresInMs"].as_u64().unwrap();
    assert!((1..=10_000).contains(&left), "{welcome}");
    client.subscribe(1, json!({"name": "c"}), None).await;
    client.send(refresh(&until("anna", 600))).await;
    let refreshed = client.frame().await;
    assert_eq!(refreshed["type"], "refreshed");
    assert!((590_000..=600_000).contains(&refreshed["expiresInMs"].as_u64().unwrap()), "{refreshed}");
    // The one who is not refreshed shows that the time is over.
    let (mut other, _) = hello(&relay, &until("ben", 10)).await;
    assert_eq!(other.closed().await.0, 4006);
    sleep(Duration::from_millis(100)).await;
    publish(&relay, json!({"name": "c"}), json!("still here")).await;
    assert_eq!(client.payloads(1).await, ["still here"]);
    drop((client, other));
    relay.stop().await;
}

#[tokio::test]
async fn a_welcome_tells_no_end_where_there_is_none() {
    let relay = exact_relay().await;
    let (mut client, welcome) = hello(&relay, &token("anna", "secret")).await;
    assert_eq!(welcome.get("expiresInMs"), None);
    client.send(refresh(&token("anna", "secret"))).await;
    assert_eq!(client.frame().await, json!({"type": "refreshed"}));
    let (_, visitor) = Client::hello(&relay, json!({"type": "hello"})).await;
    assert_eq!(visitor.get("expiresInMs"), None);
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn a_refresh_that_is_not_right_ends_the_session() {
    let relay = exact_relay().await;
    for (token, code, words) in [
        (token("ben", "secret"), 4501, "another user"),
        (token("anna", "guess"), 4501, "signature"),
        ("nonsense".to_owned(), 4501, "not a JWT"),
        (until("anna", -1), 4006, "expired"),
    ] {
        let (mut client, _) = hello(&relay, &until("anna", 60)).await;
        client.send(refresh(&token)).await;
        let (got, reason, _) = client.closed().await;
        assert!(got == code && reason.contains(words), "{got} {reason}");
    }
    let mut visitor = Client::visitor(&relay).await;
    visitor.send(refresh(&token("anna", "secret"))).await;
    assert_eq!(visitor.closed().await.0, 4501, "a visitor does not become a user on the way");
    drop(visitor);
    relay.stop().await;
}

#[tokio::test]
async fn another_type_counts_from_the_refresh_on() {
    let file = "tests/fixtures/site/backend/realtime-permissions.js";
    let relay = relay(&["--token-secret", "secret", "--permissions", file]).await;
    let (mut client, _) = hello(&relay, &sign(&json!({"sub": "anna", "type": "Visitor"}), "secret")).await;
    assert_eq!(client.subscribe(1, json!({"name": "members"}), None).await["status"], 403);
    client.send(refresh(&sign(&json!({"sub": "anna", "type": "Member"}), "secret"))).await;
    assert_eq!(client.frame().await, json!({"type": "refreshed"}));
    let subscribed = client.subscribe(2, json!({"name": "members"}), None).await;
    assert_eq!(subscribed["type"], "subscribed");
    client.subscribe(3, json!({"name": "open"}), None).await;
    // What was allowed to the member is not for the visitor.
    client.send(refresh(&sign(&json!({"sub": "anna", "type": "Visitor"}), "secret"))).await;
    assert_eq!(client.frame().await, json!({"type": "refreshed"}));
    let ended = client.frame().await;
    let told = (&ended["type"], &ended["number"], &ended["status"]);
    assert_eq!(told, (&json!("ended"), &subscribed["number"], &json!(403)));
    publish(&relay, json!({"name": "members"}), json!("not for visitors")).await;
    publish(&relay, json!({"name": "open"}), json!("for all")).await;
    assert_eq!(client.payloads(1).await, ["for all"]);
    drop(client);
    relay.stop().await;
}

#[tokio::test]
async fn a_refresh_whose_key_cannot_be_had_leaves_the_session_as_it_is() {
    let (here, new) = (KeyPair::new("here", Algorithm::EdDSA), KeyPair::new("new", Algorithm::EdDSA));
    let server = KeyServer::start(Reply::Keys(key_set(&[&here]))).await;
    let relay = relay(&["--token-jwks", &server.url()]).await;
    let signed = |key: &KeyPair| key.sign(&json!({"sub": "anna", "exp": in_seconds(600)}));
    let (mut client, _) = hello(&relay, &signed(&here)).await;
    server.answer(Reply::Status(503));
    client.send(refresh(&signed(&new))).await;
    assert_eq!(client.subscribe(1, json!({"name": "c"}), None).await["type"], "subscribed");
    // One that can be checked takes its place.
    client.send(refresh(&signed(&here))).await;
    assert_eq!(client.frame().await["type"], "refreshed");
    drop(client);
    relay.stop().await;
}
