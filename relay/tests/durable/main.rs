//! History that outlives the process: real relays that are killed, stopped, starved and damaged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod full;
mod hanging;
mod kill;
mod listener;
mod process;
mod publisher;
mod restart;
#[path = "../support/mod.rs"]
mod support;
mod upgrade;
