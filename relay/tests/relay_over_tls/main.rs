//! What holds of sessions holds over TLS too: the same tests, with a relay and clients that speak it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

#[path = "../relay/delivery.rs"]
mod delivery;
#[path = "../relay/disconnect.rs"]
mod disconnect;
#[path = "../relay/doorman.rs"]
mod doorman;
#[path = "../support/issuer.rs"]
mod issuer;
#[path = "../relay/lane.rs"]
mod lane;
#[path = "../relay/permission.rs"]
mod permission;
#[path = "../relay/recheck.rs"]
mod recheck;
#[path = "../relay/recovery.rs"]
mod recovery;
#[path = "../relay/refreshing.rs"]
mod refreshing;
#[path = "../relay/session.rs"]
mod session;
#[path = "../support/mod.rs"]
mod support;
#[path = "../relay/tokens.rs"]
mod tokens;
