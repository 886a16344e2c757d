//! The relay from outside: a backend publishes over HTTP, clients subscribe over WebSocket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod support;

use serde_json::{Value, json};
use support::{Client, KEY_AND_JSON, http, publish, publish_text, raw_http, relay};

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

#[tokio::test]
async fn a_repeated_publish_is_one_message_and_gets_the_first_answer() {
    let relay = relay(&[]).await;
    let body = r#"{"channel":{"name":"c"},"payload":1,"id":"a"}"#;
    let first = publish_text(&relay, body).await.json();
    assert_eq!(publish_text(&relay, body).await.json(), first);
    let with_header = format!("{KEY_AND_JSON}Idempotency-Key: a\r\n");
    let body = r#"{"channel":{"name":"c"},"payload":2}"#;
    assert_eq!(http(&relay, "POST", "/v1/publish", &with_header, body).await.json(), first);
    assert_eq!(publish_text(&relay, body).await.json()["offset"], 2);
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

#[tokio::test]
async fn a_client_that_comes_back_gets_what_it_missed() {
    let relay = relay(&[]).await;
    let mut first = Client::visitor(&relay).await;
    let position = first.subscribe(1, json!({"name": "c"}), None).await["position"].clone();
    drop(first);
    for n in 0..3 {
        publish(&relay, json!({"name": "c"}), json!(n)).await;
    }
    let mut second = Client::visitor(&relay).await;
    let reply = second.subscribe(1, json!({"name": "c"}), Some(position.clone())).await;
    assert_eq!((&reply["recovered"], &reply["position"]), (&json!(true), &position));
    publish(&relay, json!({"name": "c"}), json!(3)).await;
    assert_eq!(second.payloads(4).await, [0, 1, 2, 3]);
    relay.stop().await;
}

#[tokio::test]
async fn a_client_whose_history_is_gone_is_told_so() {
    let relay = relay(&["--history-messages", "2"]).await;
    let mut client = Client::visitor(&relay).await;
    let position = client.subscribe(1, json!({"name": "c"}), None).await["position"].clone();
    drop(client);
    for n in 0..3 {
        publish(&relay, json!({"name": "c"}), json!(n)).await;
    }
    let mut client = Client::visitor(&relay).await;
    let reply = client.subscribe(1, json!({"name": "c"}), Some(position)).await;
    assert_eq!((&reply["recovered"], &reply["position"]["offset"]), (&json!(false), &json!(3)));
    let lost = json!({"epoch": "gone", "offset": 7});
    let reply = client.subscribe(2, json!({"name": "d"}), Some(lost)).await;
    assert_eq!(reply["recovered"], false);
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
async fn the_permissions_file_decides_who_may_read() {
    let file = "tests/fixtures/site/backend/realtime-permissions.js";
    let relay = relay(&["--token-secret", "secret", "--permissions", file]).await;
    let mut visitor = Client::visitor(&relay).await;
    let mut member = member(&relay, "anna").await;
    for (channel, visitor_may, member_may) in [
        (json!({"name": "open"}), true, true),
        (json!({"name": "members"}), false, true),
        (json!({"name": "members", "resourceId": "1"}), false, true),
        (json!({"name": "members", "resourceId": "open"}), true, true),
        (json!({"name": "admins"}), false, false),
        (json!({"name": "broken"}), false, false),
    ] {
        for (client, may) in [(&mut visitor, visitor_may), (&mut member, member_may)] {
            let reply = client.subscribe(1, channel.clone(), None).await;
            if may {
                assert_eq!(reply["type"], "subscribed", "{channel}");
            } else {
                assert_eq!(
                    (&reply["type"], &reply["code"], &reply["status"]),
                    (&json!("refused"), &json!(2), &json!(403))
                );
                // Why is for the log, not for the browser.
                assert!(!reply["message"].as_str().unwrap().contains("secret detail"), "{reply}");
            }
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn without_permissions_a_relay_that_requires_them_refuses_everyone() {
    let relay = relay(&["--require-permissions"]).await;
    let reply = Client::visitor(&relay).await.subscribe(1, json!({"name": "c"}), None).await;
    assert_eq!(reply["status"], 403);
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
async fn a_token_makes_a_member_and_a_wrong_one_is_turned_away() {
    let relay = relay(&["--token-secret", "secret"]).await;
    let (_, welcome) =
        Client::hello(&relay, json!({"type": "hello", "token": token("anna", "secret")})).await;
    assert_eq!(welcome["subscriber"], json!({"id": "anna", "type": "Member"}));
    assert_eq!(welcome.get("visitorToken"), None);
    let mut client = Client::connect(&relay).await;
    client.send(json!({"type": "hello", "token": token("anna", "guess")})).await;
    let (code, reason, _) = client.closed().await;
    assert_eq!(code, 4501);
    assert!(reason.contains("signature"), "{reason}");
    relay.stop().await;
}

#[tokio::test]
async fn a_token_that_has_expired_asks_for_a_new_one() {
    let relay = relay(&["--token-secret", "secret"]).await;
    let mut client = Client::connect(&relay).await;
    client.send(json!({"type": "hello", "token": token_until("anna", 1)})).await;
    assert_eq!(client.closed().await.0, 4006);
    // Valid by the clock skew's grace for a moment yet, then over while connected.
    let soon = now_secs() - 4;
    let (mut client, _) =
        Client::hello(&relay, json!({"type": "hello", "token": token_until("anna", soon)})).await;
    assert_eq!(client.closed().await.0, 4006);
    relay.stop().await;
}

#[tokio::test]
async fn a_visitor_stays_the_same_with_its_token() {
    let relay = relay(&[]).await;
    let (_, first) = Client::hello(&relay, json!({"type": "hello"})).await;
    let again = json!({"type": "hello", "visitorToken": first["visitorToken"]});
    assert_eq!(Client::hello(&relay, again).await.1["subscriber"], first["subscriber"]);
    let forged = json!({"type": "hello", "visitorToken": token("admin", "secret")});
    assert_eq!(Client::hello(&relay, forged).await.1["subscriber"]["type"], "Visitor");
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
async fn a_client_that_does_not_read_is_sent_away_to_recover_and_nobody_else_notices() {
    let relay = relay(&["--max-outbox-bytes", "100000"]).await;
    let mut slow = Client::visitor(&relay).await;
    let position = slow.subscribe(1, json!({"name": "c"}), None).await["position"].clone();
    let mut quick = Client::visitor(&relay).await;
    quick.subscribe(1, json!({"name": "c"}), None).await;
    // More than the socket's buffers and the outbox hold together, one at a time so that the quick one keeps up.
    let payload = json!("x".repeat(60_000));
    for _ in 0..100 {
        publish(&relay, json!({"name": "c"}), payload.clone()).await;
        quick.payloads(1).await;
    }
    let (code, reason, before) = slow.closed().await;
    // One that does not even read the close frame loses the connection instead; both mean to come back.
    assert!(code == 4001 || code == 1006, "{code} {reason}");
    assert!(before.len() < 100);
    let last = before.last().map_or(position["offset"].clone(), |frame| frame[0][1].clone());
    let mut back = Client::visitor(&relay).await;
    let from = json!({"epoch": position["epoch"], "offset": last});
    let reply = back.subscribe(1, json!({"name": "c"}), Some(from)).await;
    assert_eq!(reply["recovered"], true);
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

#[tokio::test]
async fn every_wrong_request_gets_a_problem_document() {
    let relay = relay(&[]).await;
    let good = r#"{"channel":{"name":"c"},"payload":1}"#;
    let json_only = "Content-Type: application/json\r\n";
    let huge = format!(r#"{{"channel":{{"name":"c"}},"payload":"{}"}}"#, "x".repeat(65_536));
    let larger_than_any_body = "x".repeat(600 * 1024);
    for (method, path, headers, body, status, code) in [
        ("POST", "/v1/publish", json_only, good, 401, "unauthorized"),
        (
            "POST",
            "/v1/publish",
            "Authorization: Bearer no\r\nContent-Type: application/json\r\n",
            good,
            401,
            "unauthorized",
        ),
        ("POST", "/v1/publish", "Authorization: Bearer dev\r\n", good, 415, "unsupported_media_type"),
        ("POST", "/v1/publish", KEY_AND_JSON, "{", 400, "bad_input"),
        ("POST", "/v1/publish", KEY_AND_JSON, &huge, 413, "payload_too_large"),
        ("POST", "/v1/publish", KEY_AND_JSON, &larger_than_any_body, 413, "payload_too_large"),
        ("GET", "/v1/publish", KEY_AND_JSON, "", 405, "method_not_allowed"),
        ("POST", "/v1/realtime", "", "", 405, "method_not_allowed"),
        ("GET", "/v1/realtime", "", "", 426, "upgrade_required"),
        ("GET", "/v2/realtime", "", "", 404, "not_found"),
        ("GET", "/", "", "", 404, "not_found"),
    ] {
        let answer = http(&relay, method, path, headers, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        assert!(answer.head.contains("content-type: application/problem+json"), "{}", answer.head);
        let problem = answer.json();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)));
        assert!(problem["detail"].as_str().unwrap().len() > 10, "{problem}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_key_that_publishes_too_much_is_told_when_to_try_again() {
    let relay = relay(&["--max-publishes-per-second", "2"]).await;
    let messages =
        json!([{"channel": {"name": "c"}, "payload": 1}, {"channel": {"name": "c"}, "payload": 2}]);
    let body = json!({"messages": messages}).to_string();
    assert_eq!(http(&relay, "POST", "/v1/publish/batch", KEY_AND_JSON, &body).await.status, 200);
    let refused = publish_text(&relay, r#"{"channel":{"name":"c"},"payload":3}"#).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (429, Some("too_many_requests")));
    assert!(refused.head.contains("retry-after: 1"), "{}", refused.head);
    relay.stop().await;
}

#[tokio::test]
async fn pages_of_a_foreign_origin_may_not_connect_unless_they_are_allowed() {
    let relay = relay(&["--allow-origin", "https://shop.example"]).await;
    let handshake = |origin: &str| {
        format!(
            "GET /v1/realtime HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: {origin}\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: realtime.v1.json\r\n\r\n",
            relay.address()
        )
    };
    let refused = raw_http(
        &relay,
        handshake("https://evil.example").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes(),
    )
    .await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (403, Some("forbidden_origin")));
    // A hello follows at once, so that the relay answers and, with a bad frame, closes.
    for origin in ["https://shop.example", "http://localhost:5173"] {
        let mut request = handshake(origin).into_bytes();
        request.extend([0x81, 0x82, 0, 0, 0, 0, b'{', b'}']);
        let mut socket = tokio::net::TcpStream::connect(relay.address()).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut socket, &request).await.unwrap();
        let mut answer = Vec::new();
        let reading = tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut answer);
        // The relay closes its side and waits for ours.
        let _ = tokio::time::timeout(support::DEADLINE, reading).await.unwrap();
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 101"), "{text}");
        assert!(
            text.contains("not a frame of this protocol"),
            "what came with the handshake is read too: {text}"
        );
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_site_folder_is_served_without_its_backend() {
    let relay = relay(&["--site", "tests/fixtures/site"]).await;
    let page = http(&relay, "GET", "/", "", "").await;
    assert_eq!((page.status, page.body.contains("fixture page")), (200, true));
    assert!(page.head.contains("content-type: text/html"));
    for path in [
        "/backend/realtime-permissions.js",
        "/%62ackend/realtime-permissions.js",
        "/..%2fsupport/mod.rs",
        "/missing.html",
    ] {
        assert_eq!(http(&relay, "GET", path, "", "").await.status, 404, "{path}");
    }
    // Its permissions file is in force.
    let reply = Client::visitor(&relay).await.subscribe(1, json!({"name": "admins"}), None).await;
    assert_eq!(reply["status"], 403);
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_says_that_it_is_healthy() {
    let relay = relay(&[]).await;
    let answer = http(&relay, "GET", "/healthz", "", "").await;
    assert_eq!(answer.json(), json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    relay.stop().await;
}

async fn member(relay: &realtime_relay::app::Relay, id: &str) -> Client {
    Client::hello(relay, json!({"type": "hello", "token": token(id, "secret")})).await.0
}

fn token(id: &str, secret: &str) -> String {
    sign(&json!({"sub": id, "type": "member"}), secret)
}

fn token_until(id: &str, exp: u64) -> String {
    sign(&json!({"sub": id, "exp": exp}), "secret")
}

fn now_secs() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn sign(claims: &Value, secret: &str) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap()
}
