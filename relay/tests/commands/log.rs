//! What `relay serve` logs, and how.

use serde_json::Value;

use super::terminal::{Running, run};

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
