//! The machine that measures: its cores, its limits, and how busy others keep it.
//!
//! Reading order: [`cores`], [`usage`], [`others`], [`describe`].

pub mod cores;
pub mod describe;
pub mod others;
pub mod usage;
