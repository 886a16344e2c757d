//! Who takes part: a relay's process, clients, publishers, and the nemesis.
//!
//! Reading order: [`relay`], [`client`] (the client crate's machine over a socket), [`publisher`] (a backend that
//! retries), [`deed`] and [`nemesis`] (what is done to the relay), [`weather`] (what is done to the network).

pub mod client;
pub mod deed;
pub mod nemesis;
pub mod publisher;
pub mod relay;
pub mod weather;
