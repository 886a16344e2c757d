//! The bare loop: what this kernel allows. A server that does nothing but what a fan-out cannot do without.
//!
//! One thread, one epoll set. It answers an upgrade without looking at it, takes a channel's number for a
//! subscription, and copies what is published behind a WebSocket header once; at the end of each turn every
//! subscriber of a channel gets all of it with one write. There is no permission, no history, no limit on anything,
//! no check of what comes in: it is a measure, not a server.
//!
//! Reading order: [`command`] (how it is told to publish), [`connection`], [`serve`] (the loop).

pub mod command;
pub mod connection;
pub mod serve;
