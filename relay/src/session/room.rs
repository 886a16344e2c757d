//! A session: one connected client, from its hello to its end.
//!
//! Invariants:
//! - [`state`] holds every rule and touches nothing; [`task`] does what it says.
//! - Whatever reaches a client goes through its [`connection`], in order: directly while the socket takes it, through
//!   a bounded outbox otherwise. A connection at rest owns no buffer.
//! - A session that ends, however it ends, leaves its channels exactly once.
//!
//! Reading order: [`effect`] and [`state`], [`connection`], [`who`], [`task`].

pub mod connection;
pub mod effect;
pub mod state;
pub mod task;
pub mod who;
