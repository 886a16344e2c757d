//! A trial: a relay, its publishers and its readers behind failing networks, a nemesis, and a verdict.
//!
//! ```text
//! publishers ── a proxy each ──> relay <── a proxy each ── clients
//!                                  ^ nemesis
//! ```
//!
//! Reading order: [`plan`] (what is tried), [`cast`] (who takes part), [`place`](mod@place) (the relay's folder, disk and clock),
//! [`run`](mod@run), [`report`].

pub mod cast;
pub mod place;
pub mod plan;
pub mod report;
pub mod run;
