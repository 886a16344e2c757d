//! `relay check` and `relay test`.

use std::path::PathBuf;

use serde_json::json;

use super::support::relay;
use super::terminal::{Ended, run, run_with_input};

const PERMISSIONS: &str = r"import { permissionsRouter } from 'wix-realtime-backend';

console.warn('loaded');
permissionsRouter.add({ name: 'staff' }, (channel, subscriber) => {
  console.log('asked for', channel.resourceId);
  return { read: subscriber.type === 'Member' };
});
permissionsRouter.add({ name: 'loop' }, () => { for (;;) {} });

export function realtime_check_permission(channel, subscriber) {
  return permissionsRouter.check(channel, subscriber);
}
";

/// A site folder with this permissions file, and its path.
fn site(permissions: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("backend")).unwrap();
    std::fs::write(folder.path().join("backend/realtime-permissions.js"), permissions).unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

#[tokio::test]
async fn a_check_tells_the_decision_who_decided_and_what_was_logged() {
    let (_folder, site) = site(PERMISSIONS);
    let ended = run(&["check", "--site", &site, "--channel", "staff/7", "--as", "member:anna"]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let lines: Vec<_> = ended.out.lines().collect();
    assert_eq!(lines[0], "allowed: member:anna may read staff/7");
    assert_eq!(lines[1], "  decided by  the handler of staff (parent), backend/realtime-permissions.js:4");
    assert!(lines[2].starts_with("  took        ") && lines[2].ends_with(" ms"), "{}", lines[2]);
    assert!(lines[3].starts_with("  logged      warn  backend/realtime-permissions.js:3:"), "{}", lines[3]);
    assert!(lines[4].starts_with("  logged      info  backend/realtime-permissions.js:5:"), "{}", lines[4]);
    assert!(lines[4].ends_with(": asked for 7"), "{}", lines[4]);

    let file = PathBuf::from(&site).join("backend/realtime-permissions.js");
    let file = file.to_str().unwrap();
    let check = ["check", "--permissions", file, "--channel", "staff", "--as", "visitor:1"];
    let ended = run(&check).await;
    assert_eq!(ended.code, 1);
    assert!(ended.out.starts_with("refused: visitor:1 may not read staff\n"), "{}", ended.out);
    assert!(
        ended
            .out
            .contains("the handler of staff (exact), backend/realtime-permissions.js:4\n  reason      the handler answered { read: false }")
    );

    let ended = run(&[&check[..], &["--json"]].concat()).await;
    let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.code, &report["read"], &report["decidedBy"]), (1, &json!(false), &json!("exact")));
    assert_eq!(report["subscriber"], json!({"id": "1", "type": "Visitor"}));
    assert_eq!((&report["decision"], &report["logs"][1]["line"]), (&json!("refused"), &json!(5)));
    assert_eq!(report["handler"], json!({"file": "backend/realtime-permissions.js", "line": 4}));
    assert!(report["tookMicros"].is_u64(), "{report}");
}

#[tokio::test]
async fn a_running_relay_is_asked_as_a_file_is() {
    let (_folder, site) = site(PERMISSIONS);
    let relay = relay(&["--site", &site]).await;
    let url = format!("http://{}", relay.address());
    let question = ["check", "--channel", "staff/7", "--as", "visitor:1"];
    let asked = run(&[&question[..], &["--relay", &url]].concat()).await;
    let file = PathBuf::from(&site).join("backend/realtime-permissions.js");
    let alone = run(&[&question[..], &[file.to_str().unwrap()]].concat()).await;
    // What the file logs when it is loaded is in the relay's log, and the time is another.
    let essence = |ended: &Ended| -> Vec<String> {
        let lines = ended.out.lines().filter(|line| !line.contains("took") && !line.ends_with("loaded"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!((asked.code, asked.err.as_str()), (1, ""));
    assert_eq!(essence(&asked), essence(&alone));
    assert_eq!(essence(&asked).len(), 4, "{}", asked.out);

    let keyed = run(&[&question[..], &["--relay", &url, "--api-key", "wrong"]].concat()).await;
    assert_eq!(keyed.code, 1);
    assert!(keyed.err.contains("401 Unauthorized: the key is not one of this relay's"), "{}", keyed.err);
    let both = run(&[&question[..], &["--relay", &url, file.to_str().unwrap()]].concat()).await;
    assert_eq!(both.code, 2, "{}", both.err);
    relay.stop().await;
}

#[tokio::test]
async fn a_permissions_file_that_does_not_load_is_told_with_its_line() {
    let (_folder, site) = site("export const a = 1;\nexport const = 2;\n");
    let ended = run(&["check", "--site", &site, "--channel", "a", "--as", "admin:b"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    let start = "relay: the permissions file does not load: backend/realtime-permissions.js:2:";
    assert!(ended.err.starts_with(start), "{}", ended.err);
}

#[tokio::test]
async fn expectations_that_do_not_hold_are_told_row_by_row() {
    let (_folder, site) = site(PERMISSIONS);
    let table = r#"[
        { "channel": "staff/7", "as": "member:anna", "read": true },
        { "channel": "staff", "as": "visitor:1", "read": true },
        { "channel": "loop", "as": "visitor:1", "read": false },
        { "channel": "news", "as": "visitor:1", "read": true }
    ]"#;
    let ended = run_with_input(&["test", "-", "--site", &site], table).await;
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    let mut rows = ended.out.lines().filter(|line| !line.starts_with("  logged "));
    let row = "row 2: staff as visitor:1: expected read: true, but it is refused by the handler of staff (exact), \
               backend/realtime-permissions.js:4: the handler answered { read: false }";
    assert!(rows.next().unwrap().starts_with(row), "{}", ended.out);
    assert!(
        rows.next().unwrap().starts_with("row 3: loop as visitor:1: expected read: false"),
        "{}",
        ended.out
    );
    assert_eq!((rows.next(), rows.next()), (Some("2 of 4 expectations hold"), None));

    let holding = r#"[{ "channel": "staff", "as": "visitor:1", "read": false }]"#;
    let ended = run_with_input(&["test", "-", "--site", &site], holding).await;
    assert_eq!((ended.code, ended.out.as_str()), (0, "1 of 1 expectations hold\n"));
}
