//! `docs/protocol.md` says what the code does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use std::path::Path;

use realtime_protocol::close::CloseCode;
use realtime_protocol::codec::{read_client_frame, read_relay_frame};
use realtime_protocol::error::ErrorCode;
use realtime_protocol::limits;

fn specification() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md")).unwrap()
}

#[test]
fn each_close_code_stands_in_its_table_in_order() {
    let text = specification();
    let table = text.split("## Close codes").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("| 4"))
        .map(|line| line.split('|').map(str::trim).skip(1).take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let codes: Vec<_> = CloseCode::ALL.iter().map(|code| format!("{} {code:?}", code.get())).collect();
    assert_eq!(rows, codes);
}

#[test]
fn each_error_code_stands_in_its_table() {
    let text = specification();
    for code in [ErrorCode::Connection, ErrorCode::Subscription, ErrorCode::BadInput] {
        assert!(text.contains(&format!("\n| {} | ", code.get())), "{code:?}");
    }
}

#[test]
fn each_example_is_a_frame_and_each_kind_of_golden_frame_is_an_example() {
    let text = specification();
    let part = |from: &str, to: &str| {
        let part = text.split(from).nth(1).unwrap().split(to).next().unwrap();
        part.lines().filter(|line| line.starts_with(['{', '['])).map(str::to_owned).collect::<Vec<_>>()
    };
    let from_client = part("\n## From the client", "\n## ");
    let from_relay = part("\n## From the relay", "\n## ");
    assert!(from_client.len() >= 4 && from_relay.len() >= 9);
    for frame in &from_client {
        read_client_frame(frame).unwrap_or_else(|error| panic!("{frame}: {error}"));
    }
    for frame in &from_relay {
        read_relay_frame(frame).unwrap_or_else(|error| panic!("{frame}: {error}"));
    }
    let kind = |frame: &str| frame.split(',').next().unwrap().trim_end_matches('}').to_owned();
    for (direction, examples) in [("client", from_client), ("relay", from_relay)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(direction);
        for entry in std::fs::read_dir(folder).unwrap() {
            let golden = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let is_shown = |example: &String| {
                kind(example) == kind(golden.trim()) || (example.starts_with('[') && golden.starts_with('['))
            };
            assert!(examples.iter().any(is_shown), "no example of {golden}");
        }
    }
}

#[test]
fn the_conversation_is_one_of_frames() {
    let text = specification();
    let conversation = text.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    for line in conversation.lines() {
        match line.split_once(' ').unwrap() {
            ("client", frame) => {
                drop(read_client_frame(frame.trim()).unwrap_or_else(|error| panic!("{line}: {error}")))
            }
            ("relay", frame) => {
                drop(read_relay_frame(frame.trim()).unwrap_or_else(|error| panic!("{line}: {error}")))
            }
            _ => panic!("{line}: neither client nor relay"),
        }
    }
    assert!(conversation.lines().count() >= 7);
}

#[test]
fn the_limits_are_those_in_force() {
    let text = specification();
    for limit in [
        format!("1 to {} characters of `A-Z`", limits::MAX_NAME_CHARS),
        format!("1 to {} characters, none of them", limits::MAX_RESOURCE_ID_CHARS),
        format!("message has at most {} bytes", limits::MAX_CLIENT_FRAME_BYTES),
        format!("at most {}; `[]` reaches nobody", limits::MAX_TARGETED_USERS),
        format!("1 to {} visible ASCII characters", limits::MAX_PUBLISH_ID_CHARS),
        format!("at most {} such objects", limits::MAX_BATCH_MESSAGES),
        format!("at most about {} KiB", limits::JOINED_FRAME_BYTES / 1024),
    ] {
        assert!(text.contains(&limit), "{limit}");
    }
}
