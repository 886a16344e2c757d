//! The client as a driver sees it: inputs in, effects out, on a virtual clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod common;
mod connecting;
mod patience;
mod recovering;
mod refusals;
mod returning;
mod subscribing;
mod tokens;
mod waking;
