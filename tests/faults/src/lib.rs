//! Real relays and real clients over a network that fails on purpose.
//!
//! Reading order: [`proxy`] (a TCP proxy that cuts, stalls, delays and lies, on demand), [`random`], [`history`]
//! (what happened, and a judge of it), [`actors`] (who takes part), [`trial`] (all of it together), [`load`] (crowds).

#[path = "actors/room.rs"]
pub mod actors;
#[path = "history/room.rs"]
pub mod history;
#[path = "load/room.rs"]
pub mod load;
#[path = "proxy/room.rs"]
pub mod proxy;
pub mod random;
#[path = "trial/room.rs"]
pub mod trial;
