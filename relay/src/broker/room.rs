//! The broker puts hubs to work: it shards channels over them, gives them the time, and writes what they hand out.
//!
//! Invariants:
//! - A peer's `subscribed` reply and what it missed are queued under the hub's lock, so nothing of that channel can
//!   reach it before.
//! - A channel's frames are written in order: small batches by its shard's flusher, a large one by a task of its own,
//!   of which there is one at a time.
//!
//! Reading order: [`peer`], [`shards`], [`flusher`].

pub mod flusher;
pub mod peer;
pub mod shards;
