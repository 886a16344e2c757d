//! The commands at a terminal: what they print where, and how they end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod support;
mod terminal;

use std::path::PathBuf;

use serde_json::json;
use support::{Client, publish, publish_text, relay};
use terminal::{Running, command, run, run_with_input};

#[tokio::test]
async fn a_publish_prints_where_its_message_stands() {
    let relay = relay(&[]).await;
    let mut client = Client::visitor(&relay).await;
    let reply = client.subscribe(1, json!({"name": "chat", "resourceId": "7"}), None).await;
    let url = format!("http://{}", relay.address());
    let payload = r#"{ "b": 1e400, "a": "ä\u0000" }"#;
    let ended = run(&["publish", "chat/7", payload, "--url", &url]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let position: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&position["epoch"], &position["offset"]), (&reply["position"]["epoch"], &json!(1)));
    assert_eq!(client.text().await, format!("[[{},1,{payload}]]", reply["number"]));

    // What a file has: the line end behind it is not part of the payload.
    let ended = run_with_input(&["publish", "chat/7", "-", "--url", &url], "[1,\n 2]\n").await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(client.text().await, format!("[[{},2,[1,\n 2]]]", reply["number"]));

    let ended = run(&["publish", "chat/7", "-1", "--user", "nobody", "--url", &url]).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    relay.stop().await;
}

#[tokio::test]
async fn a_publish_that_the_relay_does_not_take_fails_with_the_relays_reason() {
    let relay = relay(&["--api-key", "secret", "--max-payload-bytes", "10"]).await;
    let url = format!("http://{}", relay.address());
    let ended = run(&["publish", "chat", "1", "--url", &url]).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.starts_with("relay: the relay answered 401 Unauthorized: "), "{}", ended.err);
    let ended =
        run(&["publish", "chat", "\"more than ten\"", "--api-key", "secret,other", "--url", &url]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("payload has 15 bytes: at most 10 are allowed"), "{}", ended.err);
    relay.stop().await;
    let ended = run(&["publish", "chat", "1", "--url", &url]).await;
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains(&format!("cannot connect to the relay at {url}")), "{}", ended.err);
}

#[tokio::test]
async fn a_command_line_that_is_not_right_exits_with_2_and_says_what_would_be_right() {
    let cases: [(&[&str], &str); 13] = [
        (&["publish", "chat", "Hi"], r#"write quotes inside quotes: '"Hi"'"#),
        (&["publish", "a:b", "1"], r#"channel name has ":" at position 2"#),
        (&["publish", "chat", "1", "--url", "https://relay.example"], "https is not supported"),
        (&["publish", "chat", "1", "--url", "http://relay.example"], "set --api-key or RELAY_API_KEY"),
        (&["subscribe"], "<CHANNEL[/RESOURCE]>..."),
        (&["subscribe", "chat", "--since", "7"], "EPOCH:OFFSET"),
        (&["subscribe", "a", "b", "--since", "e:7"], "once for each channel"),
        (&["check", "--channel", "a", "--as", "anna"], "member:anna"),
        (&["check", "--channel", "a", "--as", "member:anna"], "give one with --permissions"),
        (&["test", "/does/not/exist.json"], "cannot read /does/not/exist.json"),
        (&["token", "--sub", "anna"], "--token-secret <SECRET>"),
        (&["token", "--sub", "anna", "--token-secret", ""], "the token secret is empty"),
        (&["token", "--sub", "anna", "--token-secret", "s", "--ttl", "1w"], "30s, 15m, 1h, 7d"),
    ];
    for (args, words) in cases {
        let ended = run(args).await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{args:?}");
        assert!(ended.err.contains(words), "{args:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn a_token_makes_its_bearer_that_user() {
    let relay = relay(&["--token-secret", "secret"]).await;
    let mut command = command(&["token", "--sub", "anna", "--type", "admin", "--ttl", "1m"]);
    command.env("RELAY_TOKEN_SECRET", "secret");
    let ended = terminal::end_of(command, "").await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let (_, welcome) = Client::hello(&relay, json!({"type": "hello", "token": ended.out.trim_end()})).await;
    assert_eq!(welcome["subscriber"], json!({"id": "anna", "type": "Admin"}));
    relay.stop().await;
}

#[tokio::test]
async fn each_shell_learns_the_commands_and_their_flags() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = run(&["completions", shell]).await;
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        assert!(ended.out.contains("publish") && ended.out.contains("max-payload-bytes"), "{shell}");
    }
}

#[tokio::test]
async fn a_subscriber_prints_a_line_for_each_message_as_it_comes() {
    let relay = relay(&[]).await;
    let url = format!("http://{}", relay.address());
    let mut subscriber = Running::start(&["subscribe", "chat", "chat/7", "--url", &url]);
    subscriber.says("listening to chat").await;
    subscriber.says("listening to chat/7").await;
    let position = publish(&relay, json!({"name": "chat"}), json!({"text": "Hi"})).await;
    let line = format!(
        r#"{{"channel":{{"name":"chat"}},"epoch":{},"offset":1,"payload":{{"text":"Hi"}}}}"#,
        position["epoch"]
    );
    assert_eq!(subscriber.line().await, line);
    let body = r#"{"channel":{"name":"chat","resourceId":"7"},"payload":[ 1e400,
        2],"publisher":{"id":"anna"},"options":{"includePublisher":true}}"#;
    assert_eq!(publish_text(&relay, body).await.status, 200);
    let line = subscriber.line().await;
    let end = r#","offset":1,"payload":[ 1e400,         2],"publisher":{"id":"anna"}}"#;
    assert!(line.ends_with(end), "{line}");
    subscriber.signal("TERM").await;
    assert_eq!(subscriber.code().await, 0);
    relay.stop().await;
}

