//! The words that the relay and its clients exchange.
//!
//! This crate holds data and its rules, nothing else: no behaviour over time, no async, no I/O. It builds for
//! servers and for `wasm32-unknown-unknown`. `docs/protocol.md` is the specification in prose and
//! `protocol/fixtures/` holds golden frames, which tests in Rust and in JavaScript read.
//!
//! Reading order: [`channel`] (where a message goes), [`position`] (where a reader stands), [`subscriber`] (who
//! reads), [`frame`] (what is on the wire), [`codec`] (frames as JSON text), [`close`] and [`error`] (how things
//! end), [`limits`] (how much of anything).

pub mod channel;
pub mod close;
#[cfg(feature = "json")]
pub mod codec;
pub mod error;
pub mod frame;
pub mod limits;
pub mod position;
pub mod subscriber;

/// Where the relay serves WebSocket connections.
pub const REALTIME_PATH: &str = "/v1/realtime";

/// The WebSocket sub-protocol: its name carries the version of the frames.
pub const SUB_PROTOCOL: &str = "realtime.v1.json";
