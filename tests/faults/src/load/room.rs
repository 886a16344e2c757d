//! Many clients at once: what they get while their connections break, while relays restart, and what they leave behind.
//!
//! Reading order: [`spread`] (how long things took), [`track`] (one client's messages), [`beat`] (who publishes),
//! [`crowd`] (all clients), [`jitter`], [`avalanche`], [`gauges`] (what the relay holds), [`soak`].

pub mod avalanche;
pub mod beat;
pub mod crowd;
pub mod gauges;
pub mod jitter;
pub mod soak;
pub mod spread;
pub mod track;
