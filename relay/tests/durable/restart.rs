//! What is the same after a restart, and what a folder that is not right is answered.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::process::{Process, command};
use super::support::{Client, DEADLINE, KEY_AND_JSON, free_address, http, publish, publish_text};

/// Kills a relay and starts it again over the same folder.
async fn again(relay: Process, address: std::net::SocketAddr, folder: &Path) -> Process {
    relay.kill().await;
    Process::start(address, folder, &[]).await
}

#[tokio::test]
async fn a_client_finds_its_channels_again_whether_they_had_messages_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let relay = Process::start(address, folder.path(), &[]).await;
    let mut client = Client::visitor(&address).await;
    let quiet = client.subscribe(1, json!({"name": "quiet"}), None).await["position"].clone();
    let busy = client.subscribe(2, json!({"name": "busy", "resourceId": "room 7 ✓"}), None).await["position"]
        .clone();
    let channel = json!({"name": "busy", "resourceId": "room 7 ✓"});
    for payload in [json!(1), json!({"b": 1, "a": [null]})] {
        publish(&address, channel.clone(), payload).await;
    }
    let body = json!({
        "channel": channel, "payload": "for one", "id": "an-id",
        "options": {"users": ["somebody"], "includePublisher": true}, "publisher": {"id": "anna"},
    });
    for _ in 0..2 {
        assert_eq!(publish_text(&address, &body.to_string()).await.json()["offset"], 3);
    }

    let relay = again(relay, address, folder.path()).await;
    let mut client = Client::visitor(&address).await;
    let reply = client.subscribe(1, json!({"name": "quiet"}), Some(quiet.clone())).await;
    assert_eq!((&reply["recovered"], &reply["position"]), (&json!(true), &quiet));
    let reply = client.subscribe(2, channel.clone(), Some(busy.clone())).await;
    assert_eq!((&reply["recovered"], &reply["position"]), (&json!(true), &busy));
    assert_eq!(client.payloads(2).await, [json!(1), json!({"b": 1, "a": [null]})]);
    let repeated = publish_text(&address, &body.to_string()).await.json();
    assert_eq!((&repeated["epoch"], &repeated["offset"]), (&busy["epoch"], &json!(3)));
    let next = publish(&address, channel, json!("after")).await;
    assert_eq!((&next["epoch"], &next["offset"]), (&busy["epoch"], &json!(4)));
    assert_eq!(client.payloads(1).await, ["after"], "what was for somebody else still is");
    relay.stop().await;
}

#[tokio::test]
async fn a_visitor_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let relay = Process::start(address, folder.path(), &[]).await;
    let (_client, first) = Client::hello(&address, json!({"type": "hello"})).await;
    let relay = again(relay, address, folder.path()).await;
    let hello = json!({"type": "hello", "visitorToken": first["visitorToken"]});
    let (_client, second) = Client::hello(&address, hello).await;
    let log = relay.log().join("\n");
    assert!(log.contains("everyone is a visitor") && !log.contains("stranger"), "{log}");
    assert_eq!(first["subscriber"], second["subscriber"]);
    relay.stop().await;
}

#[tokio::test]
async fn a_second_relay_on_the_same_folder_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let relay = Process::start(free_address(), folder.path(), &[]).await;
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", folder.path().to_str().unwrap()];
    let second = timeout(DEADLINE, command(&args).output()).await.unwrap().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    let words = format!("is in use by another relay (process {})", relay.id());
    assert!(said.contains(&words) && said.contains("a folder of its own"), "{said}");
    relay.stop().await;
}

#[tokio::test]
async fn a_damaged_file_is_told_set_aside_and_costs_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let relay = Process::start(address, folder.path(), &[]).await;
    let mut position = Value::Null;
    for n in 1..=3 {
        let published = publish(&address, json!({"name": "c"}), json!(format!("message {n}"))).await;
        if n == 1 {
            position = published;
        }
    }
    relay.stop().await;
    let file = folder.path().join("00000001.history");
    let mut bytes = fs::read(&file).unwrap();
    let place = bytes.windows(9).position(|window| window == b"message 2").unwrap();
    bytes[place] ^= 1;
    fs::write(&file, bytes).unwrap();

    let relay = Process::start(address, folder.path(), &[]).await;
    let log = relay.log().join("\n");
    assert!(
        log.contains("00000001.history: the record of") && log.contains("is not what was written"),
        "{log}"
    );
    assert!(log.contains("lost_messages=2 renewed_channels=0") && log.contains("check the disk"), "{log}");
    let metrics = http(&address, "GET", "/metrics", KEY_AND_JSON, "").await.body;
    for line in
        ["relay_store_damage_total 1", "relay_store_lost_messages_total 2", "relay_store_takes_messages 1"]
    {
        assert!(metrics.lines().any(|told| told == line), "{line}: {metrics}");
    }
    let mut client = Client::visitor(&address).await;
    let reply = client.subscribe(1, json!({"name": "c"}), Some(position.clone())).await;
    assert_eq!((&reply["recovered"], &reply["position"]["offset"]), (&json!(false), &json!(3)));
    let second = json!({"epoch": position["epoch"], "offset": 2});
    let mut client = Client::visitor(&address).await;
    assert_eq!(client.subscribe(1, json!({"name": "c"}), Some(second)).await["recovered"], true);
    assert_eq!(client.payloads(1).await, ["message 3"]);
    publish(&address, json!({"name": "c"}), json!(4)).await;
    relay.stop().await;

    let relay = Process::start(address, folder.path(), &[]).await;
    let log = relay.log().join("\n");
    assert!(!log.contains("ERROR"), "the damage is behind it: {log}");
    assert!(folder.path().join("00000001.history.damaged").exists());
    relay.stop().await;
}

#[tokio::test]
async fn a_copy_of_a_folder_is_told_from_the_original() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let relay = Process::start(address, folder.path(), &[]).await;
    let position = publish(&address, json!({"name": "c"}), json!(1)).await;
    relay.stop().await;
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let relay = Process::start(address, folder.path(), &[]).await;
    let mut client = Client::visitor(&address).await;
    let reply = client.subscribe(1, json!({"name": "c"}), Some(position.clone())).await;
    assert_eq!(reply["recovered"], true, "{:?}", relay.log());
    relay.stop().await;

    let relay = Process::start(address, copy.path(), &[]).await;
    assert!(relay.log().join("\n").contains("the folder is a copy"), "{:?}", relay.log());
    let mut client = Client::visitor(&address).await;
    let reply = client.subscribe(1, json!({"name": "c"}), Some(position)).await;
    assert_eq!(reply["recovered"], false);
    relay.stop().await;
}
