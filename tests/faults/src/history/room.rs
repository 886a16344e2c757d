//! What happened, and whether it may happen: a history of every operation, and a pure judge of it.
//!
//! Reading order: [`record`] (what is written down), [`rules`] (what was promised), [`violation`] (what a broken promise
//! is called), [`accepted`] (what the relay has taken), [`reader`] (one client's channel), [`check`] (the verdict).

pub mod accepted;
pub mod check;
mod reader;
pub mod record;
pub mod rules;
pub mod violation;
