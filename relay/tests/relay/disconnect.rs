//! The site's backend ends connections.

use serde_json::json;

use crate::support::{Client, KEY_AND_JSON, http, part, post, publish, relay};
use crate::tokens::member;

#[tokio::test]
async fn a_users_connections_end_for_good_and_nobody_elses() {
    let relay = relay(&["--token-secret", "secret"]).await;
    let mut annas = [member(&relay, "anna").await, member(&relay, "anna").await];
    let mut ben = member(&relay, "ben").await;
    ben.subscribe(1, json!({"name": "c"}), None).await;
    let body = json!({"user": "anna", "reason": "signed out everywhere"});
    let answer = post(&relay, "/v1/disconnect", body).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"sessions": 2})));
    for anna in &mut annas {
        let (code, reason, before) = anna.closed().await;
        assert_eq!((code, reason.as_str(), before.len()), (4503, "signed out everywhere", 0));
    }
    publish(&relay, json!({"name": "c"}), json!("ben is still here")).await;
    assert_eq!(ben.payloads(1).await, ["ben is still here"]);
    // Who is gone is not counted, and whoever comes anew is not turned away by this.
    assert_eq!(post(&relay, "/v1/disconnect", json!({"user": "anna"})).await.json(), json!({"sessions": 0}));
    let again = member(&relay, "anna").await;
    part(relay, (annas, ben, again)).await;
}

#[tokio::test]
async fn a_client_that_is_to_come_back_is_told_when() {
    let relay = relay(&[]).await;
    let (mut client, welcome) = Client::hello(&relay, json!({"type": "hello"})).await;
    let body = json!({"user": welcome["subscriber"]["id"], "comeBack": true});
    assert_eq!(post(&relay, "/v1/disconnect", body).await.json(), json!({"sessions": 1}));
    let (code, reason, before) = client.closed().await;
    assert_eq!((code, reason.as_str()), (4007, "the site's backend asks the client to come back"));
    assert_eq!(before[0]["type"], "goodbye");
    assert!(before[0]["retryAfterMs"].as_u64().unwrap() < 1_000, "{before:?}");
    let again = json!({"type": "hello", "visitorToken": welcome["visitorToken"]});
    let (again, second) = Client::hello(&relay, again).await;
    assert_eq!(second["subscriber"], welcome["subscriber"]);
    part(relay, (client, again)).await;
}

#[tokio::test]
async fn only_a_backend_with_the_key_may_disconnect_recheck_or_ask_why() {
    let relay = relay(&[]).await;
    for path in ["/v1/disconnect", "/v1/permissions/recheck", "/v1/permissions/explain"] {
        let no_key = http(&relay, "POST", path, "Content-Type: application/json\r\n", "{}").await;
        assert_eq!((no_key.status, no_key.json()["code"].as_str()), (401, Some("unauthorized")), "{path}");
        let no_json = http(&relay, "POST", path, "Authorization: Bearer dev\r\n", "{}").await;
        assert_eq!(no_json.status, 415, "{path}");
        let large = format!("{{\"user\":\"{}\"}}", "x".repeat(70_000));
        assert_eq!(http(&relay, "POST", path, KEY_AND_JSON, &large).await.status, 413, "{path}");
        assert_eq!(http(&relay, "GET", path, KEY_AND_JSON, "").await.status, 405, "{path}");
        let bad = http(&relay, "POST", path, KEY_AND_JSON, r#"{"user":7,"subscriber":7}"#).await;
        assert_eq!(
            (bad.status, bad.json()["code"].as_str()),
            (400, Some("bad_input")),
            "{path}: {}",
            bad.body
        );
    }
    relay.stop().await;
}
