//! The load: subscribers and publishers on one thread, moved on by epoll.
//!
//! It has to be cheaper than any server under test, or it would measure itself: one read per subscriber and event
//! into one large buffer, frames checked in place, nothing allocated per message.
//!
//! Reading order: [`poll`], [`waiter`], [`subscriber`], [`publisher`], [`latency`], [`crowd`] (all of them,
//! and what a scenario does with them).

pub mod crowd;
pub mod latency;
pub mod poll;
pub mod publisher;
pub mod subscriber;
pub mod waiter;
