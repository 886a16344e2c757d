//! What is published reaches those who subscribed.

use serde_json::{Value, json};

use crate::support::{Client, KEY_AND_JSON, http, publish, publish_text, relay};
use crate::tokens::member;

#[tokio::test]
async fn a_message_reaches_every_subscriber_of_its_channel_and_nobody_else() {
    let relay = relay(&[]).await;
    let mut chat = [Client::visitor(&relay).await, Client::visitor(&relay).await];
    for client in &mut chat {
        assert_eq!(client.subscribe(1, json!({"name": "chat"}), None).await["type"], "subscribed");
    }
    let mut resource = Client::visitor(&relay).await;
    resource.subscribe(1, json!({"name": "chat", "resourceId": "7"}), None).await;

    publish(&relay, json!({"name": "chat"}), json!("for the channel")).await;
    publish(&relay, json!({"name": "chat", "resourceId": "7"}), json!("for the resource")).await;
    publish(&relay, json!({"name": "chat", "resourceId": ""}), json!("the end")).await;
    for client in &mut chat {
        assert_eq!(client.payloads(2).await, ["for the channel", "the end"]);
    }
    assert_eq!(resource.payloads(1).await, ["for the resource"]);
    relay.stop().await;
}

#[tokio::test]
async fn a_payload_arrives_byte_for_byte() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    let reply = client.subscribe(1, json!({"name": "raw"}), None).await;
    let number = &reply["number"];
    let payloads = [
        "1e400",
        "12345678901234567890",
        "-0.0",
        "1.10",
        "null",
        "false",
        "0",
        "\"\"",
        "[]",
        "{}",
        r#"{"b":1,"a":{"b":2,"a":[null]}, "ü":"😀\u0000\ud800"}"#,
    ];
    for (index, payload) in payloads.iter().enumerate() {
        let answer =
            publish_text(&relay, &format!(r#"{{"channel":{{"name":"raw"}},"payload":{payload}}}"#)).await;
        assert_eq!(answer.json()["offset"], index + 1);
        assert_eq!(client.text().await, format!("[[{number},{},{payload}]]", index + 1));
    }
    relay.stop().await;
}

#[tokio::test]
async fn messages_arrive_in_the_order_of_a_batch_and_each_has_its_answer() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    client.subscribe(1, json!({"name": "c"}), None).await;
    let mut messages: Vec<Value> = (0..99).map(|n| json!({"channel": {"name": "c"}, "payload": n})).collect();
    messages.insert(50, json!({"channel": {"name": "c:d"}, "payload": "never"}));
    let body = json!({"messages": messages}).to_string();
    let answer = http(&relay, "POST", "/v1/publish/batch", KEY_AND_JSON, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json()["results"].clone();
    assert_eq!(results[50]["error"]["code"], "bad_channel");
    assert_eq!(results[99]["offset"], 99);
    assert_eq!(client.payloads(99).await, (0..99).map(|n| json!(n)).collect::<Vec<_>>());

    messages.push(json!({}));
    let body = json!({"messages": messages}).to_string();
    let answer = http(&relay, "POST", "/v1/publish/batch", KEY_AND_JSON, &body).await;
    assert_eq!((answer.status, answer.json()["field"].as_str()), (400, Some("messages")));
    relay.stop().await;
}

/// As many and as much as the relay lets sockets share its pages for, where nothing encrypts.
#[tokio::test]
async fn large_messages_reach_each_of_many_readers_whole_and_in_their_order() {
    let relay = relay(&[]).await;
    let mut readers = Vec::new();
    for _ in 0..70 {
        let mut reader = Client::visitor(&relay).await;
        reader.subscribe(1, json!({"name": "c"}), None).await;
        readers.push(reader);
    }
    let text = |message: usize| -> String { (0..10_000).map(|n| format!("{:06}", n * message)).collect() };
    let payloads: Vec<_> = (1..5).map(text).chain(["the end".to_owned()]).map(Value::from).collect();
    let message = |payload: &Value| json!({"channel": {"name": "c"}, "payload": payload});
    let messages: Vec<_> = payloads.iter().map(message).collect();
    let body = json!({"messages": messages}).to_string();
    assert_eq!(http(&relay, "POST", "/v1/publish/batch", KEY_AND_JSON, &body).await.status, 200);
    for reader in &mut readers {
        assert!(reader.payloads(payloads.len()).await == payloads);
    }
    relay.stop().await;
}

#[tokio::test]
async fn only_the_named_users_receive_a_targeted_message_on_all_their_connections() {
    let relay = relay(&["--token-secret", "secret"]).await;
    let mut anna = [member(&relay, "anna").await, member(&relay, "anna").await];
    let mut ben = member(&relay, "ben").await;
    for client in anna.iter_mut().chain([&mut ben]) {
        client.subscribe(1, json!({"name": "c"}), None).await;
    }
    for (payload, options) in [
        ("for all", json!({})),
        ("for anna", json!({"users": ["anna"], "includePublisher": true})),
        ("for nobody", json!({"users": []})),
        ("for all again", json!({"includePublisher": true})),
    ] {
        let body = json!({"channel": {"name": "c"}, "payload": payload, "options": options, "publisher": {"id": "ben"}});
        assert_eq!(publish_text(&relay, &body.to_string()).await.status, 200);
    }
    for client in &mut anna {
        assert_eq!(client.payloads(3).await, ["for all", "for anna", "for all again"]);
    }
    assert_eq!(ben.payloads(2).await, ["for all", "for all again"]);
    relay.stop().await;
}

#[tokio::test]
async fn a_publisher_is_shown_when_that_is_asked_for() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    client.subscribe(1, json!({"name": "c"}), None).await;
    for (shows, length) in [(true, 4), (false, 3)] {
        let body = json!({"channel": {"name": "c"}, "payload": 0, "options": {"includePublisher": shows}, "publisher": {"id": "ben"}});
        publish_text(&relay, &body.to_string()).await;
        let frame = client.frame().await;
        assert_eq!(frame[0].as_array().unwrap().len(), length);
        assert_eq!(frame[0].get(3), shows.then_some(&json!("ben")));
    }
    relay.stop().await;
}