#[tokio::test]
async fn a_position_brings_what_came_since() {
    let relay = relay(&[]).await;
    let url = format!("http://{}", relay.address());
    let first = publish(&relay, json!({"name": "chat"}), json!(1)).await;
    publish(&relay, json!({"name": "chat"}), json!(2)).await;
    let since = format!("{}:{}", first["epoch"].as_str().unwrap(), first["offset"]);
    let mut subscriber = Running::start(&["subscribe", "chat", "--since", &since, "--url", &url]);
    assert!(subscriber.line().await.contains(r#""offset":2,"payload":2"#));
    subscriber.signal("INT").await;
    assert_eq!(subscriber.code().await, 0);
    let mut subscriber = Running::start(&["subscribe", "chat", "--since", "other:7", "--url", &url]);
    subscriber.says("cannot continue at other:7: messages may be missing").await;
    relay.stop().await;
}

#[tokio::test]
async fn a_subscriber_survives_a_restart_of_the_relay() {
    let (first, url) = serve("127.0.0.1:0").await;
    let mut subscriber = Running::start(&["subscribe", "chat", "--url", &url]);
    subscriber.says("listening to chat").await;
    assert_eq!(run(&["publish", "chat", "\"before\"", "--url", &url]).await.code, 0);
    assert!(subscriber.line().await.contains("before"));
    first.signal("TERM").await;
    assert_eq!(first.code().await, 0);
    subscriber.says("the connection is lost").await;
    let (second, _) = serve(url.trim_start_matches("http://")).await;
    // Perhaps before the subscriber is back: it is told from the new stream's start.
    assert_eq!(run(&["publish", "chat", "\"meanwhile\"", "--url", &url]).await.code, 0);
    subscriber.says("connected again").await;
    subscriber.says("chat: the relay cannot continue").await;
    assert!(subscriber.line().await.contains(r#""offset":1,"payload":"meanwhile""#));
    subscriber.signal("TERM").await;
    assert_eq!(subscriber.code().await, 0);
    second.signal("INT").await;
    assert_eq!(second.code().await, 0);
}

/// A relay that listens at this address, and its URL.
async fn serve(address: &str) -> (Running, String) {
    let mut relay = Running::start(&["serve", "--listen", address]);
    let line = relay.line().await;
    (relay, line.strip_prefix("listening on ").unwrap().to_owned())
}

#[tokio::test]
async fn a_subscriber_whose_output_nobody_reads_any_more_ends_quietly() {
    let relay = relay(&[]).await;
    let url = format!("http://{}", relay.address());
    let mut subscriber = Running::start(&["subscribe", "chat", "--url", &url]);
    subscriber.says("listening to chat").await;
    subscriber.close_output();
    publish(&relay, json!({"name": "chat"}), json!(1)).await;
    assert_eq!(subscriber.code().await, 0);
    relay.stop().await;
}

#[tokio::test]
async fn a_subscriber_whose_output_stands_still_hears_signals_and_loses_nothing() {
    let relay = relay(&[]).await;
    let url = format!("http://{}", relay.address());
    let mut subscriber = Running::start(&["subscribe", "chat", "--url", &url]);
    subscriber.says("listening to chat").await;
    // More than all buffers on the way hold: the relay sends the subscriber away, which comes back for the rest.
    let text = "x".repeat(60_000);
    for number in 0..300 {
        publish(&relay, json!({"name": "chat"}), json!([number, text])).await;
    }
    for number in 0..300 {
        let line = subscriber.line().await;
        let message: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(message["payload"][0], number);
    }
    subscriber.says("connected again").await;
    for number in 0..300 {
        publish(&relay, json!({"name": "chat"}), json!([number, text])).await;
    }
    subscriber.signal("TERM").await;
    assert_eq!(subscriber.code().await, 0);
    relay.stop().await;
}

#[tokio::test]
async fn a_subscriber_with_nothing_left_to_listen_to_fails_and_says_why() {
    let relay = relay(&["--require-permissions", "--token-secret", "secret"]).await;
    let url = format!("http://{}", relay.address());
    let ended = run(&["subscribe", "a", "b", "--url", &url]).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(
        ended.err.contains("relay: a: refused: ") && ended.err.contains("relay: b: refused: "),
        "{}",
        ended.err
    );
    let ended = run(&["subscribe", "a", "--token", "forged", "--url", &url]).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.contains("(4501)") && !ended.err.contains("forged"), "{}", ended.err);
    relay.stop().await;
}

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
    assert_eq!(lines[1], "  decided by  the handler of staff (parent)");
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
            .contains("the handler of staff (exact)\n  reason      the handler answered { read: false }")
    );

    let ended = run(&[&check[..], &["--json"]].concat()).await;
    let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.code, &report["allowed"], &report["decidedBy"]), (1, &json!(false), &json!("exact")));
    assert_eq!(report["subscriber"], json!({"id": "1", "type": "Visitor"}));
    assert_eq!((&report["cause"], &report["logged"][1]["line"]), (&json!("by_handler"), &json!(5)));
    assert!(report["tookMicros"].is_u64(), "{report}");
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
    let row =
        "row 2: staff as visitor:1: expected read: true, but it is refused by the handler of staff (exact): ";
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

