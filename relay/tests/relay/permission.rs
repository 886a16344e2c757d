//! Who a client is, and what it may read.

use serde_json::json;

use crate::support::{Client, relay};
use crate::tokens::{member, now_secs, token, token_until};

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
