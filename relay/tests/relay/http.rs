//! What backends, operators and pages ask over HTTP.

use serde_json::json;

use crate::support::{Client, KEY_AND_JSON, http, publish_text, raw_http, relay};

#[tokio::test]
async fn a_repeated_publish_is_one_message_and_gets_the_first_answer() {
    let relay = relay(&[]).await;
    let body = r#"{"channel":{"name":"c"},"payload":1,"id":"a"}"#;
    let first = publish_text(&relay, body).await.json();
    assert_eq!(publish_text(&relay, body).await.json(), first);
    let with_header = format!("{KEY_AND_JSON}Idempotency-Key: a\r\n");
    let body = r#"{"channel":{"name":"c"},"payload":1}"#;
    assert_eq!(http(&relay, "POST", "/v1/publish", &with_header, body).await.json(), first);
    assert_eq!(publish_text(&relay, body).await.json()["offset"], 2);
    relay.stop().await;
}

#[tokio::test]
async fn another_message_with_the_id_of_an_earlier_one_is_refused_and_nothing_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let on_disk = ["--data-dir", folder.path().to_str().unwrap()];
    for flags in [&[][..], &on_disk] {
        let relay = relay(flags).await;
        let publish = |fields: &str| {
            let body = format!(r#"{{"channel":{{"name":"c"}},"id":"a",{fields}}}"#);
            let relay = &relay;
            async move { publish_text(relay, &body).await }
        };
        let first = publish(r#""payload":1,"options":{"users":["u","v"]}"#).await;
        assert_eq!(publish(r#""payload":1,"options":{"users":["v","u","u"]}"#).await.json(), first.json());
        for another in [
            r#""payload":2,"options":{"users":["u","v"]}"#,
            r#""payload":1 ,"options":{"users":["u"]}"#,
            r#""payload":1"#,
            r#""payload":1,"options":{"users":["u","v"],"includePublisher":true},"publisher":{"id":"u"}"#,
        ] {
            let answer = publish(another).await;
            let problem = answer.json();
            assert_eq!(
                (answer.status, &problem["code"], &problem["field"]),
                (422, &json!("id_taken"), &json!("id"))
            );
            assert!(problem["detail"].as_str().unwrap().contains("take another id"), "{problem}");
        }
        // In a batch it is that message's answer, and does not stop the others.
        let messages = [
            json!({"channel": {"name": "c"}, "payload": 7, "id": "a"}),
            json!({"channel": {"name": "c"}, "payload": 8, "id": "b"}),
        ];
        let body = json!({"messages": messages}).to_string();
        let results = http(&relay, "POST", "/v1/publish/batch", KEY_AND_JSON, &body).await.json();
        assert_eq!(results["results"][0]["error"]["status"], 422);
        assert_eq!(results["results"][1]["offset"], 2, "only one was published before");
        relay.stop().await;
    }
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
        let _ = tokio::time::timeout(crate::support::DEADLINE, reading).await.unwrap();
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
    // Pages run under a policy in which the relay and the scripts of the page itself are named.
    let policy = page.head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
    let reaches = format!("connect-src 'self' ws://{0} wss://{0};", relay.address());
    assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval'") && policy.contains(&reaches), "{policy}");
    assert!(
        page.head.contains("x-content-type-options: nosniff\r\nreferrer-policy: same-origin"),
        "{}",
        page.head
    );
    // Its permissions file is in force.
    let reply = Client::visitor(&relay).await.subscribe(1, json!({"name": "admins"}), None).await;
    assert_eq!(reply["status"], 403);
    relay.stop().await;
}

#[tokio::test]
async fn a_link_out_of_the_site_folder_is_not_followed() {
    let (site, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(site.path().join("index.html"), "the page").unwrap();
    std::fs::write(elsewhere.path().join("secret.txt"), "a secret").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), site.path().join("out")).unwrap();
    let relay = relay(&["--site", site.path().to_str().unwrap()]).await;
    assert_eq!(http(&relay, "GET", "/index.html", "", "").await.body, "the page");
    let answer = http(&relay, "GET", "/out/secret.txt", "", "").await;
    assert_eq!(answer.status, 404, "{}", answer.body);
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_says_that_it_is_healthy() {
    let relay = relay(&[]).await;
    let answer = http(&relay, "GET", "/healthz", "", "").await;
    assert_eq!(answer.json(), json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
    relay.stop().await;
}
