//! What operators ask a relay, and where.

use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::support::{Client, DEADLINE, KEY_AND_JSON, http, relay};

#[tokio::test]
async fn metrics_need_a_key_where_everyone_can_ask_and_none_at_the_operators_own_address() {
    let relay = relay(&["--metrics-listen", "127.0.0.1:0"]).await;
    let operators = relay.operators_address().unwrap();
    assert_eq!(http(&relay, "GET", "/metrics", "", "").await.status, 401);
    let with_key = http(&relay, "GET", "/metrics", KEY_AND_JSON, "").await;
    assert!(with_key.head.contains("content-type: text/plain; version=0.0.4"), "{}", with_key.head);
    let without = http(&operators, "GET", "/metrics", "", "").await;
    for answer in [with_key, without] {
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("# TYPE relay_sessions gauge\nrelay_sessions "), "{}", answer.body);
    }
    relay.stop().await;
}

#[tokio::test]
async fn nothing_else_is_at_the_operators_address() {
    let relay = relay(&["--metrics-listen", "127.0.0.1:0", "--site", "tests/fixtures/site"]).await;
    let operators = relay.operators_address().unwrap();
    for (method, path) in
        [("POST", "/v1/publish"), ("GET", "/v1/realtime"), ("GET", "/v1/openapi.yaml"), ("GET", "/")]
    {
        let answer = http(&operators, method, path, KEY_AND_JSON, "").await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (404, Some("not_found")), "{path}");
    }
    assert_eq!(http(&operators, "GET", "/healthz", "", "").await.status, 200);
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_is_ready_until_it_stops_and_then_says_why_it_is_not() {
    let relay = relay(&["--metrics-listen", "127.0.0.1:0"]).await;
    let operators = relay.operators_address().unwrap();
    let ready = http(&relay, "GET", "/readyz", "", "").await;
    assert_eq!((ready.status, ready.json()), (200, json!({"status": "ready"})));
    // A client that does not take its leave: the stop has to wait for it.
    let _client = Client::visitor(&relay).await;
    let stopping = tokio::spawn(relay.stop());
    let not_ready = async {
        loop {
            let answer = http(&operators, "GET", "/readyz", "", "").await;
            if answer.status != 200 {
                return answer;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let answer = timeout(DEADLINE, not_ready).await.unwrap();
    assert_eq!((answer.status, answer.json()["detail"].as_str()), (503, Some("the relay is stopping")));
    assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    stopping.await.unwrap();
}
