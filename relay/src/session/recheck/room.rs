//! Asking again: running subscriptions are held to permissions that have changed.
//!
//! Invariants:
//! - A change is **noted before** the subscriptions that it concerns are looked up, and whoever attaches looks for
//!   changes **after** it is attached. So a subscription that was allowed by what held before is either looked up or
//!   asked about again by its own session; none slips through.
//! - An answer from before a change that concerns its question counts for nothing.
//! - Only a clear **no** ends a subscription. What nobody can decide stays, and is asked about until somebody can.
//! - Questions leave at a **bounded rate** and few at a time, whatever changes, so that those who subscribe meanwhile
//!   hardly notice. A few subscriptions go ahead of many.
//!
//! Reading order: [`selection`] (what a change concerns), [`changes`] (what has changed lately), [`pending`] (what is to
//! be asked, in which order), [`pace`] (how fast), [`ticket`] (the right to one question), [`rechecks`] (all of it, as
//! sessions and backends see it), [`task`] (who hands out the questions).

pub mod changes;
pub mod pace;
pub mod pending;
pub mod rechecks;
pub mod selection;
pub mod task;
pub mod ticket;
