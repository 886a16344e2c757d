//! What is fuzzed: one function for each parser of foreign bytes, which panics when something does not hold that must
//! hold whatever the bytes are.
//!
//! Two drive them. `cargo test -p fuzz-targets` replays the seeds in `fuzz/corpus/NAME` and thousands of their
//! mutations, the same ones in every run; `npm run fuzz` lets libFuzzer look for new ones (`docs/fuzzing.md`).
//!
//! Reading order: [`frames`] and [`channels`] (the protocol), [`websocket`], [`heads`], [`requests`] and [`bodies`] (HTTP), [`tokens`]
//! and [`key_sets`] (identity), [`settings`], [`webhook`], [`histories`] (the disk); [`mutate`] (for the replay).

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a target that finds something panics"
)]

pub mod bodies;
pub mod channels;
pub mod frames;
pub mod heads;
pub mod histories;
pub mod key_sets;
pub mod mutate;
pub mod requests;
pub mod settings;
pub mod tokens;
pub mod webhook;
pub mod websocket;

/// A target: its name, which is that of its folder of seeds and of its libFuzzer binary, and what it does with bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Reads the bytes and checks what came of it. Panics when something does not hold.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "client_frame", run: frames::client_frame },
    Target { name: "relay_frame", run: frames::relay_frame },
    Target { name: "channel", run: channels::channel },
    Target { name: "websocket_reader", run: websocket::reader },
    Target { name: "websocket_handshake", run: websocket::handshake },
    Target { name: "request_head", run: heads::request_head },
    Target { name: "request_path", run: heads::request_path },
    Target { name: "plain_request", run: requests::plain_request },
    Target { name: "body_pieces", run: bodies::pieces },
    Target { name: "publish_body", run: bodies::publish },
    Target { name: "batch_body", run: bodies::batch },
    Target { name: "control_body", run: bodies::control },
    Target { name: "site_token", run: tokens::site_token },
    Target { name: "token_claims", run: tokens::claims },
    Target { name: "visitor_token", run: tokens::visitor_token },
    Target { name: "key_set", run: key_sets::key_set },
    Target { name: "settings", run: settings::settings },
    Target { name: "webhook_reply", run: webhook::reply },
    Target { name: "history_file", run: histories::history_file },
];

/// The target of a name.
///
/// # Panics
/// When there is none.
pub fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("there is no target {name}"))
}

/// The first byte, which says how the others are to be treated, and the others.
fn choice(bytes: &[u8]) -> (u8, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest))
}

/// The bytes cut in pieces whose sizes follow from a number, from 1 byte on.
fn pieces(mut bytes: &[u8], choice: u8) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut state = u32::from(choice);
    while !bytes.is_empty() {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let limit = 1 + usize::from(choice) % 64;
        let size = (1 + (state >> 16) as usize % limit).min(bytes.len());
        let (piece, rest) = bytes.split_at(size);
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// A text that is for a log or an answer has no character that could end its line.
fn assert_one_line(text: &str) {
    assert!(!text.contains(char::is_control), "a control character in {text:?}");
}
