//! The golden frames, as Rust reads and writes them. JavaScript reads the same files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

use std::path::{Path, PathBuf};

use realtime_protocol::channel::UncheckedChannel;
use realtime_protocol::close::{CloseCode, Return};
use realtime_protocol::codec::{
    read_client_frame, read_relay_frame, write_client_frame, write_control, write_message,
};
use realtime_protocol::frame::{ClientFrame, Control, RelayFrame};
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn frames(direction: &str) -> Vec<(String, String)> {
    let mut frames: Vec<_> = std::fs::read_dir(fixtures().join(direction))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap().trim_end().to_owned();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), text)
        })
        .collect();
    frames.sort();
    assert!(frames.len() >= 6, "the golden frames are missing");
    frames
}

fn json(name: &str) -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(fixtures().join(name)).unwrap()).unwrap()
}

#[test]
fn every_golden_client_frame_is_read_and_written_as_it_stands() {
    for (name, text) in frames("client") {
        let frame = read_client_frame(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(write_client_frame(&frame), text, "{name}");
    }
}

#[test]
fn every_golden_relay_frame_is_read_and_written_as_it_stands() {
    for (name, text) in frames("relay") {
        let written = match read_relay_frame(&text).unwrap_or_else(|error| panic!("{name}: {error}")) {
            RelayFrame::Control(control) => write_control(&control),
            RelayFrame::Messages(messages) => {
                let mut out = Vec::new();
                for message in &messages {
                    out.push(if out.is_empty() { b'[' } else { b',' });
                    let publisher = message.publisher.as_deref();
                    write_message(&mut out, message.number, message.offset, &message.payload, publisher);
                }
                out.push(b']');
                String::from_utf8(out).unwrap()
            }
        };
        assert_eq!(written, text, "{name}");
    }
}

#[test]
fn there_is_a_golden_frame_for_each_variant() {
    let seen = |direction: &str, of: &dyn Fn(&str) -> String| {
        let mut kinds: Vec<_> = frames(direction).iter().map(|(_, text)| of(text)).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    // A new variant does not compile here until it is named, and is not green until it has a frame.
    let client = seen("client", &|text| {
        match read_client_frame(text).unwrap() {
            ClientFrame::Hello { .. } => "hello",
            ClientFrame::Subscribe { .. } => "subscribe",
            ClientFrame::Unsubscribe { .. } => "unsubscribe",
            ClientFrame::Refresh { .. } => "refresh",
            ClientFrame::Pong => "pong",
        }
        .to_owned()
    });
    assert_eq!(client, ["hello", "pong", "refresh", "subscribe", "unsubscribe"]);
    let relay = seen("relay", &|text| {
        match read_relay_frame(text).unwrap() {
            RelayFrame::Messages(_) => "messages",
            RelayFrame::Control(Control::Welcome { .. }) => "welcome",
            RelayFrame::Control(Control::Refreshed { .. }) => "refreshed",
            RelayFrame::Control(Control::Subscribed { .. }) => "subscribed",
            RelayFrame::Control(Control::Refused { .. }) => "refused",
            RelayFrame::Control(Control::Unsubscribed { .. }) => "unsubscribed",
            RelayFrame::Control(Control::Ended { .. }) => "ended",
            RelayFrame::Control(Control::Ping) => "ping",
            RelayFrame::Control(Control::Goodbye { .. }) => "goodbye",
        }
        .to_owned()
    });
    assert_eq!(
        relay,
        [
            "ended",
            "goodbye",
            "messages",
            "ping",
            "refreshed",
            "refused",
            "subscribed",
            "unsubscribed",
            "welcome"
        ]
    );
}

#[test]
fn channels_are_accepted_or_refused_with_the_golden_sentence() {
    let rows = json("channels.json");
    assert!(rows.len() > 20);
    for row in rows {
        let channel: UncheckedChannel = serde_json::from_value(row["channel"].clone()).unwrap();
        let error = channel.check().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), row["error"].as_str(), "{channel:?}");
    }
}

#[test]
fn a_close_code_says_whether_to_come_back() {
    let rows = json("close-codes.json");
    for row in &rows {
        let code = row["code"].as_u64().unwrap() as u16;
        let wanted = if row["return"] == "come-back" { Return::ComeBack } else { Return::StayAway };
        assert_eq!(Return::after(code), wanted, "{code}");
    }
    let named: Vec<_> =
        rows.iter().filter_map(|row| Some((row["code"].as_u64()?, row["name"].as_str()?))).collect();
    let ours: Vec<_> =
        CloseCode::ALL.iter().map(|code| (u64::from(code.get()), format!("{code:?}"))).collect();
    assert_eq!(named, ours.iter().map(|(code, name)| (*code, name.as_str())).collect::<Vec<_>>());
}
