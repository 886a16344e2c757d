//! Every rule about messages, without I/O: channels and their streams, who is attached to them, what a returning
//! subscriber gets, what leaves as one frame, and how much may wait for a slow reader.
//!
//! There is no clock here (time is an argument), no socket, no task, no lock. What has to happen outside comes back
//! as a return value: the broker takes [`hub::Hub::take_batches`] and writes. So one seeded test can drive many
//! subscribers against many hubs.
//!
//! Invariants:
//! - A subscriber that is attached sees every later message of its channel exactly once, in order.
//! - A recovery is whole, or it says that it is not.
//! - What is kept is bounded: by count, age and bytes for a channel, by one [`budget::MemoryBudget`] over all.
//!
//! Reading order: [`settings`], [`retention`], [`budget`], [`publication`] (what is published), [`stream`] (offsets,
//! history, recovery), [`content`] and [`dedupe`] (repeated publishes), [`joined`] (messages as frames), [`channel`] (a stream and its
//! subscribers), `by_number` and [`hub`] (all channels), [`deferred`] (publishing for a store), [`restore`] (what a store kept),
//! `forget`, `due` and `slack` (what goes when, and gives back its room), [`outbox`] (what waits for one reader).

pub mod budget;
mod by_number;
pub mod channel;
pub mod content;
pub mod dedupe;
pub mod deferred;
mod due;
mod forget;
pub mod hub;
pub mod joined;
pub mod outbox;
pub mod publication;
pub mod restore;
pub mod retention;
pub mod settings;
mod slack;
pub mod stream;
