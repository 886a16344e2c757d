//! The client as a driver sees it: inputs in, effects out, on a virtual clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod common;
mod connecting;
mod recovering;
mod returning;
mod subscribing;
mod tokens;
mod waking;
