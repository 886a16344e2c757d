//! A disk that hangs: it neither takes what is written nor says that it cannot.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::process::Process;
use super::support::{Client, DEADLINE, free_address};

/// Lets a relay's disk hang that has written nothing yet: the first file of its history is a pipe that nobody reads,
/// and opening that to write to it waits for a reader.
async fn hang_up(folder: &Path) {
    let pipe = Command::new("mkfifo").arg(folder.join("00000001.history")).status().await.unwrap();
    assert!(pipe.success());
}

#[tokio::test]
async fn a_second_signal_ends_a_relay_at_once_that_is_held_up_while_it_stops() {
    let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
    let mut relay = Process::start(address, folder.path(), &[]).await;
    hang_up(folder.path()).await;
    // The answer comes although the disk does not know the channel: from now on it is waited for.
    Client::visitor(&address).await.subscribe(1, json!({"name": "c"}), None).await;
    relay.signal("TERM").await;
    relay.says("stopping").await;
    let began = Instant::now();
    let status = loop {
        if let Some(status) = relay.ended() {
            break status;
        }
        assert!(began.elapsed() < DEADLINE, "it does not end: {:?}", relay.log());
        relay.signal("INT").await;
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(status.code(), Some(130), "{:?}", relay.log());
    relay.says("told to stop once more: ending at once").await;
}
