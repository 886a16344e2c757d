//! The relay from outside: a backend publishes over HTTP, clients subscribe over WebSocket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod bad_requests;
mod contract;
mod delivery;
mod disconnect;
mod doorman;
mod explain;
mod http;
#[path = "../support/issuer.rs"]
mod issuer;
mod key_sets;
mod lane;
mod limits;
mod operators;
mod permission;
mod recheck;
mod recovery;
mod refreshing;
mod reload;
mod returning;
mod session;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod tokens;
mod webhook;
