//! The broker puts hubs to work: it shards channels over them, gives them the time, and writes what they hand out.
//!
//! Invariants:
//! - A peer's `subscribed` reply and what it missed are queued under the hub's lock, so nothing of that channel can
//!   reach it before.
//! - A channel's frames are written in order: small batches by its shard's flusher, a large one by a task of its own,
//!   of which there is one at a time, and which lets other workers write to a part of the readers.
//! - With a store, a message is accepted, and collected for the flusher, once it is stored.
//!
//! Reading order: [`peer`], [`shards`], [`eviction`], [`flusher`], `parts`, [`pages`]; with a store also [`publishing`], [`committer`], [`history`].

pub mod committer;
pub mod eviction;
pub mod flusher;
pub mod history;
#[cfg(target_os = "linux")]
pub mod pages;
#[cfg(not(target_os = "linux"))]
#[path = "no_pages.rs"]
pub mod pages;
mod parts;
pub mod peer;
pub mod publishing;
pub mod shards;
