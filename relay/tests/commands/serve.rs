//! `relay serve` while its permissions file changes: what its log says, and what clients notice.

use std::path::Path;

use super::terminal::Running;

fn file(line_before: &str, read: bool) -> String {
    format!("{line_before}\nexport const realtime_check_permission = () => ({{ read: {read} }});\n")
}

/// A relay over a permissions file, and its address.
async fn serve(file: &Path) -> (Running, String) {
    let mut relay =
        Running::start(&["serve", "--listen", "127.0.0.1:0", "--permissions", file.to_str().unwrap()]);
    let line = relay.line().await;
    (relay, line.strip_prefix("listening on ").unwrap().to_owned())
}

#[tokio::test]
async fn the_log_says_what_became_of_a_changed_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("permissions.js");
    std::fs::write(&path, file("", true)).unwrap();
    let (mut relay, _) = serve(&path).await;
    std::fs::write(&path, file("const = 1;", true)).unwrap();
    relay
        .says(
            "ERROR the permissions file does not load, so what was in force before stays: permissions.js:1:",
        )
        .await;
    std::fs::write(&path, file("console.log('hello');", true)).unwrap();
    relay.says("INFO permissions.js:1:").await;
    relay.says("INFO the permissions file has changed and is in force: permissions.js").await;
    relay.says("running subscriptions are asked about again subscriptions=0").await;
    std::fs::remove_file(&path).unwrap();
    relay.says("WARN the permissions file").await;
    std::fs::write(&path, file("console.log('hello');", true)).unwrap();
    relay.says("INFO the permissions file loads again, as it was").await;
    relay.signal("HUP").await;
    relay.says("running subscriptions are asked about again subscriptions=0").await;
    relay.signal("TERM").await;
    assert_eq!(relay.code().await, 0);
}

#[tokio::test]
async fn a_subscriber_that_is_no_longer_allowed_is_told_by_the_client_library() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("permissions.js");
    std::fs::write(&path, file("", true)).unwrap();
    let (relay, url) = serve(&path).await;
    let mut subscriber = Running::start(&["subscribe", "staff", "--url", &url]);
    subscriber.says("listening to staff").await;
    std::fs::write(&path, file("", false)).unwrap();
    subscriber.says("staff: ended: no longer allowed to read channel staff").await;
    // Nothing is left to listen to.
    assert_eq!(subscriber.code().await, 1);
    relay.signal("INT").await;
    assert_eq!(relay.code().await, 0);
}

/// The number behind a name in what Linux tells.
fn number(text: &str, name: &str) -> usize {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}"));
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_kernel_has_room_for_all_descriptors_before_the_first_client_comes() {
    let mut relay = Running::start(&["serve", "--listen", "127.0.0.1:0", "--max-sessions", "5000"]);
    relay.line().await;
    let (status, limits) = (relay.told("status"), relay.told("limits"));
    let limit = number(&limits, "Max open files");
    assert!(number(&status, "FDSize:") >= 5_000.min(limit), "{status}");
    relay.signal("INT").await;
    assert_eq!(relay.code().await, 0);
}
