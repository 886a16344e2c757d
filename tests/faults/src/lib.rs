//! Real relays and real clients over a network that fails on purpose.
//!
//! Reading order: [`proxy`] (a TCP proxy that cuts, stalls, delays and lies, on demand), [`random`].

#[path = "proxy/room.rs"]
pub mod proxy;
pub mod random;
