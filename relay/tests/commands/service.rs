//! The relay as a service of a system: what `packaging/` has, and how a service manager is told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tokio::net::UnixDatagram;
use tokio::time::timeout;

use super::support::DEADLINE;
use super::terminal::{Running, command, run};

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[tokio::test]
async fn a_service_manager_is_told_when_the_relay_is_ready_and_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let place: PathBuf = folder.path().join("notify");
    let manager = UnixDatagram::bind(&place).unwrap();
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0"]);
    serve.env("NOTIFY_SOCKET", &place);
    let relay = Running::spawn(serve);
    let told = async || {
        let mut state = [0; 64];
        let length = timeout(DEADLINE, manager.recv(&mut state)).await.expect("word in time").unwrap();
        String::from_utf8_lossy(&state[..length]).into_owned()
    };
    assert_eq!(told().await, "READY=1");
    relay.signal("TERM").await;
    assert_eq!(told().await, "STOPPING=1");
    assert_eq!(relay.code().await, 0);
}

#[tokio::test]
async fn the_unit_starts_the_relay_with_flags_that_it_has() {
    let unit = file("packaging/relay.service");
    let start =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/relay serve ")).unwrap();
    let settings = tempfile::NamedTempFile::new().unwrap();
    let flags: Vec<_> = start
        .split(' ')
        .map(|word| match word {
            "/etc/relay/relay.toml" => settings.path().to_str().unwrap(),
            other => other,
        })
        .collect();
    let ended = run(&[&["config"], &flags[..]].concat()).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    // What a service manager must know of how it ends.
    assert!(unit.contains("\nRestartPreventExitStatus=2\n"));
}

#[test]
fn every_metric_of_the_alerts_is_one_that_the_relay_has() {
    let alerts = file("packaging/alerts.yml");
    let is_name = |word: &&str| word.starts_with("relay_") || word.starts_with("process_");
    let words = alerts.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    let used: BTreeSet<_> = words.filter(is_name).map(|name| name.trim_end_matches("_bucket")).collect();
    assert!(used.len() > 10, "{used:?}");
    let operations = file("docs/operations.md");
    for name in used {
        assert!(operations.contains(&format!("`{name}`")), "{name}");
    }
}
