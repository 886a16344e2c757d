//! A session's requests, limits and end.

use serde_json::json;

use crate::doorman::Doorman;
use crate::support::{Client, publish, relay, relay_asking};

#[tokio::test]
async fn a_welcome_does_not_wait_for_a_permission_that_takes_long() {
    let doorman = Doorman::new();
    doorman.close_gate();
    let relay = relay_asking(doorman.clone(), &[]).await;
    let mut client = Client::connect(&relay).await;
    client.send(json!({"type": "hello"})).await;
    client.send(json!({"type": "subscribe", "id": 1, "channel": {"name": "a"}})).await;
    client.send(json!({"type": "subscribe", "id": 2, "channel": {"name": "b"}})).await;
    assert_eq!(client.frame().await["type"], "welcome");
    doorman.open_questions(2).await;
    doorman.open_gate();
    let mut ids = [client.frame().await["id"].as_u64(), client.frame().await["id"].as_u64()];
    ids.sort_unstable();
    assert_eq!(ids, [Some(1), Some(2)]);
    relay.stop().await;
}

#[tokio::test]
async fn after_an_unsubscribe_no_message_follows_and_a_new_subscribe_works() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    client.subscribe(1, json!({"name": "c"}), None).await;
    client.send(json!({"type": "unsubscribe", "id": 2, "channel": {"name": "c"}})).await;
    assert_eq!(client.frame().await, json!({"type": "unsubscribed", "id": 2}));
    publish(&relay, json!({"name": "c"}), json!("missed on purpose")).await;
    client.subscribe(3, json!({"name": "c"}), None).await;
    publish(&relay, json!({"name": "c"}), json!("heard")).await;
    assert_eq!(client.payloads(1).await, ["heard"]);
    relay.stop().await;
}

#[tokio::test]
async fn frames_about_one_channel_are_handled_in_their_order() {
    let relay = relay(&["--permissions", "tests/fixtures/site/backend/realtime-permissions.js"]).await;
    let mut client = Client::visitor(&relay).await;
    let channel = json!({"name": "c"});
    for frame in [
        json!({"type": "subscribe", "id": 1, "channel": channel}),
        json!({"type": "unsubscribe", "id": 2, "channel": channel}),
        json!({"type": "subscribe", "id": 3, "channel": channel}),
        json!({"type": "unsubscribe", "id": 4, "channel": channel}),
    ] {
        client.send(frame).await;
    }
    let mut replies = Vec::new();
    for _ in 0..4 {
        let reply = client.frame().await;
        replies.push((reply["id"].as_u64().unwrap(), reply["type"].as_str().unwrap().to_owned()));
    }
    let wanted = [(1, "subscribed"), (2, "unsubscribed"), (3, "subscribed"), (4, "unsubscribed")];
    assert_eq!(replies, wanted.map(|(id, kind)| (id, kind.to_owned())));
    relay.stop().await;
}

#[tokio::test]
async fn a_bad_channel_is_refused_with_the_rule_and_the_connection_lives_on() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    let reply = client.subscribe(1, json!({"name": "a:b"}), None).await;
    assert_eq!((&reply["code"], &reply["status"]), (&json!(3), &json!(400)));
    assert!(reply["message"].as_str().unwrap().contains("\":\" at position 2"), "{reply}");
    assert_eq!(client.subscribe(2, json!({"name": "ab"}), None).await["type"], "subscribed");
    relay.stop().await;
}

#[tokio::test]
async fn a_session_may_have_so_many_subscriptions_and_no_more() {
    let relay = relay(&["--max-subscriptions", "2"]).await;
    let mut client = Client::visitor(&relay).await;
    client.subscribe(1, json!({"name": "a"}), None).await;
    client.subscribe(2, json!({"name": "b"}), None).await;
    assert_eq!(client.subscribe(3, json!({"name": "c"}), None).await["status"], 429);
    client.send(json!({"type": "unsubscribe", "id": 4, "channel": {"name": "a"}})).await;
    client.frame().await;
    assert_eq!(client.subscribe(5, json!({"name": "c"}), None).await["type"], "subscribed");
    relay.stop().await;
}

#[tokio::test]
async fn at_its_limit_a_session_may_subscribe_again_to_what_it_reads() {
    let relay = relay(&["--max-subscriptions", "2"]).await;
    let mut client = Client::visitor(&relay).await;
    let position = client.subscribe(1, json!({"name": "a"}), None).await["position"].clone();
    client.subscribe(2, json!({"name": "b"}), None).await;
    for id in 3..6 {
        let again = client.subscribe(id, json!({"name": "a"}), Some(position.clone())).await;
        assert_eq!((again["type"].as_str(), again["recovered"].as_bool()), (Some("subscribed"), Some(true)));
    }
    assert_eq!(client.subscribe(6, json!({"name": "c"}), None).await["status"], 429);
    publish(&relay, json!({"name": "a"}), json!("once")).await;
    publish(&relay, json!({"name": "a"}), json!("more")).await;
    assert_eq!(client.payloads(2).await, ["once", "more"]);
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_told_how_and_stays_away() {
    let relay = relay(&[]).await;
    for (frames, code, word) in [
        (vec![json!({"type": "pong"})], 4500, "first frame must be a hello"),
        (vec![json!({"type": "hello"}), json!({"type": "hello"})], 4500, "second hello"),
        (vec![json!({"type": "greet"})], 4500, "unknown variant"),
        (vec![json!([])], 4500, "not a frame"),
    ] {
        let mut client = Client::connect(&relay).await;
        for frame in frames {
            client.send(frame).await;
        }
        let (got, reason, _) = client.closed().await;
        assert_eq!(got, code, "{reason}");
        assert!(reason.contains(word), "{reason}");
    }
    let mut client = Client::connect(&relay).await;
    client.send(json!({"type": "hello", "token": "x".repeat(17 * 1024)})).await;
    assert_eq!(client.closed().await.0, 4502);
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let relay = relay(&["--hello-timeout-seconds", "1"]).await;
    assert_eq!(Client::connect(&relay).await.closed().await.0, 4005);
    relay.stop().await;
}

#[tokio::test]
async fn a_client_that_answers_no_heartbeat_is_let_go() {
    let relay = relay(&["--heartbeat-seconds", "1", "--heartbeat-timeout-seconds", "1"]).await;
    let mut client = Client::visitor(&relay).await;
    let (code, _, before) = client.closed().await;
    assert_eq!(code, 4002);
    assert!(before.contains(&json!({"type": "ping"})), "{before:?}");
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_that_stops_delivers_what_it_accepted_and_tells_clients_when_to_return() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    client.subscribe(1, json!({"name": "c"}), None).await;
    publish(&relay, json!({"name": "c"}), json!("last words")).await;
    let stopping = tokio::spawn(relay.stop());
    let (code, _, before) = client.closed().await;
    assert_eq!(code, 4000);
    assert_eq!(before[0][0][2], "last words");
    assert_eq!(before[1]["type"], "goodbye");
    assert!(before[1]["retryAfterMs"].as_u64().unwrap() <= 250);
    drop(client);
    stopping.await.unwrap();
}
