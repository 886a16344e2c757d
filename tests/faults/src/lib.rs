//! Real relays and real clients over a network that fails on purpose.
//!
//! Reading order: [`proxy`] (a TCP proxy that cuts, stalls, delays and lies, on demand), [`random`], [`history`]
//! (what happened, and a judge of it).

#[path = "history/room.rs"]
pub mod history;
#[path = "proxy/room.rs"]
pub mod proxy;
pub mod random;
