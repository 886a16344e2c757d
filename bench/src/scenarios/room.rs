//! What is measured.
//!
//! Reading order: [`scenario`] (what all have in common), [`meter`], [`bursts`] (fan-out and many channels),
//! [`seldom_read`] (fan-out on more than one core), [`publish`], [`paced`], [`connect`], [`memory`].

pub mod bursts;
pub mod connect;
pub mod memory;
pub mod meter;
pub mod paced;
pub mod publish;
pub mod scenario;
pub mod seldom_read;
