//! The relay as a service of a system: what `packaging/` has, and how a service manager is told.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use tokio::net::UnixDatagram;
use tokio::time::timeout;

use super::support::DEADLINE;
use super::terminal::{Ended, Running, command, end_of, run, shell};

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

/// Starts a relay to which a service manager hands over so many times this.
async fn handed(descriptor: impl Into<OwnedFd>, count: u8) -> Ended {
    let handing = format!("exec 3<&0 4<&0 </dev/null; LISTEN_FDS={count} LISTEN_PID=$$ exec relay serve");
    let mut command = shell(&handing);
    command.stdin(descriptor.into());
    end_of(command, "").await
}

#[tokio::test]
async fn a_socket_that_cannot_be_listened_at_is_refused_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("socket");
    let no_tcp = std::os::unix::net::UnixListener::bind(&place).unwrap();
    let ended = handed(no_tcp, 1).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("none of TCP") && ended.err.contains("ListenStream="), "{}", ended.err);
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ended = handed(tcp, 2).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("2 sockets: hand over one"), "{}", ended.err);
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
