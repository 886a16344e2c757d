//! What `relay serve` logs, and how.

use serde_json::Value;

use super::support::http;
use super::terminal::{Logged, Running, command, run};

#[tokio::test]
async fn a_log_for_machines_has_an_object_a_line() {
    let mut relay = Running::start(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    let line = relay.says("EVERYONE may read").await;
    let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
    assert_eq!((&line["level"], &line["target"]), (&"WARN".into(), &"realtime_relay::providers".into()));
    assert!(line["message"].as_str().unwrap().starts_with("there is no permissions file"), "{line}");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
}

#[tokio::test]
async fn a_log_for_people_has_time_level_and_words_without_colours() {
    let mut relay = Running::start(&["serve", "--listen", "127.0.0.1:0"]);
    let line = relay.says("EVERYONE may read").await;
    let words: Vec<_> = line.split_whitespace().collect();
    assert!(words[0].ends_with('Z') && words[1] == "WARN" && words[2] == "there", "{line:?}");
}

#[tokio::test]
async fn another_format_is_refused_with_those_that_there_are() {
    let ended = run(&["serve", "--log-format", "xml"]).await;
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("[possible values: text, json]"), "{}", ended.err);
}

#[tokio::test]
async fn a_stranger_who_asks_for_what_cannot_be_a_file_writes_no_line() {
    let relay = Logged::serve(&["--site", "tests/fixtures/site"]).await;
    let too_long = format!("/{}", "a".repeat(300));
    for path in ["/index.html/more", "/nowhere.html", "/%00", "/%ff", too_long.as_str()] {
        assert_eq!(http(&relay.address, "GET", path, "", "").await.status, 404, "{path}");
    }
    let log = relay.end().await;
    assert!(!log.contains("ERROR") && !log.contains("more") && !log.contains("aaa"), "{log}");
}

#[tokio::test]
async fn a_setting_of_the_environment_that_is_misspelt_is_told_and_never_its_value() {
    let mut command = command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("RELAY_TOKEN_SECERT", "s3cret");
    let mut relay = Running::spawn(command);
    let line = relay.says("RELAY_TOKEN_SECERT").await;
    assert!(line.contains("did you mean RELAY_TOKEN_SECRET?") && !line.contains("s3cret"), "{line}");
}