#[tokio::test]
async fn config_tells_each_setting_and_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.toml");
    std::fs::write(
        &file,
        "max-sessions = 7\nhistory-messages = 8\nlog = \"warn\"\ntoken-secret = \"s3cret\"\n",
    )
    .unwrap();
    let settings = |more: &[&str]| {
        let flags = ["config", "--config", file.to_str().unwrap(), "--history-messages", "9"];
        let mut command = command(&[&flags[..], more].concat());
        command.env("RELAY_LOG", "debug").env("RELAY_API_KEY", "k3y,other");
        terminal::end_of(command, "")
    };
    let ended = settings(&[]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let row = |name: &str| {
        let line = ended.out.lines().find(|line| line.split(' ').next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name}")).split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("SETTING"), "VALUE FROM");
    assert_eq!(row("max-sessions"), format!("7 file ({})", file.display()));
    assert_eq!(row("history-messages"), "9 flag");
    assert_eq!(row("log"), "debug environment (RELAY_LOG)");
    assert_eq!(row("listen"), "127.0.0.1:8787 default");
    assert_eq!(row("api-key"), "(hidden) environment (RELAY_API_KEY)");
    assert!(!ended.out.contains("k3y") && !ended.out.contains("s3cret"), "{}", ended.out);

    let ended = settings(&["--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(json["max-sessions"], json!({"value": 7, "source": "file"}));
    assert_eq!(json["token-secret"], json!({"value": null, "source": "file", "hidden": true}));
    assert_eq!(json["allow-origin"], json!({"value": [], "source": "default"}));
    assert!(!ended.out.contains("k3y") && !ended.out.contains("s3cret"), "{}", ended.out);
}

#[tokio::test]
async fn config_refuses_what_serve_refuses() {
    for words in ["config", "serve"] {
        let ended = run(&[words, "--listen", "0.0.0.0:0"]).await;
        assert_eq!((ended.code, ended.out.as_str()), (2, ""));
        assert!(ended.err.contains("set --api-key or RELAY_API_KEY"), "{}", ended.err);
    }
}
