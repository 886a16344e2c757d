//! The commands at a terminal: what they print where, and how they end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on panics"
)]

mod certificate;
mod config;
#[path = "../support/issuer.rs"]
mod issuer;
mod issuer_tls;
mod lane_counts;
mod limits;
mod log;
mod metrics;
mod misplaced;
mod over_tls;
mod page;
mod permissions;
mod publish;
mod secrecy;
mod serve;
mod service;
mod slow_readers;
mod subscribe;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
