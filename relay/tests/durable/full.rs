//! A disk that is full: publishes are refused, nothing else suffers, and it is over when there is room.

use std::fs;
use std::io::ErrorKind;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::process::Process;
use super::support::{Answer, Client, DEADLINE, KEY_AND_JSON, free_address, http, publish, publish_text};

/// How large the files may grow that a process writes, as if the disk were full at that.
async fn limit_files(relay: &Process, bytes: &str) {
    let id = relay.id().to_string();
    let limit = format!("--fsize={bytes}:unlimited");
    let limited = Command::new("prlimit").args(["--pid", &id, &limit]).status().await.unwrap();
    assert!(limited.success());
}

fn refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.head.contains("\r\nretry-after: 5"), "{}", answer.head);
    let problem = answer.json();
    assert_eq!(problem["code"], "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("disk is full"), "{problem}");
}

#[tokio::test]
async fn a_full_disk_refuses_publishes_until_there_is_room_and_nothing_is_half_there() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let relay = Process::start(address, folder.path(), &[]).await;
    let mut client = Client::visitor(&address).await;
    let position = client.subscribe(1, json!({"name": "c"}), None).await["position"].clone();
    publish(&address, json!({"name": "c"}), json!("before")).await;

    // Some of the next message fits.
    let size = fs::metadata(folder.path().join("00000001.history")).unwrap().len();
    limit_files(&relay, &(size + 10).to_string()).await;
    let message = |payload: &str| json!({"channel": {"name": "c"}, "payload": payload, "id": payload});
    refused(&publish_text(&address, &message("refused").to_string()).await);
    refused(&publish_text(&address, &message("refused").to_string()).await);
    let batch = json!({"messages": [message("one"), message("two")]}).to_string();
    refused(&http(&address, "POST", "/v1/publish/batch", KEY_AND_JSON, &batch).await);
    let mixed = json!({"messages": [message("one"), {"payload": 1}]}).to_string();
    let answer = http(&address, "POST", "/v1/publish/batch", KEY_AND_JSON, &mixed).await;
    assert!(answer.status == 200 && answer.head.contains("\r\nretry-after: 5"), "{}", answer.head);
    let codes: Vec<_> =
        answer.json()["results"].as_array().unwrap().iter().map(|r| r["error"]["code"].clone()).collect();
    assert_eq!(codes, ["unavailable", "bad_input"]);
    until(|| async {
        let ready = http(&address, "GET", "/readyz", "", "").await;
        ready.status == 503 && ready.body.contains("disk is full")
    })
    .await;
    let metrics = http(&address, "GET", "/metrics", KEY_AND_JSON, "").await.body;
    assert!(metrics.contains("\nrelay_store_takes_messages 0\n"), "{metrics}");
    assert!(metrics.contains("\nrelay_store_refused_total{reason=\"full\"} 5\n"), "{metrics}");
    let lines = relay.log().iter().filter(|line| line.contains("messages cannot be stored")).count();
    assert_eq!(lines, 1, "however often it is refused: {:?}", relay.log());
    // Who reads does not notice.
    let mut late = Client::visitor(&address).await;
    late.subscribe(2, json!({"name": "another"}), None).await;
    let reply = late.subscribe(1, json!({"name": "c"}), Some(position.clone())).await;
    assert_eq!(reply["recovered"], true);
    assert_eq!(late.payloads(1).await, ["before"]);

    limit_files(&relay, "unlimited").await;
    until(|| async { http(&address, "GET", "/readyz", "", "").await.status == 200 }).await;
    let answer = publish_text(&address, &message("refused").to_string()).await;
    assert_eq!(answer.status, 200, "the same id is no repeat: {}", answer.body);
    assert_eq!(client.payloads(2).await, ["before", "refused"]);
    assert_eq!(late.payloads(1).await, ["refused"]);

    relay.kill().await;
    let relay = Process::start(address, folder.path(), &[]).await;
    let mut back = Client::visitor(&address).await;
    let reply = back.subscribe(1, json!({"name": "c"}), Some(position)).await;
    assert_eq!(reply["recovered"], true);
    assert_eq!(back.payloads(2).await, ["before", "refused"]);
    assert_eq!(publish(&address, json!({"name": "c"}), Value::Null).await["offset"], 3);
    relay.stop().await;
}

#[tokio::test]
async fn a_file_system_without_room_is_a_full_disk_until_somebody_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let Some(relay) = Process::start_on_small_disk(address, folder.path(), 4).await else {
        println!("not run: this process may not mount a file system");
        return;
    };
    let mut client = Client::visitor(&address).await;
    client.subscribe(1, json!({"name": "c"}), None).await;
    publish(&address, json!({"name": "c"}), json!("before")).await;
    let filler = relay.sees(&folder.path().join("filler"));
    let filled = fs::write(&filler, vec![1; 4 * 1024 * 1024]).unwrap_err();
    assert_eq!(filled.kind(), ErrorKind::StorageFull);

    let large = json!("x".repeat(60_000));
    let message = json!({"channel": {"name": "c"}, "payload": large, "id": "large"}).to_string();
    refused(&publish_text(&address, &message).await);
    until(|| async { http(&address, "GET", "/readyz", "", "").await.body.contains("disk is full") }).await;

    fs::remove_file(&filler).unwrap();
    until(|| async { http(&address, "GET", "/readyz", "", "").await.status == 200 }).await;
    assert_eq!(publish_text(&address, &message).await.status, 200);
    assert_eq!(client.payloads(2).await, [json!("before"), large]);
    relay.stop().await;
}

/// Waits until something is so.
pub(super) async fn until<F: Future<Output = bool>>(is_so: impl Fn() -> F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < DEADLINE, "not in time");
        sleep(std::time::Duration::from_millis(50)).await;
    }
}
