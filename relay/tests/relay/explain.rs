//! Why somebody may read a channel, or not.

use realtime_relay::app::Relay;
use serde_json::{Value, json};

use crate::doorman::{Doorman, unavailable};
use crate::support::{Client, part, post, relay, relay_asking};

const FILE: &str = "import { permissionsRouter } from 'wix-realtime-backend';
import { onlyMembers } from './rules.js';

permissionsRouter.add({ name: 'staff' }, (channel, subscriber) => {
  console.warn('who is', subscriber.id);
  return { read: subscriber.type === 'Member' };
});
permissionsRouter.add({ name: 'staff', resourceId: '7' }, () => { throw new Error('broken'); });
onlyMembers('members');
export function realtime_check_permission(channel, subscriber) {
  if (channel.name === 'nobody') return { read: false };
  return permissionsRouter.check(channel, subscriber);
}
";

const RULES: &str = "import { permissionsRouter } from 'wix-realtime-backend';
export function onlyMembers(name) {
  permissionsRouter.add({ name }, (channel, subscriber) => ({ read: subscriber.type === 'Member' }));
}
";

async fn relay_with_file(extra: &str) -> (tempfile::TempDir, Relay) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("backend")).unwrap();
    let file = folder.path().join("backend/realtime-permissions.js");
    std::fs::write(&file, format!("{FILE}{extra}")).unwrap();
    std::fs::write(folder.path().join("backend/rules.js"), RULES).unwrap();
    let relay = relay(&["--permissions", file.to_str().unwrap()]).await;
    (folder, relay)
}

/// Asks as a member.
async fn explain(relay: &Relay, channel: Value) -> Value {
    let body = json!({"channel": channel, "subscriber": {"id": "anna", "type": "Member"}});
    let answer = post(relay, "/v1/permissions/explain", body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut explanation = answer.json();
    assert!(explanation["tookMicros"].as_u64().unwrap() < 20_000_000, "{explanation}");
    explanation.as_object_mut().unwrap().remove("tookMicros");
    explanation
}

fn at(line: u32) -> Value {
    json!({"file": "backend/realtime-permissions.js", "line": line})
}

#[tokio::test]
async fn the_handler_that_decided_is_told_with_its_line_and_with_what_it_logged() {
    let (_folder, relay) = relay_with_file("").await;
    let log =
        json!({"level": "warn", "file": "backend/realtime-permissions.js", "line": 5, "text": "who is anna"});
    for (channel, expected) in [
        (
            json!({"name": "staff"}),
            json!({"read": true, "decision": "allowed", "decidedBy": "exact", "handler": at(4), "reason": null, "logs": [log]}),
        ),
        (
            json!({"name": "staff", "resourceId": "8"}),
            json!({"read": true, "decision": "allowed", "decidedBy": "parent", "handler": at(4), "reason": null, "logs": [log]}),
        ),
        (
            json!({"name": "staff", "resourceId": "7"}),
            json!({"read": false, "decision": "refused", "decidedBy": "exact", "handler": at(8),
                "reason": "backend/realtime-permissions.js:8:77: Error: broken", "logs": []}),
        ),
        (
            json!({"name": "members"}),
            json!({"read": true, "decision": "allowed", "decidedBy": "exact",
                "handler": {"file": "backend/rules.js", "line": 3}, "reason": null, "logs": []}),
        ),
        (
            json!({"name": "other"}),
            json!({"read": true, "decision": "allowed", "decidedBy": "none", "handler": null, "reason": null, "logs": []}),
        ),
        (
            json!({"name": "nobody"}),
            json!({"read": false, "decision": "refused", "decidedBy": null, "handler": null,
                "reason": "the handler answered { read: false }", "logs": []}),
        ),
    ] {
        assert_eq!(explain(&relay, channel.clone()).await, expected, "{channel}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn of_handlers_for_the_same_channel_the_last_one_is_told() {
    let again = "permissionsRouter.default(() => ({}));
permissionsRouter.default(() => ({}));
permissionsRouter.add({ name: 'staff', resourceId: null }, () => ({}));
";
    let (_folder, relay) = relay_with_file(again).await;
    assert_eq!(explain(&relay, json!({"name": "other"})).await["handler"], at(15));
    assert_eq!(explain(&relay, json!({"name": "staff"})).await["handler"], at(16));
    relay.stop().await;
}

#[tokio::test]
async fn asking_why_subscribes_nothing_and_leaves_subscriptions_as_they_are() {
    let (_folder, relay) = relay_with_file("").await;
    let mut client = Client::visitor(&relay).await;
    assert_eq!(client.subscribe(1, json!({"name": "staff"}), None).await["status"], 403);
    assert_eq!(explain(&relay, json!({"name": "staff"})).await["read"], true);
    assert_eq!(client.subscribe(2, json!({"name": "staff"}), None).await["status"], 403);
    part(relay, client).await;
}

#[tokio::test]
async fn a_relay_without_a_permissions_file_and_a_provider_without_handlers_explain_themselves_too() {
    let open = relay(&[]).await;
    let explanation = explain(&open, json!({"name": "c"})).await;
    assert_eq!((&explanation["read"], &explanation["decidedBy"]), (&json!(true), &Value::Null));
    assert_eq!(explanation["reason"], "there is no permissions file, so everyone may read");
    open.stop().await;
    let closed = relay(&["--require-permissions"]).await;
    let explanation = explain(&closed, json!({"name": "c"})).await;
    assert_eq!((&explanation["decision"], &explanation["read"]), (&json!("refused"), &json!(false)));
    closed.stop().await;
    let doorman = Doorman::new();
    doorman.rule(unavailable);
    let other = relay_asking(doorman, &[]).await;
    let explanation = explain(&other, json!({"name": "c"})).await;
    assert_eq!((&explanation["decision"], &explanation["read"]), (&json!("unavailable"), &json!(false)));
    assert_eq!(explanation["reason"], "too many permission questions are waiting");
    other.stop().await;
}
