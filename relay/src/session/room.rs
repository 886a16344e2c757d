//! A session: one connected client, from its hello to its end.
//!
//! Invariants:
//! - [`state`] holds every rule and touches nothing; [`task`] does what it says.
//! - Whatever reaches a client goes through its [`connection`], in order: directly while the socket takes it, through
//!   a bounded outbox otherwise. A connection at rest owns no buffer.
//! - A session that ends, however it ends, leaves its channels exactly once.
//! - Nobody but its task changes a session: whoever wants something of it tells it so, by an [`order`].
//! - After `ended`, no message of that channel follows.
//!
//! Reading order: [`effect`], [`rules`], `request`, `asked`, `pulse` and [`state`], [`order`], [`muted`], `read`, `write`,
//! `prefetch` and [`connection`], [`registry`] (all that run), [`relief`] (their memory), [`recheck`] (running
//! subscriptions are asked about again), [`sessions`], [`who`], [`questions`], `turn`, `moments`, `farewell`, [`task`].

mod asked;
pub mod connection;
pub mod effect;
pub mod ends;
mod farewell;
pub mod flood;
mod moments;
pub mod muted;
pub mod order;
mod prefetch;
mod pulse;
pub mod questions;
mod read;
#[path = "recheck/room.rs"]
pub mod recheck;
pub mod registry;
pub mod relief;
mod request;
pub mod rules;
pub mod sessions;
pub mod state;
pub mod task;
mod turn;
pub mod who;
mod write;
