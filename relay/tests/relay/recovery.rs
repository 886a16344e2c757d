//! What was missed comes back, or its loss is told.

use serde_json::json;

use crate::support::{Client, publish, relay};

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
async fn a_client_that_reads_late_gets_all_that_waited_in_order() {
    let relay = relay(&["--max-outbox-bytes", "20000000"]).await;
    let mut late = Client::visitor(&relay).await;
    late.subscribe(1, json!({"name": "c"}), None).await;
    // More than the socket's buffers hold, in frames of every size.
    let payloads: Vec<_> = (0..250).map(|n| json!(format!("{n}:{}", "x".repeat(n * n % 60_000)))).collect();
    for payload in &payloads {
        publish(&relay, json!({"name": "c"}), payload.clone()).await;
    }
    assert_eq!(late.payloads(250).await, payloads);
    relay.stop().await;
}
