//! The relay's log, on standard error: lines for people, or JSON for machines.
//!
//! Levels: what a peer does wrong is debug, what the relay cannot do is warn, what needs a person is error. A line that
//! strangers can cause at will goes through a [`pace::Pace`], so that the log stays readable and the disk empty.
//!
//! Reading order: [`start`], [`lines`] (counted), [`pace`].

pub mod lines;
pub mod pace;
pub mod start;
