//! The composition root: what a relay is made of, and how it starts and stops.
//!
//! Reading order: [`relay`] (the parts, in order), [`error`] (why there is none), [`stage`] (tasks that stop together),
//! [`tasks`] (which ones there are), [`warnings`] (what the settings mean).

pub mod error;
pub mod relay;
pub mod stage;
pub mod tasks;
pub mod warnings;

pub use error::StartError;
pub use relay::{CONNECTIONS_BESIDE_SESSIONS, Relay, Stopped};
